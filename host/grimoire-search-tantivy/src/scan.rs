//! Search without an index: a bounded scan of the store, used during a rebuild.

use std::collections::{BTreeMap, BTreeSet};

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{Spell, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::{SpellFilter, SpellStore};
use tantivy::TantivyError;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::tokenizer::TextAnalyzer;

use crate::dictionary::{WordPattern, accepts};
use crate::question::Question;
use crate::rank::{Corpus, Phrase, Query, Visit, occurrence};
use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokenizer;

/// Maximum number of spells per scan, by ascending id. Larger spellbooks are only partly searched during
/// a rebuild of their index.
const MAXIMUM_SPELLS: u64 = 20_000;
/// Number of spells that are read at once.
const PAGE: u32 = 500;

/// The occurrences of a question's terms in the spells of the store.
#[derive(Default)]
pub(crate) struct Scan {
    spells: Vec<(SpellId, bool)>,
    terms: BTreeMap<String, Occurrences>,
    phrases: BTreeMap<Phrase, Occurrences>,
    /// Number of spells that contain each word; empty unless requested.
    dictionary: BTreeMap<String, u64>,
}

/// The slots and values of one term, by the order of [`TEXT_FIELDS`].
type Occurrences = [Vec<(usize, f64)>; TEXT_FIELDS.len()];

/// The items that a scan collects.
struct Wanted {
    terms: BTreeSet<String>,
    phrases: BTreeSet<Phrase>,
    dictionary: bool,
}

/// The analyzers of the index.
struct Analyzers {
    terms: TextAnalyzer,
    dictionary: TextAnalyzer,
}

impl Scan {
    /// Reads the spells, collects what the question needs, and builds its query.
    pub(crate) async fn of(store: &dyn SpellStore, question: &Question) -> Result<(Self, Query), PortError> {
        let mut wanted = Wanted {
            terms: question.terms(),
            phrases: question.phrases(),
            dictionary: question.needs_dictionary(),
        };
        let scan = Self::read(store, &wanted).await?;
        let query = question
            .query(&scan)
            .map_err(|error| PortError::internal("the words of the query cannot be looked up", error))?;
        let terms: BTreeSet<String> = query.terms().into_iter().map(str::to_owned).collect();
        if terms.is_subset(&wanted.terms) {
            return Ok((scan, query));
        }
        // The dictionary contained terms that were not known before.
        wanted = Wanted { terms, dictionary: false, ..wanted };
        Ok((Self::read(store, &wanted).await?, query))
    }

    async fn read(store: &dyn SpellStore, wanted: &Wanted) -> Result<Self, PortError> {
        let mut scan = Self::default();
        let mut analyzers =
            Analyzers { terms: tokenizer::analyzer(), dictionary: tokenizer::dictionary_analyzer() };
        let mut skip = 0;
        while skip < MAXIMUM_SPELLS {
            let page = PageRequest::new(skip, PAGE)?;
            let spells = store.list_spells(&SpellFilter::default(), page).await?.items;
            for spell in &spells {
                scan.add(spell, wanted, &mut analyzers);
            }
            if spells.len() < PAGE as usize {
                break;
            }
            skip += u64::from(PAGE);
            // Tokenizing takes longer than reading, so this lets other tasks run.
            tokio::task::yield_now().await;
        }
        Ok(scan)
    }

    fn add(&mut self, spell: &Spell, wanted: &Wanted, analyzers: &mut Analyzers) {
        let slot = self.spells.len();
        self.spells.push((spell.id, is_active(spell)));
        let mut words = BTreeSet::new();
        for (index, field) in TEXT_FIELDS.iter().enumerate() {
            let text = field.of(spell);
            let mut length = 0;
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            let mut places: BTreeSet<(usize, String)> = BTreeSet::new();
            analyzers.terms.token_stream(&text).process(&mut |token| {
                length += 1;
                if wanted.terms.contains(&token.text) {
                    *counts.entry(token.text.clone()).or_default() += 1;
                    if !wanted.phrases.is_empty() {
                        places.insert((token.position, token.text.clone()));
                    }
                }
            });
            // Lengths are rounded like those in the index.
            let length = FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(length));
            for (term, count) in counts {
                self.terms.entry(term).or_default()[index].push((slot, occurrence(field, count, length)));
            }
            for phrase in wanted.phrases.iter().filter(|phrase| contains_phrase(&places, phrase)) {
                let occurrences = self.phrases.entry(phrase.clone()).or_default();
                occurrences[index].push((slot, occurrence(field, 1, length)));
            }
            if wanted.dictionary {
                words.extend(tokenizer::tokens(&mut analyzers.dictionary, &text));
            }
        }
        for word in words {
            *self.dictionary.entry(word).or_default() += 1;
        }
    }
}

/// Returns true if terms with their positions contain a phrase.
fn contains_phrase(places: &BTreeSet<(usize, String)>, phrase: &Phrase) -> bool {
    let begins = places.iter().filter(|(_, term)| phrase.first().is_some_and(|(_, first)| first == term));
    begins.into_iter().any(|(start, _)| {
        phrase.iter().all(|(offset, term)| places.contains(&(start + offset, term.clone())))
    })
}

fn visit_all(occurrences: Option<&Occurrences>, visit: &mut Visit<'_>) {
    for (field, spells) in occurrences.into_iter().flatten().enumerate() {
        for (slot, value) in spells {
            visit(*slot, field, *value);
        }
    }
}

impl Corpus for Scan {
    type Error = TantivyError;

    fn documents(&self) -> u64 {
        self.spells.len() as u64
    }

    fn slots(&self) -> usize {
        self.spells.len()
    }

    fn frequency(&self, term: &str) -> Result<u64, TantivyError> {
        let highest = |occurrences: &Occurrences| occurrences.iter().map(Vec::len).max().unwrap_or_default();
        Ok(self.terms.get(term).map_or(0, highest) as u64)
    }

    fn words(&self, pattern: &WordPattern) -> Result<BTreeMap<String, u64>, TantivyError> {
        let automaton = pattern.automaton()?;
        let found = self.dictionary.iter().filter(|(word, _)| accepts(&automaton, word));
        Ok(found.map(|(word, frequency)| (word.clone(), *frequency)).collect())
    }

    fn occurrences(&self, term: &str, visit: &mut Visit<'_>) -> Result<(), TantivyError> {
        visit_all(self.terms.get(term), visit);
        Ok(())
    }

    fn phrases(&self, phrase: &Phrase, visit: &mut Visit<'_>) -> Result<(), TantivyError> {
        visit_all(self.phrases.get(phrase), visit);
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        self.spells[slot]
    }
}
