//! The job that publishes a review on its pull request: one comment, found by its marker and edited in place.
//!
//! The publication was put into the outbox together with the review, and stays there until it is posted: a
//! failed post is repeated without reading and ranking again. A repeated post finds the earlier comment.

use grimoire_domain::publication::Channel;
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::{PostedComment, Review, ReviewKey};
use grimoire_jobs::{Job, JobContext, Lane, Progress, Queue, Stop};
use grimoire_ports::PortError;
use grimoire_ports::github::GitHub;
use serde_json::json;

use super::head::{self, Head};
use super::queues::QUICK;
use crate::Pipeline;
use crate::render::{self, SILENCE};

/// Posts reviews.
pub(crate) struct PublishReview(pub(super) Pipeline);

impl Job for PublishReview {
    const KIND: &'static str = "publish_review";
    const QUEUE: Queue = QUICK;
    type Payload = ReviewKey;

    /// The lane of the pull request: the job runs after the review that it publishes, and newer work replaces it.
    fn lane(key: &ReviewKey) -> Option<Lane> {
        let version = Some(key.head_sha.as_str().to_owned());
        Some(Lane { name: key.pull_request.to_string(), version })
    }

    async fn run(&self, context: &JobContext<'_>, key: ReviewKey) -> Result<Progress, Stop> {
        let Some(github) = self.0.ports().github.clone() else {
            return Err(Stop::Dead(
                "no GitHub token is configured: set GITHUB_API_TOKEN, restart, and retry this job".to_owned(),
            ));
        };
        // Checked right before posting: nothing is posted about a commit that is no longer the head.
        match head::check(context, github.as_ref(), &key).await? {
            Head::Current(pull_request) if pull_request.labels.iter().any(|label| label == SILENCE) => {
                drop_publications(&self.0, &key.pull_request, |_| true).await?;
                let message = format!("nothing is posted: the label {SILENCE} asks for silence");
                Ok(Progress::new("published", message, json!({ "comment": null })))
            }
            Head::Current(_) => self.tell(github.as_ref(), &key).await,
            Head::Moved(_) => {
                drop_publications(&self.0, &key.pull_request, |review| *review == key).await?;
                Err(Stop::Superseded)
            }
            Head::Closed => {
                drop_publications(&self.0, &key.pull_request, |_| true).await?;
                Err(Stop::Cancelled)
            }
        }
    }
}

impl PublishReview {
    /// Publishes the outbox entries of a review.
    async fn tell(&self, github: &dyn GitHub, key: &ReviewKey) -> Result<Progress, Stop> {
        let ports = self.0.ports();
        // Reviews of earlier heads whose jobs were superseded before they posted.
        drop_publications(&self.0, &key.pull_request, |review| review != key).await?;
        let mut told = Progress::new("published", "it was posted before", json!({ "comment": null }));
        for publication in ports.store.publications(&key.pull_request).await? {
            let (posted, progress) = match publication.channel {
                Channel::Comment => self.comment(github, key).await?,
            };
            ports.store.settle_publication(&publication, posted, ports.clock.now()).await?;
            told = progress;
        }
        Ok(told)
    }

    /// The review of an earlier commit whose comment contains a fix.
    async fn earlier(&self, key: &ReviewKey) -> Result<Option<Review>, PortError> {
        let told = self.0.ports().store.latest_commented_review(&key.pull_request).await?;
        let fixes = |review: &Review| review.diagnosis.errors.iter().any(render::has_fix);
        Ok(told.filter(|review| review.key != *key && fixes(review)))
    }

    /// Posts the comment, or decides not to.
    async fn comment(
        &self,
        github: &dyn GitHub,
        key: &ReviewKey,
    ) -> Result<(Option<PostedComment>, Progress), Stop> {
        let settings = self.0.settings();
        let review = self.0.ports().store.get_review(key).await?;
        let id = &key.pull_request;
        let diagnosis = &review.diagnosis;
        let silent =
            |message: &str| Ok((None, Progress::new("published", message, json!({ "comment": null }))));
        let nothing = !diagnosis.errors.iter().any(render::has_fix);
        let earlier = if nothing { self.earlier(key).await? } else { None };
        if nothing && settings.quiet && github.find_comment(id, render::MARKER).await?.is_none() {
            return silent("nothing known matches: no comment is posted");
        }
        if diagnosis.errors.is_empty() && !diagnosis.green && earlier.is_some() {
            return silent("CI has not decided about this commit: the earlier comment stays");
        }
        let body = render::comment(&review, earlier.as_ref(), settings.errors_per_review, &settings.links);
        let posted = github.upsert_comment(id, render::MARKER, &body).await?;
        let data = json!({ "comment": posted.id, "url": posted.url });
        let message = if nothing {
            "the comment now says that nothing known matches"
        } else {
            "the comment lists the known fixes"
        };
        Ok((Some(posted), Progress::new("published", message, data)))
    }
}

/// Removes publications of a pull request that are no longer wanted from the outbox.
pub(super) async fn drop_publications(
    pipeline: &Pipeline,
    pull_request: &PullRequestId,
    unwanted: impl Fn(&ReviewKey) -> bool,
) -> Result<(), PortError> {
    let ports = pipeline.ports();
    for publication in ports.store.publications(pull_request).await? {
        if unwanted(&publication.review) {
            ports.store.settle_publication(&publication, None, ports.clock.now()).await?;
        }
    }
    Ok(())
}
