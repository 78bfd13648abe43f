//! Security headers for browsers.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// The policy for pages, which load their own scripts and styles from this server and nothing from
/// elsewhere. Both reference pages use style attributes, and Redoc searches in a worker.
const PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The policy for everything else, which is data: browsers should not execute any of it.
const DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");
const NOT_STORED: HeaderValue = HeaderValue::from_static("no-store");

/// Headers of every response.
const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the security headers for this path.
pub(super) async fn add_headers(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let pages = path.starts_with("/docs") || path.starts_with("/redoc");
    let cacheable = path.starts_with("/docs/") || path.starts_with("/redoc/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, if pages { PAGES } else { DATA });
    headers.extend(FIXED);
    if !cacheable && !headers.contains_key(header::CACHE_CONTROL) {
        // Callers may cache a response with an entity tag, and revalidate it with `If-None-Match`.
        let rule = if headers.contains_key(header::ETAG) { REVALIDATED } else { NOT_STORED };
        headers.insert(header::CACHE_CONTROL, rule);
    }
    response
}
