//! What the follower tells and searches see.

use std::sync::{Arc, PoisonError, RwLock};

use grimoire_domain::spell::Sequence;
use grimoire_ports::search::{IndexProgress, IndexState};
use tokio::sync::{Notify, watch};

use crate::layers::{Changes, Layers};
use crate::snapshot::Snapshot;

/// Shared between the follower and all searches.
pub(crate) struct Shared {
    layers: RwLock<Option<Layers>>,
    progress: watch::Sender<IndexProgress>,
    damage: RwLock<Option<String>>,
    damaged: Notify,
    recent_memory: usize,
}

impl Shared {
    pub(crate) fn new(recent_memory: usize) -> Self {
        let state = IndexState::Rebuilding { done: 0, total: 0, reason: String::new() };
        let progress = IndexProgress { sequence: Sequence(0), documents: 0, state };
        Self {
            layers: RwLock::new(None),
            progress: watch::Sender::new(progress),
            damage: RwLock::new(None),
            damaged: Notify::new(),
            recent_memory,
        }
    }

    /// Searches in what there is; `None` while there is no index, and the store is to be asked.
    pub(crate) fn look<T>(&self, search: impl FnOnce(&Layers) -> T) -> Option<T> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(search)
    }

    /// The commit below what searches see.
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.look(|layers| layers.snapshot().clone())
    }

    /// Whether searches can see no further change before the next commit.
    pub(crate) fn is_full(&self) -> bool {
        self.look(Layers::recent_bytes).is_some_and(|bytes| bytes >= self.recent_memory)
    }

    /// Lets searches see a commit. Blocks while others search.
    pub(crate) fn show(&self, snapshot: Snapshot) -> tantivy::Result<()> {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        let snapshot = Arc::new(snapshot);
        let mut forgotten = Vec::new();
        match &mut *layers {
            Some(layers) => forgotten = layers.rebase(snapshot)?,
            layers => *layers = Some(Layers::new(snapshot)),
        }
        self.tell_progress(layers.as_ref());
        drop(layers);
        drop(forgotten);
        Ok(())
    }

    /// Lets searches see changes that no commit has yet. Blocks while others search.
    pub(crate) fn take_in(&self, changes: Changes) -> tantivy::Result<()> {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(layers) = &mut *layers {
            layers.take_in(changes)?;
        }
        self.tell_progress(layers.as_ref());
        Ok(())
    }

    fn hide(&self) {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        *layers = None;
        self.tell_progress(None);
    }

    /// To be called after what is searched has changed, and before anybody else can change it: who waits
    /// for a sequence finds it, and what is told goes back only with the index.
    fn tell_progress(&self, layers: Option<&Layers>) {
        let (sequence, documents) =
            layers.map_or((Sequence(0), 0), |layers| (layers.sequence(), layers.active()));
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
        self.hide();
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
