//! `grimoire:matcher@0.1.0`.

use std::sync::Arc;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, CodeEvidence, LanguageEvidence, PatternEvidence, Reason, Verdict};
use grimoire_domain::spell::Spell;
use grimoire_domain::text;
use grimoire_ports::plugins::PluginDescription;
use grimoire_ports::plugins::matcher::PreparedSpells;
use wasmtime::Store;

use super::facts::{self, Fact};
use crate::call::Call;
use crate::worlds::shared::v0_1::{diagnostic_out, identity_in, types};

mod bindings {
    #![allow(
        missing_docs,
        unsafe_code,
        unused_qualifications,
        unreachable_pub,
        clippy::all,
        clippy::pedantic
    )]
    wasmtime::component::bindgen!({
        path: "../../wit/matcher",
        world: "grimoire:matcher/matcher",
        with: {
            "grimoire:types/types@0.1.0": crate::worlds::shared::v0_1::lent,
            "grimoire:types/log@0.1.0": crate::worlds::shared::v0_1::log,
        },
        exports: { default: async },
        // Spells are passed to the guest by reference: copying 64 of them took 3 to 6 % of a call.
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

use bindings::exports::grimoire::matcher::match_spells;

/// The plugin's output before validation.
pub(crate) type GuestResult = Result<Vec<Verdict>, types::Failure>;

/// Maximum number of candidates of one call.
pub(crate) const MAX_CANDIDATES: usize = 10_000;
/// Maximum length of each text of a spell in bytes; the rest is cut.
const SPELL_TEXT: usize = 16 << 10;
/// Maximum length of a pattern's match in bytes.
const HIT: usize = 512;

component!(Matcher: bindings::MatcherPre<Call>, bindings::Matcher, grimoire_matcher_match_spells);

impl Instance {
    /// The matcher's description, before validation, and whether it prepares spells.
    pub(crate) async fn describe(
        &self,
        store: &mut Store<Call>,
    ) -> wasmtime::Result<(PluginDescription, bool)> {
        let said = self.0.grimoire_matcher_match_spells().call_describe(store).await?;
        let match_spells::Description { identity, prepares } = said;
        Ok((identity_in(identity), prepares))
    }

    /// Prepares spells. The result is not yet validated.
    pub(crate) async fn prepare(
        &self,
        store: &mut Store<Call>,
        spells: &[Arc<Spell>],
    ) -> wasmtime::Result<Result<Vec<Vec<u8>>, types::Failure>> {
        let tags: Vec<_> = spells.iter().map(|spell| tags_of(spell)).collect();
        let facts: Vec<_> = spells.iter().map(|spell| facts::of_spell(spell)).collect();
        let lent: Vec<_> = facts.iter().map(|facts| facts::lend(facts)).collect();
        let spells: Vec<_> = spells
            .iter()
            .zip(tags.iter().zip(&lent))
            .map(|(spell, (tags, facts))| spell_out(spell, tags, facts))
            .collect();
        self.0.grimoire_matcher_match_spells().call_prepare(store, &spells).await
    }

    /// Judges the candidates; what is prepared of some takes their place. The verdicts are not yet validated.
    pub(crate) async fn score(
        &self,
        store: &mut Store<Call>,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> wasmtime::Result<GuestResult> {
        let given: Vec<_> = candidates.iter().map(|candidate| Given::of(candidate, prepared)).collect();
        let lent: Vec<_> = given.iter().map(Given::lend).collect();
        let candidates: Vec<_> = candidates
            .iter()
            .zip(given.iter().zip(&lent))
            .map(|(candidate, (given, lent))| candidate_out(candidate, given, lent))
            .collect();
        let interface = self.0.grimoire_matcher_match_spells();
        let returned = interface.call_score(store, diagnostic_out(diagnostic), &candidates).await?;
        Ok(returned.map(|verdicts| verdicts.into_iter().map(verdict_in).collect()))
    }
}

/// What a candidate's record refers to and the candidate itself does not have.
struct Given<'a> {
    prepared: Option<&'a [u8]>,
    /// Of a spell that is not prepared.
    tags: Vec<&'a str>,
    spell_facts: Vec<Fact>,
    evidence_facts: Vec<Fact>,
}

/// The facts of a candidate, as they are passed to a plugin.
struct LentFacts<'a> {
    spell: Vec<(&'a str, &'a str)>,
    evidence: Vec<(&'a str, &'a str)>,
}

impl<'a> Given<'a> {
    fn of(candidate: &'a Candidate, prepared: &'a PreparedSpells) -> Self {
        let evidence_facts = facts::of_evidence(candidate);
        match prepared.get(&candidate.spell.id) {
            Some(bytes) => {
                Self { prepared: Some(bytes), tags: Vec::new(), spell_facts: Vec::new(), evidence_facts }
            }
            None => Self {
                prepared: None,
                tags: tags_of(&candidate.spell),
                spell_facts: facts::of_spell(&candidate.spell),
                evidence_facts,
            },
        }
    }

    fn lend(&self) -> LentFacts<'_> {
        LentFacts { spell: facts::lend(&self.spell_facts), evidence: facts::lend(&self.evidence_facts) }
    }
}

