//! Headers that make browsers careful.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Pages that bring their own scripts and styles from this server and nothing from elsewhere.
/// Both reference pages write style attributes, and the second one searches in a worker.
const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Everything else is data: no browser should run any of it.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds the headers that belong to answers at this path.
pub(super) fn add_headers(headers: &mut HeaderMap, path: &str) {
    let policy = if path.starts_with("/docs") || path.starts_with("/redoc") { PAGES } else { DATA };
    let cacheable = path.starts_with("/docs/") || path.starts_with("/redoc/");
    headers.reserve(8);
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !cacheable && !headers.contains_key(header::CACHE_CONTROL) {
        // What has a tag may be kept by the caller, who asks with `If-None-Match` whether it still holds.
        let rule = if headers.contains_key(header::ETAG) { "private, no-cache" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(rule));
    }
}
