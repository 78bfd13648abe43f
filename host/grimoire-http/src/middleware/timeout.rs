//! No request holds a connection for ever: ordinary ones have a short limit, those that stream an
//! artifact or a backup a longer one, and event streams none, as they last as long as their job.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;

use crate::error::ApiError;
use crate::state::HttpOptions;

/// Answers 408 when the time is over; the handler is dropped, and with it what it was waiting for. To be
/// called in a runtime. A timer is only set when the work has to wait.
pub(super) fn limited<W: Future<Output = Response>>(
    options: &HttpOptions,
    path: &str,
    work: W,
) -> impl Future<Output = Response> + use<W> {
    let patience = if matches!(path, "/api/analyze" | "/api/diagnose" | "/api/admin/backup") {
        options.artifact_timeout
    } else {
        options.request_timeout
    };
    tokio::time::timeout(patience, work).map(move |ended| {
        ended.unwrap_or_else(|_| {
            let detail = format!("the request took longer than {} s", patience.as_secs_f64());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
        })
    })
}
