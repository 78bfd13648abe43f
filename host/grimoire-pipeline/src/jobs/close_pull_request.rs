//! The job that stops work on a closed pull request.
//!
//! Webhooks arrive in any order: the one for closing may arrive after the one for reopening, so the
//! job asks GitHub for the current state. Nothing depends on this job, because every review checks the
//! state before it reads and before it posts; the job only saves the work of unneeded reviews.

use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_jobs::{Job, JobContext, Lane, Progress, Queue, Stop};
use serde_json::json;

use super::publish_review::drop_publications;
use super::queues::QUICK;
use crate::Pipeline;

/// Stops the jobs of pull requests that were closed.
pub(crate) struct ClosePullRequest(pub(super) Pipeline);

impl Job for ClosePullRequest {
    const KIND: &'static str = "close_pull_request";
    const QUEUE: Queue = QUICK;
    type Payload = PullRequestId;

    /// No lane: the job must not wait for the reviews that it stops.
    fn lane(_: &PullRequestId) -> Option<Lane> {
        None
    }

    async fn run(&self, _: &JobContext<'_>, id: PullRequestId) -> Result<Progress, Stop> {
        let ports = self.0.ports();
        let Some(github) = &ports.github else {
            return Ok(kept("no GitHub token is configured: no review is under way"));
        };
        match github.pull_request(&id).await {
            Ok(pull_request) if pull_request.open => {
                return Ok(kept(&format!("{id} is open again: its reviews go on")));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let lane = id.to_string();
        let stopped =
            ports.store.cancel_lane(&lane, "the pull request was closed", ports.clock.now()).await?;
        drop_publications(&self.0, &id, |_| true).await?;
        let message = format!("{id} is closed: {} jobs stopped", stopped.len());
        Ok(Progress::new("stopped", message, json!({ "stopped": stopped })))
    }
}

fn kept(why: &str) -> Progress {
    Progress::new("kept", why, json!({ "stopped": Vec::<JobId>::new() }))
}
