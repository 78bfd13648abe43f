//! What searches see: a commit of the index, and over it the changes since.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, SpellId};
use tantivy::TantivyError;

use crate::memory::{Block, Change, Memory};
use crate::rank::Corpus;
use crate::snapshot::{Hidden, Snapshot};
use crate::terms::SpellTerms;

/// A commit and the changes after it.
pub(crate) struct Layers {
    snapshot: Arc<Snapshot>,
    /// The documents of the snapshot that later changes replace or delete.
    hidden: Hidden,
    memory: Memory,
    sequence: Sequence,
}

/// Changes as they are to be taken in.
pub(crate) struct Changes {
    /// The change before the first of them.
    pub(crate) after: Sequence,
    /// The last of them.
    pub(crate) last: Sequence,
    /// Every changed spell, with its terms unless it is deleted.
    pub(crate) spells: Vec<(SpellId, Change, Option<SpellTerms>)>,
}

impl Layers {
    /// A commit with nothing over it.
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        let hidden = Hidden::new(&snapshot);
        let sequence = snapshot.sequence;
        Self { snapshot, hidden, memory: Memory::default(), sequence }
    }

    /// The last change that searches see.
    pub(crate) fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The commit below.
    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// How many active spells there are.
    pub(crate) fn active(&self) -> u64 {
        self.snapshot.active.saturating_sub(self.hidden.active()) + self.memory.active()
    }

    /// How much memory changes take, see [`Options::recent_memory`](crate::Options::recent_memory).
    pub(crate) fn recent_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// Takes a newer commit, and keeps of the changes what it does not have. What it has is handed over, to
    /// be dropped when nobody waits.
    pub(crate) fn rebase(&mut self, snapshot: Arc<Snapshot>) -> tantivy::Result<Vec<Block>> {
        let mut hidden = Hidden::new(&snapshot);
        for (id, change) in self.memory.changes() {
            if change.sequence > snapshot.sequence && change.was_there(snapshot.sequence) {
                hidden.hide(&snapshot, id)?;
            }
        }
        let forgotten = self.memory.forget(snapshot.sequence);
        self.sequence = self.sequence.max(snapshot.sequence);
        self.hidden = hidden;
        self.snapshot = snapshot;
        Ok(forgotten)
    }

    /// Takes changes in. Does nothing where some before them are missing: the commit below has been
    /// replaced by one that was made anew.
    pub(crate) fn take_in(&mut self, changes: Changes) -> tantivy::Result<()> {
        if changes.after > self.sequence {
            return Ok(());
        }
        let below = self.snapshot.sequence;
        for (id, change, terms) in changes.spells {
            // Of the same change or an older one: a commit came in between.
            if change.sequence <= below {
                continue;
            }
            if change.was_there(below) {
                self.hidden.hide(&self.snapshot, id)?;
            }
            match terms {
                Some(terms) => self.memory.put(&terms, change),
                None => self.memory.delete(id, change),
            }
        }
        self.sequence = self.sequence.max(changes.last);
        Ok(())
    }
}

impl Corpus for Layers {
    type Error = TantivyError;

    fn documents(&self) -> u64 {
        self.snapshot.documents.saturating_sub(self.hidden.count()) + self.memory.documents()
    }

    fn slots(&self) -> usize {
        self.snapshot.slots() + self.memory.slots()
    }

    fn frequency(&self, term: &str) -> tantivy::Result<u64> {
        Ok(self.snapshot.frequency(&self.hidden, term)? + self.memory.frequency(term))
    }

    fn completions(&self, prefix: &str) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut found = self.snapshot.completions(&self.hidden, prefix)?;
        for (text, frequency) in self.memory.completions(prefix) {
            *found.entry(text).or_default() += frequency;
        }
        Ok(found)
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> tantivy::Result<()> {
        self.snapshot.occurrences(&self.hidden, term, visit)?;
        let first = self.snapshot.slots();
        self.memory.occurrences(term, |slot, value| visit(first + slot, value));
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        match slot.checked_sub(self.snapshot.slots()) {
            None => self.snapshot.spell(slot),
            Some(slot) => self.memory.spell(slot),
        }
    }
}
