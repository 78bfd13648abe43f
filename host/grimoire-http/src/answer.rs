//! JSON answers.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// With how many bytes a body begins: most spells fit. A body that begins small and doubles is moved
/// five times before it holds one.
const ROOM: usize = 4 << 10;

/// The same for short ones, in bytes.
const SHORT_ROOM: usize = 256;

/// How many headers an answer has in the end, most of them from the middleware: a map that begins small
/// is moved when they come.
const HEADERS: usize = 12;

/// A value as the JSON body of an answer, for values that usually have a kilobyte or more.
#[derive(Debug)]
pub(crate) struct JsonAnswer<T>(pub T);

impl<T: Serialize> IntoResponse for JsonAnswer<T> {
    fn into_response(self) -> Response {
        match written(&self.0) {
            Ok(body) => JsonBytes(body.into()).into_response(),
            Err(status) => status.into_response(),
        }
    }
}

/// A value as the JSON body of an answer, for values that have a few hundred bytes.
#[derive(Debug)]
pub(crate) struct ShortJsonAnswer<T>(pub T);

impl<T: Serialize> IntoResponse for ShortJsonAnswer<T> {
    fn into_response(self) -> Response {
        match appended(Vec::with_capacity(SHORT_ROOM), &self.0) {
            Ok(body) => JsonBytes(body.into()).into_response(),
            Err(status) => status.into_response(),
        }
    }
}

/// A body that is JSON already.
#[derive(Debug)]
pub(crate) struct JsonBytes(pub Bytes);

impl IntoResponse for JsonBytes {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(CONTENT_TYPE, JSON.clone());
        let mut response = Response::new(Body::from(self.0));
        *response.headers_mut() = headers;
        response
    }
}

/// A value as JSON, or the status to answer with instead: the log says why.
pub(crate) fn written(value: &impl Serialize) -> Result<Vec<u8>, StatusCode> {
    appended(Vec::with_capacity(ROOM), value)
}

fn appended(mut body: Vec<u8>, value: &impl Serialize) -> Result<Vec<u8>, StatusCode> {
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    Ok(body)
}
