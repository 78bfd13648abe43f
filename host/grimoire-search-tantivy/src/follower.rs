//! The follower: takes every change of the store into the index.

mod rebuild;
mod taken;

use std::ops::ControlFlow;
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, SpellChange, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::search::IndexState;
use grimoire_ports::store::SpellStore;
use tantivy::TantivyError;
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep, sleep_until};

use crate::Options;
use crate::folder::IndexFolder;
use crate::index::{OpenIndex, Unusable};
use crate::memory::Change;
use crate::schema::{LastChange, Payload};
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::threads::{IndexThreads, Pace};
use taken::Taken;

/// How many changes are taken in at a time.
const BATCH: usize = 500;
/// When the index is looked at after the last commit, for segments that were joined meanwhile.
const TIDY_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// How many changes the index may be behind before it competes with requests as an equal: about as many
/// as searches keep in memory.
const URGENT: u64 = 16_384;
/// How long closing waits, for what is left to take in and for segments that are being joined. What is
/// cut off is done again after the next start.
const CLOSING: Duration = Duration::from_secs(1);
/// How often in a row an index may fail before it is made anew.
const MAXIMUM_FAILURES: u32 = 2;

/// Why following stopped for now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the store could not be read: {0}")]
    Store(#[from] PortError),
    #[error("{0}")]
    Index(#[from] TantivyError),
    #[error("{0}")]
    Files(#[from] std::io::Error),
    #[error("the search index broke off")]
    Panic,
}

pub(crate) struct Follower {
    store: Arc<dyn SpellStore>,
    shared: Arc<Shared>,
    folder: IndexFolder,
    options: Options,
    stop: watch::Receiver<bool>,
    index: Option<OpenIndex>,
    /// Why there is no index.
    reason: Unusable,
    /// Failures in a row.
    failures: u32,
    last_commit: Instant,
    threads: IndexThreads,
    /// Whether the index must not wait for requests.
    urgent: bool,
}

impl Follower {
    /// A follower for what is on disk, which is shown to searches where it is usable.
    pub(crate) async fn open(
        folder: IndexFolder,
        store: Arc<dyn SpellStore>,
        shared: Arc<Shared>,
        options: Options,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, PortError> {
        let threads = IndexThreads::start()
            .map_err(|error| PortError::internal("the search index has no thread to work on", error))?;
        let mut follower = Self {
            store,
            shared,
            folder,
            options,
            stop,
            index: None,
            reason: Unusable::Missing,
            failures: 0,
            last_commit: Instant::now(),
            threads,
            urgent: false,
        };
        match follower.open_current().await? {
            Ok((index, snapshot)) => {
                follower.index = Some(index);
                follower
                    .show(snapshot)
                    .await
                    .map_err(|failure| PortError::internal("the search index cannot be read", failure))?;
                follower.shared.tell(IndexState::Ready);
            }
            Err(reason) => {
                let total = follower.store.last_sequence().await?.0;
                let state = IndexState::Rebuilding { done: 0, total, reason: reason.to_string() };
                follower.shared.tell(state);
                follower.reason = reason;
            }
        }
        Ok(follower)
    }

    async fn open_current(&self) -> Result<Result<(OpenIndex, Snapshot), Unusable>, PortError> {
        let path = match self.folder.current() {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(Err(Unusable::Missing)),
            Err(error) => return Ok(Err(Unusable::Corrupt(error.to_string()))),
        };
        let opened = blocking(move || {
            let index = OpenIndex::open(&path)?;
            let snapshot = index.snapshot().map_err(|error| Unusable::Corrupt(error.to_string()))?;
            Ok((index, snapshot))
        });
        let opened = opened.await.unwrap_or(Err(Unusable::Corrupt("it cannot be read".to_owned())));
        let (index, snapshot) = match opened {
            Ok(opened) => opened,
            Err(reason) => return Ok(Err(reason)),
        };
        Ok(match self.judge(&index.payload).await? {
            None => Ok((index, snapshot)),
            Some(reason) => Err(reason),
        })
    }

    /// Whether what an index says of itself fits the store.
    async fn judge(&self, payload: &Payload) -> Result<Option<Unusable>, PortError> {
        if payload.store != self.store.store_id().await? {
            return Ok(Some(Unusable::ForeignStore));
        }
        let last = self.store.last_sequence().await?;
        if payload.sequence > last {
            return Ok(Some(Unusable::AheadOfStore { index: payload.sequence.0, store: last.0 }));
        }
        if let Some(before) = payload.sequence.0.checked_sub(1) {
            let there = self.store.changes_after(Sequence(before), 1).await?;
            if there.first().map(LastChange::from) != payload.last {
                return Ok(Some(Unusable::Diverged));
            }
        }
        Ok(None)
    }

    /// Follows until told to stop. Failures are told and tried again, ever more slowly.
    pub(crate) async fn run(mut self) {
        loop {
            let Err(failure) = self.follow().await else { break };
            self.failures += 1;
            if !matches!(failure, Failure::Store(_)) {
                self.set_back(&failure);
            }
            let pause = self.pause();
            tracing::warn!(%failure, failures = self.failures, ?pause, "the search index could not follow");
            self.shared.tell(IndexState::Failing(format!("{failure}; tried again in {pause:?}")));
            let mut stop = self.stop.clone();
            tokio::select! {
                () = stopped(&mut stop) => break,
                () = sleep(pause) => {}
            }
        }
        if tokio::time::timeout(CLOSING, self.close()).await.is_err() {
            tracing::debug!("the search index is closed unfinished: it goes on after the next start");
        }
    }

    /// Takes in what little is left, so that the next start has nothing to do, and waits for joins of
    /// segments.
    async fn close(mut self) {
        if self.index.is_some()
            && let Err(failure) = self.take_in_rest().await
        {
            tracing::debug!(%failure, "the search index goes on after the next start");
        }
        // Not where the runtime waits for it: a join takes as long as it takes.
        if let Some(index) = self.index.take()
            && let Some(Err(error)) = self.threads.run(Pace::Low, move || index.close()).await
        {
            tracing::warn!(%error, "the search index did not close well");
        }
    }

    async fn take_in_rest(&mut self) -> Result<(), Failure> {
        let changes = self.store.changes_after(self.sequence(), BATCH).await?;
        if changes.is_empty() {
            return Ok(());
        }
        self.take_in(&changes).await?;
        let mut taken = Taken::default();
        taken.note(&changes);
        let snapshot = self.commit(&taken).await?;
        self.show(snapshot).await
    }

    /// After a failure of the index: first a new writer, then a new index.
    fn set_back(&mut self, failure: &Failure) {
        if let Some(index) = &mut self.index {
            index.forget_writer();
            if self.failures >= MAXIMUM_FAILURES {
                self.discard(Unusable::Failed(failure.to_string()));
            }
        } else if matches!(failure, Failure::Panic) {
            self.reason = Unusable::Failed(failure.to_string());
        }
    }

    fn discard(&mut self, reason: Unusable) {
        self.index = None;
        self.reason = reason;
    }

    fn pause(&self) -> Duration {
        let doubled = self.options.first_pause.saturating_mul(1 << self.failures.saturating_sub(1).min(16));
        doubled.min(self.options.longest_pause)
    }

    /// Returns when told to stop.
    async fn follow(&mut self) -> Result<(), Failure> {
        loop {
            if let Some(damage) = self.shared.take_damage() {
                self.discard(Unusable::Failed(damage));
            }
            if self.index.is_none() && self.rebuild().await?.is_break() {
                return Ok(());
            }
            if self.catch_up().await?.is_break() {
                return Ok(());
            }
            self.failures = 0;
            self.shared.tell(IndexState::Ready);
            if self.idle().await?.is_break() {
                return Ok(());
            }
        }
    }

    /// The last change that is in the index.
    fn sequence(&self) -> Sequence {
        self.index.as_ref().map_or(Sequence(0), |index| index.payload.sequence)
    }

    /// Waits for a change, for damage or for the end; tidies up once after work.
    async fn idle(&mut self) -> Result<ControlFlow<()>, Failure> {
        let store = self.store.clone();
        let shared = self.shared.clone();
        let mut stop = self.stop.clone();
        for after in TIDY_AFTER.map(Some).into_iter().chain([None]) {
            let moment = after.map(|after| self.last_commit + after);
            if moment.is_some_and(|moment| moment <= Instant::now()) {
                continue;
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return Ok(ControlFlow::Break(())),
                () = shared.damaged() => break,
                () = store.wait_for_change(self.sequence()) => break,
                () = sleep_until(moment.unwrap_or_else(Instant::now)), if moment.is_some() => {}
            }
            self.tidy().await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows joined segments to searches, so that those before can go.
    async fn tidy(&mut self) -> Result<(), Failure> {
        let Some(snapshot) = self.shared.snapshot() else { return Ok(()) };
        let fresh = self
            .with_index(
                move |index| {
                    if index.was_tidied(&snapshot)? { index.snapshot().map(Some) } else { Ok(None) }
                },
            )
            .await?;
        if let Some(fresh) = fresh {
            self.show(fresh).await?;
        }
        Ok(())
    }

    /// Takes in all changes that there are.
    async fn catch_up(&mut self) -> Result<ControlFlow<()>, Failure> {
        // Commits keep a distance, so that many writes share one: searches do not need them.
        let mut stop = self.stop.clone();
        tokio::select! {
            () = stopped(&mut stop) => return Ok(ControlFlow::Break(())),
            () = sleep_until(self.last_commit + self.options.commit_interval) => {}
        }
        let mut taken = Taken::default();
        let mut begun = Instant::now();
        loop {
            if *self.stop.borrow() {
                return Ok(ControlFlow::Break(()));
            }
            let after = taken.sequence(self.sequence());
            let behind = self.store.last_sequence().await?.0.saturating_sub(self.sequence().0);
            self.urgent = behind > URGENT || self.shared.is_full();
            let changes = self.store.changes_after(after, BATCH).await?;
            let more = changes.len() == BATCH;
            self.take_in(&changes).await?;
            taken.note(&changes);
            // Not since the last commit, after which we waited: every part would have a commit of its own.
            let due = begun.elapsed() >= self.options.commit_interval;
            if taken.last.is_some() && (due || !more) {
                let snapshot = self.commit(&taken).await?;
                self.show(snapshot).await?;
                taken = Taken::default();
                begun = Instant::now();
            }
            if !more {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    async fn take_in(&mut self, changes: &[SpellChange]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        let changed = Change::by_spell(changes);
        let ids: Vec<SpellId> = changed.keys().copied().collect();
        let spells = self.store.get_spells(&ids).await?;
        let memory = self.options.writer_memory;
        self.make_writer().await?;
        // How fast spells are split into words decides how much tantivy has to do.
        self.with_index_at(Pace::Spare, move |index| index.apply(&changed, &spells, memory)).await
    }

    /// Makes the writer where there is none. Whoever makes it decides how eagerly segments are joined, which
    /// is never urgent.
    async fn make_writer(&mut self) -> Result<(), Failure> {
        let memory = self.options.writer_memory;
        let urgent = std::mem::replace(&mut self.urgent, false);
        let made = self.with_index(move |index| index.writer(memory).map(drop)).await;
        self.urgent = urgent;
        made
    }

    async fn commit(&mut self, taken: &Taken) -> Result<Snapshot, Failure> {
        let sequence = taken.sequence(self.sequence());
        let last = taken.last;
        let memory = self.options.writer_memory;
        self.make_writer().await?;
        let result = self.with_index(move |index| index.commit(sequence, last, memory)).await;
        self.last_commit = Instant::now();
        result
    }

    /// Lets searches see a commit. Not at low priority: they wait for it.
    async fn show(&self, snapshot: Snapshot) -> Result<(), Failure> {
        let shared = self.shared.clone();
        Ok(blocking(move || shared.show(snapshot)).await.ok_or(Failure::Panic)??)
    }

    /// As [`Follower::with_index_at`], at low priority.
    async fn with_index<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut OpenIndex) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        // Not with what is left only: joins of segments must not starve.
        self.with_index_at(Pace::Low, work).await
    }

    /// Works on the index on a thread that may block, at this pace unless it is urgent. A panic there costs
    /// the index, not the follower.
    async fn with_index_at<T: Send + 'static>(
        &mut self,
        pace: Pace,
        work: impl FnOnce(&mut OpenIndex) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let mut index = self.index.take().ok_or(Failure::Panic)?;
        let work = move || {
            let result = work(&mut index);
            (index, result)
        };
        let pace = if self.urgent { Pace::Urgent } else { pace };
        let (index, result) = self.threads.run(pace, work).await.ok_or(Failure::Panic)?;
        self.index = Some(index);
        Ok(result?)
    }
}

/// Returns once following is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who searches.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Runs what may block. `None` when it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