fn tags_of(spell: &Spell) -> Vec<&str> {
    spell.fields.tags.iter().map(AsRef::as_ref).collect()
}

fn spell_out<'a>(
    spell: &'a Spell,
    tags: &'a [&'a str],
    facts: &'a [(&'a str, &'a str)],
) -> match_spells::Spell<'a> {
    let fields = &spell.fields;
    let cut = |value| text::cut(value, SPELL_TEXT);
    match_spells::Spell {
        id: spell.id.0,
        title: cut(&fields.title),
        description: cut(&fields.description),
        error_type: cut(&fields.error_type),
        error_pattern: cut(&fields.error_pattern),
        covers_code: fields.covers_code,
        solution_code: cut(&fields.solution_code),
        tags,
        facts,
    }
}

fn candidate_out<'a>(
    candidate: &'a Candidate,
    given: &'a Given<'a>,
    facts: &'a LentFacts<'a>,
) -> match_spells::Candidate<'a> {
    match_spells::Candidate {
        spell: match given.prepared {
            Some(bytes) => match_spells::Form::Prepared(bytes),
            None => match_spells::Form::Written(spell_out(&candidate.spell, &given.tags, &facts.spell)),
        },
        evidence: match_spells::Evidence {
            keyword: candidate.evidence.keyword,
            pattern: match &candidate.evidence.pattern {
                PatternEvidence::Untried => match_spells::PatternEvidence::Untried,
                PatternEvidence::Missed => match_spells::PatternEvidence::Missed,
                PatternEvidence::Hit(hit) => match_spells::PatternEvidence::Hit(match_spells::PatternHit {
                    text: text::cut(&hit.text, HIT),
                    telling: hit.telling,
                    in_message: hit.in_message,
                }),
            },
            code: match candidate.evidence.code {
                CodeEvidence::None => match_spells::CodeEvidence::None,
                CodeEvidence::Other => match_spells::CodeEvidence::Other,
                CodeEvidence::Partial => match_spells::CodeEvidence::Partial,
                CodeEvidence::Covered => match_spells::CodeEvidence::Covered,
            },
            language: match candidate.evidence.language {
                LanguageEvidence::Unknown => match_spells::LanguageEvidence::Unknown,
                LanguageEvidence::Same => match_spells::LanguageEvidence::Same,
                LanguageEvidence::Other(_) => match_spells::LanguageEvidence::Other,
            },
            facts: &facts.evidence,
        },
    }
}

fn verdict_in(verdict: match_spells::Verdict) -> Verdict {
    let reason_in = |reason: match_spells::Reason| Reason {
        signal: reason.signal,
        weight: reason.weight,
        detail: reason.detail,
    };
    Verdict {
        // An index too large for this machine's `usize` is out of range anyway.
        candidate: usize::try_from(verdict.candidate).unwrap_or(usize::MAX),
        score: verdict.score,
        shown: verdict.shown,
        reasons: verdict.reasons.into_iter().map(reason_in).collect(),
    }
}
