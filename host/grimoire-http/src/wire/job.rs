//! Jobs on the wire.

use grimoire_domain::job::{Job, JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A durable unit of work.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    /// The job's id, from 1, never reused.
    pub id: u64,
    /// The name of the kind of work.
    #[schema(example = "review_pull_request")]
    pub kind: String,
    /// The current state.
    pub state: JobStateWord,
    /// The lane. Jobs of one lane run one at a time.
    #[schema(required = true, example = "octo/app#7")]
    pub lane: Option<String>,
    /// The version of the lane's subject: a head commit.
    #[schema(required = true)]
    pub version: Option<String>,
    /// The job's input.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// Number of starts since the job was queued.
    pub attempts: u32,
    /// Number of these attempts that failed. A postponed attempt, because of a rate limit or a busy host,
    /// does not count.
    pub failures: u32,
    /// The earliest time of the next attempt.
    #[schema(format = DateTime)]
    pub run_at: String,
    /// The time at which the job was enqueued.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Why the last attempt failed or was postponed.
    #[schema(required = true)]
    pub last_error: Option<String>,
    /// True if a running job was asked to stop.
    pub cancel_requested: bool,
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        Self {
            id: job.id.0,
            kind: job.spec.kind,
            state: job.state.into(),
            lane: job.spec.lane,
            version: job.spec.version,
            payload: job.spec.payload,
            attempts: job.attempts,
            failures: job.failures,
            run_at: job.run_at.to_string(),
            created_at: job.created_at.to_string(),
            updated_at: job.updated_at.to_string(),
            last_error: job.last_error,
            cancel_requested: job.cancel_requested,
        }
    }
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
pub enum JobStateWord {
    /// Waiting for a worker, or for the next attempt.
    Queued,
    /// A worker runs the job.
    Running,
    /// Done.
    Succeeded,
    /// Failed for good, until somebody retries it.
    Dead,
    /// Cancelled by a person, or because the pull request was closed.
    Cancelled,
    /// Replaced by newer work of the same lane.
    Superseded,
}

impl From<JobState> for JobStateWord {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued => Self::Queued,
            JobState::Running => Self::Running,
            JobState::Succeeded => Self::Succeeded,
            JobState::Dead => Self::Dead,
            JobState::Cancelled => Self::Cancelled,
            JobState::Superseded => Self::Superseded,
        }
    }
}

impl From<JobStateWord> for JobState {
    fn from(word: JobStateWord) -> Self {
        match word {
            JobStateWord::Queued => Self::Queued,
            JobStateWord::Running => Self::Running,
            JobStateWord::Succeeded => Self::Succeeded,
            JobStateWord::Dead => Self::Dead,
            JobStateWord::Cancelled => Self::Cancelled,
            JobStateWord::Superseded => Self::Superseded,
        }
    }
}
