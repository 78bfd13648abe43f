//! The tables. Whatever changes here gets a new [`VERSION`], a step in [`crate::migrations`] and a
//! file of the old version under `tests/fixtures`.

use redb::TableDefinition;

/// The version that this code reads and writes.
pub(crate) const VERSION: u32 = 2;

/// Facts about the file by name, as text.
pub(crate) const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
/// The name of the schema version in [`META`].
pub(crate) const META_SCHEMA: &str = "schema";
/// The name of the store's identity in [`META`].
pub(crate) const META_STORE_ID: &str = "store_id";

/// Numbers by name: the last of each kind of id, and how many there are of what is counted often.
pub(crate) const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");

/// Living spells by id.
pub(crate) const SPELLS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("spells");
/// Every state of every spell, by id and revision.
pub(crate) const SPELL_REVISIONS: TableDefinition<'_, (u64, u64), &[u8]> =
    TableDefinition::new("spell_revisions");
/// The change log: by sequence, which spell and what happened.
pub(crate) const SPELL_CHANGES: TableDefinition<'_, u64, (u64, u8)> = TableDefinition::new("spell_changes");
/// Living spells by their key.
pub(crate) const SPELLS_BY_KEY: TableDefinition<'_, &str, u64> = TableDefinition::new("spells_by_key");
/// Living spells by folded error type.
pub(crate) const SPELLS_BY_ERROR_TYPE: TableDefinition<'_, (&str, u64), ()> =
    TableDefinition::new("spells_by_error_type");
/// Living spells by each folded tag.
pub(crate) const SPELLS_BY_TAG: TableDefinition<'_, (&str, u64), ()> = TableDefinition::new("spells_by_tag");
/// The status of each living spell: small, so that walking all ids does not read all spells.
pub(crate) const SPELL_STATUSES: TableDefinition<'_, u64, u8> = TableDefinition::new("spell_statuses");
/// Living spells without a key, by a hash of what they say: an import finds those it has already.
/// Since version 2.
pub(crate) const SPELLS_BY_CONTENT: TableDefinition<'_, (u64, u64), ()> =
    TableDefinition::new("spells_by_content");

/// Deliveries by id.
pub(crate) const DELIVERIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("deliveries");

/// Jobs by id.
pub(crate) const JOBS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("jobs");
/// The events of jobs, by job and sequence.
pub(crate) const JOB_EVENTS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("job_events");
/// Jobs by state.
pub(crate) const JOBS_BY_STATE: TableDefinition<'_, (u8, u64), ()> = TableDefinition::new("jobs_by_state");
/// Jobs by lane, ended ones too.
pub(crate) const JOBS_BY_LANE: TableDefinition<'_, (&str, u64), ()> = TableDefinition::new("jobs_by_lane");
/// Queued and running jobs by lane: the state, and when the job's time comes (`run_at`, or the end
/// of the lease) in nanoseconds since 1970.
pub(crate) const JOBS_OPEN: TableDefinition<'_, (Option<&str>, u64), (u8, i128)> =
    TableDefinition::new("jobs_open");
/// The next job of each lane, and each open job without one, by the moment from which it may be
/// claimed.
pub(crate) const JOBS_WAITING: TableDefinition<'_, (i128, u64), ()> = TableDefinition::new("jobs_waiting");
/// Those whose moment a claim has seen pass; they are not in [`JOBS_WAITING`] any more. Claims take
/// the first, however many are due.
pub(crate) const JOBS_READY: TableDefinition<'_, u64, i128> = TableDefinition::new("jobs_ready");

/// Identifies a review: repository, number and head commit.
pub(crate) type ReviewKeyParts = (&'static str, u64, &'static str);
/// Reviews by key, with the number of the write that wrote them last.
pub(crate) const REVIEWS: TableDefinition<'_, ReviewKeyParts, (u64, &[u8])> = TableDefinition::new("reviews");
/// Reviews by the number of their last write.
pub(crate) const REVIEWS_BY_WRITE: TableDefinition<'_, u64, ReviewKeyParts> =
    TableDefinition::new("reviews_by_write");
/// Reviews by repository and the number of their last write.
pub(crate) const REVIEWS_BY_REPOSITORY: TableDefinition<'_, (&str, u64), (u64, &str)> =
    TableDefinition::new("reviews_by_repository");
/// Reviews by pull request and the number of their last write: the head commit.
pub(crate) const REVIEWS_BY_PULL_REQUEST: TableDefinition<'_, (&str, u64, u64), &str> =
    TableDefinition::new("reviews_by_pull_request");
