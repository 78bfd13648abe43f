//! Ranks spells for a query: BM25 over several fields, identical to the last bit for the same
//! spellbook.
//!
//! Tantivy's own scores depend on deleted documents that are still in its files and on their distribution
//! over segments. Here every number is a function of the spells and the query alone: frequencies count
//! existing spells, lengths are compared with constants, sums are computed in one order. Index and store
//! scan give equal answers, which is how both are tested.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use grimoire_domain::spell::SpellId;
use grimoire_ports::search::Hit;

use crate::dictionary::WordPattern;
use crate::schema::{Boosts, TextField};
use crate::tokenizer::{Word, term};

/// How fast further occurrences of a term stop adding to the score (BM25's k1).
const SATURATION: f64 = 1.2;
/// The influence of a field's length, from 0 to 1 (BM25's b).
const LENGTH_WEIGHT: f64 = 0.75;

/// Spells, numbered by slots, as ranking needs them.
pub(crate) trait Corpus {
    /// The error of a failed look-up.
    type Error;

    /// Number of spells.
    fn documents(&self) -> u64;

    /// The upper bound of slot numbers, exclusive.
    fn slots(&self) -> usize;

    /// The approximate number of spells that contain a term: the maximum over the fields. Counting each spell
    /// once requires reading all postings, which is done for chosen terms only.
    fn frequency(&self, term: &str) -> Result<u64, Self::Error>;

    /// The words of the dictionary that match a pattern, with the number of spells that contain them, above 0.
    fn words(&self, pattern: &WordPattern) -> Result<BTreeMap<String, u64>, Self::Error>;

    /// Calls `visit` for each field of each spell that contains a term, with the slot, the field's index in the
    /// schema and the [`occurrence`]; the fields of one spell come in schema order.
    fn occurrences(&self, term: &str, visit: &mut Visit<'_>) -> Result<(), Self::Error>;

    /// The same for a phrase, which counts once per field.
    fn phrases(&self, phrase: &Phrase, visit: &mut Visit<'_>) -> Result<(), Self::Error>;

    /// The spell of a slot, and whether the spell is active.
    fn spell(&self, slot: usize) -> (SpellId, bool);
}

/// Takes the slot of a spell, the index of a field in the schema, and the [`occurrence`] there.
pub(crate) type Visit<'v> = dyn FnMut(usize, usize, f64) + 'v;

/// Terms with their relative positions; at least two.
pub(crate) type Phrase = Vec<(usize, String)>;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) clauses: Vec<Clause>,
    /// Spells that match one of these are left out.
    pub(crate) excluded: Vec<Matcher>,
    pub(crate) boosts: Boosts,
    /// True if spells that are not active are left out.
    pub(crate) only_active: bool,
}

impl Query {
    /// Every term that is looked up.
    pub(crate) fn terms(&self) -> BTreeSet<&str> {
        self.matchers().chain(&self.excluded).flat_map(Matcher::terms).collect()
    }

    /// The matchers that find spells.
    pub(crate) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let alternatives = self.clauses.iter().flat_map(|clause| &clause.alternatives);
        alternatives.map(|alternative| &alternative.matcher)
    }
}

/// A part of a query with its alternatives (synonyms, completions, corrections); the best match counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clause {
    /// The first alternative is the original; if any spell matches it, no other one scores higher.
    pub(crate) alternatives: Vec<Alternative>,
    /// The weight of the clause.
    pub(crate) weight: f64,
    pub(crate) demand: Demand,
}

/// How a clause restricts the matching spells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// A match improves the score.
    Optional,
    /// A spell must match most of these, or as many as the best spell; clauses that no spell matches do not count.
    Most,
    /// A spell must match all of these clauses.
    Required,
}

/// One alternative of a clause.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    /// The weight relative to the original, from 0 to 1.
    pub(crate) factor: f64,
    pub(crate) matcher: Matcher,
}

/// A condition on a spell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Matcher {
    /// All of these terms, anywhere.
    All(Vec<String>),
    /// Any of these terms, which count as one.
    Any(Vec<String>),
    /// Terms in their positions, in one field.
    Phrase(Phrase),
}

