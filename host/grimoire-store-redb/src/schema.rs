//! The tables. Whatever changes here gets a new [`VERSION`], a step in [`crate::migrations`] and a
//! file of the old version under `tests/fixtures`.

use redb::TableDefinition;

use crate::table::Journaled;

/// The version that this code reads and writes.
pub(crate) const VERSION: u32 = 5;

/// Facts about the file by name, as text.
pub(crate) const META: TableDefinition<'static, &str, &str> = TableDefinition::new("meta");
/// The name of the schema version in [`META`].
pub(crate) const META_SCHEMA: &str = "schema";
/// The name of the store's identity in [`META`].
pub(crate) const META_STORE_ID: &str = "store_id";

/// The name of the last record of the journal in [`META`] that the file has. Since version 4.
pub(crate) const META_JOURNALED: &str = "journaled";

/// The tables that groups of writes change. A table's place is the number by which the journal knows it:
/// new ones come last.
pub(crate) const JOURNALED: [&dyn Journaled; 20] = [
    &COUNTERS,
    &SPELLS,
    &SPELL_REVISIONS,
    &SPELL_CHANGES,
    &SPELLS_BY_KEY,
    &SPELLS_BY_ERROR_TYPE,
    &SPELLS_BY_TAG,
    &SPELL_STATUSES,
    &SPELLS_BY_CONTENT,
    &DELIVERY_NUMBERS,
    &DELIVERIES,
    &JOBS_OPEN,
    &JOBS_ENDED,
    &JOBS_BY_STATE,
    &JOBS_BY_LANE,
    &JOB_EVENTS,
    &REVIEWS,
    &REVIEWS_BY_WRITE,
    &REVIEWS_BY_REPOSITORY,
    &REVIEWS_BY_PULL_REQUEST,
];

/// Numbers by name: how many jobs ended in each state.
pub(crate) const COUNTERS: TableDefinition<'static, &str, u64> = TableDefinition::new("counters");

/// Living spells by id. Since version 5 the present revision of a spell is here and nowhere else; what
/// earlier versions wrote is among the revisions too, until it is written again.
pub(crate) const SPELLS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("spells");
/// The earlier states of living spells and all states of deleted ones, by id and revision.
pub(crate) const SPELL_REVISIONS: TableDefinition<'static, (u64, u64), &[u8]> =
    TableDefinition::new("spell_revisions");
/// The change log: by sequence, which spell and what happened.
pub(crate) const SPELL_CHANGES: TableDefinition<'static, u64, (u64, u8)> =
    TableDefinition::new("spell_changes");
/// Living spells by their key.
pub(crate) const SPELLS_BY_KEY: TableDefinition<'static, &str, u64> = TableDefinition::new("spells_by_key");
/// Living spells by folded error type.
pub(crate) const SPELLS_BY_ERROR_TYPE: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("spells_by_error_type");
/// Living spells by each folded tag.
pub(crate) const SPELLS_BY_TAG: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("spells_by_tag");
/// The status of each living spell: small, so that walking all ids does not read all spells.
pub(crate) const SPELL_STATUSES: TableDefinition<'static, u64, u8> = TableDefinition::new("spell_statuses");
/// Living spells without a key, by a hash of what they say: an import finds those it has already.
/// Since version 2.
pub(crate) const SPELLS_BY_CONTENT: TableDefinition<'static, (u64, u64), ()> =
    TableDefinition::new("spells_by_content");

/// The numbers of deliveries by hashes of their ids: small, because ids come in any order, and each
/// rewrites the page in which it belongs. Since version 3.
pub(crate) const DELIVERY_NUMBERS: TableDefinition<'static, (u64, u64), ()> =
    TableDefinition::new("delivery_numbers");
/// Deliveries with their payloads by number, in the order in which they came: a new one leaves the pages
/// of the others alone. Since version 3.
pub(crate) const DELIVERIES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("delivery_records");

/// The value of an open job: its state, when its time comes (`run_at`, or the end of the lease) in
/// nanoseconds since 1970, its lane, its record.
pub(crate) type OpenJobValue = (u8, i128, Option<&'static str>, &'static [u8]);
/// Queued and running jobs by id. Few beside those that ended: what has to be found among them by
/// anything but the id is indexed in memory (`jobs::open`). Since version 3.
pub(crate) const JOBS_OPEN: TableDefinition<'static, u64, OpenJobValue> = TableDefinition::new("open_jobs");
/// Jobs that ended, by id.
pub(crate) const JOBS_ENDED: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("jobs");
/// Jobs that ended, by state.
pub(crate) const JOBS_BY_STATE: TableDefinition<'static, (u8, u64), ()> =
    TableDefinition::new("jobs_by_state");
/// Jobs that ended, by lane.
pub(crate) const JOBS_BY_LANE: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("jobs_by_lane");
/// The events of jobs, by job and sequence. The first of a job, `queued`, follows from the job and has
/// no row; files of earlier versions have one.
pub(crate) const JOB_EVENTS: TableDefinition<'static, (u64, u64), &[u8]> = TableDefinition::new("job_events");

/// Identifies a review: repository, number and head commit.
pub(crate) type ReviewKeyParts = (&'static str, u64, &'static str);
/// Reviews by key, with the number of the write that wrote them last.
pub(crate) const REVIEWS: TableDefinition<'static, ReviewKeyParts, (u64, &[u8])> =
    TableDefinition::new("reviews");
/// Reviews by the number of their last write.
pub(crate) const REVIEWS_BY_WRITE: TableDefinition<'static, u64, ReviewKeyParts> =
    TableDefinition::new("reviews_by_write");
/// Reviews by repository and the number of their last write.
pub(crate) const REVIEWS_BY_REPOSITORY: TableDefinition<'static, (&str, u64), (u64, &str)> =
    TableDefinition::new("reviews_by_repository");
/// Reviews by pull request and the number of their last write: the head commit.
pub(crate) const REVIEWS_BY_PULL_REQUEST: TableDefinition<'static, (&str, u64, u64), &str> =
    TableDefinition::new("reviews_by_pull_request");
