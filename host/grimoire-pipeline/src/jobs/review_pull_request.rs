//! The job that reviews a pull request: fetch, analyze, match, publish.
//!
//! Every step may run twice: reviews are written by their key, the comment is found by its marker.
//! The review is on disk before anything is posted, so that a failed post is repeated without
//! analyzing and ranking anew.

use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diff;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::{Diagnosis, Review, ReviewKey};
use grimoire_ports::PortError;
use grimoire_ports::github::{Annotation, ByteStream, FailedJob, GitHub, PullRequest};
use serde_json::json;

use super::ReviewRequest;
use super::annotations;
use super::context::{JobContext, Stop};
use crate::merge::untold;
use crate::{AnalysisReport, PipelineError};

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
    let diagnosis = diagnose(context, github, &key).await?;
    let now = ports.clock.now();
    let review =
        Review { key, job: context.job.id, diagnosis, comment: None, created_at: now, updated_at: now };
    ports.store.put_review(review.clone()).await?;
    Ok(review)
}

async fn diagnose(context: &JobContext<'_>, github: &dyn GitHub, key: &ReviewKey) -> Result<Diagnosis, Stop> {
    let mut gaps = Vec::new();
    let diff = fetch_diff(github, &key.pull_request, &mut gaps).await?;
    let mut jobs = github.failed_jobs(&key.pull_request.repository, &key.head_sha).await?;
    let facts = diff.as_deref().map(|text| diff_facts(text, &mut gaps)).unwrap_or_default();
    let most = context.pipeline.settings().logs_per_review;
    if jobs.len() > most {
        gaps.push(format!("the logs of {} further failed jobs were not read", jobs.len() - most));
        jobs.truncate(most);
    }
    let message =
        format!("{} changed files and {} failed jobs at {}", facts.files, jobs.len(), key.head_sha.short());
    let data = json!({
        "files": facts.files, "added": facts.added, "deleted": facts.deleted, "failed_jobs": jobs.len(),
    });
    context.event("fetched", &message, data).await?;

    let mut reports = Vec::new();
    if let Some(text) = diff {
        reports.extend(analyze_text(context, ArtifactKind::Diff, "diff".to_owned(), text, &mut gaps).await?);
    }
    let mut annotations = 0;
    for job in jobs {
        context.checkpoint().await?;
        annotations += review_job(context, github, key, job, &mut reports, &mut gaps).await?;
    }
    let found: usize = reports.iter().map(|(_, report)| report.diagnostics.len()).sum();
    let bytes: u64 = reports.iter().map(|(_, report)| report.bytes).sum();
    let annotated = match annotations {
        0 => String::new(),
        1 => ", with 1 annotation".to_owned(),
        several => format!(", with {several} annotations"),
    };
    let message = format!("{found} errors in {} artifacts{annotated}", reports.len());
    let data = json!({
        "errors": found, "artifacts": reports.len(), "annotations": annotations, "bytes": bytes,
        "gaps": gaps.len(),
    });
    context.event("analyzed", &message, data).await?;
    context.checkpoint().await?;

    let mut diagnosis = context.pipeline.match_reports(reports).await?;
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

/// Adds what the log of a failed job says, and what its annotations say beyond it; how many of those
/// there were.
async fn review_job(
    context: &JobContext<'_>,
    github: &dyn GitHub,
    key: &ReviewKey,
    job: FailedJob,
    reports: &mut Vec<(String, AnalysisReport)>,
    gaps: &mut Vec<String>,
) -> Result<usize, Stop> {
    let mut unread = Vec::new();
    let annotations = fetch_annotations(github, key, &job, &mut unread).await?;
    let mut log = match fetch_log(github, key, &job, gaps).await? {
        Some(log) => {
            let artifact = Artifact { kind: ArtifactKind::Log, name: job.name.clone(), size: None };
            analyze(context, artifact, log, gaps).await?
        }
        None => None,
    };
    if log.is_none() {
        // Annotations repeat the log, and many a token may not read them: missed only where it is gone.
        gaps.append(&mut unread);
    }
    let mut repeated = None;
    if !annotations.is_empty() {
        let (name, text) = (format!("annotations of {}", job.name), annotations::as_log(&annotations));
        repeated = analyze_text(context, ArtifactKind::Log, name, text, gaps).await?;
    }
    if let (Some((_, log)), Some((_, repeated))) = (&mut log, &mut repeated) {
        repeated.diagnostics = untold(std::mem::take(&mut repeated.diagnostics), &mut log.diagnostics);
    }
    reports.extend(log.into_iter().chain(repeated));
    Ok(annotations.len())
}

/// What a review can do without, in words; everything else ends the attempt.
fn gap_or_stop(what: &str, error: PipelineError, gaps: &mut Vec<String>) -> Result<(), Stop> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::TooLarge | ErrorKind::Invalid => {
            gaps.push(format!("{what} could not be read: {error}"));
            Ok(())
        }
        ErrorKind::Conflict
        | ErrorKind::Unauthenticated
        | ErrorKind::TooManyRequests
        | ErrorKind::Timeout
        | ErrorKind::Unavailable
        | ErrorKind::Internal => Err(Stop::Failed(error)),
    }
}

