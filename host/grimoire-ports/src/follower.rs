//! Keeps data that is derived from the spellbook up to date: one follower of the store's change log,
//! whatever is derived.
//!
//! A [`Follower`] compares what [`Derived`] data says of itself with the store, reads the changes since and
//! hands them over. Data that is missing, damaged, ahead of its store or of another store is rebuilt from
//! the whole log. What has to be as new as the store when it is asked calls [`Follower::catch_up`]; what
//! follows in the background runs [`Follower::run`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::spell::{Sequence, Spell, SpellChange, SpellId};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::PortError;
use crate::store::SpellStore;

/// How many changes are read and applied at a time.
const BATCH: usize = 1_000;
/// How often in a row derived data may fail before it is rebuilt.
const MAXIMUM_FAILURES: u32 = 2;

/// Data that is derived from all spells: a search index, a set of patterns, vectors.
///
/// Futures of these methods may be dropped unfinished. The follower then starts again at
/// [`Derived::position`], so that the same changes are applied once more.
#[async_trait]
pub trait Derived: Send + Sync {
    /// What it is, for the log.
    const NAME: &'static str;

    /// The position of the last commit. The error completes "it is rebuilt because …".
    fn position(&self) -> Result<Position, String>;

    /// Gives up what is committed: from now on [`Derived::position`] fails with `reason`.
    fn discard(&mut self, reason: String);

    /// Starts again without any spell. [`Derived::position`] fails until the next commit.
    async fn restart(&mut self) -> Result<(), PortError>;

    /// Replaces or adds `changes.written` and removes `changes.deleted`, which may never have been there.
    /// Nobody sees it before the next commit. After an error everything since the last commit is forgotten.
    async fn apply(&mut self, changes: Changes) -> Result<(), PortError>;

    /// Publishes what was applied and remembers `position` with it. Errors as [`Derived::apply`].
    async fn commit(&mut self, position: Position) -> Result<(), PortError>;

    /// Returns when what is committed turns out to be unusable while it is used.
    async fn failed(&self) {
        std::future::pending::<()>().await;
    }
}

/// Which changes derived data has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The identity of the store.
    pub store: String,
    /// The sequence number of the last change; 0 before the first.
    pub sequence: Sequence,
    /// That change: a store that was restored from a backup and written to since has another one there.
    pub change: Option<SpellChange>,
}

/// Changed spells, each once.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Those that exist, as they are now.
    pub written: Vec<Spell>,
    /// Those that do not.
    pub deleted: Vec<SpellId>,
}

/// What a follower is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowerState {
    /// It has followed to the end of the log, or is about to.
    Ready,
    /// It rebuilds its data.
    Rebuilding {
        /// Changes that are applied.
        done: u64,
        /// Changes that there are.
        total: u64,
        /// Completes "it is rebuilt because …".
        reason: String,
    },
    /// It could not follow; the text says why. It tries again by itself.
    Failing(String),
}

/// How far a follower is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The last change that was committed; 0 while there is nothing usable.
    pub sequence: Sequence,
    /// What it is doing.
    pub state: FollowerState,
}

/// How eagerly a follower works.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The least time between two commits; changes in between share one.
    pub commit_interval: Duration,
    /// The wait after a first failure; every further one doubles it.
    pub first_pause: Duration,
    /// The longest such wait.
    pub longest_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            commit_interval: Duration::from_millis(200),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// Why following stopped for now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(PortError),
    #[error(transparent)]
    Derived(PortError),
}

/// Follows the change log of a store.
pub struct Follower<D> {
    store: Arc<dyn SpellStore>,
    derived: D,
    pace: Pace,
    /// Whether the derived data was compared with the store.
    compared: bool,
    /// Failures in a row.
    failures: u32,
    progress: watch::Sender<Progress>,
}

impl<D: Derived> Follower<D> {
    /// A follower that has not begun.
    pub fn new(store: Arc<dyn SpellStore>, derived: D, pace: Pace) -> Self {
        let state = FollowerState::Rebuilding { done: 0, total: 0, reason: "it was not read yet".to_owned() };
        let progress = watch::Sender::new(Progress { sequence: Sequence(0), state });
        Self { store, derived, pace, compared: false, failures: 0, progress }
    }

    /// Tells how far it is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Discards derived data that does not belong to what the store has now. To be called before the data is
    /// used; [`Follower::catch_up`] does it where it was not done.
    pub async fn compare(&mut self) -> Result<(), PortError> {
        if let Ok(position) = self.derived.position()
            && let Some(reason) = self.mismatch(&position).await?
        {
            self.derived.discard(reason);
        }
        self.compared = true;
        match self.derived.position() {
            Ok(position) => self.publish(position.sequence, FollowerState::Ready),
            Err(reason) => {
                let total = self.store.last_sequence().await?.0;
                self.publish(Sequence(0), FollowerState::Rebuilding { done: 0, total, reason });
            }
        }
        Ok(())
    }

    /// Why data at `position` cannot be of this store.
    async fn mismatch(&self, position: &Position) -> Result<Option<String>, PortError> {
        if position.store != self.store.store_id().await? {
            return Ok(Some("it was made from another store".to_owned()));
        }
        let (own, last) = (position.sequence.0, self.store.last_sequence().await?.0);
        if own > last {
            return Ok(Some(format!("it is ahead of the store, at change {own} of {last}")));
        }
        if let Some(before) = own.checked_sub(1) {
            let change = self.store.changes_after(Sequence(before), 1).await?.pop();
            if change != position.change {
                return Ok(Some("it followed other changes than the store has".to_owned()));
            }
        }
        Ok(None)
    }

