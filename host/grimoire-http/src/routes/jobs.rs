//! Durable work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures::stream::{self, StreamExt as _};
use grimoire_domain::job::JobId;
use grimoire_pipeline::PipelineError;
use grimoire_ports::store::JobFilter;

use super::spells::page_headers;
use crate::error::{ApiError, ErrorBody};
use crate::extract::actor::Writer;
use crate::extract::path::Id;
use crate::extract::query::Parameters;
use crate::state::Shared;
use crate::wire::job::{JobBody, state_choices};

/// Lists jobs, newest first. Dead letters are those in state `dead`.
#[utoipa::path(get, path = "/api/jobs", operation_id = "list_jobs", tag = "jobs",
    params(
        ("skip" = Option<u64>, Query, description = "How many to pass over; 0"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100"),
        ("state" = Option<String>, Query,
            description = "`queued`, `running`, `succeeded`, `dead`, `cancelled` or `superseded`"),
        ("kind" = Option<String>, Query, description = "Of this kind"),
        ("lane" = Option<String>, Query, description = "Of this lane, such as `octo/app#7`")
    ),
    responses((status = 200, description = "`X-Total-Count` and `Link` tell of the rest", body = Vec<JobBody>)))]
pub(crate) async fn list(State(state): State<Shared>, parameters: Parameters) -> Result<Response, ApiError> {
    let page = parameters.page()?;
    let filter = JobFilter {
        state: parameters.choice("state", &state_choices())?,
        kind: parameters.text("kind").map(str::to_owned),
        lane: parameters.text("lane").map(str::to_owned),
    };
    let found = state.pipeline.list_jobs(&filter, page).await?;
    let headers = page_headers("/api/jobs", &parameters, page, found.total);
    let bodies: Vec<JobBody> = found.items.into_iter().map(JobBody::from).collect();
    Ok((headers, Json(bodies)).into_response())
}

/// One job.
#[utoipa::path(get, path = "/api/jobs/{id}", operation_id = "get_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job as it is now", body = JobBody),
        (status = 404, description = "No such job", body = ErrorBody)
    ))]
pub(crate) async fn get(State(state): State<Shared>, Id(id): Id) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.get_job(JobId(id)).await?.into()))
}

/// Cancels a queued job, or asks a running one to stop at its next step.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs", security((), ("token" = [])),
    params(("id" = u64, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job as it is now", body = JobBody),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 409, description = "It has ended", body = ErrorBody)
    ))]
pub(crate) async fn cancel(
    State(state): State<Shared>,
    _: Writer,
    Id(id): Id,
) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.cancel_job(JobId(id)).await?.into()))
}

/// Queues a job again that is dead, cancelled or superseded.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", operation_id = "retry_job", tag = "jobs", security((), ("token" = [])),
    params(("id" = u64, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job as it is now", body = JobBody),
        (status = 404, description = "No such job", body = ErrorBody),
        (status = 409, description = "It is queued, running or ended well", body = ErrorBody)
    ))]
pub(crate) async fn retry(
    State(state): State<Shared>,
    _: Writer,
    Id(id): Id,
) -> Result<Json<JobBody>, ApiError> {
    Ok(Json(state.pipeline.retry_job(JobId(id)).await?.into()))
}

/// A job's story as server-sent events, from the beginning or after `Last-Event-ID`, until the job ends.
///
/// The event's id is its number, its name the step, its data a JSON object with `at`, `message` and `data`.
#[utoipa::path(get, path = "/api/jobs/{id}/events", operation_id = "follow_job", tag = "jobs",
    params(
        ("id" = u64, Path, description = "The job's id"),
        ("after" = Option<u64>, Query, description = "Start after this event; `Last-Event-ID` does the same"),
        ("Last-Event-ID" = Option<u64>, Header, description = "What browsers send when they reconnect")
    ),
    responses(
        (status = 200, description = "A stream", content_type = "text/event-stream"),
        (status = 204, description = "The job has ended and the caller has seen all: do not reconnect"),
        (status = 404, description = "No such job", body = ErrorBody)
    ))]
pub(crate) async fn events(
    State(state): State<Shared>,
    Id(id): Id,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let resumed =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    let after = match resumed {
        Some(after) => after,
        None => parameters.parsed("after", "a whole number from 0")?.unwrap_or(0),
    };
    let job = state.pipeline.get_job(JobId(id)).await?;
    let mut events = state.pipeline.events(JobId(id), after).await?;
    let mut first = None;
    if job.state.is_final() {
        first = events.next().await;
        if first.is_none() {
            // A browser's EventSource reconnects after a stream's end unless it is told not to.
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
