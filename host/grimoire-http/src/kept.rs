//! Spells as they were last sent, kept until the next write: most reads need neither the store nor JSON.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::HeaderValue;
use bytes::Bytes;
use grimoire_domain::spell::{Sequence, SpellId};

/// The most bytes that are kept: some thousands of spells.
const LIMIT: usize = 8 << 20;

/// The most bytes of one answer that is kept, so that a few large ones do not push out all others.
const LARGEST: usize = 64 << 10;

/// What an answer takes beside its body, in bytes: its place in the map, its tag, the counts of both.
const OVERHEAD: usize = 256;

/// Spells as they were last sent, at most 8 MiB of them. Clones share them.
///
/// All of them are of one place in the change log. Who asks says which place the store has now, read
/// before asking: after an acknowledged write that is a later one, and nothing older is found.
#[derive(Clone, Default)]
pub struct KeptSpells(Arc<RwLock<Kept>>);

#[derive(Default)]
struct Kept {
    sequence: Sequence,
    bytes: usize,
    answers: HashMap<SpellId, KeptSpell>,
}

/// A spell as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct KeptSpell {
    pub(crate) revision: u64,
    pub(crate) tag: HeaderValue,
    /// JSON.
    pub(crate) body: Bytes,
}

impl KeptSpells {
    /// The spell as it is at `sequence`, where it is kept.
    pub(crate) fn get(&self, sequence: Sequence, id: SpellId) -> Option<KeptSpell> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if kept.sequence == sequence { kept.answers.get(&id).cloned() } else { None }
    }

    /// Keeps a spell that was read from the store after `sequence` was.
    pub(crate) fn keep(&self, sequence: Sequence, id: SpellId, answer: KeptSpell) {
        let size = answer.body.len() + OVERHEAD;
        if size > LARGEST {
            return;
        }
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // A slow reader: others have seen a later state already.
        if sequence < kept.sequence {
            return;
        }
        // Beginning anew when it is full costs a look at the store for each spell in use, and needs no
        // account of which were used last, which every read would have to write.
        if sequence > kept.sequence || kept.bytes + size > LIMIT {
            kept.answers.clear();
            kept.bytes = 0;
            kept.sequence = sequence;
        }
        let before = kept.answers.insert(id, answer).map_or(0, |answer| answer.body.len() + OVERHEAD);
        kept.bytes = kept.bytes + size - before;
    }
}

impl fmt::Debug for KeptSpells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        formatter.debug_struct("KeptSpells").field("bytes", &kept.bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(length: usize) -> KeptSpell {
        KeptSpell { revision: 1, tag: HeaderValue::from_static("\"1\""), body: vec![b' '; length].into() }
    }

    fn holds(kept: &KeptSpells, sequence: u64, id: u64) -> bool {
        kept.get(Sequence(sequence), SpellId(id)).is_some()
    }

    #[test]
    fn an_answer_is_found_at_its_sequence_only() {
        let kept = KeptSpells::default();
        kept.keep(Sequence(3), SpellId(1), answer(10));
        assert!(holds(&kept, 3, 1));
        assert!(!holds(&kept, 3, 2));
        assert!(!holds(&kept, 2, 1) && !holds(&kept, 4, 1));
    }

    #[test]
    fn a_later_sequence_replaces_all_and_a_slow_reader_changes_nothing() {
        let kept = KeptSpells::default();
        kept.keep(Sequence(3), SpellId(1), answer(10));
        kept.keep(Sequence(4), SpellId(2), answer(10));
        assert!(holds(&kept, 4, 2) && !holds(&kept, 4, 1) && !holds(&kept, 3, 1));
        kept.keep(Sequence(3), SpellId(1), answer(10));
        assert!(holds(&kept, 4, 2) && !holds(&kept, 4, 1) && !holds(&kept, 3, 1));
    }

    #[test]
    fn what_is_kept_stays_below_the_limit() {
        let kept = KeptSpells::default();
        kept.keep(Sequence(1), SpellId(0), answer(LARGEST));
        assert!(!holds(&kept, 1, 0), "too large");
        for id in 1..=1_000 {
            kept.keep(Sequence(1), SpellId(id), answer(LARGEST - OVERHEAD));
            kept.keep(Sequence(1), SpellId(id), answer(LARGEST - OVERHEAD));
            assert!(holds(&kept, 1, id), "the newest is there");
            let state = kept.0.read().unwrap();
            let sum: usize = state.answers.values().map(|answer| answer.body.len() + OVERHEAD).sum();
            assert_eq!(state.bytes, sum);
            assert!(sum <= LIMIT);
        }
    }
}
