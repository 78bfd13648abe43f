//! Full-text search over spells: a tantivy index that follows the store's change log.
//!
//! The index is derived data. A [`Follower`] writes every change into it and commits at most every 200 ms (see
//! [`Options::pace`]); each commit stores its position in the change log and the store's id. An index that is
//! missing, damaged, of another schema, ahead of its store or of another store is rebuilt, while searches are
//! answered by a bounded scan of the store. Both give the same answer to the last bit, because scores depend on the
//! spells and the query alone: `rank` computes them from the postings of either.
#![forbid(unsafe_code)]

mod derived;
mod dictionary;
mod excerpt;
mod expand;
mod index;
mod keywords;
mod options;
mod pattern;
mod question;
mod rank;
mod scan;
mod schema;
mod snapshot;
mod synonyms;
mod tokenizer;
mod typed;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Sequence, Spell};
use grimoire_ports::PortError;
use grimoire_ports::follower::{Follower, Progress};
use grimoire_ports::search::{Candidates, Excerpt, IndexProgress, SearchResults, SearchedTerms, SpellSearch};
use grimoire_ports::store::SpellStore;
use tantivy::TantivyError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::derived::{DerivedIndex, Published};
pub use crate::options::Options;
use crate::question::Question;
use crate::rank::{Query, Ranked, rank};
use crate::scan::Scan;

/// How long closing waits for segment merges. An interrupted merge is repeated after the next start.
const CLOSING: Duration = Duration::from_secs(1);

/// The result of a query.
struct Answer {
    query: Query,
    ranked: Ranked,
    /// The change that the index had reached, or the store at the time of the scan.
    sequence: Sequence,
}

/// Search over the spells of a store. Dropping it stops the follower without waiting.
pub struct TantivySearch {
    store: Arc<dyn SpellStore>,
    /// The store's last change when the index was opened.
    present: Sequence,
    published: Arc<watch::Sender<Published>>,
    progress: watch::Receiver<Progress>,
    options: Options,
    stop: watch::Sender<bool>,
    following: Mutex<Option<JoinHandle<()>>>,
}

impl TantivySearch {
    /// Opens the index in `folder`, which must contain nothing else, and starts following `store`. Returns
    /// as soon as searches work; [`SpellSearch::progress`] shows the remaining work. Fails if the store
    /// cannot be read.
    pub async fn open(
        folder: &Path,
        store: Arc<dyn SpellStore>,
        options: Options,
    ) -> Result<Self, PortError> {
        let present = store.last_sequence().await?;
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
        Ok(Self { store, present, published, progress, options, stop, following })
    }

    async fn answer(&self, question: Question, skip: usize, limit: usize) -> Result<Answer, PortError> {
        let published = self.published.borrow().clone();
        let is_useful = |snapshot: &Arc<snapshot::Snapshot>| self.has_most(snapshot.position.sequence);
        let Some(snapshot) = published.ok().filter(is_useful) else {
            return self.scanned(&question, skip, limit).await;
        };
        let sequence = snapshot.position.sequence;
        let searched = {
            let question = question.clone();
            tokio::task::spawn_blocking(move || {
                let query = question.query(&*snapshot)?;
                let ranked = rank(&*snapshot, &query, skip, limit)?;
                Ok::<_, TantivyError>(Answer { query, ranked, sequence })
            })
        };
        let reason = match searched.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(error) if error.is_cancelled() => {
                return Err(PortError::new(ErrorKind::Unavailable, "search is shutting down"));
            }
            Err(panic) => panic.to_string(),
        };
        tracing::error!(reason, "the search index failed; it is rebuilt");
        self.published.send_modify(|published| *published = Err(format!("it failed: {reason}")));
        self.scanned(&question, skip, limit).await
    }

    /// Returns true if an index at this position has seen most of the changes that the store had when it was opened.
    /// After an import without a running service it may have seen almost none of them.
    fn has_most(&self, sequence: Sequence) -> bool {
        sequence >= self.present || sequence.0.saturating_mul(2) > self.present.0
    }

    async fn scanned(&self, question: &Question, skip: usize, limit: usize) -> Result<Answer, PortError> {
        let sequence = self.store.last_sequence().await?;
        let (scan, query) = Scan::of(&*self.store, question).await?;
        let ranked = rank(&scan, &query, skip, limit)
            .map_err(|error| PortError::internal("the spells cannot be searched", error))?;
        Ok(Answer { query, ranked, sequence })
    }
}

#[async_trait]
impl SpellSearch for TantivySearch {
    async fn candidates(&self, diagnostic: &Diagnostic, limit: usize) -> Result<Candidates, PortError> {
        let question = Question::of_diagnostic(diagnostic, &self.options);
        let Answer { ranked, sequence, .. } = self.answer(question, 0, limit).await?;
        Ok(Candidates { hits: ranked.hits, sequence })
    }

    async fn search(&self, query: &str, page: PageRequest) -> Result<SearchResults, PortError> {
        let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
        let answer = self.answer(Question::of_text(query), skip, page.limit() as usize).await?;
        let hits = Page { items: answer.ranked.hits, total: answer.ranked.total };
        Ok(SearchResults { hits, terms: excerpt::marked_terms(&answer.query) })
    }

    fn excerpt(&self, spell: &Spell, terms: &SearchedTerms) -> Option<Excerpt> {
        excerpt::excerpt(spell, terms)
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

    /// Returns after at most a second: unfinished work is repeated after the next start.
    async fn close(&self) {
        self.stop.send_replace(true);
        let following = self.following.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(following) = following {
            // The task ends by itself; a panic was reported where it happened.
            drop(following.await);
        }
    }
}
