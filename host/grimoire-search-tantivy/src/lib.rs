//! Full-text search over spells: a tantivy index that follows the store's change log.
//!
//! The index is derived data. A [`Follower`] writes every change into it and commits at most every 200 ms
//! (see [`Options::pace`]); each commit remembers how far it is and of which store. An index that is
//! missing, damaged, of another schema, ahead of its store or of another store is rebuilt, while searches
//! are answered by a bounded scan of the store. Both ways give the same answer to the last bit, because
//! scores depend on the spells and the query alone: `rank` makes them from the postings of either.
#![forbid(unsafe_code)]

mod derived;
mod index;
mod options;
mod pattern;
mod query;
mod rank;
mod scan;
mod schema;
mod snapshot;
mod tokenizer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::Sequence;
use grimoire_ports::PortError;
use grimoire_ports::follower::{Follower, Progress};
use grimoire_ports::search::{Candidates, Hit, IndexProgress, SpellSearch};
use grimoire_ports::store::SpellStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::derived::{DerivedIndex, Published};
pub use crate::options::Options;
use crate::rank::{Query, Ranked, rank};
use crate::scan::Scan;

/// How long closing waits for merges of segments. One that is cut off is done again after the next start.
const CLOSING: Duration = Duration::from_secs(1);

/// Search over the spells of a store. Dropping it stops the follower without waiting for it.
pub struct TantivySearch {
    store: Arc<dyn SpellStore>,
    published: Arc<watch::Sender<Published>>,
    progress: watch::Receiver<Progress>,
    options: Options,
    stop: watch::Sender<bool>,
    following: Mutex<Option<JoinHandle<()>>>,
}

impl TantivySearch {
    /// Opens the index in `folder`, which holds nothing else, and begins to follow `store`. Returns as soon
    /// as searches can be answered; what is still to be done shows in [`SpellSearch::progress`]. Fails when
    /// the store cannot be read.
    pub async fn open(
        folder: &Path,
        store: Arc<dyn SpellStore>,
        options: Options,
    ) -> Result<Self, PortError> {
        let index = DerivedIndex::open(folder.to_owned(), options.writer_memory).await;
        let published = index.published();
        let mut follower = Follower::new(store.clone(), index, options.pace.clone());
        follower.compare().await?;
        let progress = follower.progress();
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(async move {
            let index = follower.run(stopped).await;
            match tokio::time::timeout(CLOSING, index.close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the search index did not close well"),
                Err(_) => tracing::debug!("a merge of the search index is given up"),
            }
        });
        let following = Mutex::new(Some(following));
        Ok(Self { store, published, progress, options, stop, following })
    }

    /// Stops following and returns once all files are closed, or after a second: what is unfinished then
    /// is done again after the next start. Searches are answered as before.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        let following = self.following.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(following) = following {
            // It ends by itself; if it panicked, that was reported where it happened.
            drop(following.await);
        }
    }

    async fn ranked(&self, query: Query, skip: usize, limit: usize) -> Result<(Ranked, Sequence), PortError> {
        let Ok(snapshot) = self.published.borrow().clone() else {
            return self.scanned(&query, skip, limit).await;
        };
        let sequence = snapshot.position.sequence;
        let searched = {
            let query = query.clone();
            tokio::task::spawn_blocking(move || rank(&*snapshot, &query, skip, limit))
        };
        let reason = match searched.await {
            Ok(Ok(ranked)) => return Ok((ranked, sequence)),
            Ok(Err(error)) => error.to_string(),
            Err(error) if error.is_cancelled() => {
                return Err(PortError::new(ErrorKind::Unavailable, "search is shutting down"));
            }
            Err(panic) => panic.to_string(),
        };
        tracing::error!(reason, "the search index failed; it is rebuilt");
        self.published.send_modify(|published| *published = Err(format!("it failed: {reason}")));
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
        let published = self.published.borrow().clone();
        let documents = published.map_or(0, |snapshot| snapshot.active());
        let Progress { sequence, state } = self.progress.borrow().clone();
        IndexProgress { sequence, documents, state }
    }

    async fn wait_for(&self, sequence: Sequence, patience: Duration) -> Result<(), PortError> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|progress| progress.sequence >= sequence);
        if matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_))) {
            return Ok(());
        }
        Err(PortError::new(
            ErrorKind::Timeout,
            format!("search has not seen change {} within {patience:?}", sequence.0),
        ))
    }
}
