//! A job in the memory store.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobState};
use serde_json::Value;

/// A job with its lease, stop request and events.
#[derive(Debug)]
pub(super) struct JobRecord {
    pub(super) job: Job,
    /// Grows with every claim.
    pub(super) fence: u64,
    /// Present while the job is running.
    pub(super) lease_until: Option<Timestamp>,
    /// Why the running attempt was asked to stop, and the text of its event.
    pub(super) stop: Option<(StopCause, String)>,
    pub(super) events: Vec<JobEvent>,
}

/// Why a job was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopCause {
    /// A person asked.
    Cancelled,
    /// Newer work replaced it.
    Superseded,
}

impl StopCause {
    pub(super) fn state(self) -> JobState {
        match self {
            Self::Cancelled => JobState::Cancelled,
            Self::Superseded => JobState::Superseded,
        }
    }
}

impl JobRecord {
    pub(super) fn event(
        &mut self,
        step: &str,
        message: impl Into<String>,
        data: Value,
        at: Timestamp,
    ) -> JobEvent {
        let sequence = self.events.len() as u64 + 1;
        let event = JobEvent { sequence, at, step: step.to_owned(), message: message.into(), data };
        self.events.push(event.clone());
        event
    }

    /// Changes the state and adds the event of that change.
    pub(super) fn change_state(
        &mut self,
        state: JobState,
        step: &str,
        message: impl Into<String>,
        data: Value,
        now: Timestamp,
    ) {
        self.job.state = state;
        self.job.updated_at = now;
        if state != JobState::Running {
            self.lease_until = None;
            self.stop = None;
            self.job.cancel_requested = false;
        }
        self.event(step, message, data, now);
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }

    /// When the job becomes due, ignoring its lane.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match self.job.state {
            JobState::Queued => Some(self.job.run_at),
            JobState::Running => self.lease_until,
            _ => None,
        }
    }
}
