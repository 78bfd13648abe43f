//! Durable units of work.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The id of a job: starts at 1, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for a worker, or for the next attempt.
    Queued,
    /// A worker holds the job's lease.
    Running,
    /// Done.
    Succeeded,
    /// Failed for good (a dead letter) until somebody retries it.
    Dead,
    /// Cancelled by a person, or because the pull request was closed.
    Cancelled,
    /// Replaced by newer work of the same lane.
    Superseded,
}

impl JobState {
    /// All states, for filters and their documentation.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Dead, Self::Cancelled, Self::Superseded];

    /// Returns true if the job stays in this state unless somebody acts.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Dead | Self::Cancelled | Self::Superseded => true,
        }
    }

    /// The name used in responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

/// The specification of a job to enqueue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewJob {
    /// The name of the job's handler, such as `review_pull_request`.
    pub kind: String,
    /// Jobs of one lane run one at a time, in order of their ids. A job without a lane waits for no other job.
    pub lane: Option<String>,
    /// The version of the lane's subject (a head commit). A job with another version replaces
    /// queued and running older jobs of the lane; a job with the same version joins the queue.
    pub version: Option<String>,
    /// The handler's input.
    pub payload: serde_json::Value,
}

/// A durable unit of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's id, never reused.
    pub id: JobId,
    /// The specification as enqueued.
    pub spec: NewJob,
    /// The current state.
    pub state: JobState,
    /// Number of starts since the job was queued; 0 before the first.
    pub attempts: u32,
    /// Number of those attempts that failed. An attempt that was postponed or given back does not
    /// count; one whose lease ran out does.
    pub failures: u32,
    /// The earliest time of the next attempt.
    pub run_at: Timestamp,
    /// The time at which the job was enqueued.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// Why the last attempt failed or was postponed, as a sentence without secrets.
    pub last_error: Option<String>,
    /// True if a running job was asked to stop.
    pub cancel_requested: bool,
}

/// The right to work on a job until a deadline; a later claim invalidates an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Fencing token: grows with every claim of the job and keeps a worker that lost its lease from writing.
    pub fence: u64,
    /// The deadline, unless renewed.
    pub until: Timestamp,
}

/// One entry of a job's event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobEvent {
    /// The event's number within the job, from 1 without gaps.
    pub sequence: u64,
    /// The time of the event.
    pub at: Timestamp,
    /// A short stable name: `queued`, `started`, `fetched`, `analyzed`, `matched`, `published`, `succeeded`…
    pub step: String,
    /// One sentence for display.
    pub message: String,
    /// Machine-readable facts; an object.
    pub data: serde_json::Value,
}
