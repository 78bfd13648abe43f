//! Jobs on the wire.

use grimoire_domain::job::{Job, JobState};
use serde::Serialize;
use utoipa::ToSchema;

/// A durable unit of work.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobBody {
    /// From 1, never reused.
    pub id: u64,
    /// What is done.
    #[schema(example = "review_pull_request")]
    pub kind: String,
    /// `queued`, `running`, `succeeded`, `dead`, `cancelled` or `superseded`.
    #[schema(example = "queued")]
    pub state: &'static str,
    /// Jobs of one lane run one at a time.
    #[schema(example = "octo/app#7")]
    pub lane: Option<String>,
    /// What version of the lane's subject it is about: a head commit.
    pub version: Option<String>,
    /// The input.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// How often it was started.
    pub attempts: u32,
    /// Not before this moment, RFC 3339.
    pub run_at: String,
    /// When it was asked for.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Whether somebody asked it to stop while it runs.
    pub cancel_requested: bool,
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        Self {
            id: job.id.0,
            kind: job.spec.kind,
            state: job.state.as_str(),
            lane: job.spec.lane,
            version: job.spec.version,
            payload: job.spec.payload,
            attempts: job.attempts,
            run_at: job.run_at.to_string(),
            created_at: job.created_at.to_string(),
            updated_at: job.updated_at.to_string(),
            last_error: job.last_error,
            cancel_requested: job.cancel_requested,
        }
    }
}

/// The words for states, for filters.
pub(crate) fn state_choices() -> Vec<(&'static str, JobState)> {
    JobState::ALL.iter().map(|state| (state.as_str(), *state)).collect()
}
