//! What is kept: spells, deliveries, jobs, reviews.
//!
//! The port speaks verbs, not transactions: one call is one atomic step, equally possible in an
//! embedded store and in a database server. A write has reached the disk when its call returns.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease, NewJob};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};
use grimoire_domain::spell::{Revision, Sequence, Spell, SpellChange, SpellId, SpellStatus, ValidSpell};

use crate::PortError;

/// A whole store.
#[async_trait]
pub trait Store: SpellStore + DeliveryStore + JobStore + ReviewStore {
    /// Finishes the writes that wait and refuses new ones, so that the next start has nothing to repair.
    /// Later calls of anything are `Unavailable`. May be called twice.
    async fn close(&self) -> Result<(), PortError>;

    /// Writes a copy of everything, as of one moment, into a new file, while reads and writes go on.
    /// `Conflict` when the file exists.
    async fn back_up(&self, file: &Path) -> Result<(), PortError>;
}

/// Who writes, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A person, a token's label, `import`.
    pub by: String,
    /// The moment that the record shows.
    pub at: Timestamp,
}

/// The result of a write, and its place in the change log.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// What was written.
    pub value: T,
    /// The sequence number of the change: once search has followed so far, it shows.
    pub sequence: Sequence,
}

/// Which spells a list shows. An absent field does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpellFilter {
    /// Exactly this error type, letter case ignored.
    pub error_type: Option<String>,
    /// Having this tag, letter case ignored.
    pub tag: Option<String>,
    /// In this status.
    pub status: Option<SpellStatus>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// Spells that were new.
    pub created: u64,
    /// Spells that were changed.
    pub updated: u64,
    /// Spells that were the same already.
    pub unchanged: u64,
}

/// The spellbook.
#[async_trait]
pub trait SpellStore: Send + Sync {
    /// Stores a new spell. `Conflict` when its key is taken.
    async fn create_spell(&self, fields: ValidSpell, stamp: Stamp) -> Result<Written<Spell>, PortError>;

    /// One spell. `NotFound` names the id. Does not block: at most one point read.
    async fn get_spell(&self, id: SpellId) -> Result<Spell, PortError>;

    /// Those of `ids` that exist, in the order of `ids`.
    async fn get_spells(&self, ids: &[SpellId]) -> Result<Vec<Spell>, PortError>;

    /// Spells by ascending id.
    async fn list_spells(&self, filter: &SpellFilter, page: PageRequest) -> Result<Page<Spell>, PortError>;

    /// Replaces a spell's fields. `NotFound`; `Conflict` when `expected` is given and is not the
    /// current revision, or the key is taken. Unchanged fields still make a revision.
    async fn update_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError>;

    /// Deletes a spell; its id and its revisions stay. Errors as `update_spell`.
    async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Sequence, PortError>;

    /// Every state that a spell had, oldest first, also after its deletion. `NotFound`.
    async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PortError>;

    /// Writes a batch in one atomic step. A spell with a key that exists is updated when any field
    /// differs and left alone otherwise; one with a new key, or without, is created, except that
    /// one without a key whose fields all equal those of an existing spell is left alone.
    async fn import_spells(
        &self,
        batch: Vec<ValidSpell>,
        stamp: Stamp,
    ) -> Result<Written<ImportSummary>, PortError>;

    /// Entries of the change log after `after`, oldest first, at most `limit`.
    async fn changes_after(&self, after: Sequence, limit: usize) -> Result<Vec<SpellChange>, PortError>;

    /// The newest sequence number; 0 when nothing was ever written.
    async fn last_sequence(&self) -> Result<Sequence, PortError>;

    /// Returns once `last_sequence()` is above `after`. Wakes every waiter.
    async fn wait_for_change(&self, after: Sequence);

    /// An identity made when the store was created: an index made from another store is noticed.
    async fn store_id(&self) -> Result<String, PortError>;
}

/// What became of a webhook request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Stored, with the job that it caused.
    Accepted(Option<JobId>),
    /// Known already, and its job (if any) is queued, running, done, or superseded by newer work:
    /// nothing was done.
    Duplicate(Option<JobId>),
    /// Known already, and its job had failed for good or was cancelled: it is queued again.
    Requeued(JobId),
}

/// Webhook requests.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Stores a delivery and its job in one step, or recognises it. `delivery.job` is ignored and
    /// set by the store. Enqueueing follows the rules of [`JobStore::enqueue_job`]. Many calls at
    /// once share one sync; of several with the same id exactly one is accepted.
    async fn record_delivery_and_enqueue(
        &self,
        delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError>;

    /// One delivery. `NotFound`.
    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError>;
}

/// Which jobs a list shows. An absent field does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this lane.
    pub lane: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Done.
    Succeeded,
    /// Failed; try again at the moment given.
    Retry {
        /// Why, for people; no secrets.
        error: String,
        /// When the next attempt may start.
        at: Timestamp,
    },
    /// Failed for good.
    Dead {
        /// Why, for people; no secrets.
        error: String,
    },
    /// Stopped because somebody asked.
    Cancelled,
    /// Stopped because newer work replaced it.
    Superseded,
    /// Given back unfinished, at shutdown: the attempt does not count.
    Released,
}

