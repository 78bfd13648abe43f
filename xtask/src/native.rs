//! Host values in the form that shipped plugins see, for calling plugins as native code.

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Role};
use grimoire_domain::ranking::{Candidate, CodeEvidence, LanguageEvidence, PatternEvidence, Reason, Verdict};
use grimoire_domain::spell::SpellFields;
use grimoire_plugin_sdk as sdk;

/// A diagnostic with the fields that matchers use.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> sdk::Diagnostic {
    sdk::Diagnostic {
        tool: diagnostic.tool.clone(),
        error_type: diagnostic.error_type.clone(),
        code: diagnostic.code.clone(),
        message: diagnostic.message.clone(),
        severity: sdk::Severity::Error,
        role: match diagnostic.role {
            Role::Root => sdk::Role::Root,
            Role::Consequence => sdk::Role::Consequence,
            Role::Summary => sdk::Role::Summary,
            Role::Warning => sdk::Role::Warning,
        },
        confidence: match diagnostic.confidence {
            Confidence::Guess => sdk::Confidence::Guess,
            Confidence::Likely => sdk::Confidence::Likely,
            Confidence::Certain => sdk::Confidence::Certain,
        },
        context: diagnostic.context.clone(),
        ..sdk::Diagnostic::default()
    }
}

/// A candidate.
pub(crate) fn candidate(candidate: &Candidate) -> sdk::Candidate {
    let evidence = &candidate.evidence;
    let evidence = sdk::Evidence {
        keyword: evidence.keyword,
        pattern: match &evidence.pattern {
            PatternEvidence::Untried => sdk::PatternEvidence::Untried,
            PatternEvidence::Missed => sdk::PatternEvidence::Missed,
            PatternEvidence::Hit(hit) => sdk::PatternEvidence::Hit(sdk::PatternHit {
                text: hit.text.clone(),
                telling: hit.telling,
                in_message: hit.in_message,
            }),
        },
        code: match evidence.code {
            CodeEvidence::None => sdk::CodeEvidence::None,
            CodeEvidence::Other => sdk::CodeEvidence::Other,
            CodeEvidence::Partial => sdk::CodeEvidence::Partial,
            CodeEvidence::Covered => sdk::CodeEvidence::Covered,
        },
        language: match evidence.language {
            LanguageEvidence::Unknown => sdk::LanguageEvidence::Unknown,
            LanguageEvidence::Same => sdk::LanguageEvidence::Same,
            LanguageEvidence::Other(_) => sdk::LanguageEvidence::Other,
        },
        // None of the shipped matchers looks at facts.
        facts: Vec::new(),
    };
    sdk::Candidate { spell: spell(candidate.spell.id.0, &candidate.spell.fields), evidence }
}

/// A spell.
pub(crate) fn spell(id: u64, fields: &SpellFields) -> sdk::Spell {
    sdk::Spell {
        id,
        title: fields.title.clone(),
        description: fields.description.clone(),
        error_type: fields.error_type.clone(),
        error_pattern: fields.error_pattern.clone(),
        covers_code: fields.covers_code,
        solution_code: fields.solution_code.clone(),
        tags: fields.tags.iter().cloned().collect(),
        facts: Vec::new(),
    }
}

/// Converts a verdict to the host's type. An index too large for `usize` is out of range anyway.
pub(crate) fn verdict(verdict: sdk::Verdict) -> Verdict {
    let reason =
        |reason: sdk::Reason| Reason { signal: reason.signal, weight: reason.weight, detail: reason.detail };
    Verdict {
        candidate: usize::try_from(verdict.candidate).unwrap_or(usize::MAX),
        score: verdict.score,
        shown: verdict.shown,
        reasons: verdict.reasons.into_iter().map(reason).collect(),
    }
}
