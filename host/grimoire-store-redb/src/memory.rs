//! The writer's in-memory state beside the file: the index of open jobs and the counters. As tables,
//! they would make every write more expensive, and a start can rebuild them from the file.
//!
//! The writer updates them while it applies a group, so that the writes of a group see each other's
//! effects. If a group fails, they are dropped and loaded again from the last commit. Readers never
//! see them: they get a [`Summary`] after the commit.

use grimoire_domain::Timestamp;
use grimoire_domain::spell::Sequence;
use grimoire_ports::store::{JobCounts, Kinds};
use redb::ReadTransaction;

use crate::counters::Counters;
use crate::failure::Outcome;
use crate::jobs::{KindSummary, Schedule};

/// The writer's in-memory state.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) counters: Counters,
    pub(crate) schedule: Schedule,
}

/// The part of the state that readers get, as of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) jobs: JobCounts,
    /// The kinds with open jobs.
    kinds: Vec<KindSummary>,
}

impl Summary {
    /// Returns true if a claim of these kinds at `now` may find a job.
    pub(crate) fn may_have_due(&self, kinds: &Kinds, now: Timestamp) -> bool {
        self.of(kinds).any(|kind| kind.seen_due || kind.next_claim <= now.as_nanosecond())
    }

    /// The earliest time at which a job of these kinds may be claimed, in nanoseconds since 1970; if
    /// several have passed, any of them.
    pub(crate) fn next_claim(&self, kinds: &Kinds) -> Option<i128> {
        self.of(kinds).map(|kind| kind.next_claim).min()
    }

    fn of(&self, kinds: &Kinds) -> impl Iterator<Item = &KindSummary> {
        self.kinds.iter().filter(move |kind| kinds.contains(&kind.name))
    }
}

impl Memory {
    /// Loads the state from the last commit.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut counters = Counters::load(transaction)?;
        let schedule = Schedule::load(transaction)?;
        counters.jobs.running = schedule.running();
        counters.jobs.queued = schedule.queued();
        Ok(Self { counters, schedule })
    }

    /// The newest sequence number of the change log.
    pub(crate) fn last_change(&self) -> Sequence {
        Sequence(self.counters.last_change)
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary { jobs: self.counters.jobs, kinds: self.schedule.kinds() }
    }
}
