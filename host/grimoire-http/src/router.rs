//! The table of contents: every path, and what happens around it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::cors::CorsLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::middleware::{Around, request_id};
use crate::openapi::{self, Document};
use crate::routes::{admin, diagnosis, health, jobs, metrics, plugins, reference, reviews, spells, webhooks};
use crate::state::{AppState, HttpOptions, Shared};

/// Every route that the OpenAPI document describes.
pub(crate) fn api() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(webhooks::receive))
        .routes(openapi::alias(routes!(webhooks::receive), "/webhook", "/webhooks/github"))
        .routes(routes!(spells::list, spells::create))
        .routes(routes!(spells::get, spells::replace, spells::patch, spells::delete))
        .routes(routes!(spells::revisions))
        .routes(routes!(spells::restore))
        .routes(routes!(diagnosis::analyze))
        .routes(routes!(diagnosis::match_error))
        .routes(routes!(diagnosis::diagnose))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::events))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::get))
        .routes(routes!(plugins::list))
        .routes(routes!(health::overall))
        .routes(routes!(health::part))
        .routes(routes!(metrics::render))
        .routes(routes!(admin::back_up))
}

/// The whole HTTP face.
pub fn router(state: AppState) -> Router {
    let cors = cors(&state.options);
    let (routes, document) = api().split_for_parts();
    routes
        .merge(reference::swagger(openapi::completed(document)))
        .merge(reference::routes())
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(ServiceBuilder::new().layer(option_layer(cors)).layer(Around::new(Arc::clone(&state.options))))
        .with_state(Arc::new(state))
}

/// Browsers of other origins may call only from those that the operator listed.
fn cors(options: &HttpOptions) -> Option<CorsLayer> {
    if options.cors_origins.is_empty() {
        return None;
    }
    let origins: Vec<HeaderValue> =
        options.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("last-event-id"),
            request_id::HEADER,
        ])
        .expose_headers([
            header::ETAG,
            header::LINK,
            HeaderName::from_static("x-total-count"),
            HeaderName::from_static("x-grimoire-sequence"),
            request_id::HEADER,
        ])
        .max_age(Duration::from_secs(3600));
    Some(layer)
}
