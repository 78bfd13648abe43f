//! The matcher `matcher-hybrid` behind Extism: JSON in, JSON out.

#[allow(dead_code)]
#[path = "../../wire.rs"]
mod wire;

use extism_pdk::{FnResult, plugin_fn};
use grimoire_plugin_sdk as sdk;

#[plugin_fn]
pub fn score(question: Vec<u8>) -> FnResult<Vec<u8>> {
    let question: wire::Question = serde_json::from_slice(&question)?;
    let error = error(question.error);
    let candidates: Vec<_> = question.candidates.into_iter().map(candidate).collect();
    let verdicts = matcher_hybrid::score(&error, &candidates)
        .map_err(|failure| extism_pdk::Error::msg(format!("{failure:?}")))?;
    let verdicts: Vec<_> = verdicts.into_iter().map(verdict).collect();
    Ok(serde_json::to_vec(&verdicts)?)
}

#[plugin_fn]
pub fn empty(_nothing: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(b"[]".to_vec())
}

fn error(error: wire::Error) -> sdk::Diagnostic {
    sdk::Diagnostic {
        tool: error.tool,
        error_type: error.error_type,
        code: error.code,
        message: error.message,
        severity: sdk::Severity::Error,
        confidence: match error.confidence {
            0 => sdk::Confidence::Guess,
            1 => sdk::Confidence::Likely,
            _ => sdk::Confidence::Certain,
        },
        context: error.context,
        ..sdk::Diagnostic::default()
    }
}

fn candidate(candidate: wire::Candidate) -> sdk::Candidate {
    sdk::Candidate {
        spell: sdk::Spell {
            id: candidate.id,
            title: candidate.title,
            description: candidate.description,
            error_type: candidate.error_type,
            error_pattern: candidate.error_pattern,
            covers_code: candidate.covers_code,
            solution_code: candidate.solution_code,
            tags: candidate.tags,
            facts: Vec::new(),
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
            code: match candidate.code {
                0 => sdk::CodeEvidence::None,
                1 => sdk::CodeEvidence::Other,
                2 => sdk::CodeEvidence::Partial,
                _ => sdk::CodeEvidence::Covered,
            },
            language: match candidate.language {
                0 => sdk::LanguageEvidence::Unknown,
                1 => sdk::LanguageEvidence::Same,
                _ => sdk::LanguageEvidence::Other,
            },
            facts: Vec::new(),
        },
    }
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