/// How many jobs there are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each field is named like its state")]
pub struct JobCounts {
    pub queued: u64,
    pub running: u64,
    pub succeeded: u64,
    pub dead: u64,
    pub cancelled: u64,
    pub superseded: u64,
}

impl JobCounts {
    /// The count of a state.
    pub fn of(&self, state: JobState) -> u64 {
        *self.clone().of_mut(state)
    }

    /// The count of a state, to be changed.
    pub fn of_mut(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Queued => &mut self.queued,
            JobState::Running => &mut self.running,
            JobState::Succeeded => &mut self.succeeded,
            JobState::Dead => &mut self.dead,
            JobState::Cancelled => &mut self.cancelled,
            JobState::Superseded => &mut self.superseded,
        }
    }

    /// Queued and running jobs.
    pub fn open(&self) -> u64 {
        self.queued + self.running
    }
}

/// Jobs. Every change of a job's state also appends the event that tells of it, in the same step:
/// `queued`, `started`, `succeeded`, `retrying`, `dead`, `cancelled`, `superseded`, `released`.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a job. With a lane and a version, queued jobs of the same lane with another version are
    /// superseded and a running one with another version is asked to stop; a queued job of the same
    /// lane, kind and version that has not started is returned instead of a second one. Jobs
    /// without a version are neither superseded nor joined.
    async fn enqueue_job(&self, job: NewJob, now: Timestamp) -> Result<JobId, PortError>;

    /// Takes the oldest job that may run, under a lease of this length from now. Now is the moment of the
    /// store's own clock, so that workers on several machines agree on which leases are live.
    ///
    /// A job may run when it is queued and its `run_at` has come, or when it is running and its lease has
    /// ended; and when no other job of its lane is running under a live lease, nor is an older job of its
    /// lane queued. Counts the attempt. A job that was asked to stop and whose lease has ended is ended
    /// instead of being claimed again.
    async fn claim_job(&self, lease: Duration) -> Result<Option<(Job, Lease)>, PortError>;

    /// The earliest moment at which `claim_job` may find something: a queued job's `run_at` or a
    /// running job's lease end. Of several that have passed any may be told. `None`: nothing to wait for.
    async fn next_claim_at(&self) -> Result<Option<Timestamp>, PortError>;

    /// Returns once a job was enqueued, retried, released or ended after this call began: after the
    /// call, not after the first poll, so that what comes between looking and waiting is not missed.
    async fn wait_for_job(&self);

    /// Makes a lease end after this time from now, by the store's own clock. `Conflict` when a later claim
    /// took the job. Returns whether the job was asked to stop.
    async fn renew_lease(&self, lease: &Lease, length: Duration) -> Result<bool, PortError>;

    /// Ends an attempt. `Conflict` when a later claim took the job: nothing is changed then. A job
    /// that was asked to stop is not queued again: unless it is done or dead it ends as superseded,
    /// when newer work was the reason, or else as cancelled.
    async fn end_attempt(&self, lease: &Lease, end: AttemptEnd, now: Timestamp) -> Result<(), PortError>;

    /// Cancels a queued job, or asks a running one to stop. `NotFound`; `Conflict` when it has ended.
    async fn cancel_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError>;

    /// Cancels queued jobs of a lane and asks its running job to stop, because the lane's subject
    /// is gone (a closed pull request). Returns the jobs that were changed.
    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError>;

    /// Queues a job again that is dead, cancelled or superseded, with its attempts at 0.
    /// `NotFound`; `Conflict` in any other state.
    async fn retry_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError>;

    /// One job. `NotFound`.
    async fn get_job(&self, id: JobId) -> Result<Job, PortError>;

    /// Jobs by descending id.
    async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>, PortError>;

    /// How many jobs there are in each state.
    async fn count_jobs(&self) -> Result<JobCounts, PortError>;

    /// Adds an event to a running job's story. `Conflict` when a later claim took the job.
    async fn append_event(
        &self,
        lease: &Lease,
        step: &str,
        message: &str,
        data: serde_json::Value,
        now: Timestamp,
    ) -> Result<JobEvent, PortError>;

    /// Events with a sequence above `after`, oldest first, at most `limit`. `NotFound`.
    async fn events_after(&self, job: JobId, after: u64, limit: usize) -> Result<Vec<JobEvent>, PortError>;

    /// Returns once an event of the job with a sequence above `after` exists. Pends for ever when
    /// the job has ended and no such event exists: look at the job's state first.
    async fn wait_for_event(&self, job: JobId, after: u64);
}

/// Reviews.
#[async_trait]
pub trait ReviewStore: Send + Sync {
    /// Writes a review by its key; `created_at` of an existing one is kept.
    async fn put_review(&self, review: Review) -> Result<(), PortError>;

    /// One review. `NotFound`.
    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError>;

    /// The review of a pull request that was written last, if any.
    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError>;

    /// Reviews, last written first; of one repository where given.
    async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
    ) -> Result<Page<Review>, PortError>;
}
