//! What the writer keeps in memory beside the file: the index of open jobs and the counters. Each would
//! cost every write a table, and a start can load them from the file.
//!
//! The writer changes them while it works on a group, so that the writes of a group see each other's
//! effects. When a group fails they are dropped and loaded again from the last commit. Readers never
//! see them: they get a [`Summary`] after the commit.

use grimoire_domain::Timestamp;
use grimoire_domain::spell::Sequence;
use grimoire_ports::store::JobCounts;
use redb::ReadTransaction;

use crate::counters::Counters;
use crate::failure::Outcome;
use crate::jobs::Schedule;

/// Everything that the writer keeps in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) counters: Counters,
    pub(crate) schedule: Schedule,
}

/// The part of the memory that readers get, as of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) jobs: JobCounts,
    /// The earliest moment at which a job may be claimed, in nanoseconds since 1970; if several have
    /// passed, any of them.
    pub(crate) next_claim: Option<i128>,
    /// Whether a claim has seen the moment of some job pass. The clock may have been set back since, so
    /// that only another claim can tell whether one is due.
    pub(crate) seen_due: bool,
}

impl Summary {
    /// Whether a claim at `now` may find a job.
    pub(crate) fn may_have_due(&self, now: Timestamp) -> bool {
        self.seen_due || self.next_claim.is_some_and(|next| next <= now.as_nanosecond())
    }
}

impl Memory {
    /// Loads everything from the last commit.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut counters = Counters::load(transaction)?;
        let schedule = Schedule::load(transaction)?;
        counters.jobs.running = schedule.running();
        counters.jobs.queued = schedule.queued();
        Ok(Self { counters, schedule })
    }

    /// The newest sequence of the change log.
    pub(crate) fn last_change(&self) -> Sequence {
        Sequence(self.counters.last_change)
    }

    pub(crate) fn summary(&self) -> Summary {
        let open = &self.schedule;
        Summary { jobs: self.counters.jobs, next_claim: open.next_moment(), seen_due: open.seen_due() }
    }
}
