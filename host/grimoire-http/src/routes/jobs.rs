//! Jobs and their events.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use axum::{Extension, Json};
use futures::stream::{self, StreamExt as _};
use grimoire_domain::actor::Actor;
use grimoire_domain::job::{JobId, JobState};
use grimoire_pipeline::PipelineError;
use grimoire_ports::store::JobFilter;
use serde::Deserialize;

use crate::error::{ApiError, ErrorBody};
use crate::extract::path::Id;
use crate::extract::query::{PageQuery, Paged, Query};
use crate::state::Shared;
use crate::wire::job::{JobBody, JobStateWord};

/// The filter of a list of jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only jobs in this state. Dead letters are in state `dead`.
    #[param(inline, value_type = JobStateWord, required = false, example = "dead")]
    state: Option<JobStateWord>,
    /// Only jobs of this kind.
    #[param(value_type = String, required = false, example = "review_pull_request")]
    kind: Option<String>,
    /// Only jobs of this lane.
    #[param(value_type = String, required = false, example = "octo/app#7")]
    lane: Option<String>,
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", operation_id = "list_jobs", tag = "jobs",
    params(PageQuery, ListQuery),
    responses((status = 200, description = "A page of jobs", body = Vec<JobBody>,
        headers(("X-Total-Count" = u64, description = "How many there are under this filter"),
            ("Link" = String, description = "The other pages: first, prev, next, last")))))]
pub(crate) async fn list(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    list: Paged<ListQuery>,
) -> Result<Response, ApiError> {
    let ListQuery { state: word, kind, lane } = &list.filter;
    let filter = JobFilter { state: word.map(JobState::from), kind: kind.clone(), lane: lane.clone() };
    let found = state.pipeline.list_jobs(&filter, list.page, &actor).await?;
    let bodies: Vec<JobBody> = found.items.into_iter().map(JobBody::from).collect();
    Ok((list.headers("/api/jobs", found.total), Json(bodies)).into_response())
}

/// Returns one job.
#[utoipa::path(get, path = "/api/jobs/{id}", operation_id = "get_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's id", example = 1)),
    responses((status = 200, description = "The job as it is now", body = JobBody)))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.get_job(JobId(id), &actor).await?.into()))
}

/// Cancels a queued job, or asks a running one to stop at its next step.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's id", example = 1)),
    responses(
        (status = 200, description = "The job as it is now", body = JobBody),
        (status = 409, description = "It has ended", body = ErrorBody)
    ))]
pub(crate) async fn cancel(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.cancel_job(JobId(id), &actor).await?.into()))
}

/// Queues a dead, cancelled or superseded job again.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", operation_id = "retry_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's id", example = 1)),
    responses(
        (status = 200, description = "The job as it is now", body = JobBody),
        (status = 409, description = "It is queued, running or ended well", body = ErrorBody)
    ))]
pub(crate) async fn retry(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.retry_job(JobId(id), &actor).await?.into()))
}

/// Where to resume the events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Start after this event; the header `Last-Event-ID` has the same effect and takes precedence.
    #[param(value_type = u64, required = false, example = 0)]
    after: Option<u64>,
}

/// Streams a job's events as server-sent events, from the first or after `Last-Event-ID`, until the job ends.
///
/// The id of an event is its number, its name the step, and its data a JSON object with `at`, `message` and `data`.
#[utoipa::path(get, path = "/api/jobs/{id}/events", operation_id = "follow_job", tag = "jobs",
    params(
        ("id" = u64, Path, description = "The job's id", example = 1),
        EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "What browsers send when they reconnect", example = 0)
    ),
    responses(
        (status = 200, description = "A stream", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended and the caller has seen all: do not reconnect")
    ))]
pub(crate) async fn events(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Query(EventsQuery { after }): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let resumed =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    let after = resumed.or(after).unwrap_or(0);
    let job = state.pipeline.get_job(JobId(id), &actor).await?;
    let mut events = state.pipeline.events(JobId(id), after, &actor).await?;
    let mut first = None;
    if job.state.is_final() {
        first = events.next().await;
        if first.is_none() {
            // A browser's EventSource reconnects at the end of a stream unless it gets a 204.
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let stream = stream::iter(first).chain(events).map(|event| {
        let event = event.inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "an event stream broke off");
        })?;
        let data = serde_json::json!({
            "at": event.at.to_string(), "message": event.message, "data": event.data,
        });
        Ok::<_, PipelineError>(
            Event::default().id(event.sequence.to_string()).event(event.step).data(data.to_string()),
        )
    });
    let stream = stream.take_until(Box::pin(state.shutdown.clone().cancelled_owned()));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}
