//! The counters that all writes share. The writer keeps them in memory. The last id of each kind is read
//! from its table at the start, because no table loses its newest row. Of the counts of jobs by state only
//! those of ended jobs are stored: the start reads all open jobs anyway.

use grimoire_domain::job::JobState;
use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, Value, WriteTransaction};

use crate::failure::Outcome;
use crate::schema;

/// A number that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// The newest id of a spell, deleted ones included.
    LastSpell,
    /// The newest sequence number of the change log.
    LastChange,
    /// The newest number of a delivery.
    LastDelivery,
    /// The newest id of a job.
    LastJob,
    /// The number of the newest write of a review.
    LastReviewWrite,
    /// How many jobs are in a state.
    Jobs(JobState),
}

/// The number of counters before those of jobs by state.
const IDS: usize = 5;
/// The indices of the counters that are stored, with their names in the file.
const STORED: [(usize, &str); 4] = [
    (IDS + 2, "jobs_succeeded"),
    (IDS + 3, "jobs_dead"),
    (IDS + 4, "jobs_cancelled"),
    (IDS + 5, "jobs_superseded"),
];

impl Counter {
    fn index(self) -> usize {
        match self {
            Self::LastSpell => 0,
            Self::LastChange => 1,
            Self::LastDelivery => 2,
            Self::LastJob => 3,
            Self::LastReviewWrite => 4,
            Self::Jobs(JobState::Queued) => IDS,
            Self::Jobs(JobState::Running) => IDS + 1,
            Self::Jobs(JobState::Succeeded) => IDS + 2,
            Self::Jobs(JobState::Dead) => IDS + 3,
            Self::Jobs(JobState::Cancelled) => IDS + 4,
            Self::Jobs(JobState::Superseded) => IDS + 5,
        }
    }
}

/// All counters.
#[derive(Debug)]
pub(crate) struct Counters {
    values: [u64; IDS + 6],
    /// The counters of [`STORED`] as they are in the file.
    stored: [u64; STORED.len()],
}

impl Counters {
    /// The counters as of the last commit, but for those of open jobs.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut values = [0; IDS + 6];
        let newest = |id: Option<u64>| id.unwrap_or(0);
        let living = newest(last_key(transaction, schema::SPELLS, |id| id)?);
        let earlier = newest(last_key(transaction, schema::SPELL_REVISIONS, |(id, _)| id)?);
        values[Counter::LastSpell.index()] = living.max(earlier);
        values[Counter::LastChange.index()] =
            newest(last_key(transaction, schema::SPELL_CHANGES, |sequence| sequence)?);
        values[Counter::LastDelivery.index()] = newest(last_key(transaction, schema::DELIVERIES, |id| id)?);
        let open = newest(last_key(transaction, schema::JOBS_OPEN, |id| id)?);
        let ended = newest(last_key(transaction, schema::JOBS_ENDED, |id| id)?);
        values[Counter::LastJob.index()] = open.max(ended);
        values[Counter::LastReviewWrite.index()] =
            newest(last_key(transaction, schema::REVIEWS_BY_WRITE, |write| write)?);
        let table = transaction.open_table(schema::COUNTERS)?;
        let mut stored = [0; STORED.len()];
        for (stored, (index, name)) in stored.iter_mut().zip(STORED) {
            *stored = table.get(name)?.map_or(0, |value| value.value());
            values[index] = *stored;
        }
        Ok(Self { values, stored })
    }

    /// Writes those of [`STORED`] that have changed.
    pub(crate) fn save(&mut self, transaction: &WriteTransaction) -> Outcome<()> {
        if self.stored.iter().zip(STORED).all(|(stored, (index, _))| *stored == self.values[index]) {
            return Ok(());
        }
        let mut table = transaction.open_table(schema::COUNTERS)?;
        for (stored, (index, name)) in self.stored.iter_mut().zip(STORED) {
            if *stored != self.values[index] {
                *stored = self.values[index];
                table.insert(name, *stored)?;
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, counter: Counter) -> u64 {
        self.values[counter.index()]
    }

    /// How many jobs there are in each state, in the order of [`JobState::ALL`].
    pub(crate) fn jobs(&self) -> [u64; 6] {
        JobState::ALL.map(|state| self.get(Counter::Jobs(state)))
    }

    /// Adds one and returns the new value.
    pub(crate) fn increase(&mut self, counter: Counter) -> u64 {
        self.values[counter.index()] += 1;
        self.values[counter.index()]
    }

    /// Subtracts one.
    pub(crate) fn decrease(&mut self, counter: Counter) {
        self.values[counter.index()] -= 1;
    }
}

fn last_key<K: Key + 'static, V: Value + 'static, N>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    number: impl for<'k> FnOnce(K::SelfType<'k>) -> N,
) -> Outcome<Option<N>> {
    Ok(transaction.open_table(table)?.last()?.map(|(key, _)| number(key.value())))
}
