//! The matcher `matcher-hybrid` behind Extism: JSON in, JSON out.

#[allow(dead_code)]
#[path = "../../wire.rs"]
mod wire;

use extism_pdk::{FnResult, plugin_fn};
use grimoire_plugin_sdk as sdk;

#[plugin_fn]
pub fn score(question: Vec<u8>) -> FnResult<Vec<u8>> {
    let question: wire::Question = serde_json::from_slice(&question)?;
    let error = error(question.error)?;
    let candidates = question.candidates.into_iter().map(candidate).collect::<FnResult<Vec<_>>>()?;
    let verdicts = matcher_hybrid::score(&error, &candidates)
        .map_err(|failure| extism_pdk::Error::msg(format!("{failure:?}")))?;
    let verdicts: Vec<_> = verdicts.into_iter().map(verdict).collect();
    Ok(serde_json::to_vec(&verdicts)?)
}

#[plugin_fn]
pub fn empty(_nothing: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(b"[]".to_vec())
}

/// The case with this number.
fn case<T: Copy>(number: u8, cases: &[T]) -> FnResult<T> {
    let case = cases.get(usize::from(number)).copied();
    Ok(case.ok_or_else(|| extism_pdk::Error::msg("an enum has no case of this number"))?)
}

fn error(error: wire::Error) -> FnResult<sdk::Diagnostic> {
    use sdk::{Confidence, Role, Severity};
    Ok(sdk::Diagnostic {
        tool: error.tool,
        error_type: error.error_type,
        code: error.code,
        message: error.message,
        severity: case(
            error.severity,
            &[Severity::Hint, Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal],
        )?,
        role: case(error.role, &[Role::Root, Role::Consequence, Role::Summary, Role::Warning])?,
        confidence: case(error.confidence, &[Confidence::Guess, Confidence::Likely, Confidence::Certain])?,
        context: error.context,
        ..sdk::Diagnostic::default()
    })
}

fn candidate(candidate: wire::Candidate) -> FnResult<sdk::Candidate> {
    use sdk::{CodeEvidence, LanguageEvidence};
    Ok(sdk::Candidate {
        spell: sdk::Spell {
            id: candidate.id,
            title: candidate.title,
            description: candidate.description,
            error_type: candidate.error_type,
            error_pattern: candidate.error_pattern,
            covers_code: candidate.covers_code,
            solution_code: candidate.solution_code,
            tags: candidate.tags,
            facts: candidate.facts,
        },
        evidence: sdk::Evidence {
            keyword: candidate.keyword,
            pattern: match candidate.pattern {
                wire::Pattern::Untried => sdk::PatternEvidence::Untried,
                wire::Pattern::Missed => sdk::PatternEvidence::Missed,
                wire::Pattern::Hit { text, telling, in_message } => {
                    sdk::PatternEvidence::Hit(sdk::PatternHit { text, telling, in_message })
                }
            },
            code: case(
                candidate.code,
                &[CodeEvidence::None, CodeEvidence::Other, CodeEvidence::Partial, CodeEvidence::Covered],
            )?,
            language: case(
                candidate.language,
                &[LanguageEvidence::Unknown, LanguageEvidence::Same, LanguageEvidence::Other],
            )?,
            facts: candidate.evidence_facts,
        },
    })
}

fn verdict(verdict: sdk::Verdict) -> wire::Verdict {
    let reason = |reason: sdk::Reason| wire::Reason {
        signal: reason.signal,
        weight: reason.weight,
        detail: reason.detail,
    };
    wire::Verdict {
        candidate: verdict.candidate,
        score: verdict.score,
        shown: verdict.shown,
        reasons: verdict.reasons.into_iter().map(reason).collect(),
    }
}
