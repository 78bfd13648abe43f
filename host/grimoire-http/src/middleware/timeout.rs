//! No request holds a connection for ever: ordinary ones have a short limit, those that stream an
//! artifact a longer one, and event streams none, as they last as long as their job.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;
use crate::state::HttpOptions;

/// Answers 408 when the time is over; the handler is dropped, and with it what it was waiting for.
pub(super) async fn limited(
    options: &HttpOptions,
    path: &str,
    work: impl Future<Output = Response>,
) -> Response {
    let patience = if matches!(path, "/api/analyze" | "/api/diagnose") {
        options.artifact_timeout
    } else {
        options.request_timeout
    };
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
        let detail = format!("the request took longer than {} s", patience.as_secs_f64());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
    })
}
