//! What happens around every request. One function does all of it: every layer of its own would
//! clone and box the whole stack below it for every request.

mod errors;
pub(crate) mod panics;
pub(crate) mod request_id;
mod security;
mod timeout;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::state::HttpOptions;
pub(crate) use errors::OwnBody;
use request_id::RequestId;

/// From the outside in: the id with the log line and the count, security headers, the body of errors,
/// the time limit, panics.
pub(crate) async fn around(
    State(options): State<Arc<HttpOptions>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let uri = request.uri().clone();
    let method = request.method().clone();
    // The route's pattern, not the path: paths are unbounded and may hold what does not belong in a log.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let known_method = request_id::known(&method);
    let span = tracing::info_span!("request", request_id = id.as_str(), method = known_method, route);

    let handled = panics::caught(next.run(request));
    let response = timeout::limited(&options, uri.path(), handled).instrument(span.clone()).await;

    let mut response = errors::rendered(response, &id, &method, uri.path());
    security::add_headers(response.headers_mut(), uri.path());
    let status = response.status();
    let elapsed = started.elapsed();
    span.in_scope(|| {
        tracing::debug!(status = status.as_u16(), milliseconds = elapsed.as_secs_f64() * 1e3, "answered");
    });
    request_id::count(known_method, route, status, elapsed);
    id.write(response.headers_mut());
    response
}