impl Matcher {
    /// A matcher for words in their order; `None` without words.
    pub(crate) fn of(words: &[Word]) -> Option<Self> {
        let first = words.first()?;
        if words.len() == 1 {
            return Some(Self::All(vec![term(&first.text)]));
        }
        let phrase = words.iter().map(|word| (word.position - first.position, term(&word.text)));
        Some(Self::Phrase(phrase.collect()))
    }

    pub(crate) fn terms(&self) -> Vec<&str> {
        match self {
            Self::All(terms) | Self::Any(terms) => terms.iter().map(String::as_str).collect(),
            Self::Phrase(phrase) => phrase.iter().map(|(_, term)| term.as_str()).collect(),
        }
    }
}

/// The best hits of a query, and their total.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    /// The hits of the requested page, best first, ties by ascending id.
    pub(crate) hits: Vec<Hit>,
    /// Number of hits on all pages.
    pub(crate) total: u64,
}

/// The value of `count` occurrences of a term among `length` tokens, before the field's boost and saturation.
pub(crate) fn occurrence(field: &TextField, count: u32, length: u32) -> f64 {
    let relative_length = f64::from(length) / field.usual_length;
    f64::from(count) / (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * relative_length)
}

/// How many of several clauses count as most of them.
fn most(things: u32) -> u32 {
    match things {
        0..=2 => things,
        _ => (things * 2).div_ceil(3),
    }
}

