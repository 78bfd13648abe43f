//! Tells a pull request what its review found: one comment, found by its marker, edited in place.

use grimoire_domain::review::Review;
use grimoire_ports::github::GitHub;
use serde_json::json;

use super::context::{JobContext, Stop};
use super::review_pull_request::current;
use crate::render;

/// Posts a review, or decides that silence is better, and says which.
pub(super) async fn publish(
    context: &JobContext<'_>,
    github: &dyn GitHub,
    mut review: Review,
) -> Result<(), Stop> {
    let settings = context.pipeline.settings();
    if !settings.publish {
        let message = "nothing is posted: comments are switched off (jobs.publish)";
        return context.event("published", message, json!({ "comment": null })).await;
    }
    let id = review.key.pull_request.clone();
    // Read again right before posting: nothing is said about a commit that is no longer the head.
    current(context, github, &review.key).await?;
    if review.diagnosis.degraded {
        let message = "nothing is posted: no matcher answered, and keyword order alone is no advice";
        return context.event("published", message, json!({ "comment": null })).await;
    }
    let nothing = render::shown(&review.diagnosis).next().is_none();
    if nothing && settings.quiet && github.find_comment(&id, render::MARKER).await?.is_none() {
        let message = "nothing known matches: no comment is posted";
        return context.event("published", message, json!({ "comment": null })).await;
    }
    let body = render::comment(&review, settings.errors_per_review);
    let posted = github.upsert_comment(&id, render::MARKER, &body).await?;
    let data = json!({ "comment": posted.id, "url": posted.url });
    review.comment = Some(posted);
    review.updated_at = context.pipeline.ports().clock.now();
    context.pipeline.ports().store.put_review(review).await?;
    let message = if nothing {
        "the earlier comment now says that nothing known matches"
    } else {
        "the comment tells the known fixes"
    };
    context.event("published", message, data).await
}
