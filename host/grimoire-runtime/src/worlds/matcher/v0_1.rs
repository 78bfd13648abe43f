//! `grimoire:matcher@0.1.0`.

use std::time::Instant;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, CodeEvidence, LanguageEvidence, PatternEvidence, Reason, Verdict};
use grimoire_domain::text;
use grimoire_ports::plugins::PluginDescription;
use wasmtime::Store;
use wasmtime::component::InstancePre;

use super::facts::{Facts, Lent};
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

/// A compiled matcher, linked.
#[derive(Clone)]
pub(crate) struct Matcher(bindings::MatcherPre<Call>);

impl Matcher {
    pub(crate) fn new(linked: InstancePre<Call>) -> wasmtime::Result<Self> {
        bindings::MatcherPre::new(linked).map(Self)
    }

    /// Creates a fresh instance.
    pub(crate) async fn instantiate(&self, store: &mut Store<Call>) -> wasmtime::Result<Instance> {
        let started = Instant::now();
        let instance = self.0.instantiate_async(&mut *store).await?;
        store.data_mut().instantiated(started);
        Ok(Instance(instance))
    }
}

/// One instance, which lives for one call.
pub(crate) struct Instance(bindings::Matcher);

impl Instance {
    /// The matcher's description, before validation.
    pub(crate) async fn describe(&self, store: &mut Store<Call>) -> wasmtime::Result<PluginDescription> {
        self.0.grimoire_matcher_match_spells().call_describe(store).await.map(identity_in)
    }

    /// Passes the operator's configuration.
    pub(crate) async fn configure(
        &self,
        store: &mut Store<Call>,
        settings: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        self.0.grimoire_matcher_match_spells().call_configure(store, settings).await
    }

    /// Judges the candidates. The verdicts are not yet validated.
    pub(crate) async fn score(
        &self,
        store: &mut Store<Call>,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> wasmtime::Result<GuestResult> {
        let tags: Vec<Vec<&str>> = candidates
            .iter()
            .map(|candidate| candidate.spell.fields.tags.iter().map(AsRef::as_ref).collect())
            .collect();
        let facts: Vec<_> = candidates.iter().map(Facts::of).collect();
        let lent: Vec<_> = facts.iter().map(Facts::lend).collect();
        let candidates: Vec<_> = candidates
            .iter()
            .zip(tags.iter().zip(&lent))
            .map(|(candidate, (tags, facts))| candidate_out(candidate, tags, facts))
            .collect();
        let interface = self.0.grimoire_matcher_match_spells();
        let returned = interface.call_score(store, diagnostic_out(diagnostic), &candidates).await?;
        Ok(returned.map(|verdicts| verdicts.into_iter().map(verdict_in).collect()))
    }
}

fn candidate_out<'a>(
    candidate: &'a Candidate,
    tags: &'a [&'a str],
    facts: &'a Lent<'a>,
) -> match_spells::Candidate<'a> {
    let fields = &candidate.spell.fields;
    let cut = |value| text::cut(value, SPELL_TEXT);
    match_spells::Candidate {
        spell: match_spells::Spell {
            id: candidate.spell.id.0,
            title: cut(&fields.title),
            description: cut(&fields.description),
            error_type: cut(&fields.error_type),
            error_pattern: cut(&fields.error_pattern),
            covers_code: fields.covers_code,
            solution_code: cut(&fields.solution_code),
            tags,
            facts: &facts.spell,
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
