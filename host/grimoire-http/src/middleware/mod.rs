//! What happens around every request. One service does all of it: every layer of its own would
//! clone and box the whole stack below it for every request.

mod compression;
mod errors;
mod meters;
pub(crate) mod panics;
pub(crate) mod request_id;
mod security;
mod timeout;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
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
        let started = Instant::now();
        let (options, meters) = (Arc::clone(&self.options), Arc::clone(&self.meters));
        let id = RequestId::of(&request);
        let accepted = Accepted::of(request.headers());
        let (uri, method) = (request.uri().clone(), request.method().clone());
        let known_method = meters::known(&method);
        // The route's pattern, not the path: paths are unbounded and may hold what does not belong in a log.
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
        let span = tracing::info_span!("request", request_id = id.as_str(), method = known_method, route);

        let handled = self.inner.call(request);
        let work = async move {
            let handled = panics::caught(async { handled.await.unwrap_or_else(|never| match never {}) });
            let response = timeout::limited(&options, uri.path(), handled).await;
            let mut response = errors::rendered(response, &id, &method, uri.path());
            security::add_headers(response.headers_mut(), uri.path());
            let status = response.status();
            let elapsed = started.elapsed();
            tracing::debug!(status = status.as_u16(), milliseconds = elapsed.as_secs_f64() * 1e3, "answered");
            let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
            meters.record(known_method, route, status, elapsed);
            id.write(response.headers_mut());
            Ok(accepted.encoded(response).await)
        };
        Box::pin(work.instrument(span))
    }
}
