//! JSON bodies with errors that name every invalid field.

use std::collections::BTreeSet;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use grimoire_domain::validation::{Checker, FieldErrors};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::{in_time, read_limited, refuse_encoded};
use crate::error::ApiError;
use crate::state::Shared;

/// The content of a JSON object from a caller. All fields are optional for serde, so that every problem is
/// reported at once, and not only the first missing field.
pub(crate) trait Input: DeserializeOwned {
    /// The checked input of an operation.
    type Checked;

    /// Returns an operation's input, or the problems that the operation, which checks the rest, cannot see.
    fn check(self) -> Result<Self::Checked, FieldErrors>;

    /// Every problem of the input, to be reported together with fields of the wrong type.
    fn problems(self) -> Option<FieldErrors>;
}

/// A JSON object as `T`, checked. 415 for another content type, 413 above the limit, 400 for anything that is
/// not JSON, 422 naming every invalid field.
#[derive(Debug)]
pub(crate) struct JsonBody<T: Input>(pub T::Checked);

impl<T: Input> FromRequest<Shared> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Self::Rejection> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(is_json) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "the body must be JSON: send the header Content-Type: application/json",
            ));
        }
        refuse_encoded(request.headers())?;
        let read = read_limited(request.into_body(), state.options.json_limit);
        let bytes = in_time(state.options.request_timeout, read).await?;
        parse::<T>(&bytes).map(Self)
    }
}

/// Returns true if a content type is JSON: `application/json` or `application/*+json`, with any parameters.
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return true;
    }
    let essence = essence.to_ascii_lowercase();
    essence.starts_with("application/") && essence.ends_with("+json")
}

fn parse<T: Input>(bytes: &[u8]) -> Result<T::Checked, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(value) => {
            deserializer.end().map_err(|error| malformed(&error))?;
            // serde also accepts an array of the fields in order, which no caller means.
            if bytes.trim_ascii_start().first() != Some(&b'{') {
                return Err(ApiError::fields(&FieldErrors::one("body", "must be a JSON object")));
            }
            return Ok(value.check()?);
        }
        Err(error) => error,
    };
    let body: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    Err(ApiError::fields(&every_problem::<T>(body, &error)))
}

/// All problems of a JSON body: a field of the wrong type is reported and left out, and the rest is read again.
fn every_problem<T: Input>(
    body: Value,
    first: &serde_path_to_error::Error<serde_json::Error>,
) -> FieldErrors {
    let mut checker = Checker::default();
    let mut named = BTreeSet::new();
    let Value::Object(mut fields) = body else {
        return FieldErrors::one("body", "must be a JSON object");
    };
    loop {
        match serde_path_to_error::deserialize::<_, T>(Value::Object(fields.clone())) {
            Err(error) => {
                let path = error.path().to_string();
                let field = root(&path).to_owned();
                let is_there = fields.remove(&field).is_some();
                checker.reject(if is_there { path } else { "body".to_owned() }, message(error.inner()));
                if !is_there {
                    break;
                }
                named.insert(field);
            }
            Ok(value) => {
                if named.is_empty() {
                    // Only visible in the text: a duplicate field.
                    checker.reject("body", message(first.inner()));
                }
                let others = value.problems();
                for error in others.iter().flat_map(FieldErrors::errors) {
                    if !named.contains(root(&error.field)) {
                        checker.reject(&error.field, &error.message);
                    }
                }
                break;
            }
        }
    }
    checker.finish(()).err().unwrap_or_else(|| FieldErrors::one("body", message(first.inner())))
}

/// The body's field at the beginning of a path: `samples` of `samples.must_match[1]`.
fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// serde's message without a position such as ` at line 1 column 9`, because the field gives the position.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

fn malformed(error: &serde_json::Error) -> ApiError {
    let detail = format!("the body is not valid JSON: {error}");
    ApiError::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", detail)
}
