//! JSON answers.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

/// With how many bytes a body begins: most spells fit. A body that begins small and doubles is moved
/// five times before it holds one.
const ROOM: usize = 4 << 10;

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

/// A body that is JSON already.
#[derive(Debug)]
pub(crate) struct JsonBytes(pub Bytes);

impl IntoResponse for JsonBytes {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}

/// A value as JSON, or the status to answer with instead: the log says why.
pub(crate) fn written(value: &impl Serialize) -> Result<Vec<u8>, StatusCode> {
    let mut body = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    Ok(body)
}
