//! The index as derived data of a change-log follower.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grimoire_ports::PortError;
use grimoire_ports::follower::{Changes, Derived, Position};
use tantivy::TantivyError;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::index::OpenIndex;
use crate::snapshot::Snapshot;

/// The state used by searches: the last commit, or the reason why there is none.
pub(crate) type Published = Result<Arc<Snapshot>, String>;

/// The index in a folder, and its published state.
pub(crate) struct DerivedIndex {
    folder: PathBuf,
    writer_memory: usize,
    /// Behind a lock, because a write continues even if its caller stops waiting.
    index: Option<Arc<Mutex<OpenIndex>>>,
    published: Arc<watch::Sender<Published>>,
}

impl DerivedIndex {
    /// Opens the index in the folder. Nothing is written before [`Derived::restart`] or [`Derived::apply`].
    pub(crate) async fn open(folder: PathBuf, writer_memory: usize) -> Self {
        let opened = {
            let folder = folder.clone();
            spawn_blocking(move || OpenIndex::open(&folder, writer_memory))
        };
        let (index, published) = match opened.await {
            Ok(Ok((index, snapshot))) => (Some(Arc::new(Mutex::new(index))), Ok(Arc::new(snapshot))),
            Ok(Err(reason)) => (None, Err(reason)),
            Err(error) => (None, Err(format!("it is damaged: {error}"))),
        };
        Self { folder, writer_memory, index, published: Arc::new(watch::Sender::new(published)) }
    }

    /// The published snapshots, now and later.
    pub(crate) fn published(&self) -> Arc<watch::Sender<Published>> {
        self.published.clone()
    }

    /// Returns once no thread writes to the folder any more.
    pub(crate) async fn close(self) -> Result<(), PortError> {
        if self.index.is_some() { self.with_index(OpenIndex::close).await } else { Ok(()) }
    }

    async fn with_index<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut OpenIndex) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let index = self.index.clone();
        self.blocking(move || {
            // Either creating the index failed, or its thread panicked while holding the lock.
            let index = index.ok_or(TantivyError::Poisoned)?;
            let mut index = index.lock().map_err(|_| TantivyError::Poisoned)?;
            work(&mut index)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let failed = format!("the search index in {} cannot be written", self.folder.display());
        match spawn_blocking(work).await {
            Ok(result) => result.map_err(|error| PortError::internal(failed, error)),
            Err(error) => Err(PortError::internal(failed, error)),
        }
    }
}

#[async_trait]
impl Derived for DerivedIndex {
    const NAME: &'static str = "search index";

    fn position(&self) -> Result<Position, String> {
        self.published.borrow().as_ref().map(|snapshot| snapshot.position.clone()).map_err(Clone::clone)
    }

    fn discard(&mut self, reason: String) {
        self.published.send_modify(|published| *published = Err(reason));
    }

    async fn restart(&mut self) -> Result<(), PortError> {
        if self.published.borrow().is_ok() {
            self.discard("it was not finished".to_owned());
        }
        // Its writer holds the lock of the folder.
        self.index = None;
        let (folder, memory) = (self.folder.clone(), self.writer_memory);
        let index = self.blocking(move || OpenIndex::create(&folder, memory)).await?;
        self.index = Some(Arc::new(Mutex::new(index)));
        Ok(())
    }

    async fn apply(&mut self, changes: Changes) -> Result<(), PortError> {
        self.with_index(move |index| index.write(&changes)).await
    }

    async fn commit(&mut self, position: Position) -> Result<(), PortError> {
        let snapshot = self.with_index(|index| index.commit(position)).await?;
        self.published.send_modify(|published| *published = Ok(Arc::new(snapshot)));
        Ok(())
    }

    async fn failed(&self) {
        // An error would mean that the sender, a field of this struct, is gone.
        let _ = self.published.subscribe().wait_for(Result::is_err).await;
    }
}