    /// Applies and commits every change that the store has by now. Data that cannot be gone on from is rebuilt.
    pub async fn catch_up(&mut self) -> Result<(), PortError> {
        self.follow().await.map_err(|failure| match failure {
            Failure::Store(error) | Failure::Derived(error) => error,
        })
    }

    async fn follow(&mut self) -> Result<(), Failure> {
        if !self.compared {
            self.compare().await.map_err(Failure::Store)?;
        }
        match self.derived.position() {
            Ok(position) => self.apply_from(position).await?,
            Err(reason) => self.rebuild(reason).await?,
        }
        self.failures = 0;
        Ok(())
    }

    async fn apply_from(&mut self, mut position: Position) -> Result<(), Failure> {
        let mut committed = position.sequence;
        let mut begun = Instant::now();
        loop {
            let more = self.apply_batch(&mut position).await?;
            // Measured from the beginning of what is not committed. Since the last commit, which was at least
            // one interval ago, would make every batch commit.
            let due = !more || begun.elapsed() >= self.pace.commit_interval;
            if due && position.sequence > committed {
                self.commit(&position).await?;
                committed = position.sequence;
                begun = Instant::now();
            }
            if !more {
                self.publish(committed, FollowerState::Ready);
                return Ok(());
            }
        }
    }

    /// Applies the whole log to nothing, and commits once at its end: a part is not shown as the whole.
    async fn rebuild(&mut self, reason: String) -> Result<(), Failure> {
        let started = Instant::now();
        let store = self.store.store_id().await.map_err(Failure::Store)?;
        let mut position = Position { store, sequence: Sequence(0), change: None };
        self.derived.restart().await.map_err(Failure::Derived)?;
        loop {
            let total = self.store.last_sequence().await.map_err(Failure::Store)?.0;
            let done = position.sequence.0;
            let state = FollowerState::Rebuilding { done, total, reason: reason.clone() };
            self.publish(Sequence(0), state);
            if !self.apply_batch(&mut position).await? {
                break;
            }
        }
        self.commit(&position).await?;
        let (changes, elapsed) = (position.sequence.0, started.elapsed());
        tracing::info!(data = D::NAME, reason, changes, ?elapsed, "rebuilt from the change log");
        Ok(())
    }

    /// Applies the changes after `position`, as far as they fit a batch, and moves it. Tells whether there
    /// may be more.
    async fn apply_batch(&mut self, position: &mut Position) -> Result<bool, Failure> {
        let log = self.store.changes_after(position.sequence, BATCH).await.map_err(Failure::Store)?;
        let Some(last) = log.last().cloned() else { return Ok(false) };
        let mut deleted: BTreeSet<SpellId> = log.iter().map(|change| change.spell).collect();
        let ids: Vec<SpellId> = deleted.iter().copied().collect();
        let written = self.store.get_spells(&ids).await.map_err(Failure::Store)?;
        for spell in &written {
            deleted.remove(&spell.id);
        }
        let changes = Changes { written, deleted: deleted.into_iter().collect() };
        self.derived.apply(changes).await.map_err(Failure::Derived)?;
        position.sequence = last.sequence;
        position.change = Some(last);
        Ok(log.len() == BATCH)
    }

    async fn commit(&mut self, position: &Position) -> Result<(), Failure> {
        self.derived.commit(position.clone()).await.map_err(Failure::Derived)?;
        self.publish(position.sequence, FollowerState::Ready);
        Ok(())
    }

    fn publish(&self, sequence: Sequence, state: FollowerState) {
        let progress = Progress { sequence, state };
        self.progress.send_if_modified(|published| {
            let changed = *published != progress;
            *published = progress;
            changed
        });
    }

    /// Follows until `stop` is true or its sender is gone, then gives the data back. Failures are logged,
    /// shown and tried again, ever more slowly; data that fails again and again is rebuilt.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> D {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return self.derived,
                () = self.step() => {}
            }
        }
    }

    /// Catches up once, and returns when there is something to do again.
    async fn step(&mut self) {
        let before = self.progress.borrow().sequence;
        match self.follow().await {
            Ok(()) => {
                let ended = Instant::now();
                let sequence = self.progress.borrow().sequence;
                tokio::select! {
                    () = self.store.wait_for_change(sequence) => {}
                    () = self.derived.failed() => {}
                }
                // The first change after a while is committed at once.
                if sequence > before {
                    tokio::time::sleep_until(ended + self.pace.commit_interval).await;
                }
            }
            Err(failure) => {
                let pause = self.give_way(&failure);
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Counts and reports a failure. Tells how long to wait before the next attempt.
    fn give_way(&mut self, failure: &Failure) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if matches!(failure, Failure::Derived(_)) && self.failures >= MAXIMUM_FAILURES {
            self.derived.discard(format!("it failed: {failure}"));
        }
        let doubled = self.pace.first_pause.saturating_mul(1 << (self.failures - 1).min(16));
        let pause = doubled.min(self.pace.longest_pause);
        let (error, failures): (&dyn std::error::Error, _) = (failure, self.failures);
        tracing::warn!(data = D::NAME, error, failures, ?pause, "the change log could not be followed");
        let sequence = self.derived.position().map_or(Sequence(0), |position| position.sequence);
        self.publish(sequence, FollowerState::Failing(format!("{failure}; tried again in {pause:?}")));
        pause
    }
}
