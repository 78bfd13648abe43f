//! Health of the service, in words.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use grimoire_pipeline::{HealthPart, HealthStatus};

use crate::error::ApiError;
use crate::middleware::OwnBody;
use crate::state::Shared;
use crate::wire::health::{HealthBody, PartBody, PartName};

/// Reports the health of all parts. 503 if a part does not work, so that load balancers understand it too.
#[utoipa::path(get, path = "/health", operation_id = "get_health", tag = "operation", responses(
    (status = 200, description = "It works, perhaps with less than its whole strength", body = HealthBody),
    (status = 503, description = "A part does not work", body = HealthBody)
))]
pub(crate) async fn overall(State(state): State<Shared>) -> Response {
    let health = state.pipeline.health().await;
    let code = status_of(health.status());
    (code, Extension(OwnBody), Json(HealthBody::new(health, state.started_at.to_string()))).into_response()
}

/// Reports the health of one part.
#[utoipa::path(get, path = "/health/{part}", operation_id = "get_health_part", tag = "operation",
    params(("part" = inline(PartName), Path, description = "Which part", example = "db")),
    responses(
        (status = 200, description = "It works", body = PartBody),
        (status = 503, description = "It does not work", body = PartBody)
    ))]
pub(crate) async fn part(
    State(state): State<Shared>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let part: HealthPart = match name.as_str() {
        "db" => state.pipeline.db_health().await,
        "queue" => state.pipeline.queue_health().await,
        "index" => state.pipeline.index_health(),
        "plugins" => state.pipeline.plugins_health(),
        _ => {
            let detail = "the parts are db, queue, index and plugins";
            return Err(ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail));
        }
    };
    Ok((status_of(part.status), Extension(OwnBody), Json(PartBody::from(part))).into_response())
}

fn status_of(status: HealthStatus) -> StatusCode {
    match status {
        HealthStatus::Healthy | HealthStatus::Degraded => StatusCode::OK,
        HealthStatus::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    }
}
