//! One id per request, through the logs and back to the caller, and one log line per request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Label, SharedString};
use tracing::Instrument as _;
use uuid::Uuid;

/// The header that carries the id both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that is being answered. Visible ASCII.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// Takes the caller's id where it is a plain one, else makes one.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(&HEADER).filter(|value| is_plain(value.as_bytes()));
        Self(given.cloned().unwrap_or_else(Self::fresh))
    }

    fn fresh() -> HeaderValue {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Gives the request its id; logs and counts the answer.
pub(crate) async fn assign(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(&request);
    let method = method_of(request.method());
    // The route's pattern, not the path: paths are unbounded and may hold what does not belong in a log.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!("request", request_id = id.as_str(), method, route);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    let status = response.status();
    span.in_scope(|| {
        tracing::debug!(status = status.as_u16(), milliseconds = elapsed.as_secs_f64() * 1e3, "answered");
    });
    count(method, route, status, elapsed);
    response.headers_mut().insert(HEADER, id.0);
    response
}

fn count(method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
    let labels = [
        Label::from_static_parts("method", method),
        Label::new("route", SharedString::from(Arc::<str>::from(route))),
        Label::new("status", status.as_str().to_owned()),
    ];
    metrics::counter!("grimoire_http_requests_total", labels.iter()).increment(1);
    metrics::histogram!("grimoire_http_request_seconds", labels.iter()).record(elapsed.as_secs_f64());
}

/// The method as a label. Callers may invent methods, and every label is kept for ever.
fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whether a caller's id can stand in logs and headers as it is.
fn is_plain(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
