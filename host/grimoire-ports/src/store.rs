//! The store: spells, deliveries, jobs, reviews, installed plugins.
//!
//! The port offers operations, not transactions: one call is one atomic step, which an embedded
//! store and a database server can both provide. A write is durable when its call returns.

mod job_values;
mod plugins;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict, VerdictKind};
use grimoire_domain::job::{Job, JobEvent, JobId, Lease, NewJob};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{PostedComment, Review, ReviewKey};
use grimoire_domain::spell::{
    Outcomes, Revision, Sequence, Spell, SpellChange, SpellId, SpellStatus, ValidSpell,
};

use crate::PortError;

pub use job_values::{AttemptEnd, JobCounts, JobFilter, Kinds};
pub use plugins::{PluginChange, PluginStore};

/// A complete store.
#[async_trait]
pub trait Store: SpellStore + DeliveryStore + JobStore + ReviewStore + PluginStore {
    /// Finishes pending writes and rejects new ones, so that the next start needs no repair. Later calls
    /// fail with `Unavailable`. May be called twice.
    async fn close(&self) -> Result<(), PortError>;

    /// Fails if writes are not possible, with the remedy: `Unavailable` if the disk is full. After a failed
    /// write it tries another one, so that recovery is noticed without waiting for a caller.
    async fn check_writes(&self) -> Result<(), PortError>;

    /// Writes a consistent copy of everything to a new file while reads and writes continue. Fails
    /// with `Conflict` if the file exists.
    async fn back_up(&self, file: &Path) -> Result<(), PortError>;
}

/// The result of verifying a store's file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Number of records read.
    pub records: u64,
    /// Descriptions of the damage, at most a hundred. Empty if the file is intact.
    pub damage: Vec<String>,
}

/// The author and time of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A person, a token's label, `import`.
    pub by: String,
    /// The time to record.
    pub at: Timestamp,
}

/// The result of a write, and its sequence number in the change log.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// The value after the write.
    pub value: T,
    /// The change's sequence number. Searches see the change once the index has reached it.
    pub sequence: Sequence,
}

/// A filter for lists of spells. Absent fields match every spell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpellFilter {
    /// The error type, ignoring letter case.
    pub error_type: Option<String>,
    /// A tag, ignoring letter case.
    pub tag: Option<String>,
    /// The status.
    pub status: Option<SpellStatus>,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// Number of new spells.
    pub created: u64,
    /// Number of changed spells.
    pub updated: u64,
    /// Number of spells that were already equal.
    pub unchanged: u64,
}

/// The spellbook.
#[async_trait]
pub trait SpellStore: Send + Sync {
    /// Stores a new spell. If a spell has its key and equal fields, returns that spell: a caller whose answer was lost
    /// can repeat the call. Fails with `Conflict` if a spell with its key has other fields.
    async fn create_spell(&self, fields: ValidSpell, stamp: Stamp) -> Result<Written<Spell>, PortError>;

    /// Returns a spell. Fails with `NotFound`, which names the id. Does not block: at most one point read.
    async fn get_spell(&self, id: SpellId) -> Result<Spell, PortError>;

    /// Returns the existing spells among `ids`, in the order of `ids`.
    async fn get_spells(&self, ids: &[SpellId]) -> Result<Vec<Spell>, PortError>;

    /// Lists spells by ascending id.
    async fn list_spells(&self, filter: &SpellFilter, page: PageRequest) -> Result<Page<Spell>, PortError>;

    /// Replaces a spell's fields. Fails with `NotFound`, and with `Conflict` if `expected` is given and is not the
    /// current revision, or if the key is taken. Equal fields still create a revision.
    async fn update_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError>;

    /// Deletes a spell; its id and its revisions are kept. Errors as for `update_spell`.
    async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Sequence, PortError>;

    /// Restores a deleted spell under its id, with these fields as the next revision. Fails with `NotFound` if it
    /// never existed, and with `Conflict` if it is not deleted or the key is taken.
    async fn undelete_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError>;

    /// Returns all revisions of a spell, oldest first, also after its deletion. Fails with `NotFound`.
    async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PortError>;

    /// Writes a batch in one atomic step. A spell whose key exists is updated if any field differs,
    /// else left unchanged. A spell with a new key or none is created, but one without a key that
    /// equals an existing spell in all fields is left unchanged.
    async fn import_spells(
        &self,
        batch: Vec<ValidSpell>,
        stamp: Stamp,
    ) -> Result<Written<ImportSummary>, PortError>;

