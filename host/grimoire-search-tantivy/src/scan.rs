//! Search without an index: a bounded scan of the store, while the index is rebuilt.

use std::collections::BTreeMap;
use std::convert::Infallible;

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::{SpellFilter, SpellStore};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::tokenizer::TextAnalyzer;

use crate::rank::{Corpus, Query, occurrence};
use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokenizer;

/// The most spells that one scan looks at, by ascending id. Larger spellbooks are searched in part while
/// their index is rebuilt.
const MAXIMUM_SPELLS: u64 = 20_000;
/// How many spells are read at a time.
const PAGE: u32 = 500;

/// Where the terms of one query occur in the spells of the store.
#[derive(Default)]
pub(crate) struct Scan {
    spells: Vec<(SpellId, bool)>,
    terms: BTreeMap<String, Occurrences>,
}

/// The slots and values of one term, by the order of [`TEXT_FIELDS`].
type Occurrences = [Vec<(usize, f64)>; TEXT_FIELDS.len()];

impl Scan {
    /// Reads the spells and keeps what the query asks for.
    pub(crate) async fn of(store: &dyn SpellStore, query: &Query) -> Result<Self, PortError> {
        let mut scan = Self::default();
        let mut analyzer = tokenizer::analyzer();
        let mut skip = 0;
        while skip < MAXIMUM_SPELLS {
            let page = PageRequest::new(skip, PAGE)?;
            let spells = store.list_spells(&SpellFilter::default(), page).await?.items;
            for spell in &spells {
                scan.add(spell, query, &mut analyzer);
            }
            if spells.len() < PAGE as usize {
                break;
            }
            skip += u64::from(PAGE);
            // Tokenizing takes longer than reading: others must get their turn.
            tokio::task::yield_now().await;
        }
        Ok(scan)
    }

    fn add(&mut self, spell: &Spell, query: &Query, analyzer: &mut TextAnalyzer) {
        let slot = self.spells.len();
        self.spells.push((spell.id, is_active(spell)));
        for (index, field) in TEXT_FIELDS.iter().enumerate() {
            let mut length = 0;
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            analyzer.token_stream(&(field.text)(spell)).process(&mut |token| {
                length += 1;
                if query.wants(&token.text) {
                    *counts.entry(token.text.clone()).or_default() += 1;
                }
            });
            // Lengths are rounded as the index rounds them.
            let length = FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(length));
            for (term, count) in counts {
                self.terms.entry(term).or_default()[index].push((slot, occurrence(field, count, length)));
            }
        }
    }
}

fn frequency(occurrences: &Occurrences) -> u64 {
    occurrences.iter().map(Vec::len).max().unwrap_or_default() as u64
}

impl Corpus for Scan {
    type Error = Infallible;

    fn documents(&self) -> u64 {
        self.spells.len() as u64
    }

    fn slots(&self) -> usize {
        self.spells.len()
    }

    fn frequency(&self, term: &str) -> Result<u64, Infallible> {
        Ok(self.terms.get(term).map_or(0, frequency))
    }

    fn completions(&self, prefix: &str) -> Result<BTreeMap<String, u64>, Infallible> {
        let found = self.terms.iter().filter(|(term, _)| term.starts_with(prefix));
        Ok(found.map(|(term, occurrences)| (term.clone(), frequency(occurrences))).collect())
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> Result<(), Infallible> {
        for (slot, value) in self.terms.get(term).into_iter().flatten().flatten() {
            visit(*slot, *value);
        }
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        self.spells[slot]
    }
}
