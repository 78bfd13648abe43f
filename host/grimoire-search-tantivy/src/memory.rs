//! Spells in memory, ready to be searched: those that changed after the index was last committed, or
//! what a scan of the store found.

use std::collections::{BTreeMap, HashMap};

use grimoire_domain::spell::{ChangeKind, Sequence, SpellChange, SpellId};
use tantivy::fieldnorm::FieldNormReader;

use crate::rank::occurrence;
use crate::schema::TEXT_FIELDS;
use crate::terms::{Lengths, SpellTerms};
use crate::words::{Word, Words};

/// How many spells a block has.
const BLOCK: usize = 512;
/// How many bits of an occurrence hold the place of the spell in its block.
const PLACE_BITS: u32 = 9;
/// How many bits hold the field.
const FIELD_BITS: u32 = 3;
/// The highest count: spells have fewer words than this.
const MAXIMUM_COUNT: u32 = (1 << (u32::BITS - PLACE_BITS - FIELD_BITS)) - 1;
/// Ends a list of occurrences.
const NONE: u32 = u32::MAX;
/// About what an entry of [`Memory::known`] takes, in bytes, with the room that such a map keeps free.
const KNOWN_BYTES: usize = 2 * size_of::<(SpellId, (Option<usize>, Change))>();

const _: () = assert!(BLOCK <= 1 << PLACE_BITS && TEXT_FIELDS.len() <= 1 << FIELD_BITS);

/// A change of a spell, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// The last change of the spell that is known here.
    pub(crate) sequence: Sequence,
    /// The change that created it, where that is known here.
    pub(crate) created: Option<Sequence>,
}

impl Change {
    /// What changes say of each spell.
    pub(crate) fn by_spell(changes: &[SpellChange]) -> BTreeMap<SpellId, Self> {
        let mut changed: BTreeMap<SpellId, Self> = BTreeMap::new();
        for change in changes {
            let created = (change.kind == ChangeKind::Created).then_some(change.sequence);
            let known = changed.entry(change.spell).or_insert(Self { sequence: change.sequence, created });
            known.sequence = change.sequence;
            known.created = known.created.or(created);
        }
        changed
    }

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

/// Some spells and where their words are. Kept small, because a stream of writes fills many of them
/// before the index has committed the first.
pub(crate) struct Block {
    /// The slot of its first spell, counted from the first one ever.
    first: usize,
    /// The last change of its spells.
    last: Sequence,
    entries: Vec<Entry>,
    words: Words,
    /// For each word its first and its last occurrence.
    chains: Vec<(u32, u32)>,
    /// By spells and fields, each with the next one of the same word.
    occurrences: Vec<(Occurrence, u32)>,
}

struct Entry {
    id: SpellId,
    active: bool,
    /// Whether it is to be found: no later change has replaced or deleted it, and the index does not have it.
    alive: bool,
    lengths: Lengths,
}

/// Place in the block, field and count of a word in one field of one spell.
#[derive(Clone, Copy)]
struct Occurrence(u32);

impl Occurrence {
    fn new(place: usize, field: u8, count: u32) -> Self {
        let place = u32::try_from(place).unwrap_or_default();
        let place_and_field = place << FIELD_BITS | u32::from(field);
        Self(place_and_field << (u32::BITS - PLACE_BITS - FIELD_BITS) | count.min(MAXIMUM_COUNT))
    }

    fn place(self) -> usize {
        (self.0 >> (u32::BITS - PLACE_BITS)) as usize
    }

    fn field(self) -> usize {
        (self.0 >> (u32::BITS - PLACE_BITS - FIELD_BITS)) as usize & ((1 << FIELD_BITS) - 1)
    }

    fn count(self) -> u32 {
        self.0 & MAXIMUM_COUNT
    }
}

impl Block {
    fn new(first: usize, last: Sequence) -> Self {
        let (words, chains, occurrences) = (Words::default(), Vec::new(), Vec::new());
        Self { first, last, entries: Vec::with_capacity(BLOCK), words, chains, occurrences }
    }

    fn put(&mut self, terms: &SpellTerms, sequence: Sequence) {
        let place = self.entries.len();
        self.last = self.last.max(sequence);
        let (id, active, lengths) = (terms.id, terms.active, terms.lengths);
        self.entries.push(Entry { id, active, alive: true, lengths });
        let numbers: Vec<u32> = terms.words().map(|word| self.words.keep(word)).collect();
        self.chains.resize(self.words.len(), (NONE, NONE));
        for count in &terms.counts {
            let next = u32::try_from(self.occurrences.len()).unwrap_or(NONE);
            let (first, last) = &mut self.chains[numbers[count.word as usize] as usize];
            match self.occurrences.get_mut(*last as usize) {
                Some((_, after)) => *after = next,
                None => *first = next,
            }
            *last = next;
            self.occurrences.push((Occurrence::new(place, count.field, count.times), NONE));
        }
        if self.is_full() {
            self.words.shrink();
            self.chains.shrink_to_fit();
            self.occurrences.shrink_to_fit();
        }
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= BLOCK
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.entries)
            + self.words.bytes()
            + self.chains.capacity() * size_of::<(u32, u32)>()
            + self.occurrences.capacity() * size_of::<(Occurrence, u32)>()
    }

    /// Where a word occurs: by spells, and by the fields of each.
    fn occurrences(&self, word: u32) -> impl Iterator<Item = Occurrence> {
        let (mut next, _) = self.chains[word as usize];
        std::iter::from_fn(move || {
            let &(occurrence, after) = self.occurrences.get(next as usize)?;
            next = after;
            Some(occurrence)
        })
    }

    /// How many living spells have a word.
    fn frequency(&self, word: u32) -> u64 {
        let mut last = None;
        let mut count = 0;
        for occurrence in self.occurrences(word) {
            let is_new = last != Some(occurrence.place());
            last = Some(occurrence.place());
            count += u64::from(is_new && self.entries[occurrence.place()].alive);
        }
        count
    }
}

impl Memory {
    /// How much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum::<usize>() + self.known.len() * KNOWN_BYTES
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
    pub(crate) fn put(&mut self, terms: &SpellTerms, change: Change) {
        let slot = self.forgotten + self.slots();
        self.replace(terms.id, Some(slot), change);
        if self.blocks.last().is_none_or(Block::is_full) {
            self.blocks.push(Block::new(slot, change.sequence));
        }
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
        let term = Word::new(term);
        let count = |block: &Block| block.words.find(term).map_or(0, |word| block.frequency(word));
        self.blocks.iter().map(count).sum()
    }

    /// The terms of living spells that begin with a prefix, with their frequencies.
    pub(crate) fn completions(&self, prefix: &str) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for block in &self.blocks {
            let words = (0..).zip(block.words.list().iter());
            for (word, text) in words.filter(|(_, text)| text.starts_with(prefix)) {
                let frequency = block.frequency(word);
                if frequency > 0 {
                    *found.entry(text.to_owned()).or_default() += frequency;
                }
            }
        }
        found
    }

    /// Tells in which slots a term occurs, and how much, the fields of a spell in their order.
    pub(crate) fn occurrences(&self, term: &str, mut visit: impl FnMut(usize, f64)) {
        let term = Word::new(term);
        for block in &self.blocks {
            let Some(word) = block.words.find(term) else { continue };
            for found in block.occurrences(word) {
                let entry = &block.entries[found.place()];
                if entry.alive {
                    let field = &TEXT_FIELDS[found.field()];
                    let length = FieldNormReader::id_to_fieldnorm(entry.lengths[found.field()]);
                    let slot = block.first - self.forgotten + found.place();
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
