//! Spells in memory, ready to be searched: those that changed after the index was last committed, or
//! what a scan of the store found.

use std::collections::{BTreeMap, HashMap};

use grimoire_domain::spell::{Sequence, Spell, SpellId};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::tokenizer::TextAnalyzer;

use crate::rank::occurrence;
use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokens;

/// How many spells a block has.
const BLOCK: usize = 512;
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

/// Spells by slots, in blocks that are forgotten whole.
#[derive(Default)]
pub(crate) struct Memory {
    /// By ascending changes.
    blocks: Vec<Block>,
    /// The slot of each spell, counted from the first one ever; none for those that are deleted.
    known: HashMap<SpellId, (Option<usize>, Change)>,
    /// How many slots are forgotten.
    forgotten: usize,
}

/// Some spells and where their tokens are.
pub(crate) struct Block {
    /// The slot of its first spell, counted from the first one ever.
    first: usize,
    /// The last change of its spells.
    last: Sequence,
    entries: Vec<Entry>,
    terms: HashMap<String, Vec<Occurrence>>,
    occurrences: usize,
}

struct Entry {
    id: SpellId,
    active: bool,
    /// Whether it is to be found: no later change has replaced or deleted it, and the index does not have it.
    alive: bool,
    lengths: [u32; TEXT_FIELDS.len()],
}

/// Place in the block, field and count of a token in one field of one spell.
#[derive(Clone, Copy)]
struct Occurrence {
    entry: u32,
    field_and_count: u32,
}

impl Occurrence {
    fn new(entry: usize, field: usize, count: u32) -> Self {
        // A block with so many spells, or a spell with so many words, is impossible.
        let field = u32::try_from(field).unwrap_or_default() << COUNT_BITS;
        let entry = u32::try_from(entry).unwrap_or(u32::MAX);
        Self { entry, field_and_count: field | count.min((1 << COUNT_BITS) - 1) }
    }

    fn field(self) -> usize {
        (self.field_and_count >> COUNT_BITS) as usize
    }

    fn count(self) -> u32 {
        self.field_and_count & ((1 << COUNT_BITS) - 1)
    }
}

impl Block {
    fn put(&mut self, terms: SpellTerms, sequence: Sequence) {
        let place = self.entries.len();
        self.last = self.last.max(sequence);
        self.entries.push(Entry { id: terms.id, active: terms.active, alive: true, lengths: terms.lengths });
        self.occurrences += terms.counts.len();
        for (token, field, count) in terms.counts {
            self.terms.entry(token).or_default().push(Occurrence::new(place, field, count));
        }
    }

    /// How many living spells have a term that occurs so.
    fn count(&self, occurrences: &[Occurrence]) -> u64 {
        let mut last = None;
        let mut count = 0;
        for occurrence in occurrences {
            let is_new = last != Some(occurrence.entry);
            last = Some(occurrence.entry);
            count += u64::from(is_new && self.entries[occurrence.entry as usize].alive);
        }
        count
    }
}

impl Memory {
    /// How many words there are in the fields of all spells, each once a field: what takes memory.
    pub(crate) fn occurrences_kept(&self) -> usize {
        self.blocks.iter().map(|block| block.occurrences).sum()
    }

    /// How many spells are there.
    pub(crate) fn documents(&self) -> u64 {
        self.entries().filter(|entry| entry.alive).count() as u64
    }

    /// How many active spells are there.
    pub(crate) fn active(&self) -> u64 {
        self.entries().filter(|entry| entry.alive && entry.active).count() as u64
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.blocks.iter().flat_map(|block| &block.entries)
    }

    /// Slots are below this number.
    pub(crate) fn slots(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.first + block.entries.len() - self.forgotten)
    }

    /// Every spell that is kept or known to be deleted, with its change.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (SpellId, Change)> {
        self.known.iter().map(|(&id, &(_, change))| (id, change))
    }

    /// Takes a spell in, in place of what it was before.
    pub(crate) fn put(&mut self, terms: SpellTerms, change: Change) {
        let first = self.forgotten + self.slots();
        if self.blocks.last().is_none_or(|block| block.entries.len() >= BLOCK) {
            self.blocks.push(Block {
                first,
                last: change.sequence,
                entries: Vec::new(),
                terms: HashMap::new(),
                occurrences: 0,
            });
        }
        self.replace(terms.id, Some(first), change);
        if let Some(block) = self.blocks.last_mut() {
            block.put(terms, change.sequence);
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
            self.bury(before_slot);
        }
        self.known.insert(id, (slot, change));
    }

    fn bury(&mut self, slot: Option<usize>) {
        let block = slot.and_then(|slot| {
            self.blocks.iter_mut().rfind(|block| block.first <= slot).map(|block| (slot - block.first, block))
        });
        if let Some((place, block)) = block
            && let Some(entry) = block.entries.get_mut(place)
        {
            entry.alive = false;
        }
    }

    /// Forgets all changes up to `sequence`: the index has them. To free what they took, which is slow, is
    /// left to the caller.
    pub(crate) fn forget(&mut self, sequence: Sequence) -> Vec<Block> {
        let mut forgotten = Vec::new();
        self.known.retain(|_, (slot, change)| {
            let keep = change.sequence > sequence;
            if !keep {
                forgotten.extend(*slot);
            }
            keep
        });
        for slot in forgotten {
            self.bury(Some(slot));
        }
        let whole = self.blocks.iter().take_while(|block| block.last <= sequence).count();
        let dropped: Vec<Block> = self.blocks.drain(..whole).collect();
        self.forgotten += dropped.iter().map(|block| block.entries.len()).sum::<usize>();
        dropped
    }

    /// How many living spells have a term.
    pub(crate) fn frequency(&self, term: &str) -> u64 {
        let count = |block: &Block| block.terms.get(term).map_or(0, |occurrences| block.count(occurrences));
        self.blocks.iter().map(count).sum()
    }

    /// The terms of living spells that begin with a prefix, with their frequencies.
    pub(crate) fn completions(&self, prefix: &str) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for block in &self.blocks {
            for (text, occurrences) in block.terms.iter().filter(|(text, _)| text.starts_with(prefix)) {
                let frequency = block.count(occurrences);
                if frequency > 0 {
                    *found.entry(text.clone()).or_default() += frequency;
                }
            }
        }
        found
    }

    /// Tells in which slots a term occurs, and how much, the fields of a spell in their order.
    pub(crate) fn occurrences(&self, term: &str, mut visit: impl FnMut(usize, f64)) {
        for block in &self.blocks {
            for found in block.terms.get(term).into_iter().flatten() {
                let entry = &block.entries[found.entry as usize];
                if entry.alive {
                    let field = &TEXT_FIELDS[found.field()];
                    let length = entry.lengths[found.field()];
                    let slot = block.first - self.forgotten + found.entry as usize;
                    visit(slot, occurrence(field.boost, field.usual_length, found.count(), length));
                }
            }
        }
    }

    /// The spell of a slot, and whether it is active.
    pub(crate) fn spell(&self, slot: usize) -> (SpellId, bool) {
        let slot = slot + self.forgotten;
        let block = &self.blocks[self.blocks.partition_point(|block| block.first <= slot) - 1];
        let entry = &block.entries[slot - block.first];
        (entry.id, entry.active && entry.alive)
    }
}
