//! The storage of logs and artifacts: another origin, accessible only through links.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode, Uri};

use super::Shared;
use super::state::{Log, Stored};

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/logs/{key}", get(log))
        .route("/artifacts/{key}", get(artifact))
        .fallback(unknown)
        .with_state(Arc::clone(shared))
}

async fn log(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response<Body> {
    let state = shared.state();
    let Some(Stored::LogOfJob(job)) = state.links.get(&key) else { return unauthenticated() };
    let job = state.repositories.values().find_map(|repository| repository.jobs.get(job));
    match job.map(|job| &job.log) {
        Some(Log::Stored(text)) => content(text.clone(), "text/plain"),
        _ => refusal(StatusCode::NOT_FOUND, "BlobNotFound"),
    }
}

async fn artifact(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response<Body> {
    let state = shared.state();
    let Some(Stored::Artifact(artifact)) = state.links.get(&key) else { return unauthenticated() };
    let artifact = state.repositories.values().find_map(|repository| repository.artifacts.get(artifact));
    match artifact.and_then(|artifact| artifact.archive.as_ref()) {
        Some(archive) => content(archive.clone(), "application/zip"),
        None => refusal(StatusCode::NOT_FOUND, "BlobNotFound"),
    }
}

fn content(bytes: Vec<u8>, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn unauthenticated() -> Response<Body> {
    refusal(StatusCode::FORBIDDEN, "AuthenticationFailed")
}

async fn unknown(State(shared): State<Arc<Shared>>, uri: Uri) -> Response<Body> {
    shared.ledger.violation(format!("{uri}: unknown to the storage"));
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
