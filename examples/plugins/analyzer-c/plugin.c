// Finds the errors of kettle, a build tool that exists only here:
//
//     kettle: error K042 in src/pot.k:12:5: lid is missing

#include <stdlib.h>
#include <string.h>

#include "analyzer.h"
// The name, version and description of plugin.toml.
#include "plugin.h"

// The generated names are long.
#define OWN(name) exports_grimoire_analyzer_analyze_##name
typedef grimoire_types_types_diagnostic_t diagnostic;
typedef OWN(list_diagnostic_t) found;

enum { LINE_LIMIT = 16 * 1024, MESSAGE_LIMIT = 8 * 1024, PATH_LIMIT = 1024, MOST = 10000 };

// One pass over one log. Chunks end anywhere: text after the last line end is kept for the next chunk.
struct exports_grimoire_analyzer_analyze_scan_t {
    uint64_t line_start, offset;
    // The contract's maximum number of diagnostics in one scan.
    uint32_t reported;
    // Longer lines are cut: memory must not grow with a log that has no line ends.
    size_t length;
    uint8_t line[LINE_LIMIT];
};
typedef struct exports_grimoire_analyzer_analyze_scan_t scan;

// A piece of a line.
typedef struct {
    const char *at;
    size_t length;
} piece;

static void *allocated(void *memory) {
    if (!memory) abort();
    return memory;
}

static bool take_text(piece *rest, const char *text) {
    size_t length = strlen(text);
    if (rest->length < length || memcmp(rest->at, text, length) != 0) return false;
    rest->at += length, rest->length -= length;
    return true;
}

// Takes the text before `end`, and `end` itself.
static bool take_until(piece *rest, const char *end, piece *taken) {
    size_t length = strlen(end);
    for (size_t at = 0; at + length <= rest->length; at++) {
        if (memcmp(rest->at + at, end, length) == 0) {
            *taken = (piece){rest->at, at};
            rest->at += at + length, rest->length -= at + length;
            return true;
        }
    }
    return false;
}

// A decimal number of at most nine digits; 0 if there is none.
static uint32_t take_number(piece *rest) {
    uint32_t number = 0;
    for (size_t digits = 0; digits < 9 && rest->length && *rest->at >= '0' && *rest->at <= '9'; digits++) {
        number = number * 10 + (uint32_t)(*rest->at - '0');
        rest->at++, rest->length--;
    }
    return number;
}

