// Compares texts by the letters that follow each other in them.

#include <math.h>
#include <stdlib.h>

#include "embedder.h"
// The name, version and description of plugin.toml.
#include "plugin.h"

// The generated names are long.
#define OWN(name) exports_grimoire_embedder_embed_texts_##name

// One component for each pair of letters.
#define DIMENSION (26 * 26)

void OWN(describe)(OWN(description_t) *ret) {
    embedder_string_dup(&ret->identity.name, PLUGIN_NAME);
    embedder_string_dup(&ret->identity.version, PLUGIN_VERSION);
    embedder_string_dup(&ret->identity.description, PLUGIN_DESCRIPTION);
    ret->dimension = DIMENSION;
}

// Called only if the operator has written a configuration for this plugin.
bool OWN(configure)(embedder_string_t *settings, embedder_string_t *err) {
    embedder_string_free(settings);
    embedder_string_dup(err, "this plugin has no settings");
    return false;
}

// The place of a letter in the alphabet, whatever its case; -1 for anything else.
static int letter(uint8_t byte) {
    int place = (byte | 32) - 'a';
    return place >= 0 && place < 26 ? place : -1;
}

static void embed_text(const embedder_string_t *text, float *vector) {
    for (size_t at = 1; at < text->len; at++) {
        int first = letter(text->ptr[at - 1]), second = letter(text->ptr[at]);
        if (first >= 0 && second >= 0) vector[26 * first + second] += 1;
    }
    double length = 0;
    for (size_t at = 0; at < DIMENSION; at++) length += (double)vector[at] * vector[at];
    length = sqrt(length);
    // The contract asks for the length 1; a text that says nothing keeps its zeros.
    for (size_t at = 0; length > 0 && at < DIMENSION; at++) vector[at] = (float)(vector[at] / length);
}

// Embeds texts, spells and errors alike. The generated code frees the result.
bool OWN(embed)(OWN(subject_t) subject, embedder_list_string_t *texts, embedder_list_list_f32_t *ret,
                OWN(failure_t) *err) {
    (void)subject;
    (void)err;
    ret->len = texts->len;
    ret->ptr = calloc(ret->len + 1, sizeof *ret->ptr);
    if (!ret->ptr) abort();
    for (size_t index = 0; index < texts->len; index++) {
        ret->ptr[index].len = DIMENSION;
        ret->ptr[index].ptr = calloc(DIMENSION, sizeof(float));
        if (!ret->ptr[index].ptr) abort();
        embed_text(&texts->ptr[index], ret->ptr[index].ptr);
    }
    embedder_list_string_free(texts);
    return true;
}