    /// Returns entries of the change log after `after`, oldest first, at most `limit`.
    async fn changes_after(&self, after: Sequence, limit: usize) -> Result<Vec<SpellChange>, PortError>;

    /// Returns the newest sequence number; 0 if there is none.
    async fn last_sequence(&self) -> Result<Sequence, PortError>;

    /// Returns once `last_sequence()` is above `after`. Wakes every waiter.
    async fn wait_for_change(&self, after: Sequence);

    /// Returns the id generated when the store was created. It shows whether an index belongs to another store.
    async fn store_id(&self) -> Result<String, PortError>;
}

/// The outcome of recording a webhook request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Stored, with the resulting job.
    Accepted(Option<JobId>),
    /// Already known, and its job (if any) is queued, running, succeeded or superseded: nothing was
    /// done.
    Duplicate(Option<JobId>),
    /// Already known, and its job was dead or cancelled: it is queued again.
    Requeued(JobId),
}

/// A filter for deliveries. An absent field does not restrict the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// Only deliveries with exactly this event.
    pub event: Option<String>,
    /// Only deliveries with exactly this action.
    pub action: Option<String>,
    /// Only deliveries about this repository; letter case is ignored.
    pub repository: Option<RepositoryName>,
    /// Only deliveries with this verdict.
    pub verdict: Option<VerdictKind>,
}

impl DeliveryFilter {
    /// Returns true if a delivery passes this filter.
    pub fn shows(&self, facts: &DeliveryFacts) -> bool {
        let same = |left: &RepositoryName, right: &RepositoryName| {
            left.as_str().eq_ignore_ascii_case(right.as_str())
        };
        self.event.as_ref().is_none_or(|event| *event == facts.event)
            && self.action.as_ref().is_none_or(|action| Some(action) == facts.action.as_ref())
            && self
                .repository
                .as_ref()
                .is_none_or(|wanted| facts.repository.as_ref().is_some_and(|about| same(wanted, about)))
            && self.verdict.is_none_or(|verdict| verdict == facts.verdict.kind())
    }
}

/// Webhook requests.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Stores a delivery and its job in one step, or recognises a known one. The job in the delivery's facts is ignored
    /// and set by the store. Enqueueing follows the rules of [`JobStore::enqueue_job`]. Many concurrent calls share one
    /// sync; of several with the same id exactly one is accepted.
    async fn record_delivery_and_enqueue(
        &self,
        delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError>;

    /// Returns a delivery. Fails with `NotFound`.
    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError>;

    /// Deliveries without their payloads, the latest arrival first.
    async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryFacts>, PortError>;

    /// Records that a delivery is handled again, with this verdict, and enqueues its new job, in one step; without a
    /// new job the delivery keeps its job. `Duplicate`, without any change, if its job is queued or running.
    /// `NotFound`.
    async fn redeliver(
        &self,
        id: &DeliveryId,
        verdict: Verdict,
        job: Option<NewJob>,
        now: Timestamp,
    ) -> Result<DeliveryOutcome, PortError>;

    /// Deletes deliveries that arrived before `before`, the oldest first and at most `limit`; their jobs stay, and so
    /// does the newest delivery. Returns the number of deleted deliveries.
    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, PortError>;
}

