//! Durable units of work.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The identity of a job: from 1, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for a worker, or for its next attempt.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Done.
    Succeeded,
    /// Failed for good: a dead letter, until somebody retries it.
    Dead,
    /// Cancelled by a person or because the pull request was closed.
    Cancelled,
    /// Newer work of the same lane replaced it.
    Superseded,
}

impl JobState {
    /// Every state, for filters and their documentation.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Dead, Self::Cancelled, Self::Superseded];

    /// Whether nothing happens any more unless somebody asks.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Dead | Self::Cancelled | Self::Superseded => true,
        }
    }

    /// The name used in answers.
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

/// A job as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewJob {
    /// Which handler runs it, such as `review_pull_request`.
    pub kind: String,
    /// Jobs of one lane run one at a time, in order of their ids. Absent: alone.
    pub lane: Option<String>,
    /// What version of the lane's subject it is about (a head commit). A job whose version differs
    /// replaces queued and running older jobs of the lane; one of the same version joins the queue.
    pub version: Option<String>,
    /// The handler's input.
    pub payload: serde_json::Value,
}

/// A durable unit of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Never reused.
    pub id: JobId,
    /// What is to be done.
    pub spec: NewJob,
    /// Where it is in its life.
    pub state: JobState,
    /// How often it was started; 0 before the first time.
    pub attempts: u32,
    /// Not before this moment.
    pub run_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why the last attempt failed, in words for people; no secrets.
    pub last_error: Option<String>,
    /// Whether somebody asked a running job to stop.
    pub cancel_requested: bool,
}

/// The right to work on a job until a moment; a later claim makes an older one worthless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Grows with every claim of the job: the fence that keeps a lost worker from writing.
    pub fence: u64,
    /// Until when, unless renewed.
    pub until: Timestamp,
}

/// One line of a job's story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobEvent {
    /// Its number within the job, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// A short stable name: `queued`, `started`, `fetched`, `analyzed`, `matched`, `published`, `succeeded`…
    pub step: String,
    /// One sentence for people.
    pub message: String,
    /// Facts for programs; an object.
    pub data: serde_json::Value,
}
