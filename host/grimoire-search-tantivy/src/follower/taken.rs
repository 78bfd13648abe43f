//! What a commit of the index will have.

use grimoire_domain::spell::{Sequence, SpellChange};

use crate::schema::LastChange;

/// What was taken in since the last commit.
#[derive(Default)]
pub(super) struct Taken {
    sequence: Option<Sequence>,
    pub(super) last: Option<LastChange>,
}

impl Taken {
    pub(super) fn note(&mut self, changes: &[SpellChange]) {
        if let Some(change) = changes.last() {
            self.sequence = Some(change.sequence);
            self.last = Some(change.into());
        }
    }

    /// The last change that was taken in, or that of the index.
    pub(super) fn sequence(&self, index: Sequence) -> Sequence {
        self.sequence.unwrap_or(index)
    }
}
