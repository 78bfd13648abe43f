//! The order of spells for a query: BM25 over several fields, the same to the last bit for the same
//! spellbook.
//!
//! Tantivy's own scores depend on deleted documents that are still in its files and on how these are cut
//! into segments. Here every number is a function of the spells and the query alone: frequencies count
//! living spells, lengths are compared with constants, sums are made in one order. The index and the scan
//! of the store give equal answers, which is how either is tested.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use grimoire_domain::spell::SpellId;
use grimoire_ports::search::Hit;

use crate::schema::TextField;

/// How soon further occurrences of a term stop to count.
const SATURATION: f64 = 1.2;
/// How much the length of a field counts, from 0 to 1.
const LENGTH_WEIGHT: f64 = 0.75;
/// What a completion of the last word counts, compared with a whole word.
const COMPLETION_WEIGHT: f64 = 0.5;
/// The most completions that are searched.
const MAXIMUM_COMPLETIONS: usize = 32;

/// How many terms are searched in any case, where a query has so many.
const MINIMUM_TERMS: usize = 4;

/// Spells, numbered by slots, as far as ranking needs them.
pub(crate) trait Corpus {
    /// Why a look-up failed.
    type Error;

    /// How many spells there are.
    fn documents(&self) -> u64;

    /// Slots are below this number.
    fn slots(&self) -> usize;

    /// About how many spells have a term: the highest number of any field. To count each spell once, whatever
    /// its fields, takes reading all postings, which is done for chosen terms only.
    fn frequency(&self, term: &str) -> Result<u64, Self::Error>;

    /// The terms that begin with a prefix, with their frequencies above 0.
    fn completions(&self, prefix: &str) -> Result<BTreeMap<String, u64>, Self::Error>;

    /// Calls `visit` for each field of each spell that has a term, with the slot and the [`occurrence`]; the
    /// fields of one spell come in the order of the schema.
    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> Result<(), Self::Error>;

    /// The spell of a slot, and whether it is active.
    fn spell(&self, slot: usize) -> (SpellId, bool);
}

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    /// Terms, each once, with what they are worth.
    pub(crate) terms: BTreeMap<String, Term>,
    /// The beginning of a word whose completions count too.
    pub(crate) prefix: Option<String>,
    /// How many terms are searched at most, beside those that are always: those that tell most.
    pub(crate) maximum_terms: usize,
    /// How many spells the searched terms may have in sum; others are left out: the bound on the time of a
    /// query, whatever the size of the spellbook.
    pub(crate) maximum_occurrences: u64,
    /// Whether spells that are not active are left out.
    pub(crate) only_active: bool,
}

impl Query {
    /// Whether a term of a spell matters.
    pub(crate) fn wants(&self, term: &str) -> bool {
        self.terms.contains_key(term) || self.prefix.as_ref().is_some_and(|prefix| term.starts_with(prefix))
    }
}

/// A term of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Term {
    /// What it is worth.
    pub(crate) weight: f64,
    /// Whether it is searched however common it is.
    pub(crate) always: bool,
}

/// Best hits of a query, and how many there are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    /// From the asked place on, best first, ties by ascending id.
    pub(crate) hits: Vec<Hit>,
    /// Of all pages.
    pub(crate) total: u64,
}

/// What `count` occurrences of a term in a text of `length` tokens are worth before saturation.
pub(crate) fn occurrence(field: &TextField, count: u32, length: u32) -> f64 {
    let relative_length = f64::from(length) / field.usual_length;
    field.boost * f64::from(count) / (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * relative_length)
}

/// Ranks all spells that have a term of the query.
pub(crate) fn rank<C: Corpus>(
    corpus: &C,
    query: &Query,
    skip: usize,
    limit: usize,
) -> Result<Ranked, C::Error> {
    let documents = corpus.documents();
    let mut scores = vec![0.0_f64; corpus.slots()];
    let mut matched = Vec::new();
    // One term at a time, in the order of the terms: each spell's sum is made in that order.
    let mut gathered = vec![0.0_f64; corpus.slots()];
    let mut touched = Vec::new();
    for (term, weight) in chosen_terms(corpus, query)? {
        corpus.occurrences(&term, &mut |slot, value| {
            if gathered[slot] == 0.0 {
                touched.push(slot);
            }
            gathered[slot] += value;
        })?;
        let rarity = rarity(documents, touched.len() as u64);
        for slot in touched.drain(..) {
            let value = std::mem::take(&mut gathered[slot]);
            if scores[slot] == 0.0 {
                matched.push(slot);
            }
            scores[slot] += weight * rarity * value / (SATURATION + value);
        }
    }
    let mut hits: Vec<Hit> = matched
        .into_iter()
        .filter_map(|slot| {
            let (spell, active) = corpus.spell(slot);
            // Order is by what the caller sees: two scores that differ only in f64 are equal.
            #[expect(clippy::cast_possible_truncation, reason = "scores are small positive numbers")]
            let score = scores[slot] as f32;
            (active || !query.only_active).then_some(Hit { spell, score })
        })
        .collect();
    let total = hits.len() as u64;
    let end = skip.saturating_add(limit);
    if end < hits.len() {
        hits.select_nth_unstable_by(end, compare);
        hits.truncate(end);
    }
    hits.sort_unstable_by(compare);
    hits.drain(..skip.min(hits.len()));
    Ok(Ranked { hits, total })
}

/// What a term tells by how few spells have it.
fn rarity(documents: u64, frequency: u64) -> f64 {
    let (documents, frequency) = (documents as f64, frequency as f64);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln()
}

fn compare(left: &Hit, right: &Hit) -> Ordering {
    right.score.total_cmp(&left.score).then(left.spell.cmp(&right.spell))
}

/// The terms that are searched, with their weights, in the order of the terms: those that are always, then
/// of the others those that tell most and can be afforded.
fn chosen_terms<C: Corpus>(corpus: &C, query: &Query) -> Result<Vec<(String, f64)>, C::Error> {
    let mut chosen = Vec::new();
    let mut others = Vec::new();
    for (text, term) in &query.terms {
        let frequency = corpus.frequency(text)?;
        if frequency > 0 {
            let list = if term.always { &mut chosen } else { &mut others };
            list.push((text.clone(), term.weight, frequency));
        }
    }
    if let Some(prefix) = &query.prefix {
        let completions = corpus.completions(prefix)?.into_iter();
        let mut completions: Vec<_> =
            completions.filter(|(text, _)| !query.terms.contains_key(text)).collect();
        completions.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        completions.truncate(MAXIMUM_COMPLETIONS);
        chosen.extend(completions.into_iter().map(|(text, frequency)| (text, COMPLETION_WEIGHT, frequency)));
    }
    // First what tells most: a common word of the message before a rare one of the context.
    let documents = corpus.documents();
    let tells = |(_, weight, frequency): &(String, f64, u64)| weight * rarity(documents, *frequency);
    others.sort_by(|left, right| tells(right).total_cmp(&tells(left)).then_with(|| left.0.cmp(&right.0)));
    let mut searched = 0;
    let mut occurrences = 0;
    for term in others {
        let affordable = searched < MINIMUM_TERMS || occurrences + term.2 <= query.maximum_occurrences;
        if searched < query.maximum_terms && affordable {
            searched += 1;
            occurrences += term.2;
            chosen.push(term);
        }
    }
    chosen.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(chosen.into_iter().map(|(text, weight, _)| (text, weight)).collect())
}
