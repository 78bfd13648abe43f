//! Scores a spell by its pattern, then by its code, and last by its words.

use grimoire_plugin_sdk::{
    Candidate, CodeEvidence, Diagnostic, Failure, PatternEvidence, Reason, Verdict, export_matcher,
};

/// Judges all candidates of one error in one call.
///
/// # Errors
///
/// None: any input has an answer.
pub fn score(_error: &Diagnostic, candidates: &[Candidate]) -> Result<Vec<Verdict>, Failure> {
    Ok((0..).zip(candidates).map(|(index, candidate)| judge(index, candidate)).collect())
}

fn judge(index: u32, candidate: &Candidate) -> Verdict {
    let evidence = &candidate.evidence;
    let (score, signal, detail) = if let PatternEvidence::Hit(hit) = &evidence.pattern {
        (if hit.in_message { 0.9 } else { 0.8 }, "pattern", "the spell's pattern was found")
    } else if evidence.code == CodeEvidence::Covered {
        (0.7, "code", "the spell is for all errors of this code")
    } else {
        (0.4 * evidence.keyword, "keyword", "only words speak for it")
    };
    let reason = Reason { signal: signal.to_owned(), weight: score, detail: detail.to_owned() };
    Verdict { candidate: index, score, shown: signal != "keyword", reasons: vec![reason] }
}

export_matcher!(crate::score);