async fn fetch_diff(
    github: &dyn GitHub,
    id: &PullRequestId,
    gaps: &mut Vec<String>,
) -> Result<Option<String>, Stop> {
    match github.diff(id).await {
        Ok(diff) => {
            gaps.extend(diff.gaps);
            Ok(Some(diff.text))
        }
        Err(error) => gap_or_stop("the diff", error.into(), gaps).map(|()| None),
    }
}

async fn fetch_log(
    github: &dyn GitHub,
    key: &ReviewKey,
    job: &FailedJob,
    gaps: &mut Vec<String>,
) -> Result<Option<ByteStream>, Stop> {
    match github.job_log(&key.pull_request.repository, job.id).await {
        Ok(log) => Ok(Some(log)),
        Err(error) => gap_or_stop(&format!("the log of {}", job.name), error.into(), gaps).map(|()| None),
    }
}

async fn fetch_annotations(
    github: &dyn GitHub,
    key: &ReviewKey,
    job: &FailedJob,
    gaps: &mut Vec<String>,
) -> Result<Vec<Annotation>, Stop> {
    match github.annotations(&key.pull_request.repository, job.id).await {
        Ok(all) => Ok(annotations::telling(all)),
        Err(error) => {
            let what = format!("the annotations of {}", job.name);
            gap_or_stop(&what, error.into(), gaps).map(|()| Vec::new())
        }
    }
}

async fn analyze_text(
    context: &JobContext<'_>,
    kind: ArtifactKind,
    name: String,
    text: String,
    gaps: &mut Vec<String>,
) -> Result<Option<(String, AnalysisReport)>, Stop> {
    let artifact = Artifact { kind, name, size: Some(text.len() as u64) };
    let content = futures::stream::iter([Ok(bytes::Bytes::from(text))]).boxed();
    analyze(context, artifact, content, gaps).await
}

async fn analyze(
    context: &JobContext<'_>,
    artifact: Artifact,
    content: ByteStream,
    gaps: &mut Vec<String>,
) -> Result<Option<(String, AnalysisReport)>, Stop> {
    match context.pipeline.analyze(&artifact, content).await {
        Ok(report) => Ok(Some((artifact.name, report))),
        Err(error) => gap_or_stop(&artifact.name, error, gaps).map(|()| None),
    }
}

#[derive(Default)]
struct DiffFacts {
    files: usize,
    added: u64,
    deleted: u64,
}

fn diff_facts(text: &str, gaps: &mut Vec<String>) -> DiffFacts {
    let parsed = diff::parse(text.as_bytes());
    if !parsed.problems.is_empty() {
        gaps.push(format!("the diff has {} places that could not be read", parsed.problems.len()));
    }
    DiffFacts {
        files: parsed.files.len(),
        added: parsed.files.iter().map(|file| file.added).sum(),
        deleted: parsed.files.iter().map(|file| file.deleted).sum(),
    }
}
