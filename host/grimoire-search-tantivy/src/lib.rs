//! Full-text search over spells: a tantivy index that follows the store's change log.
//!
//! The index is derived data. A follower reads the change log and takes every change in; each commit
//! records how far it is and of which store. An index that is missing, damaged, of another schema,
//! ahead of its store or of another store is made anew beside the old one, while searches are
//! answered by a bounded scan of the store. Both ways give the same answer to the last bit, because
//! scores depend on the spells and the query alone.
#![forbid(unsafe_code)]

mod folder;
mod follower;
mod index;
mod pattern;
mod query;
mod rank;
mod scan;
mod schema;
mod shared;
mod snapshot;
mod tokens;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::Sequence;
use grimoire_ports::PortError;
use grimoire_ports::search::{Candidates, Hit, IndexProgress, SpellSearch};
use grimoire_ports::store::SpellStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::folder::IndexFolder;
use crate::follower::Follower;
use crate::rank::{Query, Ranked, rank};
use crate::scan::Scan;
use crate::shared::Shared;

/// How the index works. The defaults are right for most.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many terms of a diagnostic are searched at most, beside its code and error type: the
    /// rarest. In large spellbooks fewer are, so that the time of a query stays bounded.
    pub maximum_terms: usize,
    /// The least time between two commits: writes that come in between share one.
    pub commit_interval: Duration,
    /// How much memory the writer may use while it takes spells in, in bytes: at least 15,000,000.
    pub writer_memory: usize,
    /// How long the follower waits after a first failure; every further one doubles it.
    pub first_pause: Duration,
    /// The longest such wait.
    pub longest_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            maximum_terms: 32,
            commit_interval: Duration::from_millis(250),
            writer_memory: 16_000_000,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// Search over the spells of a store. Dropping it stops the follower without waiting for it.
pub struct TantivySearch {
    store: Arc<dyn SpellStore>,
    shared: Arc<Shared>,
    options: Options,
    stop: watch::Sender<bool>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

impl TantivySearch {
    /// Opens the index in `folder`, which is made where it is missing, and begins to follow `store`.
    /// Returns as soon as searches can be answered; what is still to be done shows in
    /// [`SpellSearch::progress`]. Fails when the store cannot be read or the folder not be made.
    pub async fn open(
        folder: &Path,
        store: Arc<dyn SpellStore>,
        options: Options,
    ) -> Result<Self, PortError> {
        let folder = IndexFolder::open(folder).map_err(|error| {
            PortError::internal(
                format!("the folder {} cannot be used for the search index", folder.display()),
                error,
            )
        })?;
        let shared = Arc::new(Shared::new());
        let (stop, stopped) = watch::channel(false);
        let follower =
            Follower::open(folder, store.clone(), shared.clone(), options.clone(), stopped).await?;
        let follower = Mutex::new(Some(tokio::spawn(follower.run())));
        Ok(Self { store, shared, options, stop, follower })
    }

    /// Stops following and returns once all files are closed. Searches are answered as before.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            // It ends by itself; if it panicked, that was reported where it happened.
            drop(follower.await);
        }
    }

    async fn ranked(&self, query: Query, skip: usize, limit: usize) -> Result<(Ranked, Sequence), PortError> {
        let Some(snapshot) = self.shared.snapshot() else { return self.scanned(&query, skip, limit).await };
        let indexed = {
            let query = query.clone();
            let sequence = snapshot.sequence;
            tokio::task::spawn_blocking(move || {
                rank(&*snapshot, &query, skip, limit).map(|ranked| (ranked, sequence))
            })
        };
        let reason = match indexed.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(error) if error.is_cancelled() => {
                return Err(PortError::new(ErrorKind::Unavailable, "search is shutting down"));
            }
            Err(_) => "a search broke off".to_owned(),
        };
        self.shared.report_damage(reason);
        self.scanned(&query, skip, limit).await
    }

    async fn scanned(
        &self,
        query: &Query,
        skip: usize,
        limit: usize,
    ) -> Result<(Ranked, Sequence), PortError> {
        let sequence = self.store.last_sequence().await?;
        let scan = Scan::of(&*self.store, query).await?;
        let Ok(ranked) = rank(&scan, query, skip, limit);
        Ok((ranked, sequence))
    }
}

#[async_trait]
impl SpellSearch for TantivySearch {
    async fn candidates(&self, diagnostic: &Diagnostic, limit: usize) -> Result<Candidates, PortError> {
        let query = query::for_diagnostic(diagnostic, self.options.maximum_terms);
        let (ranked, sequence) = self.ranked(query, 0, limit).await?;
        Ok(Candidates { hits: ranked.hits, sequence })
    }

    async fn search(&self, query: &str, page: PageRequest) -> Result<Page<Hit>, PortError> {
        let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
        let (ranked, _) = self.ranked(query::for_text(query), skip, page.limit() as usize).await?;
        Ok(Page { items: ranked.hits, total: ranked.total })
    }

    fn progress(&self) -> IndexProgress {
        self.shared.progress().borrow().clone()
    }

    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError> {
        let mut progress = self.shared.progress();
        let reached = progress.wait_for(|progress| progress.sequence >= sequence);
        match tokio::time::timeout(patience, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(PortError::new(
                ErrorKind::Timeout,
                format!("search has not seen change {} within {patience:?}", sequence.0),
            )),
        }
    }
}
