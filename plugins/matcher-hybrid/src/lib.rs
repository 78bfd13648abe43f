//! The default matcher: weighted evidence over the fields of diagnostic and spell.
//!
//! Each candidate's score is a sum of named parts, compressed to stay below 1. The parts are absolute
//! evidence, not ranks: 0.5 and more means “worth showing”, an unrelated spell stays below 0.25.
//!
//! | signal | maximum | measure |
//! | --- | --- | --- |
//! | `pattern` | 0.60 | The host found the spell's pattern. A person wrote it for this error, so it is the strongest evidence; the more characters it matched, the higher the value (5 letters: 0.21, 28 and more: 0.60). |
//! | `code` | 0.60 | The spell names the diagnostic's code or rule in error type, tags, title or pattern. 0.45 if only the message contains the code. |
//! | `other-code` | −0.30 | The spell names another code of the same family: a spell for `E0499` does not help with `E0382`, however similar they look. |
//! | `error-type` | 0.12 | Equal error types, also `builtins.TypeError` and `TypeError`. Small, since thousands of different errors share a type. |
//! | `message` | 0.55 | Words of the message in title, pattern, description and solution, the title counting most; quoted parts (the user's names) are kept apart from the words around them and count less; numbers do not count. Identifiers are split, words are stemmed, and each word is weighted by its rarity among the candidates. |
//! | `likeness` | 0.28 | Cosine similarity over three-character pieces: similar spellings, joined words. |
//! | `context` | 0.08 | Words of the lines around the error in the spell's code. |
//! | `keyword` | 0.10 | The host's keyword search, relative to its best result. |
//!
//! Spells are read once and kept as tokens (`prepare`), so that a call neither copies nor splits their texts.
//!
//! The result is a function of the arguments, to the last bit: sums run in a fixed order, and nothing
//! depends on addresses, hash seeds, time or the platform's mathematics library.
#![deny(unsafe_code)]

mod codes;
mod features;
mod grams;
mod kinds;
mod query;
mod reading;
mod score;
mod tokens;

use grimoire_plugin_sdk::{Candidate, Diagnostic, Evidence, Failure, Form, Verdict};

use grams::Seen;
use reading::Reading;
pub use reading::prepare;

/// Judges all candidates of one diagnostic: one verdict for each, in the given order.
///
/// # Errors
///
/// If there are more candidates than a `u32` can count, which no host passes.
pub fn score(error: &Diagnostic, candidates: &[Candidate]) -> Result<Vec<Verdict>, Failure> {
    let mut seen = Seen::default();
    let readings = candidates
        .iter()
        .map(|candidate| (Reading::written(&candidate.spell, &mut seen), &candidate.evidence));
    judge(error, &readings.collect::<Vec<_>>())
}

/// The same for candidates of which some or all are what [`prepare`] returned.
///
/// # Errors
///
/// As for [`score`], and for what [`prepare`] did not return.
pub fn score_prepared(error: &Diagnostic, candidates: &[Candidate<Form>]) -> Result<Vec<Verdict>, Failure> {
    let mut seen = Seen::default();
    let readings = candidates
        .iter()
        .map(|candidate| Ok((Reading::of(&candidate.spell, &mut seen)?, &candidate.evidence)));
    judge(error, &readings.collect::<Result<Vec<_>, Failure>>()?)
}

fn judge(error: &Diagnostic, candidates: &[(Reading<'_>, &Evidence)]) -> Result<Vec<Verdict>, Failure> {
    if u32::try_from(candidates.len()).is_err() {
        return Err(Failure::InvalidInput("more candidates than can be numbered".to_owned()));
    }
    let query = query::Query::of(error);
    let features = features::measure(error, &query, candidates);
    // If a spell is for this very code, spells for other codes of its family are about something else.
    let is_equal = |features: &features::Features| {
        matches!(features.code, Some(codes::CodeEvidence::Equal { explicit: true, .. }))
    };
    let code_is_known = features.iter().any(is_equal);
    Ok((0_u32..)
        .zip(candidates.iter().zip(&features))
        .map(|(index, ((spell, evidence), features))| {
            score::judge(index, error, &query, (spell, evidence), features, code_is_known)
        })
        .collect())
}

grimoire_plugin_sdk::export_matcher!(crate::score_prepared, prepare: crate::prepare);
