//! The layers around every request.

mod cors;
mod errors;
mod metrics;
mod origin;
mod panics;
pub(crate) mod request_id;
mod security;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::access;
use crate::state::Shared;
pub(crate) use errors::OwnBody;

/// Adds the layers to every route. Compression is outside of the layers that may replace a body,
/// because a new body must not keep the content encoding of the old one.
pub(crate) fn wrap(router: Router<Shared>, state: &Shared) -> Router<Shared> {
    let options = &state.options;
    router.layer(
        ServiceBuilder::new()
            .layer(option_layer(cors::layer(options)))
            .layer(CompressionLayer::new())
            .layer(map_request(request_id::drop_odd))
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_failure(()))
            .layer(from_fn(metrics::record))
            .layer(from_fn(security::add_headers))
            .layer(from_fn(errors::render))
            .layer(CatchPanicLayer::custom(panics::answer))
            .layer(origin::layer(options))
            .layer(from_fn_with_state(Arc::clone(state), access::authorize)),
    )
}

/// The tracing span of a request. It names the route, not the path: paths are unbounded and may contain
/// data that does not belong in a log.
fn span(request: &Request) -> Span {
    tracing::info_span!(
        "request",
        request_id = request_id::of(request.extensions()),
        method = metrics::method_label(request.method()),
        route = route(request.extensions().get()),
    )
}

/// The route's pattern, for logs and metrics.
fn route(matched: Option<&MatchedPath>) -> &str {
    matched.map_or("unmatched", MatchedPath::as_str)
}
