//! CORS: browsers may call only from origins that the operator listed.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;

use super::request_id;
use crate::state::HttpOptions;

/// The layer, if any origin is listed.
pub(super) fn layer(options: &HttpOptions) -> Option<CorsLayer> {
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
