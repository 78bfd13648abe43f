//! Spells in memory, ready to be searched: those that changed after the index was last committed, or
//! what a scan of the store found.

use std::collections::{BTreeMap, HashMap};

use grimoire_domain::spell::{Sequence, Spell, SpellId};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::tokenizer::TextAnalyzer;

use crate::rank::occurrence;
use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokens;

/// How many bits of an occurrence hold the count; the others hold the field.
const COUNT_BITS: u32 = 29;

/// The tokens of one spell, counted.
pub(crate) struct SpellTerms {
    id: SpellId,
    active: bool,
    /// Of each text field, as the index keeps it: rounded, so that it takes one byte.
    lengths: [u32; TEXT_FIELDS.len()],
    /// Token, field and how often, the fields in their order.
    counts: Vec<(String, usize, u32)>,
}

impl SpellTerms {
    /// Counts the tokens of a spell that are wanted.
    pub(crate) fn of(analyzer: &mut TextAnalyzer, spell: &Spell, wanted: impl Fn(&str) -> bool) -> Self {
        let mut lengths = [0; TEXT_FIELDS.len()];
        let mut all = Vec::new();
        for (index, field) in TEXT_FIELDS.iter().enumerate() {
            let found = tokens::tokens(analyzer, &(field.text)(spell));
            lengths[index] = kept_length(found.len());
            let mut counts: HashMap<String, u32> = HashMap::with_capacity(found.len());
            for token in found.into_iter().filter(|token| wanted(token)) {
                *counts.entry(token).or_default() += 1;
            }
            all.extend(counts.into_iter().map(|(token, count)| (token, index, count)));
        }
        Self { id: spell.id, active: is_active(spell), lengths, counts: all }
    }
}

fn kept_length(tokens: usize) -> u32 {
    let exact = u32::try_from(tokens).unwrap_or(u32::MAX);
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(exact))
}

/// A change of a spell, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// The last change of the spell that is known here.
    pub(crate) sequence: Sequence,
    /// The change that created it, where that is known here.
    pub(crate) created: Option<Sequence>,
}

impl Change {
    /// Whether the spell may have been there when an index had followed to `sequence`.
    pub(crate) fn was_there(&self, sequence: Sequence) -> bool {
        self.created.is_none_or(|created| created <= sequence)
    }
}

/// Spells by slots.
#[derive(Default)]
pub(crate) struct Memory {
    entries: Vec<Entry>,
    /// The slot of each spell; none for those that are deleted.
    known: HashMap<SpellId, (Option<usize>, Change)>,
    terms: HashMap<String, Vec<Occurrence>>,
    occurrences: usize,
}

struct Entry {
    id: SpellId,
    active: bool,
    /// Whether no later change has replaced or deleted it.
    alive: bool,
    lengths: [u32; TEXT_FIELDS.len()],
}

/// Slot, field and count of a token in one field of one spell.
#[derive(Clone, Copy)]
struct Occurrence {
    slot: u32,
    field_and_count: u32,
}

impl Occurrence {
    fn new(slot: usize, field: usize, count: u32) -> Self {
        // A memory with so many spells, or a spell with so many words, is impossible.
        let field = u32::try_from(field).unwrap_or_default() << COUNT_BITS;
        let slot = u32::try_from(slot).unwrap_or(u32::MAX);
        Self { slot, field_and_count: field | count.min((1 << COUNT_BITS) - 1) }
    }

    fn field(self) -> usize {
        (self.field_and_count >> COUNT_BITS) as usize
    }

    fn count(self) -> u32 {
        self.field_and_count & ((1 << COUNT_BITS) - 1)
    }
}

impl Memory {
    /// How many words there are in the fields of all spells, each once a field: what takes memory.
    pub(crate) fn occurrences_kept(&self) -> usize {
        self.occurrences
    }

