//! The world `grimoire:matcher/matcher`.

use super::{About, convert};
use crate::{
    Candidate, CodeEvidence, Diagnostic, Evidence, Failure, LanguageEvidence, PatternEvidence, PatternHit,
    Spell, Verdict,
};
use std::marker::PhantomData;

#[allow(unsafe_code, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({
        path: "wit/matcher",
        world: "grimoire:matcher/matcher",
        with: {
            "grimoire:types/types@0.1.0": crate::guest::analyzer::grimoire::types::types,
            "grimoire:types/log@0.1.0": crate::guest::analyzer::grimoire::types::log,
        },
        pub_export_macro: true,
        default_bindings_module: "grimoire_plugin_sdk::guest::matcher",
    });
}

use bindings::exports::grimoire::matcher::match_spells;
pub use bindings::*;

/// Implemented by [`crate::export_matcher!`] with the plugin's function.
pub trait Score {
    fn check(_settings: &str) -> Result<(), String> {
        Err(crate::analyzer::NO_SETTINGS.to_owned())
    }

    fn score(
        settings: Option<&str>,
        error: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Vec<Verdict>, Failure>;
}

/// The component of a scoring function.
pub struct Component<S, D>(PhantomData<(S, D)>);

impl<S: Score, D: About> match_spells::Guest for Component<S, D> {
    fn describe() -> match_spells::Identity {
        super::begin();
        convert::identity::<D>()
    }

    fn configure(settings: String) -> Result<(), String> {
        super::begin();
        S::check(&settings)?;
        super::keep_settings(settings)
    }

    fn score(
        error: match_spells::Diagnostic,
        candidates: Vec<match_spells::Candidate>,
    ) -> Result<Vec<match_spells::Verdict>, match_spells::Failure> {
        super::begin();
        let error = convert::diagnostic_in(error);
        let candidates: Vec<_> = candidates.into_iter().map(candidate_in).collect();
        let verdicts = S::score(super::settings(), &error, &candidates).map_err(convert::failure_out)?;
        Ok(verdicts.into_iter().map(verdict_out).collect())
    }
}

fn candidate_in(candidate: match_spells::Candidate) -> Candidate {
    let match_spells::Spell {
        id,
        title,
        description,
        error_type,
        error_pattern,
        covers_code,
        solution_code,
        tags,
        facts,
    } = candidate.spell;
    Candidate {
        spell: Spell {
            id,
            title,
            description,
            error_type,
            error_pattern,
            covers_code,
            solution_code,
            tags,
            facts,
        },
        evidence: Evidence {
            keyword: candidate.evidence.keyword,
            pattern: match candidate.evidence.pattern {
                match_spells::PatternEvidence::Untried => PatternEvidence::Untried,
                match_spells::PatternEvidence::Missed => PatternEvidence::Missed,
                match_spells::PatternEvidence::Hit(hit) => PatternEvidence::Hit(PatternHit {
                    text: hit.text,
                    telling: hit.telling,
                    in_message: hit.in_message,
                }),
            },
            code: match candidate.evidence.code {
                match_spells::CodeEvidence::None => CodeEvidence::None,
                match_spells::CodeEvidence::Other => CodeEvidence::Other,
                match_spells::CodeEvidence::Partial => CodeEvidence::Partial,
                match_spells::CodeEvidence::Covered => CodeEvidence::Covered,
            },
            language: match candidate.evidence.language {
                match_spells::LanguageEvidence::Unknown => LanguageEvidence::Unknown,
                match_spells::LanguageEvidence::Same => LanguageEvidence::Same,
                match_spells::LanguageEvidence::Other => LanguageEvidence::Other,
            },
            facts: candidate.evidence.facts,
        },
    }
}

fn verdict_out(verdict: Verdict) -> match_spells::Verdict {
    match_spells::Verdict {
        candidate: verdict.candidate,
        score: verdict.score,
        shown: verdict.shown,
        reasons: verdict
            .reasons
            .into_iter()
            .map(|reason| match_spells::Reason {
                signal: reason.signal,
                weight: reason.weight,
                detail: reason.detail,
            })
            .collect(),
    }
}