/// Jobs. Every change of a job's state also appends an event in the same step: `queued`, `started`,
/// `succeeded`, `retrying`, `postponed`, `dead`, `cancelled`, `superseded`, `released`.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a job. If it has a lane and a version, queued jobs of that lane with another version
    /// are superseded and a running one with another version is asked to stop; if the lane has a
    /// queued job of the same kind and version that has not started, that job is returned instead.
    /// Jobs without a version are neither superseded nor joined.
    async fn enqueue_job(&self, job: NewJob, now: Timestamp) -> Result<JobId, PortError>;

    /// Claims the oldest available job of these kinds, under a lease of this length. The lease starts at
    /// the store's own time, so that workers on several machines agree on which leases are valid.
    ///
    /// A job is available if it is queued and its `run_at` has come, or if it is running and its lease has
    /// expired; no older job of its lane may be queued or running, and no other one of any kind may run under
    /// a valid lease. A claim counts an attempt and, after an expired lease, a failure. A job whose lease has
    /// expired after it was asked to stop is ended instead of claimed.
    async fn claim_job(&self, kinds: &Kinds, lease: Duration) -> Result<Option<(Job, Lease)>, PortError>;

    /// Returns the earliest time at which `claim_job` may find a job of these kinds: a queued job's `run_at` or a
    /// running job's lease end. Of several past times, any may be returned. `None`: nothing to wait for.
    async fn next_claim_at(&self, kinds: &Kinds) -> Result<Option<Timestamp>, PortError>;

    /// Returns once a job was enqueued, retried, postponed, released or ended after this call began. The
    /// call itself counts, not the first poll, so that no change between looking and waiting is missed.
    async fn wait_for_job(&self);

    /// Extends a lease to this length from the store's current time. Fails with `Conflict` if a later
    /// claim took the job. Returns true if the job was asked to stop.
    async fn renew_lease(&self, lease: &Lease, length: Duration) -> Result<bool, PortError>;

    /// Ends an attempt. Fails with `Conflict`, without a change, if a later claim took the job. A
    /// job that was asked to stop is not queued again: unless it succeeded or is dead, it ends as
    /// superseded if newer work was the reason, else as cancelled.
    async fn end_attempt(&self, lease: &Lease, end: AttemptEnd, now: Timestamp) -> Result<(), PortError>;

    /// Cancels a queued job, or asks a running one to stop. Fails with `NotFound`; with `Conflict` if it ended.
    async fn cancel_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError>;

    /// Cancels queued jobs of a lane and asks its running job to stop, because the lane's subject
    /// is gone (a closed pull request). Returns the affected jobs.
    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError>;

    /// Queues a dead, cancelled or superseded job again, with its attempts and failures set to 0.
    /// Fails with `NotFound`, and with `Conflict` in any other state.
    async fn retry_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError>;

    /// Returns a job. Fails with `NotFound`.
    async fn get_job(&self, id: JobId) -> Result<Job, PortError>;

    /// Lists jobs by descending id.
    async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>, PortError>;

    /// Counts the jobs in each state.
    async fn count_jobs(&self) -> Result<JobCounts, PortError>;

    /// Appends an event to a running job. Fails with `Conflict` if a later claim took the job.
    async fn append_event(
        &self,
        lease: &Lease,
        step: &str,
        message: &str,
        data: serde_json::Value,
        now: Timestamp,
    ) -> Result<JobEvent, PortError>;

    /// Returns events with a sequence above `after`, oldest first, at most `limit`. Fails with `NotFound`.
    async fn events_after(&self, job: JobId, after: u64, limit: usize) -> Result<Vec<JobEvent>, PortError>;

    /// Returns once the job has an event with a sequence above `after`. Never returns if the job
    /// has ended without such an event: check the job's state first.
    async fn wait_for_event(&self, job: JobId, after: u64);
}

/// Reviews, and the outbox of those to be published.
#[async_trait]
pub trait ReviewStore: Send + Sync {
    /// Writes a review by its key; `created_at` of an existing one is kept. The same step, like every other way to
    /// write a review, updates the outcomes of all spells that the pull request was ever offered.
    async fn put_review(&self, review: Review) -> Result<(), PortError>;

    /// Writes a review like [`ReviewStore::put_review`], adds a publication for each of these channels to
    /// the outbox, and enqueues the job that publishes them like [`JobStore::enqueue_job`]: all in one
    /// step, at the review's `updated_at`. Returns the job.
    async fn put_review_and_publish(
        &self,
        review: Review,
        channels: &[Channel],
        publisher: NewJob,
    ) -> Result<JobId, PortError>;

    /// Returns the outbox entries of a pull request, by commit and channel.
    async fn publications(&self, pull_request: &PullRequestId) -> Result<Vec<Publication>, PortError>;

    /// Removes a publication from the outbox, because it was published or is not to be published any more. A posted
    /// comment is recorded in the review, which counts as a write. A publication that was requested again meanwhile
    /// is kept; a missing one is no error. Fails with `NotFound` if the review does not exist.
    async fn settle_publication(
        &self,
        publication: &Publication,
        posted: Option<PostedComment>,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Returns a review. Fails with `NotFound`.
    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError>;

    /// Returns the last written review of a pull request, if any.
    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError>;

    /// Returns the last written review of a pull request that has a comment, if any.
    async fn latest_commented_review(
        &self,
        pull_request: &PullRequestId,
    ) -> Result<Option<Review>, PortError>;

    /// The outcomes of these spells, in the order of `ids`; default values for a spell that was never offered. Does not
    /// block: at most one point read per spell.
    async fn spell_outcomes(&self, ids: &[SpellId]) -> Result<Vec<Outcomes>, PortError>;

    /// Lists reviews, the last written first; only those of `repository` if given.
    async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
    ) -> Result<Page<Review>, PortError>;
}
