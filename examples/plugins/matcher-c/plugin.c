// Scores a spell by its pattern, then by its code, and last by its words.

#include <stdlib.h>

#include "matcher.h"
// The name, version and description of plugin.toml.
#include "plugin.h"

// The generated names are long.
#define OWN(name) exports_grimoire_matcher_match_spells_##name
typedef OWN(candidate_t) candidate;
typedef OWN(evidence_t) evidence;
typedef OWN(verdict_t) verdict;

void OWN(describe)(OWN(description_t) *ret) {
    matcher_string_dup(&ret->identity.name, PLUGIN_NAME);
    matcher_string_dup(&ret->identity.version, PLUGIN_VERSION);
    matcher_string_dup(&ret->identity.description, PLUGIN_DESCRIPTION);
    ret->prepares = false;
}

// Called only if the operator has written a configuration for this plugin.
bool OWN(configure)(matcher_string_t *settings, matcher_string_t *err) {
    matcher_string_free(settings);
    matcher_string_dup(err, "this plugin has no settings");
    return false;
}

// Called only if the description says that it prepares.
bool OWN(prepare)(OWN(list_spell_t) *spells, matcher_list_list_u8_t *ret, OWN(failure_t) *err) {
    (void)err;
    ret->len = spells->len;
    ret->ptr = calloc(ret->len + 1, sizeof *ret->ptr);
    if (!ret->ptr) abort();
    OWN(list_spell_free)(spells);
    return true;
}

static verdict judge(uint32_t index, const evidence *known) {
    verdict judged = {.candidate = index};
    const char *signal = "keyword", *detail = "only words speak for it";
    if (known->pattern.tag == EXPORTS_GRIMOIRE_MATCHER_MATCH_SPELLS_PATTERN_EVIDENCE_HIT) {
        signal = "pattern", detail = "the spell's pattern was found";
        judged.score = known->pattern.val.hit.in_message ? 0.9 : 0.8;
        judged.shown = true;
    } else if (known->code == EXPORTS_GRIMOIRE_MATCHER_MATCH_SPELLS_CODE_EVIDENCE_COVERED) {
        signal = "code", detail = "the spell is for all errors of this code";
        judged.score = 0.7;
        judged.shown = true;
    } else {
        judged.score = 0.4 * known->keyword;
    }
    judged.reasons.len = 1;
    judged.reasons.ptr = calloc(1, sizeof *judged.reasons.ptr);
    if (!judged.reasons.ptr) abort();
    judged.reasons.ptr[0].weight = judged.score;
    matcher_string_dup(&judged.reasons.ptr[0].signal, signal);
    matcher_string_dup(&judged.reasons.ptr[0].detail, detail);
    return judged;
}

// Judges all candidates of one error in one call. The generated code frees the result.
bool OWN(score)(OWN(diagnostic_t) *error, OWN(list_candidate_t) *candidates, OWN(list_verdict_t) *ret,
                OWN(failure_t) *err) {
    (void)err;
    ret->len = candidates->len;
    ret->ptr = calloc(ret->len + 1, sizeof *ret->ptr);
    if (!ret->ptr) abort();
    for (size_t index = 0; index < candidates->len; index++) {
        ret->ptr[index] = judge((uint32_t)index, &candidates->ptr[index].evidence);
    }
    OWN(diagnostic_free)(error);
    OWN(list_candidate_free)(candidates);
    return true;
}
