//! The job that reviews a pull request: fetch, analyze, match, store.
//!
//! Every step may run twice: reviews are written by their key. The publication is added to the outbox
//! in the same step, and another job posts it.

use grimoire_domain::actor::Actor;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::NewJob;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::publication::Channel;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{Diagnosis, Review, ReviewKey};
use grimoire_jobs::{Job, JobContext, Lane, Progress, Queue, Stop, new_job};
use grimoire_ports::PortError;
use grimoire_ports::github::{GitHub, PullRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::evidence::Evidence;
use super::head::{self, Head};
use super::publish_review::PublishReview;
use super::queues::REVIEWS;
use crate::{Judge, Pipeline};

/// The pull request or the commit to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRequest {
    /// The base repository of the pull request.
    pub repository: RepositoryName,
    /// The number; absent if GitHub has to be asked for the pull requests with this head.
    pub number: Option<u64>,
    /// The commit of the event.
    pub head_sha: CommitSha,
}

impl ReviewRequest {
    /// Converts the request into a job.
    pub fn into_job(self) -> NewJob {
        new_job::<ReviewPullRequest>(&self)
    }
}

impl From<ReviewKey> for ReviewRequest {
    fn from(key: ReviewKey) -> Self {
        let ReviewKey { pull_request: PullRequestId { repository, number }, head_sha } = key;
        Self { repository, number: Some(number), head_sha }
    }
}

/// Reviews pull requests.
pub(crate) struct ReviewPullRequest(pub(super) Pipeline);

impl Job for ReviewPullRequest {
    const KIND: &'static str = "review_pull_request";
    const QUEUE: Queue = REVIEWS;
    type Payload = ReviewRequest;

    /// The lane of the pull request if its number is known, else one of the commit.
    fn lane(request: &ReviewRequest) -> Option<Lane> {
        let ReviewRequest { repository, number, head_sha } = request;
        let name = match number {
            Some(number) => PullRequestId { repository: repository.clone(), number: *number }.to_string(),
            None => format!("{repository}@{head_sha}"),
        };
        Some(Lane { name, version: Some(head_sha.as_str().to_owned()) })
    }

    async fn run(&self, context: &JobContext<'_>, request: ReviewRequest) -> Result<Progress, Stop> {
        let Some(github) = self.0.ports().github.clone() else {
            return Err(Stop::Dead(
                "no GitHub token is configured: set GITHUB_API_TOKEN, restart, and retry this job".to_owned(),
            ));
        };
        match request.number {
            Some(number) => {
                let judge = self.0.judge(&Actor::JOB)?.for_repository(Some(request.repository.clone()));
                let id = PullRequestId { repository: request.repository, number };
                let key = ReviewKey { pull_request: id, head_sha: request.head_sha };
                Attempt { pipeline: &self.0, context, judge, github: github.as_ref(), key }.run().await
            }
            None => self.resolve(github.as_ref(), request).await,
        }
    }
}

impl ReviewPullRequest {
    /// Finds the pull requests of a commit and enqueues a job for each in its own lane: events about a pull request
    /// and about its commit arrive concurrently, and a lane runs one job at a time.
    async fn resolve(&self, github: &dyn GitHub, request: ReviewRequest) -> Result<Progress, Stop> {
        let ports = self.0.ports();
        let found = github.pull_requests_at(&request.repository, &request.head_sha).await?;
        let mut jobs = Vec::with_capacity(found.len());
        for id in &found {
            let key = ReviewKey { pull_request: id.clone(), head_sha: request.head_sha.clone() };
            let job = ReviewRequest::from(key).into_job();
            jobs.push(ports.store.enqueue_job(job, ports.clock.now()).await?);
        }
        let head = request.head_sha.short();
        let message = match found.as_slice() {
            [] => format!("no open pull request has {head} as its head"),
            [one] => format!("{head} is the head of {one}"),
            several => format!("{head} is the head of {} pull requests", several.len()),
        };
        let numbers: Vec<u64> = found.iter().map(|id| id.number).collect();
        Ok(Progress::new("resolved", message, json!({ "pull_requests": numbers, "jobs": jobs })))
    }
}