    /// How many spells are there.
    pub(crate) fn documents(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.alive).count() as u64
    }

    /// How many active spells are there.
    pub(crate) fn active(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.alive && entry.active).count() as u64
    }

    /// Slots are below this number.
    pub(crate) fn slots(&self) -> usize {
        self.entries.len()
    }

    /// Every spell that is kept or known to be deleted, with its change.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (SpellId, Change)> {
        self.known.iter().map(|(&id, &(_, change))| (id, change))
    }

    /// Takes a spell in, in place of what it was before.
    pub(crate) fn put(&mut self, terms: SpellTerms, change: Change) {
        let slot = self.entries.len();
        self.replace(terms.id, Some(slot), change);
        self.entries.push(Entry { id: terms.id, active: terms.active, alive: true, lengths: terms.lengths });
        self.occurrences += terms.counts.len();
        for (token, field, count) in terms.counts {
            self.terms.entry(token).or_default().push(Occurrence::new(slot, field, count));
        }
    }

    /// Remembers that a spell is gone.
    pub(crate) fn delete(&mut self, id: SpellId, change: Change) {
        self.replace(id, None, change);
    }

    fn replace(&mut self, id: SpellId, slot: Option<usize>, mut change: Change) {
        let before = self.known.get(&id).copied();
        if let Some((before_slot, before)) = before {
            change.created = change.created.or(before.created);
            if let Some(entry) = before_slot.and_then(|slot| self.entries.get_mut(slot)) {
                entry.alive = false;
            }
        }
        self.known.insert(id, (slot, change));
    }

    /// Forgets all changes up to `sequence`: the index has them.
    pub(crate) fn forget(&mut self, sequence: Sequence) {
        self.known.retain(|_, (_, change)| change.sequence > sequence);
        if self.known.is_empty() {
            *self = Self::default();
            return;
        }
        let mut places = vec![None; self.entries.len()];
        let mut kept = Vec::new();
        for (slot, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            if let Some((place, _)) = self.known.get_mut(&entry.id)
                && *place == Some(slot)
            {
                *place = Some(kept.len());
                places[slot] = u32::try_from(kept.len()).ok();
                kept.push(entry);
            }
        }
        self.entries = kept;
        self.occurrences = 0;
        self.terms.retain(|_, occurrences| {
            occurrences.retain_mut(|occurrence| {
                let place = places.get(occurrence.slot as usize).copied().flatten();
                occurrence.slot = place.unwrap_or_default();
                place.is_some()
            });
            self.occurrences += occurrences.len();
            !occurrences.is_empty()
        });
    }

    /// How many living spells have a term.
    pub(crate) fn frequency(&self, term: &str) -> u64 {
        self.terms.get(term).map_or(0, |occurrences| self.count(occurrences))
    }

    fn count(&self, occurrences: &[Occurrence]) -> u64 {
        let mut last = None;
        let mut count = 0;
        for occurrence in occurrences {
            let is_new = last != Some(occurrence.slot);
            last = Some(occurrence.slot);
            count += u64::from(is_new && self.entries[occurrence.slot as usize].alive);
        }
        count
    }

    /// The terms of living spells that begin with a prefix, with their frequencies.
    pub(crate) fn completions(&self, prefix: &str) -> BTreeMap<String, u64> {
        let matching = self.terms.iter().filter(|(text, _)| text.starts_with(prefix));
        matching
            .map(|(text, occurrences)| (text.clone(), self.count(occurrences)))
            .filter(|(_, frequency)| *frequency > 0)
            .collect()
    }

    /// Tells in which slots a term occurs, and how much, the fields of a spell in their order.
    pub(crate) fn occurrences(&self, term: &str, mut visit: impl FnMut(usize, f64)) {
        for found in self.terms.get(term).into_iter().flatten() {
            let slot = found.slot as usize;
            let entry = &self.entries[slot];
            if entry.alive {
                let field = &TEXT_FIELDS[found.field()];
                let length = entry.lengths[found.field()];
                visit(slot, occurrence(field.boost, field.usual_length, found.count(), length));
            }
        }
    }

    /// The spell of a slot, and whether it is active.
    pub(crate) fn spell(&self, slot: usize) -> (SpellId, bool) {
        let entry = &self.entries[slot];
        (entry.id, entry.active && entry.alive)
    }
}
