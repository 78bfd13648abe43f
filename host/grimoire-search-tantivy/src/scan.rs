//! Search without an index: a bounded scan of the store, for the time of a rebuild.

use std::collections::{BTreeMap, HashMap};

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::{SpellFilter, SpellStore};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::tokenizer::TextAnalyzer;

use crate::rank::{Corpus, Query, occurrence};
use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokens;

/// The most spells that one scan looks at, by ascending id. Larger spellbooks are searched in part
/// while their index is made.
pub(crate) const MAXIMUM_SPELLS: u64 = 20_000;

/// How many spells are read at a time.
const PAGE: u32 = 500;

/// What a scan found of a query.
pub(crate) struct Scan {
    spells: Vec<(SpellId, bool)>,
    /// For every term of the query that occurs, and every completion, where and how much.
    terms: BTreeMap<String, TermScan>,
}

#[derive(Default)]
struct TermScan {
    frequency: u64,
    /// Slot and occurrence, the fields of a spell one after the other.
    occurrences: Vec<(usize, f64)>,
}

impl Scan {
    /// Reads the spells and keeps what the query asks for.
    pub(crate) async fn of(store: &dyn SpellStore, query: &Query) -> Result<Self, PortError> {
        let mut scan = Self { spells: Vec::new(), terms: BTreeMap::new() };
        let mut analyzer = tokens::analyzer();
        let mut skip = 0;
        while skip < MAXIMUM_SPELLS {
            let page = PageRequest::new(skip, PAGE)?;
            let spells = store.list_spells(&SpellFilter::default(), page).await?.items;
            skip += u64::from(PAGE);
            let last = spells.len() < PAGE as usize;
            for spell in spells {
                scan.take(&mut analyzer, query, &spell);
            }
            if last {
                break;
            }
            // Splitting text takes longer than reading it: others must get their turn.
            tokio::task::yield_now().await;
        }
        Ok(scan)
    }

    fn take(&mut self, analyzer: &mut TextAnalyzer, query: &Query, spell: &Spell) {
        let slot = self.spells.len();
        self.spells.push((spell.id, is_active(spell)));
        for field in &TEXT_FIELDS {
            let found = tokens::tokens(analyzer, &(field.text)(spell));
            let length = kept_length(found.len());
            let mut counts: HashMap<String, u32> = HashMap::new();
            for token in found {
                let completes = query.prefix.as_ref().is_some_and(|prefix| token.starts_with(prefix));
                if completes || query.terms.contains_key(&token) {
                    *counts.entry(token).or_default() += 1;
                }
            }
            for (token, count) in counts {
                let value = occurrence(field.boost, field.usual_length, count, length);
                let term = self.terms.entry(token).or_default();
                let known = term.occurrences.last().is_some_and(|(last, _)| *last == slot);
                term.frequency += u64::from(!known);
                term.occurrences.push((slot, value));
            }
        }
    }
}

/// The length of a field as the index keeps it: rounded, so that it takes one byte.
fn kept_length(tokens: usize) -> u32 {
    let exact = u32::try_from(tokens).unwrap_or(u32::MAX);
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(exact))
}

impl Corpus for Scan {
    type Error = std::convert::Infallible;

    fn documents(&self) -> u64 {
        self.spells.len() as u64
    }

    fn slots(&self) -> usize {
        self.spells.len()
    }

    fn frequency(&self, term: &str) -> Result<u64, Self::Error> {
        Ok(self.terms.get(term).map_or(0, |term| term.frequency))
    }

    fn completions(&self, prefix: &str) -> Result<BTreeMap<String, u64>, Self::Error> {
        let matching = self.terms.range(prefix.to_owned()..).take_while(|(text, _)| text.starts_with(prefix));
        Ok(matching.map(|(text, term)| (text.clone(), term.frequency)).collect())
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> Result<(), Self::Error> {
        for &(slot, value) in self.terms.get(term).into_iter().flat_map(|term| &term.occurrences) {
            visit(slot, value);
        }
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        self.spells[slot]
    }
}
