//! The tables. A change to one of them needs a new [`VERSION`], a step in [`crate::migrations`], and a
//! file of the previous version under `tests/fixtures`.
//!
//! Record tables are the source of truth; index tables are derived from them and written in the same transaction.

use redb::{Key, TableDefinition, Value};

use crate::failure::Outcome;

/// The schema version that this code reads and writes.
pub(crate) const VERSION: u32 = 4;

/// Facts about the file, by name, as text.
pub(crate) const META: TableDefinition<'static, &str, &str> = TableDefinition::new("meta");
/// The name of the schema version in [`META`].
pub(crate) const META_VERSION: &str = "schema_version";
/// Its name in files from before schema version 1.
pub(crate) const META_VERSION_OF_OLD: &str = "schema";
/// The name of the store's id in [`META`].
pub(crate) const META_STORE_ID: &str = "store_id";

/// The name in [`META`] of the time at which writes last became possible again after trouble.
pub(crate) const META_RECOVERED_AT: &str = "recovered_at";

/// Numbers by name: the number of ended jobs in each state.
pub(crate) const COUNTERS: TableDefinition<'static, &str, u64> = TableDefinition::new("counters");

/// Records by a number. Tables of records are opened as [`crate::records::Records`].
pub(crate) type ByNumber = TableDefinition<'static, u64, &'static [u8]>;
/// Records by two numbers.
pub(crate) type ByNumbers = TableDefinition<'static, (u64, u64), &'static [u8]>;

/// Existing spells by id, each with its current revision.
pub(crate) const SPELLS: ByNumber = TableDefinition::new("spells");
/// The earlier revisions of existing spells and all revisions of deleted ones, by id and revision.
pub(crate) const SPELL_REVISIONS: ByNumbers = TableDefinition::new("spell_revisions");
/// The change log by sequence number.
pub(crate) const SPELL_CHANGES: ByNumber = TableDefinition::new("spell_changes");
/// Index: existing spells by key.
pub(crate) const SPELLS_BY_KEY: TableDefinition<'static, &str, u64> = TableDefinition::new("spells_by_key");
/// Index: existing spells by folded error type.
pub(crate) const SPELLS_BY_ERROR_TYPE: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("spells_by_error_type");
/// Index: existing spells by folded tag.
pub(crate) const SPELLS_BY_TAG: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("spells_by_tag");
/// Index: the status of each existing spell. Small, so that listing all ids does not read all spells.
pub(crate) const SPELL_STATUSES: TableDefinition<'static, u64, u8> = TableDefinition::new("spell_statuses");
/// Index: existing spells without a key, by a hash of their content. Used by imports to find duplicates.
pub(crate) const SPELLS_BY_CONTENT: TableDefinition<'static, (u64, u64), ()> =
    TableDefinition::new("spells_by_content");

/// Deliveries with their payloads by number, in order of arrival: a new one is appended and does not
/// touch the pages of others.
pub(crate) const DELIVERIES: ByNumber = TableDefinition::new("deliveries");
/// Index: the numbers of deliveries by hash of their ids. Ids arrive in random order, so every insert
/// rewrites a random page: the rows are kept small.
pub(crate) const DELIVERIES_BY_ID: TableDefinition<'static, (u64, u64), ()> =
    TableDefinition::new("deliveries_by_id");

/// Queued and running jobs by id. There are few; the writer indexes them in memory (`jobs::schedule`).
pub(crate) const JOBS_OPEN: ByNumber = TableDefinition::new("jobs_open");
/// Ended jobs by id.
pub(crate) const JOBS_ENDED: ByNumber = TableDefinition::new("jobs_ended");
/// Index: ended jobs by state.
pub(crate) const JOBS_BY_STATE: TableDefinition<'static, (u8, u64), ()> =
    TableDefinition::new("jobs_by_state");
/// Index: ended jobs by lane.
pub(crate) const JOBS_BY_LANE: TableDefinition<'static, (&str, u64), ()> =
    TableDefinition::new("jobs_by_lane");
/// The events of jobs by job and sequence number. The first event of a job, `queued`, is derived
/// from the job and has no row.
pub(crate) const JOB_EVENTS: ByNumbers = TableDefinition::new("job_events");

