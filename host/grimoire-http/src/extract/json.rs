//! JSON bodies whose errors name the field.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::validation::FieldErrors;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::state::Shared;

/// A JSON object as `T`. 415 for another content type, 413 above the limit, 400 for what is not JSON,
/// 422 naming the field for JSON of another shape.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Self::Rejection> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(is_json) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "the body must be JSON: send the header Content-Type: application/json",
            ));
        }
        refuse_encoded(request.headers())?;
        let bytes = read_limited(request.into_body(), state.options.json_limit).await?;
        parse(&bytes).map(Self)
    }
}

/// Whether a content type is JSON: `application/json` or `application/*+json`, with any parameters.
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return true;
    }
    let essence = essence.to_ascii_lowercase();
    essence.starts_with("application/") && essence.ends_with("+json")
}

/// 415 for a compressed body: nothing here unpacks one, and reading it as it is would only puzzle.
pub(crate) fn refuse_encoded(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body must be sent as it is, without Content-Encoding",
        )),
        _ => Ok(()),
    }
}

/// Reads a body of at most `limit` bytes; 413 names the limit. A body that says that it is longer is
/// not read at all.
pub(crate) async fn read_limited(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(refuse_rest(body, limit as u64));
    }
    match Limited::new(&mut body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(refuse_rest(body, limit as u64)),
        Err(_) => Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_request", "the body ended too early")),
    }
}

/// How much of a refused body is taken from the connection and thrown away, and for how long.
const DISCARD: usize = 64 << 20;
const DISCARD_PATIENCE: Duration = Duration::from_secs(5);

/// 413, at once; what the caller still sends is thrown away meanwhile. Closing the connection under
/// a caller who is still sending makes most clients report a broken connection and not the answer.
pub(crate) fn refuse_rest(body: Body, limit: u64) -> ApiError {
    tokio::spawn(tokio::time::timeout(DISCARD_PATIENCE, async move {
        let mut rest = body.into_data_stream();
        let mut read = 0;
        while let Some(Ok(chunk)) = rest.next().await {
            read += chunk.len();
            if read > DISCARD {
                break;
            }
        }
    }));
    too_large(limit)
}

/// 413 that names the limit.
pub(crate) fn too_large(limit: u64) -> ApiError {
    let limit = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{limit} bytes") };
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("the body is above the limit of {limit} for this path"),
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let field = if path == "." { "body".to_owned() } else { path };
            ApiError::fields(&FieldErrors::one(field, without_place(&inner)))
        } else {
            malformed(&inner)
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    // serde also reads a list as the fields in their order, which no caller means.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::fields(&FieldErrors::one("body", "must be a JSON object")));
    }
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not valid JSON: {error}"))
}

/// serde's message without ` at line 1 column 9`: the field says where.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}
