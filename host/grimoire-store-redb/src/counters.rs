//! Numbers that one group of writes shares.

use grimoire_domain::job::JobState;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::failure::Outcome;
use crate::schema::COUNTERS;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// The newest id of a spell, deleted ones included.
    LastSpell,
    /// The newest sequence number of the change log.
    LastChange,
    /// The newest id of a job.
    LastJob,
    /// The number of the newest write of a review.
    LastReviewWrite,
    /// How many jobs are in a state.
    Jobs(JobState),
}

const NAMES: [&str; 10] = [
    "last_spell",
    "last_change",
    "last_job",
    "last_review_write",
    "jobs_queued",
    "jobs_running",
    "jobs_succeeded",
    "jobs_dead",
    "jobs_cancelled",
    "jobs_superseded",
];

impl Counter {
    fn index(self) -> usize {
        match self {
            Self::LastSpell => 0,
            Self::LastChange => 1,
            Self::LastJob => 2,
            Self::LastReviewWrite => 3,
            Self::Jobs(JobState::Queued) => 4,
            Self::Jobs(JobState::Running) => 5,
            Self::Jobs(JobState::Succeeded) => 6,
            Self::Jobs(JobState::Dead) => 7,
            Self::Jobs(JobState::Cancelled) => 8,
            Self::Jobs(JobState::Superseded) => 9,
        }
    }

    /// The value as of the last commit.
    pub(crate) fn read(self, transaction: &ReadTransaction) -> Outcome<u64> {
        let table = transaction.open_table(COUNTERS)?;
        Ok(table.get(NAMES[self.index()])?.map_or(0, |value| value.value()))
    }
}

/// All counters, read once and written once per group.
#[derive(Debug)]
pub(crate) struct Counters {
    stored: [u64; NAMES.len()],
    current: [u64; NAMES.len()],
}

impl Counters {
    pub(crate) fn load(transaction: &WriteTransaction) -> Outcome<Self> {
        let table = transaction.open_table(COUNTERS)?;
        let mut stored = [0; NAMES.len()];
        for (value, name) in stored.iter_mut().zip(NAMES) {
            *value = table.get(name)?.map_or(0, |stored| stored.value());
        }
        Ok(Self { stored, current: stored })
    }

    pub(crate) fn save(&self, transaction: &WriteTransaction) -> Outcome<()> {
        let mut table = transaction.open_table(COUNTERS)?;
        for (index, name) in NAMES.iter().enumerate() {
            if self.current[index] != self.stored[index] {
                table.insert(name, self.current[index])?;
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, counter: Counter) -> u64 {
        self.current[counter.index()]
    }

    /// One more; the new value.
    pub(crate) fn increase(&mut self, counter: Counter) -> u64 {
        self.current[counter.index()] += 1;
        self.current[counter.index()]
    }

    /// One less.
    pub(crate) fn decrease(&mut self, counter: Counter) {
        self.current[counter.index()] -= 1;
    }
}
