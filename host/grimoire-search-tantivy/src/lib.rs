//! Full-text search over spells: a tantivy index that follows the store's change log.
//!
//! The index is derived data. A follower reads the change log and takes every change in, at low priority;
//! each commit records how far it is and of which store. Searches do not wait for it: they keep the
//! changes since the last commit in memory, so that whatever was written before a search is found. An
//! index that is missing, damaged, of another schema, ahead of its store or of another store is made anew
//! beside the old one, while searches are answered by a bounded scan of the store. All ways give the same
//! answer to the last bit, because scores depend on the spells and the query alone.
#![forbid(unsafe_code)]

mod folder;
mod follower;
mod index;
mod layers;
mod memory;
mod packed;
mod pattern;
mod query;
mod rank;
mod recent;
mod scan;
mod schema;
mod shared;
mod snapshot;
mod stems;
mod terms;
mod threads;
mod tokens;
mod words;

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
use crate::recent::Recent;
use crate::scan::Scan;
use crate::shared::Shared;

/// How the index works. The defaults are right for most.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many terms of a diagnostic are searched at most, beside its code and error type: those
    /// that tell most, by their place in it and their rarity.
    pub maximum_terms: usize,
    /// How many spells the searched terms may have in sum; others are left out: the
    /// bound on the time of a query, whatever the size of the spellbook.
    pub maximum_occurrences: u64,
    /// The least time between two commits: writes that come in between share one. Searches see them
    /// without a commit.
    pub commit_interval: Duration,
    /// How much memory searches may use for changes that are not committed, in bytes. Searches see changes
    /// beyond that once they are committed. It is exceeded by no more than a few hundred spells.
    pub recent_memory: usize,
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
            maximum_occurrences: 32_000,
            commit_interval: Duration::from_secs(1),
            recent_memory: 256_000_000,
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
    recent: Recent,
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
        let shared = Arc::new(Shared::new(options.recent_memory));
        let (stop, stopped) = watch::channel(false);
        let follower =
            Follower::open(folder, store.clone(), shared.clone(), options.clone(), stopped).await?;
        let follower = Mutex::new(Some(tokio::spawn(follower.run())));
        let recent = Recent::new(store.clone(), shared.clone());
        Ok(Self { store, shared, recent, options, stop, follower })
    }

    /// Stops following and returns once all files are closed, or after a second: what is unfinished then
    /// is done again after the next start. Searches are answered as before.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            // It ends by itself; if it panicked, that was reported where it happened.
            drop(follower.await);
        }
    }

    /// Returns once the index on disk has taken in `sequence`. `Timeout` after `patience`. Searches see it
    /// sooner: see [`SpellSearch::wait_for`].
    pub async fn wait_until_committed(
        &self,
        sequence: Sequence,
        patience: Duration,
    ) -> Result<(), PortError> {
        let mut progress = self.shared.progress();
        // Not in `wait_for`: its question is asked with the progress locked, and whoever shows a commit tells
        // of the progress with the commit locked.
        let reached = async {
            while self.shared.snapshot().is_none_or(|snapshot| snapshot.sequence < sequence) {
                progress.changed().await?;
            }
            Ok::<_, watch::error::RecvError>(())
        };
        if matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(()))) {
            return Ok(());
        }
        Err(timed_out("the search index has not committed", sequence, patience))
    }

    async fn ranked(&self, query: Query, skip: usize, limit: usize) -> Result<(Ranked, Sequence), PortError> {
        match self.recent.refresh().await {
            Ok(true) => {}
            Ok(false) => return self.scanned(&query, skip, limit).await,
            Err(error) => tracing::debug!(%error, "the newest changes are not searched"),
        }
        let indexed = {
            let query = query.clone();
            let shared = self.shared.clone();
            tokio::task::spawn_blocking(move || {
                shared.look(|layers| {
                    rank(layers, &query, skip, limit).map(|ranked| (ranked, layers.sequence()))
                })
            })
        };
        let reason = match indexed.await {
            Ok(None) => return self.scanned(&query, skip, limit).await,
            Ok(Some(Ok(answer))) => return Ok(answer),
            Ok(Some(Err(error))) => error.to_string(),
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
        let query = query::for_diagnostic(diagnostic, &self.options);
        let (ranked, sequence) = self.ranked(query, 0, limit).await?;
        Ok(Candidates { hits: ranked.hits, sequence })
    }

    async fn search(&self, query: &str, page: PageRequest) -> Result<Page<Hit>, PortError> {
        let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
        let (ranked, _) =
            self.ranked(query::for_text(query, &self.options), skip, page.limit() as usize).await?;
        Ok(Page { items: ranked.hits, total: ranked.total })
    }

    fn progress(&self) -> IndexProgress {
        self.shared.progress().borrow().clone()
    }

    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError> {
        let mut progress = self.shared.progress();
        let reached = async {
            if let Some(before) = sequence.0.checked_sub(1) {
                self.store.wait_for_change(Sequence(before)).await;
                // Where the changes cannot be read now, the index comes to them.
                self.recent.refresh().await.ok();
            }
            progress.wait_for(|progress| progress.sequence >= sequence).await.map(drop)
        };
        match tokio::time::timeout(patience, reached).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(timed_out("search has not seen", sequence, patience)),
        }
    }
}

fn timed_out(what: &str, sequence: Sequence, patience: Duration) -> PortError {
    PortError::new(ErrorKind::Timeout, format!("{what} change {} within {patience:?}", sequence.0))
}
