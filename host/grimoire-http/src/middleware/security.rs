//! Headers that make browsers careful. Their values are made when the program is: a value is looked at
//! byte for byte before it may be one.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Pages that bring their own scripts and styles from this server and nothing from elsewhere.
/// Both reference pages write style attributes, and the second one searches in a worker.
static PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Everything else is data: no browser should run any of it.
static DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

static REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");
static NOT_STORED: HeaderValue = HeaderValue::from_static("no-store");

/// The same for every answer.
static FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// How many headers come to what a route says, all in all.
const ADDED: usize = 8;

/// Adds the headers that belong to answers at this path.
pub(super) fn add_headers(headers: &mut HeaderMap, path: &str) {
    let pages = path.starts_with("/docs") || path.starts_with("/redoc");
    let cacheable = path.starts_with("/docs/") || path.starts_with("/redoc/");
    headers.reserve(ADDED);
    headers.insert(header::CONTENT_SECURITY_POLICY, if pages { &PAGES } else { &DATA }.clone());
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
    }
    if !cacheable && !headers.contains_key(header::CACHE_CONTROL) {
        // What has a tag may be kept by the caller, who asks with `If-None-Match` whether it still holds.
        let rule = if headers.contains_key(header::ETAG) { &REVALIDATED } else { &NOT_STORED };
        headers.insert(header::CACHE_CONTROL, rule.clone());
    }
}
