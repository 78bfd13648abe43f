//! Reading bodies within limits.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::error::ApiError;

/// 415 for a compressed body: nothing here decompresses, and reading it as it is would only give confusing errors.
pub(crate) fn refuse_encoded(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be sent as it is, without Content-Encoding",
        )),
        _ => Ok(()),
    }
}

/// Reads a body of at most `limit` bytes; 413 names the limit. A body with a larger announced length
/// is not read at all.
pub(crate) async fn read_limited(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(refuse_rest(body, limit as u64));
    }
    match Limited::new(&mut body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(refuse_rest(body, limit as u64)),
        Err(_) => Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body ended too early")),
    }
}

/// The body, or 408 if it does not arrive in time; nothing was done then.
pub(crate) async fn in_time<T>(
    patience: Duration,
    read: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    tokio::time::timeout(patience, read).await.unwrap_or_else(|_| {
        let detail = format!("the body did not arrive within {} s", patience.as_secs_f64());
        Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", detail))
    })
}

/// How much of a rejected body is read and discarded, and for how long.
const DISCARD: usize = 64 << 20;
const DISCARD_PATIENCE: Duration = Duration::from_secs(5);

/// 413 at once; the rest of the body is read and discarded meanwhile.
pub(crate) fn refuse_rest(body: Body, limit: u64) -> ApiError {
    discard(body);
    too_large(limit)
}

/// Reads and discards the rest of a body, within limits, while the response is sent. If the connection closed
/// while the client is sending, most clients would report a broken connection instead of the response.
pub(crate) fn discard(body: Body) {
    tokio::spawn(tokio::time::timeout(DISCARD_PATIENCE, async move {
        let mut rest = body.into_data_stream();
        let mut read = 0;
        while let Some(Ok(chunk)) = rest.next().await {
            read += chunk.len();
            if read > DISCARD {
                break;
            }
        }
    }));
}

/// 413 with the limit.
pub(crate) fn too_large(limit: u64) -> ApiError {
    let limit = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{limit} bytes") };
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "TOO_LARGE",
        format!("the body is above the limit of {limit} for this path"),
    )
}