/// The key of a review: repository, pull request and head commit.
pub(crate) type ReviewKeyParts = (&'static str, u64, &'static str);
/// Reviews by key.
pub(crate) const REVIEWS: TableDefinition<'static, ReviewKeyParts, &[u8]> = TableDefinition::new("reviews");
/// Index: reviews by the number of their last write.
pub(crate) const REVIEWS_BY_WRITE: TableDefinition<'static, u64, ReviewKeyParts> =
    TableDefinition::new("reviews_by_write");
/// Index: reviews by repository and the number of their last write.
pub(crate) const REVIEWS_BY_REPOSITORY: TableDefinition<'static, (&str, u64), (u64, &str)> =
    TableDefinition::new("reviews_by_repository");
/// Index: head commits by pull request and the number of the review's last write.
pub(crate) const REVIEWS_BY_PULL_REQUEST: TableDefinition<'static, (&str, u64, u64), &str> =
    TableDefinition::new("reviews_by_pull_request");

/// The key of a publication: its review's key, and the code of its channel.
pub(crate) type PublicationKeyParts = (&'static str, u64, &'static str, u8);
/// The outbox: publications to be posted.
pub(crate) const OUTBOX: TableDefinition<'static, PublicationKeyParts, &[u8]> =
    TableDefinition::new("outbox");

/// Installed plugins by name.
pub(crate) const PLUGINS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("plugins");
/// The components of the kept versions of plugins, by name and digest.
pub(crate) const PLUGIN_COMPONENTS: TableDefinition<'static, (&str, &str), &[u8]> =
    TableDefinition::new("plugin_components");
/// The receipts of changes to plugins, by number.
pub(crate) const PLUGIN_RECEIPTS: ByNumber = TableDefinition::new("plugin_receipts");
/// The spells that a pull request was ever offered: repository, number and spell. Never removed, even if a review is
/// replaced by one without them.
pub(crate) const SPELL_OFFERS: TableDefinition<'static, (&str, u64, u64), ()> =
    TableDefinition::new("spell_offers");
/// Derived from [`SPELL_OFFERS`] and the latest reviews: for how many pull requests a spell was offered, and how many
/// of those are green.
pub(crate) const SPELL_OUTCOMES: TableDefinition<'static, u64, (u64, u64)> =
    TableDefinition::new("spell_outcomes");

/// Work on tables of any type.
pub(crate) trait TableVisitor {
    /// Works on one table.
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Outcome<()>;
}

/// Visits every table but [`META`].
pub(crate) fn visit_tables(visitor: &mut impl TableVisitor) -> Outcome<()> {
    visitor.visit(COUNTERS)?;
    visitor.visit(SPELLS)?;
    visitor.visit(SPELL_REVISIONS)?;
    visitor.visit(SPELL_CHANGES)?;
    visitor.visit(SPELLS_BY_KEY)?;
    visitor.visit(SPELLS_BY_ERROR_TYPE)?;
    visitor.visit(SPELLS_BY_TAG)?;
    visitor.visit(SPELL_STATUSES)?;
    visitor.visit(SPELLS_BY_CONTENT)?;
    visitor.visit(DELIVERIES)?;
    visitor.visit(DELIVERIES_BY_ID)?;
    visitor.visit(JOBS_OPEN)?;
    visitor.visit(JOBS_ENDED)?;
    visitor.visit(JOBS_BY_STATE)?;
    visitor.visit(JOBS_BY_LANE)?;
    visitor.visit(JOB_EVENTS)?;
    visitor.visit(REVIEWS)?;
    visitor.visit(REVIEWS_BY_WRITE)?;
    visitor.visit(REVIEWS_BY_REPOSITORY)?;
    visitor.visit(REVIEWS_BY_PULL_REQUEST)?;
    visitor.visit(OUTBOX)?;
    visitor.visit(PLUGINS)?;
    visitor.visit(PLUGIN_COMPONENTS)?;
    visitor.visit(PLUGIN_RECEIPTS)?;
    visitor.visit(SPELL_OFFERS)?;
    visitor.visit(SPELL_OUTCOMES)
}
