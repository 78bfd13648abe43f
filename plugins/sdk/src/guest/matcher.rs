//! The world `grimoire:matcher/matcher`.

use super::bindings::matcher::exports::grimoire::matcher::match_spells;
use super::{About, convert};
use crate::{
    Candidate, CodeEvidence, Diagnostic, Evidence, Failure, Form, LanguageEvidence, PatternEvidence,
    PatternHit, Spell, Verdict, limits,
};
use std::marker::PhantomData;

/// Implemented by [`crate::export_matcher!`] with the plugin's functions.
pub trait Score {
    const PREPARES: bool = false;

    fn check(_settings: &str) -> Result<(), String> {
        Err(crate::analyzer::NO_SETTINGS.to_owned())
    }

    fn prepare(_settings: Option<&str>, spells: &[Spell]) -> Result<Vec<Vec<u8>>, Failure> {
        Ok(vec![Vec::new(); spells.len()])
    }

    fn score(
        settings: Option<&str>,
        error: &Diagnostic,
        candidates: Vec<Candidate<Form>>,
    ) -> Result<Vec<Verdict>, Failure>;
}

/// The candidates of a matcher that prepares nothing.
pub fn written(candidates: Vec<Candidate<Form>>) -> Result<Vec<Candidate>, Failure> {
    let written = |candidate: Candidate<Form>| match candidate.spell {
        Form::Written(spell) => Ok(Candidate { spell, evidence: candidate.evidence }),
        Form::Prepared(_) => Err(Failure::InvalidInput("a prepared spell, and none was prepared".to_owned())),
    };
    candidates.into_iter().map(written).collect()
}

/// The component of a scoring function.
pub struct Component<S, D>(PhantomData<(S, D)>);

impl<S: Score, D: About> match_spells::Guest for Component<S, D> {
    fn describe() -> match_spells::Description {
        super::begin();
        match_spells::Description { identity: convert::identity::<D>(), prepares: S::PREPARES }
    }

    fn configure(settings: String) -> Result<(), String> {
        super::begin();
        S::check(&settings)?;
        super::keep_settings(settings)
    }

    fn prepare(spells: Vec<match_spells::Spell>) -> Result<Vec<Vec<u8>>, match_spells::Failure> {
        super::begin();
        let spells: Vec<_> = spells.into_iter().map(spell_in).collect();
        let mut prepared = S::prepare(super::settings(), &spells).map_err(convert::failure_out)?;
        // What is too long would fail the call, and all other spells with it.
        prepared.iter_mut().filter(|bytes| bytes.len() > limits::PREPARED).for_each(Vec::clear);
        Ok(prepared)
    }

    fn score(
        error: match_spells::Diagnostic,
        candidates: Vec<match_spells::Candidate>,
    ) -> Result<Vec<match_spells::Verdict>, match_spells::Failure> {
        super::begin();
        let error = convert::diagnostic_in(error);
        let candidates: Vec<_> = candidates.into_iter().map(candidate_in).collect();
        let verdicts = S::score(super::settings(), &error, candidates).map_err(convert::failure_out)?;
        Ok(verdicts.into_iter().map(verdict_out).collect())
    }
}

fn spell_in(spell: match_spells::Spell) -> Spell {
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
    } = spell;
    Spell { id, title, description, error_type, error_pattern, covers_code, solution_code, tags, facts }
}

fn candidate_in(candidate: match_spells::Candidate) -> Candidate<Form> {
    Candidate {
        spell: match candidate.spell {
            match_spells::Form::Written(spell) => Form::Written(spell_in(spell)),
            match_spells::Form::Prepared(bytes) => Form::Prepared(bytes),
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
