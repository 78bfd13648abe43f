//! Counters shared by all writes. The writer keeps them in memory. The last id of each kind is read from
//! its table at the start, because no table loses its newest row. Of the job counts by state, only those
//! of ended jobs are stored: the start reads all open jobs anyway.

use grimoire_domain::job::JobState;
use grimoire_ports::store::JobCounts;
use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, Value, WriteTransaction};

use crate::failure::Outcome;
use crate::schema;

/// The states whose counts are stored, with their names in the file.
const STORED: [(JobState, &str); 4] = [
    (JobState::Succeeded, "jobs_succeeded"),
    (JobState::Dead, "jobs_dead"),
    (JobState::Cancelled, "jobs_cancelled"),
    (JobState::Superseded, "jobs_superseded"),
];

/// All counters.
#[derive(Debug)]
pub(crate) struct Counters {
    /// The newest spell id, deleted spells included.
    pub(crate) last_spell: u64,
    /// The newest sequence number of the change log.
    pub(crate) last_change: u64,
    /// The newest delivery number.
    pub(crate) last_delivery: u64,
    /// The newest job id.
    pub(crate) last_job: u64,
    /// The number of the newest write of a review.
    pub(crate) last_review_write: u64,
    /// Number of jobs in each state.
    pub(crate) jobs: JobCounts,
    /// The counts of [`STORED`] in the file.
    stored: JobCounts,
}

impl Counters {
    /// Loads the counters as of the last commit, except the counts of open jobs, which are 0.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut stored = JobCounts::default();
        let table = transaction.open_table(schema::COUNTERS)?;
        for (state, name) in STORED {
            *stored.of_mut(state) = table.get(name)?.map_or(0, |count| count.value());
        }
        let living = last_key(transaction, schema::SPELLS, |id| id)?;
        let deleted = last_key(transaction, schema::SPELL_REVISIONS, |(id, _)| id)?;
        let open = last_key(transaction, schema::JOBS_OPEN, |id| id)?;
        let ended = last_key(transaction, schema::JOBS_ENDED, |id| id)?;
        Ok(Self {
            last_spell: living.max(deleted),
            last_change: last_key(transaction, schema::SPELL_CHANGES, |sequence| sequence)?,
            last_delivery: last_key(transaction, schema::DELIVERIES, |number| number)?,
            last_job: open.max(ended),
            last_review_write: last_key(transaction, schema::REVIEWS_BY_WRITE, |write| write)?,
            jobs: stored,
            stored,
        })
    }

    /// Writes the changed counts of [`STORED`].
    pub(crate) fn save(&mut self, transaction: &WriteTransaction) -> Outcome<()> {
        for (state, name) in STORED {
            let count = self.jobs.of(state);
            if self.stored.of(state) != count {
                transaction.open_table(schema::COUNTERS)?.insert(name, count)?;
                *self.stored.of_mut(state) = count;
            }
        }
        Ok(())
    }
}

/// Increments a counter and returns its new value.
pub(crate) fn next(counter: &mut u64) -> u64 {
    *counter += 1;
    *counter
}

/// The last key of a table; 0 if it is empty.
fn last_key<K: Key + 'static, V: Value + 'static>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    number: impl for<'k> FnOnce(K::SelfType<'k>) -> u64,
) -> Outcome<u64> {
    Ok(transaction.open_table(table)?.last()?.map_or(0, |(key, _)| number(key.value())))
}
