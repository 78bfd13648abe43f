//! Values of the job operations: filters, kinds, ends of attempts, counts.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::job::JobState;

/// A filter for lists of jobs. Absent fields match every job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// The state.
    pub state: Option<JobState>,
    /// The kind.
    pub kind: Option<String>,
    /// The lane.
    pub lane: Option<String>,
}

/// The kinds of jobs that a worker takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kinds {
    /// These kinds.
    Only(BTreeSet<String>),
    /// All kinds but these.
    Except(BTreeSet<String>),
}

impl Kinds {
    /// All kinds.
    pub fn all() -> Self {
        Self::Except(BTreeSet::new())
    }

    /// Returns true if this kind is included.
    pub fn contains(&self, kind: &str) -> bool {
        match self {
            Self::Only(kinds) => kinds.contains(kind),
            Self::Except(kinds) => !kinds.contains(kind),
        }
    }
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The job is done.
    Succeeded,
    /// The attempt was not possible; try again later. Not counted as a failure.
    Postponed {
        /// The reason for display, without secrets.
        reason: String,
        /// The earliest time of the next attempt.
        at: Timestamp,
    },
    /// Failed; try again later.
    Retry {
        /// The reason for display, without secrets.
        error: String,
        /// The earliest time of the next attempt.
        at: Timestamp,
    },
    /// Failed for good.
    Dead {
        /// The reason for display, without secrets.
        error: String,
    },
    /// Stopped on request.
    Cancelled,
    /// Stopped because newer work replaced it.
    Superseded,
    /// Given back unfinished at shutdown. Not counted as a failure.
    Released,
}

/// Number of jobs in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each field is named like its state")]
pub struct JobCounts {
    pub queued: u64,
    pub running: u64,
    pub succeeded: u64,
    pub dead: u64,
    pub cancelled: u64,
    pub superseded: u64,
}

impl JobCounts {
    /// The count of a state.
    pub fn of(&self, state: JobState) -> u64 {
        *self.clone().of_mut(state)
    }

    /// The count of a state, mutable.
    pub fn of_mut(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Queued => &mut self.queued,
            JobState::Running => &mut self.running,
            JobState::Succeeded => &mut self.succeeded,
            JobState::Dead => &mut self.dead,
            JobState::Cancelled => &mut self.cancelled,
            JobState::Superseded => &mut self.superseded,
        }
    }

    /// Number of queued and running jobs.
    pub fn open(&self) -> u64 {
        self.queued + self.running
    }
}