// A character of the text as a code point; 0xFFFFFFFF if the bytes are not UTF-8.
static uint32_t take_character(piece *rest) {
    const uint8_t *at = (const uint8_t *)rest->at;
    size_t more = at[0] < 0x80 ? 0 : at[0] < 0xc2 ? 9 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : at[0] < 0xf5 ? 3 : 9;
    if (more >= rest->length) return 0xffffffff;
    uint32_t point = more == 0 ? at[0] : at[0] & (0x3fu >> more);
    for (size_t index = 1; index <= more; index++) {
        if ((at[index] & 0xc0) != 0x80) return 0xffffffff;
        point = point << 6 | (at[index] & 0x3f);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return 0xffffffff;
    rest->at += more + 1, rest->length -= more + 1;
    return point;
}

// Characters that the contract forbids: control characters and those that reorder text.
static bool is_forbidden(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

// Removes colours and forbidden characters in place; the line never gets longer. False if it is not UTF-8.
static bool clean(char *text, size_t *length) {
    piece rest = {text, *length};
    size_t kept = 0;
    while (rest.length) {
        const char *start = rest.at;
        if (take_text(&rest, "\x1b[")) {
            while (rest.length && ((*rest.at >= '0' && *rest.at <= '9') || *rest.at == ';')) rest.at++, rest.length--;
            if (rest.length) rest.at++, rest.length--;
            continue;
        }
        uint32_t point = take_character(&rest);
        if (point == 0xffffffff) return false;
        if (is_forbidden(point)) continue;
        memmove(text + kept, start, (size_t)(rest.at - start));
        kept += (size_t)(rest.at - start);
    }
    while (kept && text[kept - 1] == ' ') kept--;
    *length = kept;
    return true;
}

static void copy(analyzer_string_t *to, piece from) {
    analyzer_string_dup_n(to, from.at, from.length);
}

// The error in a line, which is cleaned in place.
static bool read_line(char *text, size_t length, diagnostic *read) {
    if (!clean(text, &length)) return false;
    piece rest = {text, length}, severity, code, path;
    if (!take_text(&rest, "kettle: ") || !take_until(&rest, " ", &severity) || !take_until(&rest, " in ", &code) ||
        !take_until(&rest, ":", &path)) {
        return false;
    }
    bool is_error = severity.length == 5 && memcmp(severity.at, "error", 5) == 0;
    bool is_warning = severity.length == 7 && memcmp(severity.at, "warning", 7) == 0;
    if ((!is_error && !is_warning) || code.length < 2 || code.length > 100 || code.at[0] != 'K') return false;
    for (size_t index = 1; index < code.length; index++) {
        if (code.at[index] < '0' || code.at[index] > '9') return false;
    }
    uint32_t line = take_number(&rest);
    uint32_t column = take_text(&rest, ": ") ? 0 : (take_text(&rest, ":") ? take_number(&rest) : 0);
    bool has_column = column > 0;
    if (has_column && !take_text(&rest, ": ")) return false;
    if (line == 0 || path.length == 0 || path.length > PATH_LIMIT || rest.length == 0) return false;

    memset(read, 0, sizeof *read);
    analyzer_string_dup(&read->tool, "kettle");
    copy(&read->error_type, code);
    read->code.is_some = true;
    copy(&read->code.val, code);
    size_t limit = rest.length < MESSAGE_LIMIT ? rest.length : MESSAGE_LIMIT;
    // Not inside a character.
    while (limit < rest.length && ((uint8_t)rest.at[limit] & 0xc0) == 0x80) limit--;
    copy(&read->message, (piece){rest.at, limit});
    read->severity = is_error ? GRIMOIRE_TYPES_TYPES_SEVERITY_ERROR : GRIMOIRE_TYPES_TYPES_SEVERITY_WARNING;
    read->kind = GRIMOIRE_TYPES_TYPES_KIND_COMPILE;
    read->role = is_error ? GRIMOIRE_TYPES_TYPES_ROLE_ROOT : GRIMOIRE_TYPES_TYPES_ROLE_WARNING;
    read->confidence = GRIMOIRE_TYPES_TYPES_CONFIDENCE_CERTAIN;
    read->location.is_some = true;
    copy(&read->location.val.path, path);
    read->location.val.start.is_some = true;
    read->location.val.start.val.line = line;
    read->location.val.start.val.column.is_some = has_column;
    read->location.val.start.val.column.val = column;
    copy(&read->context, (piece){text, length});
    return true;
}

// Handles the end of the line that the scan holds.
static void end_line(scan *self, found *out) {
    diagnostic read;
    if (self->reported < MOST && read_line((char *)self->line, self->length, &read)) {
        self->reported++;
        read.span.start = self->line_start;
        read.span.end = self->offset;
        out->ptr = allocated(realloc(out->ptr, (out->len + 1) * sizeof *out->ptr));
        out->ptr[out->len++] = read;
    }
    self->length = 0;
}

static void list(analyzer_list_string_t *to, size_t count, const char *const *texts) {
    to->len = count;
    to->ptr = allocated(calloc(count, sizeof *to->ptr));
    for (size_t index = 0; index < count; index++) analyzer_string_dup(&to->ptr[index], texts[index]);
}

void OWN(describe)(OWN(description_t) *ret) {
    analyzer_string_dup(&ret->identity.name, PLUGIN_NAME);
    analyzer_string_dup(&ret->identity.version, PLUGIN_VERSION);
    analyzer_string_dup(&ret->identity.description, PLUGIN_DESCRIPTION);
    list(&ret->tools, 1, (const char *const[]){"kettle"});
    list(&ret->accepts, 2, (const char *const[]){"text/x-log", "text/plain"});
    // A log without this word never reaches the plugin.
    list(&ret->probes, 1, (const char *const[]){"kettle:"});
}

// Called only if the operator has written a configuration for this plugin.
bool OWN(configure)(analyzer_string_t *settings, analyzer_string_t *err) {
    analyzer_string_free(settings);
    analyzer_string_dup(err, "this plugin has no settings");
    return false;
}

bool OWN(static_scan_open)(OWN(artifact_t) *artifact, OWN(own_scan_t) *ret, OWN(failure_t) *err) {
    (void)err;
    OWN(artifact_free)(artifact);
    *ret = OWN(scan_new)(allocated(calloc(1, sizeof(scan))));
    return true;
}

void OWN(scan_destructor)(scan *self) { free(self); }

bool OWN(method_scan_feed)(scan *self, analyzer_list_u8_t *chunk, found *ret, OWN(failure_t) *err) {
    (void)err;
    *ret = (found){0};
    for (size_t index = 0; index < chunk->len; index++) {
        if (chunk->ptr[index] == '\n') {
            end_line(self, ret);
            self->line_start = self->offset + 1;
        } else if (self->length < LINE_LIMIT) {
            self->line[self->length++] = chunk->ptr[index];
        }
        self->offset++;
    }
    analyzer_list_u8_free(chunk);
    return true;
}

bool OWN(method_scan_finish)(scan *self, found *ret, OWN(failure_t) *err) {
    (void)err;
    *ret = (found){0};
    if (self->length > 0) end_line(self, ret);
    return true;
}
