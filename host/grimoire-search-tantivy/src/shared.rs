//! What the follower tells and searches see.

use std::sync::{Arc, PoisonError, RwLock};

use grimoire_domain::spell::Sequence;
use grimoire_ports::search::{IndexProgress, IndexState};
use tokio::sync::{Notify, watch};

use crate::snapshot::Snapshot;

/// Shared between the follower and all searches.
pub(crate) struct Shared {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    progress: watch::Sender<IndexProgress>,
    damage: RwLock<Option<String>>,
    damaged: Notify,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let state = IndexState::Rebuilding { done: 0, total: 0, reason: String::new() };
        let progress = IndexProgress { sequence: Sequence(0), documents: 0, state };
        Self {
            snapshot: RwLock::new(None),
            progress: watch::Sender::new(progress),
            damage: RwLock::new(None),
            damaged: Notify::new(),
        }
    }

    /// The state to search in; `None` while there is none, and the store is to be asked.
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets searches see a state, or none.
    pub(crate) fn show(&self, snapshot: Option<Arc<Snapshot>>) {
        let (sequence, documents) =
            snapshot.as_ref().map_or((Sequence(0), 0), |snapshot| (snapshot.sequence, snapshot.active));
        // First what is searched, then the news of it: who waits for a sequence finds it.
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        self.progress.send_modify(|progress| {
            progress.sequence = sequence;
            progress.documents = documents;
        });
    }

    /// Tells what the index is doing.
    pub(crate) fn tell(&self, state: IndexState) {
        self.progress.send_if_modified(|progress| {
            let changed = progress.state != state;
            progress.state = state;
            changed
        });
    }

    pub(crate) fn progress(&self) -> watch::Receiver<IndexProgress> {
        self.progress.subscribe()
    }

    /// Records that a search met a broken index, which is not used any more.
    pub(crate) fn report_damage(&self, reason: String) {
        tracing::error!(reason, "the search index failed; it will be made anew");
        *self.damage.write().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.show(None);
        self.damaged.notify_one();
    }

    /// Takes a report of [`Shared::report_damage`].
    pub(crate) fn take_damage(&self) -> Option<String> {
        self.damage.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns after a report of [`Shared::report_damage`].
    pub(crate) async fn damaged(&self) {
        self.damaged.notified().await;
    }
}