/// One attempt to review a pull request.
struct Attempt<'a> {
    pipeline: &'a Pipeline,
    context: &'a JobContext<'a>,
    judge: Judge,
    github: &'a dyn GitHub,
    key: ReviewKey,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Progress, Stop> {
        // GitHub's API may lag behind its webhooks by seconds: the attempt then fails and is retried once.
        let may_lag = self.context.job().failures == 0;
        if self.pull_request(may_lag).await?.draft {
            return Ok(Progress::new("skipped", "the pull request is a draft", json!({})));
        }
        if self.is_written().await? {
            return Ok(Progress::new("stored", "the review was stored before", json!({})));
        }
        let evidence = self.read_evidence().await?;
        self.context.checkpoint().await?;
        let diagnosis = diagnose(&self.judge, evidence).await?;
        self.context.tell(summary(&diagnosis)).await?;
        // Reading takes time: a review of a commit that is no longer the head is worthless.
        self.pull_request(false).await?;
        self.store(diagnosis).await
    }

    /// Returns the pull request if the commit is its head. If GitHub may lag behind the event that caused the
    /// job, another head is a transient failure.
    async fn pull_request(&self, may_lag: bool) -> Result<PullRequest, Stop> {
        match head::check(self.context, self.github, &self.key).await? {
            Head::Current(pull_request) => Ok(pull_request),
            Head::Moved(head) => Err(self.leave_to(head, may_lag).await?),
            Head::Closed => Err(Stop::Cancelled),
        }
    }

    /// Decides how to end if GitHub names another head than the job's. Events may arrive in any
    /// order, so this job may be the late one; then a job for the head must exist.
    async fn leave_to(&self, head: CommitSha, may_lag: bool) -> Result<Stop, Stop> {
        let ports = self.pipeline.ports();
        if may_lag && self.find_review(&self.key).await?.is_none() {
            return Ok(Stop::Failed(PortError::new(
                ErrorKind::Unavailable,
                format!(
                    "GitHub does not show {} as the head of {} yet",
                    self.key.head_sha.short(),
                    self.key.pull_request
                ),
            )));
        }
        let head = ReviewKey { head_sha: head, ..self.key.clone() };
        if self.find_review(&head).await?.is_none() {
            let job = ReviewRequest::from(head).into_job();
            ports.store.enqueue_job(job, ports.clock.now()).await?;
        }
        Ok(Stop::Superseded)
    }

    async fn find_review(&self, key: &ReviewKey) -> Result<Option<Review>, PortError> {
        match self.pipeline.ports().store.get_review(key).await {
            Ok(review) => Ok(Some(review)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns true if an earlier attempt of this job stored the review, but died before recording it.
    async fn is_written(&self) -> Result<bool, Stop> {
        let job = self.context.job();
        if job.attempts <= 1 {
            return Ok(false);
        }
        let review = self.find_review(&self.key).await?;
        Ok(review.is_some_and(|review| review.job == job.id && !review.diagnosis.degraded))
    }

    /// Stores the review, and adds its publications to the outbox.
    async fn store(&self, diagnosis: Diagnosis) -> Result<Progress, Stop> {
        let ports = self.pipeline.ports();
        let silent_because = if !self.pipeline.settings().publish {
            Some("comments are switched off (jobs.publish)")
        } else if diagnosis.degraded {
            Some("no matcher answered, and keyword order alone is no advice")
        } else {
            None
        };
        let now = ports.clock.now();
        let review = Review {
            key: self.key.clone(),
            job: self.context.job().id,
            diagnosis,
            comment: None,
            created_at: now,
            updated_at: now,
        };
        if let Some(reason) = silent_because {
            ports.store.put_review(review).await?;
            let message = format!("nothing is posted: {reason}");
            return Ok(Progress::new("stored", message, json!({ "publisher": null })));
        }
        let publisher = new_job::<PublishReview>(&self.key);
        let job = ports.store.put_review_and_publish(review, &[Channel::Comment], publisher).await?;
        Ok(Progress::new("stored", format!("job {job} posts it"), json!({ "publisher": job })))
    }

    /// Reads the evidence for the review, and reports what was read and what was not.
    async fn read_evidence(&self) -> Result<Evidence, Stop> {
        let context = self.context;
        let (sources, fetched) = Evidence::fetch(context, &self.judge, self.github, &self.key).await?;
        context.tell(fetched).await?;
        let evidence = sources.read().await?;
        for gap in evidence.gap_events() {
            context.tell(gap).await?;
        }
        let analyzed = evidence.summary();
        let evidence = evidence.or_transient_failure()?;
        context.tell(analyzed).await?;
        Ok(evidence)
    }
}

async fn diagnose(judge: &Judge, evidence: Evidence) -> Result<Diagnosis, Stop> {
    let mut diagnosis = judge.match_reports(evidence.reports).await?;
    // Interactive callers get an incomplete answer at once; a review can wait.
    if let Some(busy) = diagnosis.problems.iter().find(|problem| problem.reason == FailureReason::Busy) {
        return Err(PortError::new(
            ErrorKind::Busy,
            format!("plugin {} is busy: {}", busy.plugin, busy.detail),
        )
        .into());
    }
    let mut gaps = evidence.gaps;
    gaps.append(&mut diagnosis.gaps);
    diagnosis.gaps = gaps;
    diagnosis.pages = evidence.pages;
    diagnosis.green = evidence.green;
    Ok(diagnosis)
}

fn summary(diagnosis: &Diagnosis) -> Progress {
    let matched = diagnosis.errors.iter().filter(|error| !error.spells.is_empty()).count();
    let message = format!("{matched} of {} different errors have a known fix", diagnosis.errors.len());
    let data = json!({
        "errors": diagnosis.errors.len(), "matched": matched, "degraded": diagnosis.degraded,
        "generation": diagnosis.generation, "sequence": diagnosis.sequence,
    });
    Progress::new("matched", message, data)
}
