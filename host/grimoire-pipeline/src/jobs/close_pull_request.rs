//! The job that stops work on a closed pull request.
//!
//! Webhooks arrive in any order: the one about the closing may be overtaken by the one about the
//! reopening. So GitHub is asked how it is now. Nothing depends on this job, as every review looks for
//! itself before it reads and before it posts; it saves the work of reviews that nobody waits for.

use grimoire_domain::job::NewJob;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use serde_json::json;

use super::context::{JobContext, Stop};
use super::lane_of;

/// The kind of these jobs.
pub(super) const KIND: &str = "close_pull_request";

/// The job for a pull request that was closed. In no lane: it must not wait for the reviews that it stops.
pub(crate) fn job(id: &PullRequestId) -> NewJob {
    NewJob {
        kind: KIND.to_owned(),
        lane: None,
        version: None,
        payload: json!({ "repository": id.repository, "number": id.number }),
    }
}

/// Runs one attempt.
pub(super) async fn run(context: &JobContext<'_>) -> Result<(), Stop> {
    let id: PullRequestId = serde_json::from_value(context.job.spec.payload.clone())
        .map_err(|error| Stop::Dead(format!("the payload of the job cannot be read: {error}")))?;
    let ports = context.pipeline.ports();
    let Some(github) = &ports.github else {
        let message = "no GitHub token is configured: no review is under way";
        return context.event("kept", message, json!({ "stopped": [] })).await;
    };
    match github.pull_request(&id).await {
        Ok(pull_request) if pull_request.open => {
            let message = format!("{id} is open again: its reviews go on");
            return context.event("kept", &message, json!({ "stopped": [] })).await;
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let (lane, now) = (lane_of(&id), ports.clock.now());
    let stopped = ports.store.cancel_lane(&lane, "the pull request was closed", now).await?;
    let message = format!("{id} is closed: {} jobs stopped", stopped.len());
    context.event("stopped", &message, json!({ "stopped": stopped })).await
}
