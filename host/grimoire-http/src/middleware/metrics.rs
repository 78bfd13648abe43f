//! Metrics of requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Records a response and its duration.
pub(super) async fn record(
    method: Method,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let response = next.run(request).await;
    let labels = [
        ("method", method_label(&method).to_owned()),
        ("route", super::route(matched.as_ref()).to_owned()),
        ("status", response.status().as_str().to_owned()),
    ];
    metrics::counter!("grimoire_http_requests_total", &labels).increment(1);
    metrics::histogram!("grimoire_http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

/// The method as a label. Callers may invent methods, and every label is kept forever.
pub(super) fn method_label(method: &Method) -> &'static str {
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
