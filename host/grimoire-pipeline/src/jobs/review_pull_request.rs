//! The job that reviews a pull request: fetch, analyze, match, publish.
//!
//! Every step may run twice: reviews are written by their key, the comment is found by its marker.
//! The review is on disk before anything is posted, so that a failed post is repeated without
//! analyzing and ranking anew.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::{Diagnosis, Review, ReviewKey};
use grimoire_ports::PortError;
use grimoire_ports::github::{GitHub, PullRequest};
use serde_json::json;

use super::ReviewRequest;
use super::context::{JobContext, Stop};
use super::evidence::Evidence;
use crate::PipelineError;

/// Runs one attempt.
pub(super) async fn run(context: &JobContext<'_>) -> Result<(), Stop> {
    let request: ReviewRequest = serde_json::from_value(context.job.spec.payload.clone())
        .map_err(|error| Stop::Dead(format!("the payload of the job cannot be read: {error}")))?;
    let Some(github) = context.pipeline.ports().github.clone() else {
        return Err(Stop::Dead(
            "no GitHub token is configured: set GITHUB_API_TOKEN, restart, and retry this job".to_owned(),
        ));
    };
    let Some(number) = request.number else { return resolve(context, github.as_ref(), request).await };
    let id = PullRequestId { repository: request.repository, number };
    let key = ReviewKey { pull_request: id, head_sha: request.head_sha };

    let pull_request = current(context, github.as_ref(), &key).await?;
    if pull_request.draft {
        return context.event("skipped", "the pull request is a draft", json!({})).await;
    }
    let review = match written_before(context, &key).await? {
        Some(review) => review,
        None => write(context, github.as_ref(), key).await?,
    };
    super::publish::publish(context, github.as_ref(), review).await
}

/// Finds the pull requests of a commit and leaves each to a job in its own lane: events about a
/// pull request and about its commit arrive side by side, and one lane has one job at a time.
async fn resolve(context: &JobContext<'_>, github: &dyn GitHub, request: ReviewRequest) -> Result<(), Stop> {
    let ports = context.pipeline.ports();
    let found = github.pull_requests_at(&request.repository, &request.head_sha).await?;
    let mut jobs = Vec::with_capacity(found.len());
    for id in &found {
        let job = ReviewRequest {
            repository: id.repository.clone(),
            number: Some(id.number),
            head_sha: request.head_sha.clone(),
        };
        jobs.push(ports.store.enqueue_job(job.into_job(), ports.clock.now()).await?);
    }
    let message = match found.as_slice() {
        [] => format!("no open pull request has {} as its head", request.head_sha.short()),
        [one] => format!("{} is the head of {one}", request.head_sha.short()),
        several => format!("{} is the head of {} pull requests", request.head_sha.short(), several.len()),
    };
    let numbers: Vec<u64> = found.iter().map(|id| id.number).collect();
    context.event("resolved", &message, json!({ "pull_requests": numbers, "jobs": jobs })).await
}

/// The pull request as it is now, if it is still to be reviewed at this commit.
pub(super) async fn current(
    context: &JobContext<'_>,
    github: &dyn GitHub,
    key: &ReviewKey,
) -> Result<PullRequest, Stop> {
    context.checkpoint().await?;
    let pull_request = match github.pull_request(&key.pull_request).await {
        Ok(pull_request) => pull_request,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Stop::Dead(format!(
                "pull request {} does not exist, or the token may not read its repository",
                key.pull_request
            )));
        }
        Err(error) => return Err(error.into()),
    };
    if !pull_request.open {
        return Err(Stop::Cancelled);
    }
    if pull_request.head_sha != key.head_sha {
        return Err(head_moved(context, key, &pull_request).await?);
    }
    Ok(pull_request)
}

/// What to do when GitHub names another head than the job was made for: newest head wins. Events may
/// arrive in any order, so this job may be the late one; then work on the head has to exist.
async fn head_moved(
    context: &JobContext<'_>,
    key: &ReviewKey,
    pull_request: &PullRequest,
) -> Result<Stop, Stop> {
    let ports = context.pipeline.ports();
    let seen = find_review(context, key).await?.is_some();
    if context.job.attempts <= 1 && !seen {
        // GitHub's API may lag behind its webhooks by seconds: looked at once more.
        return Ok(Stop::Failed(PipelineError::new(
            ErrorKind::Unavailable,
            format!("GitHub does not show {} as the head of {} yet", key.head_sha.short(), key.pull_request),
        )));
    }
    let head = ReviewKey { head_sha: pull_request.head_sha.clone(), ..key.clone() };
    if find_review(context, &head).await?.is_none() {
        let job = ReviewRequest {
            repository: head.pull_request.repository,
            number: Some(head.pull_request.number),
            head_sha: head.head_sha,
        };
        ports.store.enqueue_job(job.into_job(), ports.clock.now()).await?;
    }
    Ok(Stop::Superseded)
}

async fn find_review(context: &JobContext<'_>, key: &ReviewKey) -> Result<Option<Review>, PortError> {
    match context.pipeline.ports().store.get_review(key).await {
        Ok(review) => Ok(Some(review)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The review that an earlier attempt of this very job wrote before it failed to publish it.
async fn written_before(context: &JobContext<'_>, key: &ReviewKey) -> Result<Option<Review>, Stop> {
    if context.job.attempts <= 1 {
        return Ok(None);
    }
    let review = find_review(context, key).await?;
    Ok(review.filter(|review| review.job == context.job.id && !review.diagnosis.degraded))
}

/// Makes the review and stores it.
async fn write(context: &JobContext<'_>, github: &dyn GitHub, key: ReviewKey) -> Result<Review, Stop> {
    let ports = context.pipeline.ports();
    let evidence = Evidence::read(context, github, &key).await?;
    let diagnosis = diagnose(context, evidence).await?;
    let now = ports.clock.now();
    let review =
        Review { key, job: context.job.id, diagnosis, comment: None, created_at: now, updated_at: now };
    ports.store.put_review(review.clone()).await?;
    Ok(review)
}

async fn diagnose(context: &JobContext<'_>, evidence: Evidence) -> Result<Diagnosis, Stop> {
    context.checkpoint().await?;
    let mut diagnosis = context.pipeline.match_reports(evidence.reports).await?;
    let mut gaps = evidence.gaps;
    gaps.append(&mut diagnosis.gaps);
    diagnosis.gaps = gaps;
    let matched = diagnosis.errors.iter().filter(|error| !error.spells.is_empty()).count();
    let message = format!("{matched} of {} different errors have a known fix", diagnosis.errors.len());
    let data = json!({
        "errors": diagnosis.errors.len(), "matched": matched, "degraded": diagnosis.degraded,
        "generation": diagnosis.generation, "sequence": diagnosis.sequence,
    });
    context.event("matched", &message, data).await?;
    Ok(diagnosis)
}
