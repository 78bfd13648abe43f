//! Durable work: the verbs on jobs, the runner, and one file per job kind.

mod annotations;
mod backoff;
pub(crate) mod close_pull_request;
mod context;
pub(crate) mod events;
mod evidence;
mod publish;
mod reading;
mod reports;
mod review_pull_request;
pub(crate) mod runner;

use grimoire_domain::job::{Job, JobId, NewJob};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_ports::store::JobFilter;
use serde::{Deserialize, Serialize};

use crate::{Pipeline, PipelineError};

/// The kind of the jobs that review a pull request.
pub const REVIEW_PULL_REQUEST: &str = "review_pull_request";

/// The payload of a job of kind [`REVIEW_PULL_REQUEST`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRequest {
    /// The repository that the pull request is opened against.
    pub repository: RepositoryName,
    /// Its number; absent where GitHub has to be asked which pull requests have the commit as head.
    pub number: Option<u64>,
    /// The commit that the event was about.
    pub head_sha: CommitSha,
}

impl ReviewRequest {
    /// The job that reviews: in the lane of its pull request where that is known, else in one of
    /// its commit.
    pub(crate) fn into_job(self) -> NewJob {
        let lane = match self.number {
            Some(number) => lane_of(&PullRequestId { repository: self.repository.clone(), number }),
            None => format!("{}@{}", self.repository, self.head_sha),
        };
        NewJob {
            kind: REVIEW_PULL_REQUEST.to_owned(),
            lane: Some(lane),
            version: Some(self.head_sha.as_str().to_owned()),
            payload: serde_json::json!({
                "repository": self.repository,
                "number": self.number,
                "head_sha": self.head_sha,
            }),
        }
    }
}

/// The lane of a pull request's jobs: `owner/name#number`.
pub(crate) fn lane_of(id: &PullRequestId) -> String {
    id.to_string()
}

/// Hands a claimed job to the handler of its kind.
async fn handle(context: &context::JobContext<'_>) -> Result<(), context::Stop> {
    match context.job.spec.kind.as_str() {
        REVIEW_PULL_REQUEST => review_pull_request::run(context).await,
        close_pull_request::KIND => close_pull_request::run(context).await,
        other => {
            Err(context::Stop::Dead(format!("this version of Grimoire knows no jobs of kind `{other}`")))
        }
    }
}

impl Pipeline {
    /// Jobs by descending id. Dead letters are those in state `dead`.
    pub async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>, PipelineError> {
        Ok(self.ports().store.list_jobs(filter, page).await?)
    }

    /// One job. `NotFound`.
    pub async fn get_job(&self, id: JobId) -> Result<Job, PipelineError> {
        Ok(self.ports().store.get_job(id).await?)
    }

    /// Cancels a queued job, or asks a running one to stop. `NotFound`; `Conflict` when it has ended.
    #[tracing::instrument(skip_all, fields(job = id.0))]
    pub async fn cancel_job(&self, id: JobId) -> Result<Job, PipelineError> {
        Ok(self.ports().store.cancel_job(id, self.ports().clock.now()).await?)
    }

    /// Queues a job again that is dead, cancelled or superseded. `NotFound`; `Conflict` in any other state.
    #[tracing::instrument(skip_all, fields(job = id.0))]
    pub async fn retry_job(&self, id: JobId) -> Result<Job, PipelineError> {
        Ok(self.ports().store.retry_job(id, self.ports().clock.now()).await?)
    }
}
