//! Making the index anew from the whole change log.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use grimoire_domain::spell::{Sequence, SpellChange};
use grimoire_ports::search::IndexState;
use tokio::time::Instant;

use super::{BATCH, Failure, Follower, Taken, blocking};
use crate::folder::{self, IndexFolder};
use crate::index::OpenIndex;
use crate::snapshot::Snapshot;

impl Follower {
    /// Makes the index anew from the whole change log, beside the old one, and puts it into use.
    pub(super) async fn rebuild(&mut self) -> Result<ControlFlow<()>, Failure> {
        let started = Instant::now();
        let target = self.store.last_sequence().await?;
        tracing::info!(reason = %self.reason, changes = target.0, "making the search index anew");
        let store = self.store.store_id().await?;
        let folder = self.folder.clone();
        let made = blocking(move || -> Result<_, Failure> {
            let path = folder.fresh()?;
            Ok(OpenIndex::create(&path, store)?)
        });
        let index = made.await.ok_or(Failure::Panic)??;
        // The store answers meanwhile, which takes more of the processor than this.
        self.urgent = true;
        let mut unfinished = Unfinished { folder: self.folder.clone(), path: Some(index.path.clone()) };
        self.index = Some(index);
        let snapshot = match self.fill(target).await {
            Ok(ControlFlow::Continue(snapshot)) => snapshot,
            other => {
                // A half-made index is not gone on with.
                self.index = None;
                return other.map(|_| ControlFlow::Break(()));
            }
        };
        if let Err(failure) = unfinished.activate().await {
            self.index = None;
            return Err(failure);
        }
        tracing::info!(spells = snapshot.active, elapsed = ?started.elapsed(), "the search index is made");
        self.show(snapshot).await?;
        self.shared.tell(IndexState::Ready);
        Ok(ControlFlow::Continue(()))
    }

    /// Takes the whole change log into an empty index.
    async fn fill(&mut self, target: Sequence) -> Result<ControlFlow<(), Snapshot>, Failure> {
        let reason = self.reason.to_string();
        let mut taken = Taken::default();
        let mut seen = HashSet::new();
        loop {
            let done = taken.sequence(Sequence(0)).0;
            let total = target.0.max(done);
            self.shared.tell(IndexState::Rebuilding { done, total, reason: reason.clone() });
            if *self.stop.borrow() {
                return Ok(ControlFlow::Break(()));
            }
            let changes = self.store.changes_after(Sequence(done), BATCH).await?;
            // A spell was read as it is now, which is at least as new as `target`.
            let is_news = |change: &&SpellChange| change.sequence > target || seen.insert(change.spell);
            let news: Vec<SpellChange> = changes.iter().filter(is_news).cloned().collect();
            self.take_in(&news).await?;
            taken.note(&changes);
            if changes.len() < BATCH {
                return self.commit(&taken).await.map(ControlFlow::Continue);
            }
        }
    }
}

/// A folder that is removed unless its index is put into use.
struct Unfinished {
    folder: IndexFolder,
    path: Option<PathBuf>,
}

impl Unfinished {
    async fn activate(&mut self) -> Result<(), Failure> {
        let Some(path) = self.path.take() else { return Ok(()) };
        let folder = self.folder.clone();
        let (path, result) =
            blocking(move || (path.clone(), folder.activate(&path))).await.ok_or(Failure::Panic)?;
        if result.is_err() {
            self.path = Some(path);
        }
        Ok(result?)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            folder::remove(path);
        }
    }
}
