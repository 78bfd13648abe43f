//! Determines which spells of a book are shown for an error, with the host's evidence and guard, and the
//! shipped matcher as native code, without a store or a search.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use grimoire_domain::Timestamp;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::ranking::{
    self, Candidate, CodeEvidence, Evidence, PatternEvidence, PatternHit, grounds, normal_code, own_codes,
};
use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::Settings;

use crate::native;

/// A spellbook, ready for queries.
pub(super) struct Judge {
    spells: Vec<Arc<Spell>>,
    patterns: Vec<ErrorPattern>,
    /// Spells by four bytes of a needle of their pattern; under `None` those without needles.
    by_window: HashMap<Option<Window>, Vec<usize>>,
    by_code: HashMap<String, Vec<usize>>,
    settings: Settings,
}

type Window = [u8; 4];

/// A shown spell.
#[derive(Debug)]
pub(super) struct Shown {
    /// Its index in the book.
    pub(super) spell: usize,
    /// The strongest reason.
    pub(super) why: String,
}

impl Judge {
    pub(super) fn new(book: Vec<SpellFields>) -> anyhow::Result<Self> {
        let mut spells = Vec::with_capacity(book.len());
        for (id, fields) in (1..).zip(book) {
            let key = fields.key.clone().unwrap_or_default();
            let fields = fields.validate().with_context(|| key)?;
            let (created_at, updated_at) = (Timestamp::UNIX_EPOCH, None);
            spells.push(Arc::new(Spell { id: SpellId(id), fields, created_at, updated_at, revision: 1 }));
        }
        spells.retain(|spell| spell.fields.status == SpellStatus::Active);
        let patterns: Vec<ErrorPattern> =
            spells.iter().map(|spell| ErrorPattern::from_store(&spell.fields.error_pattern)).collect();
        let mut by_window: HashMap<Option<Window>, Vec<usize>> = HashMap::new();
        for (place, pattern) in patterns.iter().enumerate() {
            for needle in pattern.needles().unwrap_or_else(|| vec![Vec::new()]) {
                let windows = needle.windows(4).filter_map(|window| Window::try_from(window).ok());
                // The window that the fewest other spells have.
                let window = windows.min_by_key(|window| by_window.get(&Some(*window)).map_or(0, Vec::len));
                by_window.entry(window).or_default().push(place);
            }
        }
        let mut by_code: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, spell) in spells.iter().enumerate() {
            by_code.entry(normal_code(&spell.fields.error_type)).or_default().push(place);
        }
        Ok(Self { spells, patterns, by_window, by_code, settings: Settings::default() })
    }

    /// The indices of spells worth judging: their pattern may match, or they are for the code.
    fn worth_asking(&self, diagnostic: &Diagnostic, text: &str) -> BTreeSet<usize> {
        let lower = text.to_ascii_lowercase();
        let windows = lower.as_bytes().windows(4).map(|window| Window::try_from(window).ok());
        let by_pattern = windows.chain([None]).filter_map(|window| self.by_window.get(&window));
        let by_code = own_codes(diagnostic).filter_map(|code| self.by_code.get(&normal_code(code)));
        by_pattern.chain(by_code).flatten().copied().collect()
    }

    pub(super) fn spells(&self) -> impl Iterator<Item = &SpellFields> {
        self.spells.iter().map(|spell| &*spell.fields)
    }

    pub(super) fn fields(&self, spell: usize) -> &SpellFields {
        &self.spells[spell].fields
    }

    pub(super) fn key(&self, spell: usize) -> &str {
        self.fields(spell).key.as_deref().unwrap_or_default()
    }

    pub(super) fn pattern(&self, spell: usize) -> &ErrorPattern {
        &self.patterns[spell]
    }

    pub(super) fn into_fields(self) -> Vec<SpellFields> {
        self.spells.iter().map(|spell| spell.fields.clone().into_fields()).collect()
    }

    /// The spells that are shown for an error without context, best first. Candidates are only those that
    /// may be shown, because others change no decision.
    pub(super) fn shown(&self, diagnostic: &Diagnostic) -> Vec<Shown> {
        let text = diagnostic.searchable_text();
        let prefix = diagnostic.message_place().start;
        let mut places = Vec::new();
        let mut candidates = Vec::new();
        for place in self.worth_asking(diagnostic, &text) {
            let (spell, pattern) = (&self.spells[place], &self.patterns[place]);
            let evidence = match pattern.find_in_error(&text, prefix) {
                Some(found) => {
                    let start = found.as_ptr().addr() - text.as_ptr().addr();
                    PatternEvidence::Hit(PatternHit {
                        text: found.to_owned(),
                        telling: pattern.specificity(found),
                        in_message: true,
                        place: start..start + found.len(),
                    })
                }
                None => PatternEvidence::Missed,
            };
            let evidence = Evidence::of(diagnostic, spell, 0.0, evidence);
            // A spell for this very code affects the judgement of others, even if it is not shown.
            if grounds(diagnostic, &evidence).is_ok() || evidence.code == CodeEvidence::Partial {
                places.push(place);
                candidates.push(Candidate {
                    spell: Arc::clone(spell),
                    evidence,
                    outcomes: Outcomes::default(),
                });
            }
        }
        let seen: Vec<_> = candidates.iter().map(native::candidate).collect();
        let verdicts = matcher_hybrid::score(&native::diagnostic(diagnostic), &seen)
            .expect("there are few candidates")
            .into_iter()
            .map(native::verdict)
            .collect();
        let Settings { threshold, spells_per_error, .. } = self.settings;
        ranking::judge(diagnostic, &candidates, verdicts, threshold, spells_per_error)
            .into_iter()
            .filter(|ranked| ranked.shown.is_ok())
            .map(|ranked| {
                let candidate = candidates.iter().position(|candidate| candidate.spell.id == ranked.spell.id);
                Shown {
                    spell: places[candidate.expect("only candidates are ranked")],
                    why: ranked.reasons.first().map(|reason| reason.detail.clone()).unwrap_or_default(),
                }
            })
            .collect()
    }
}
