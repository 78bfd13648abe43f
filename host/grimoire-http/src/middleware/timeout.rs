//! No request holds a connection for ever: ordinary ones have a short limit, those that stream an
//! artifact a longer one, and event streams none, as they last as long as their job.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;
use crate::state::AppState;

/// Answers 408 when the time is over; the handler is dropped, and with it what it was waiting for.
pub(crate) async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let patience = if matches!(path, "/api/analyze" | "/api/diagnose") {
        state.options.artifact_timeout
    } else {
        state.options.request_timeout
    };
    tokio::time::timeout(patience, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("the request took longer than {} s", patience.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
    })
}
