//! What happens around every request. One service does all of it: every layer of its own would
//! clone and box the whole stack below it for every request.

mod compression;
mod errors;
mod meters;
mod panics;
pub(crate) mod request_id;
mod security;
mod timeout;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, Uri};
use axum::response::Response;
use futures::FutureExt as _;
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::state::HttpOptions;
use compression::Accepted;
pub(crate) use errors::OwnBody;
use meters::Meters;
use request_id::RequestId;

/// Wraps every route, from the outside in: compression, the id with the log line and the count,
/// security headers, the body of errors, the time limit, panics.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    options: Arc<HttpOptions>,
}

impl Around {
    /// The layer, with what the operator chose.
    pub(crate) fn new(options: Arc<HttpOptions>) -> Self {
        Self { options }
    }
}

impl<S> Layer<S> for Around {
    type Service = Surrounded<S>;

    fn layer(&self, inner: S) -> Surrounded<S> {
        Surrounded { inner, options: Arc::clone(&self.options), meters: Arc::default() }
    }
}

/// A route with everything around it.
#[derive(Debug, Clone)]
pub(crate) struct Surrounded<S> {
    inner: S,
    options: Arc<HttpOptions>,
    meters: Arc<Meters>,
}

impl<S> Service<Request> for Surrounded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let asked = Asked::of(&request, Arc::clone(&self.meters));
        let span = tracing::info_span!(
            "request",
            request_id = asked.id.as_str(),
            method = asked.known_method,
            route = asked.route()
        );
        let handled = panics::caught(self.inner.call(request));
        let limited = timeout::limited(&self.options, asked.uri.path(), handled);
        // Combined, not awaited in an `async` block: that would hold the work in each of its forms, and a
        // future above a kilobyte is slow to allocate.
        Box::pin(limited.map(|response| Ok(asked.finish(response))).instrument(span))
    }
}

/// What is known of a request before it is handled and needed for its answer.
struct Asked {
    started: Instant,
    id: RequestId,
    method: Method,
    known_method: &'static str,
    uri: Uri,
    /// The route's pattern, not the path: paths are unbounded and may hold what does not belong in a log.
    matched: Option<MatchedPath>,
    accepted: Accepted,
    meters: Arc<Meters>,
}

impl Asked {
    fn of(request: &Request, meters: Arc<Meters>) -> Self {
        let method = request.method().clone();
        Self {
            started: Instant::now(),
            id: RequestId::of(request),
            known_method: meters::known(&method),
            method,
            uri: request.uri().clone(),
            matched: request.extensions().get::<MatchedPath>().cloned(),
            accepted: Accepted::of(request.headers()),
            meters,
        }
    }

    fn route(&self) -> &str {
        self.matched.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    /// The answer as it is sent, logged and counted.
    fn finish(self, response: Response) -> Response {
        let mut response = errors::rendered(response, &self.id, &self.method, self.uri.path());
        security::add_headers(response.headers_mut(), self.uri.path());
        let status = response.status();
        let elapsed = self.started.elapsed();
        tracing::debug!(status = status.as_u16(), milliseconds = elapsed.as_secs_f64() * 1e3, "answered");
        self.meters.record(self.known_method, self.route(), status, elapsed);
        self.id.write(response.headers_mut());
        self.accepted.encoded(response)
    }
}
