//! What the writer keeps in memory beside the file: indices and numbers that would cost every write a
//! table, and that a start can make again.
//!
//! The writer changes them while it does a group, so that writes of a group see each other's effects.
//! When a group fails they are thrown away and made again from the last commit. Nobody else looks at
//! them: readers get a [`Summary`], told after the commit.

use grimoire_domain::Timestamp;
use grimoire_domain::job::JobState;
use redb::ReadTransaction;

use crate::counters::{Counter, Counters};
use crate::failure::Outcome;
use crate::jobs::OpenJobs;

/// Everything that is kept in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) counters: Counters,
    pub(crate) open_jobs: OpenJobs,
}

/// What readers are told of it, as of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    /// How many jobs there are in each state, in the order of [`JobState::ALL`].
    pub(crate) jobs: [u64; 6],
    /// The earliest moment at which a job may be claimed, in nanoseconds since 1970; of several that
    /// claims have seen pass any.
    pub(crate) next_claim: Option<i128>,
    /// Whether a claim has seen the moment of some job pass: the clock may have been set back since, so
    /// that only another claim can say whether one is due.
    pub(crate) seen_due: bool,
}

impl Summary {
    /// Whether a claim at `now` has a chance.
    pub(crate) fn may_have_due(&self, now: Timestamp) -> bool {
        self.seen_due || self.next_claim.is_some_and(|next| next <= now.as_nanosecond())
    }
}

impl Memory {
    /// Makes it from the last commit.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut counters = Counters::load(transaction)?;
        let open_jobs = OpenJobs::load(transaction)?;
        for running in open_jobs.running() {
            counters.increase(Counter::Jobs(if running { JobState::Running } else { JobState::Queued }));
        }
        Ok(Self { counters, open_jobs })
    }

    pub(crate) fn summary(&self) -> Summary {
        let open = &self.open_jobs;
        Summary { jobs: self.counters.jobs(), next_claim: open.next_moment(), seen_due: open.seen_due() }
    }
}