/// The weight of a term by its rarity.
pub(crate) fn rarity(documents: u64, frequency: u64) -> f64 {
    let (documents, frequency) = (documents as f64, frequency as f64);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// Ranks the spells that meet the query's demands.
pub(crate) fn rank<C: Corpus>(
    corpus: &C,
    query: &Query,
    skip: usize,
    limit: usize,
) -> Result<Ranked, C::Error> {
    let mut tally = Tally::new(corpus, query.boosts);
    // One clause after the other, so that each spell's sum is computed in that order.
    for clause in &query.clauses {
        tally.add(clause)?;
    }
    for matcher in &query.excluded {
        tally.exclude(matcher)?;
    }
    let mut hits = tally.hits(query.only_active);
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

fn compare(left: &Hit, right: &Hit) -> Ordering {
    right.score.total_cmp(&left.score).then(left.spell.cmp(&right.spell))
}

/// The state of each spell for the clauses so far.
struct Tally<'c, C> {
    corpus: &'c C,
    boosts: Boosts,
    spells: Vec<Standing>,
    /// The slots with a score.
    matched: Vec<usize>,
    /// Number of clauses of which a spell needs most.
    most_of: u32,
    /// Number of clauses of which a spell needs all.
    required: u32,
    /// Values of one clause or matcher, by slot; 0 in between.
    gathered: Vec<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    score: f64,
    most_of: u32,
    required: u32,
    excluded: bool,
}

impl<'c, C: Corpus> Tally<'c, C> {
    fn new(corpus: &'c C, boosts: Boosts) -> Self {
        let slots = corpus.slots();
        Self {
            corpus,
            boosts,
            spells: vec![Standing::default(); slots],
            matched: Vec::new(),
            most_of: 0,
            required: 0,
            gathered: vec![0.0; slots],
        }
    }

    fn add(&mut self, clause: &Clause) -> Result<(), C::Error> {
        let mut found = Vec::new();
        for alternative in &clause.alternatives {
            found.push((alternative.factor, self.gather(&alternative.matcher)?));
        }
        let documents = self.corpus.documents();
        // If no spell matches the original, the others count as one: a rare one is no more specific than all.
        let asked = match found.first().map_or(0, |(_, spells)| spells.len()) {
            0 => found
                .iter()
                .flat_map(|(_, spells)| spells)
                .map(|(slot, _)| slot)
                .collect::<BTreeSet<_>>()
                .len(),
            asked => asked,
        };
        let highest = rarity(documents, asked as u64);
        let mut touched = Vec::new();
        for (factor, spells) in found {
            let tells = clause.weight * factor * rarity(documents, spells.len() as u64).min(highest);
            for (slot, value) in spells {
                let best = &mut self.gathered[slot];
                if *best == 0.0 {
                    touched.push(slot);
                }
                *best = best.max(tells * value / (SATURATION + value));
            }
        }
        match clause.demand {
            Demand::Optional => {}
            Demand::Most => self.most_of += u32::from(!touched.is_empty()),
            Demand::Required => self.required += 1,
        }
        for slot in touched {
            let standing = &mut self.spells[slot];
            if standing.score == 0.0 {
                self.matched.push(slot);
            }
            standing.score += std::mem::take(&mut self.gathered[slot]);
            standing.most_of += u32::from(clause.demand == Demand::Most);
            standing.required += u32::from(clause.demand == Demand::Required);
        }
        Ok(())
    }

    fn exclude(&mut self, matcher: &Matcher) -> Result<(), C::Error> {
        for (slot, _) in self.gather(matcher)? {
            self.spells[slot].excluded = true;
        }
        Ok(())
    }

    /// The slots of the spells that match, without duplicates, each with its value before saturation.
    fn gather(&mut self, matcher: &Matcher) -> Result<Vec<(usize, f64)>, C::Error> {
        let corpus = self.corpus;
        let (terms, all) = match matcher {
            Matcher::Phrase(phrase) => return self.collect(|visit| corpus.phrases(phrase, visit)),
            Matcher::All(terms) => (terms, true),
            Matcher::Any(terms) => (terms, false),
        };
        let Some((first, others)) = terms.split_first() else { return Ok(Vec::new()) };
        let first = self.collect(|visit| corpus.occurrences(first, visit))?;
        if others.is_empty() {
            return Ok(first);
        }
        let mut spells: BTreeMap<usize, f64> = first.into_iter().collect();
        for term in others {
            let found = self.collect(|visit| corpus.occurrences(term, visit))?;
            if all {
                // Together they count as much as the weakest of them.
                let found: BTreeMap<usize, f64> = found.into_iter().collect();
                spells.retain(|slot, value| {
                    found.get(slot).inspect(|other| *value = value.min(**other)).is_some()
                });
            } else {
                for (slot, other) in found {
                    let value = spells.entry(slot).or_default();
                    *value = value.max(other);
                }
            }
        }
        Ok(spells.into_iter().collect())
    }

    fn collect(
        &mut self,
        look_up: impl FnOnce(&mut Visit<'_>) -> Result<(), C::Error>,
    ) -> Result<Vec<(usize, f64)>, C::Error> {
        let (gathered, boosts) = (&mut self.gathered, &self.boosts);
        let mut touched = Vec::new();
        look_up(&mut |slot, field, value| {
            if gathered[slot] == 0.0 {
                touched.push(slot);
            }
            gathered[slot] += boosts[field] * value;
        })?;
        Ok(touched.into_iter().map(|slot| (slot, std::mem::take(&mut self.gathered[slot]))).collect())
    }

    fn hits(&self, only_active: bool) -> Vec<Hit> {
        let matched = self.matched.iter().map(|&slot| (slot, &self.spells[slot]));
        let allowed =
            matched.filter(|(_, standing)| standing.required == self.required && !standing.excluded);
        // If no spell matches most of the clauses, those with the most matches count.
        let best = allowed.clone().map(|(_, standing)| standing.most_of).max().unwrap_or_default();
        let needed = most(self.most_of).min(best);
        let hits =
            allowed.filter(|(_, standing)| standing.most_of >= needed).filter_map(|(slot, standing)| {
                let (spell, active) = self.corpus.spell(slot);
                // The order follows the visible scores: two that differ only in f64 are equal.
                #[expect(clippy::cast_possible_truncation, reason = "scores are small positive numbers")]
                let score = standing.score as f32;
                (active || !only_active).then_some(Hit { spell, score })
            });
        hits.collect()
    }
}
