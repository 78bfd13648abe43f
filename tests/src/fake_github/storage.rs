//! The storage of logs: another origin, to which a link is the only key.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode, Uri};

use super::Shared;
use super::state::Log;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().route("/logs/{key}", get(log)).fallback(unknown).with_state(Arc::clone(shared))
}

async fn log(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response<Body> {
    let state = shared.state();
    let Some(job) = state.links.get(&key) else {
        return refusal(StatusCode::FORBIDDEN, "AuthenticationFailed");
    };
    let job = state.repositories.values().find_map(|repository| repository.jobs.get(job));
    match job.map(|job| &job.log) {
        Some(Log::Stored(text)) => {
            let mut response = Response::new(Body::from(text.clone()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            response
        }
        _ => refusal(StatusCode::NOT_FOUND, "BlobNotFound"),
    }
}

async fn unknown(State(shared): State<Arc<Shared>>, uri: Uri) -> Response<Body> {
    shared.ledger.violation(format!("{uri}: unknown to the storage of logs"));
    refusal(StatusCode::NOT_FOUND, "ResourceNotFound")
}

/// Errors of the storage are XML.
pub(super) fn refusal(status: StatusCode, code: &str) -> Response<Body> {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code></Error>");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}
