//! One id per request, in the logs and in the response.

use axum::extract::Request;
use axum::http::{Extensions, HeaderName};
use tower_http::request_id::RequestId;

/// The header with the id, in requests and responses.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Removes the caller's id unless it is safe in logs and headers; a generated one replaces it.
pub(super) async fn drop_odd(mut request: Request) -> Request {
    if request.headers().get(&HEADER).is_some_and(|id| !is_plain(id.as_bytes())) {
        request.headers_mut().remove(&HEADER);
    }
    request
}

/// The id as text: visible ASCII.
pub(super) fn of(extensions: &Extensions) -> &str {
    extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default()
}

fn is_plain(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
