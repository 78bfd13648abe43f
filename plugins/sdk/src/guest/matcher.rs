//! The world `grimoire:matcher/matcher`.

use super::convert;
use crate::{Candidate, Diagnostic, Evidence, Failure, PatternEvidence, Spell, Verdict};
use std::marker::PhantomData;

#[allow(unsafe_code, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/types", "../../wit/matcher"],
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

/// What [`crate::export_matcher!`] implements with the plugin's function.
pub trait Score {
    fn score(error: &Diagnostic, candidates: &[Candidate]) -> Result<Vec<Verdict>, Failure>;
}

/// The component that a scoring function makes.
pub struct Component<S>(PhantomData<S>);

impl<S: Score> match_spells::Guest for Component<S> {
    fn score(
        error: match_spells::Diagnostic,
        candidates: Vec<match_spells::Candidate>,
    ) -> Result<Vec<match_spells::Verdict>, match_spells::Failure> {
        let error = convert::diagnostic_in(error);
        let candidates: Vec<_> = candidates.into_iter().map(candidate_in).collect();
        let verdicts = S::score(&error, &candidates).map_err(convert::failure_out)?;
        Ok(verdicts.into_iter().map(verdict_out).collect())
    }
}

fn candidate_in(candidate: match_spells::Candidate) -> Candidate {
    let match_spells::Spell { id, title, description, error_type, error_pattern, solution_code, tags } =
        candidate.spell;
    Candidate {
        spell: Spell { id, title, description, error_type, error_pattern, solution_code, tags },
        evidence: Evidence {
            keyword: candidate.evidence.keyword,
            pattern: match candidate.evidence.pattern {
                match_spells::PatternEvidence::Untried => PatternEvidence::Untried,
                match_spells::PatternEvidence::Missed => PatternEvidence::Missed,
                match_spells::PatternEvidence::Hit(text) => PatternEvidence::Hit(text),
            },
        },
    }
}

fn verdict_out(verdict: Verdict) -> match_spells::Verdict {
    match_spells::Verdict {
        candidate: verdict.candidate,
        score: verdict.score,
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
