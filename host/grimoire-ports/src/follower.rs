//! Keeps data that is derived from the spellbook up to date: one follower of the store's change log
//! for all kinds of derived data.
//!
//! A [`Follower`] compares the position of [`Derived`] data with the store, reads the changes since then
//! and applies them. Data that is missing, damaged, ahead of the store or from another store is rebuilt
//! from the whole log. Callers that need data as new as the store use [`Follower::catch_up`];
//! [`Follower::run`] follows in the background.

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

/// Maximum number of changes that are read and applied at once.
const BATCH: usize = 1_000;
/// Maximum number of consecutive failures before derived data is rebuilt.
const MAXIMUM_FAILURES: u32 = 2;

/// Data that is derived from all spells: a search index, a set of patterns, vectors.
///
/// The futures of these methods may be dropped before they complete. The follower then starts again
/// at [`Derived::position`], and applies the same changes once more.
#[async_trait]
pub trait Derived: Send + Sync {
    /// The name of the data, for the log.
    const NAME: &'static str;

    /// The position of the last commit. The error completes "it is rebuilt because …".
    fn position(&self) -> Result<Position, String>;

    /// Discards the committed data: from now on [`Derived::position`] fails with `reason`.
    fn discard(&mut self, reason: String);

    /// Starts again with no spells. [`Derived::position`] fails until the next commit.
    async fn restart(&mut self) -> Result<(), PortError>;

    /// Replaces or adds `changes.written` and removes `changes.deleted`, which need not exist. Readers see
    /// no effect before the next commit. After an error, everything since the last commit is discarded.
    async fn apply(&mut self, changes: Changes) -> Result<(), PortError>;

    /// Publishes the applied changes and stores `position` with them. Errors as for [`Derived::apply`].
    async fn commit(&mut self, position: Position) -> Result<(), PortError>;

    /// Completes if the committed data proves unusable while in use.
    async fn failed(&self) {
        std::future::pending::<()>().await;
    }
}

/// The point of the change log that derived data has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The id of the store.
    pub store: String,
    /// The sequence number of the last change; 0 before the first.
    pub sequence: Sequence,
    /// The last change itself; another one has its number in a store restored from a backup and written to since.
    pub change: Option<SpellChange>,
}

/// Changed spells, each listed once.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Spells that exist, in their current state.
    pub written: Vec<Spell>,
    /// Spells that were deleted.
    pub deleted: Vec<SpellId>,
}

/// The state of a follower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowerState {
    /// At the end of the log, or close to it.
    Ready,
    /// Rebuilding the data.
    Rebuilding {
        /// Number of changes applied.
        done: u64,
        /// Number of changes in the log.
        total: u64,
        /// Completes "it is rebuilt because …".
        reason: String,
    },
    /// Following failed for this reason. The follower retries by itself.
    Failing(String),
}

/// The progress of a follower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The last committed change; 0 while no usable data exists.
    pub sequence: Sequence,
    /// The current state.
    pub state: FollowerState,
}

/// Timing of a follower.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Minimum time between two commits; changes in between share one commit.
    pub commit_interval: Duration,
    /// The delay after the first failure; every further failure doubles it.
    pub first_pause: Duration,
    /// The maximum delay.
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

/// Why following stopped.
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
    /// True once the derived data was compared with the store.
    compared: bool,
    /// Number of consecutive failures.
    failures: u32,
    progress: watch::Sender<Progress>,
}

impl<D: Derived> Follower<D> {
    /// Creates a follower that has not started.
    pub fn new(store: Arc<dyn SpellStore>, derived: D, pace: Pace) -> Self {
        let state = FollowerState::Rebuilding { done: 0, total: 0, reason: "it was not read yet".to_owned() };
        let progress = watch::Sender::new(Progress { sequence: Sequence(0), state });
        Self { store, derived, pace, compared: false, failures: 0, progress }
    }

    /// A receiver of the follower's progress.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Discards derived data that does not belong to the store's current content. Must be called before the
    /// data is used; [`Follower::catch_up`] calls it if necessary.
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

    /// The reason why data at `position` cannot belong to this store, if any.
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

    /// Applies and commits every change in the store so far. Unusable data is rebuilt.
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
            // Measured from the first uncommitted change. Since the last commit, which was at least one
            // interval ago, would make every batch commit.
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

    /// Applies the whole log to empty data, and commits once at the end, so that readers never see a part.
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

    /// Applies up to one batch of changes after `position` and advances it. Returns true if there may be
    /// more.
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

    /// Follows until `stop` is true or its sender is dropped, then returns the data. Failures are logged,
    /// reported and retried with growing delays; data that keeps failing is rebuilt.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> D {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return self.derived,
                () = self.step() => {}
            }
        }
    }

    /// Catches up once, and returns when there are new changes or it is time to retry.
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
                // The first change after a pause is committed immediately.
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

    /// Counts and reports a failure. Returns the delay before the next attempt.
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
