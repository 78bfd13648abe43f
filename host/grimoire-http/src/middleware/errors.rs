//! Gives every error answer the one body, wherever it came from: a handler, the router (404, 405),
//! a limit, a time-out or a panic.

use axum::Json;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::request_id::RequestId;
use crate::error::{ApiError, ErrorBody, INTERNAL};

/// Marks an answer whose status is that of an error and whose body is right as it is, such as the
/// report of a service that is not well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnBody;

/// The answer with the body that errors have, where it is one.
pub(super) fn rendered(mut response: Response, id: &RequestId, method: &Method, path: &str) -> Response {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.extensions_mut().remove::<OwnBody>().is_some() {
        return response;
    }
    let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| {
        let (code, detail) = describe(status, method, path);
        ApiError::new(status, code, detail)
    });
    let body = ErrorBody {
        detail: error.detail,
        error_code: error.code,
        timestamp: Timestamp::now().to_string(),
        request_id: id.as_str().to_owned(),
        errors: error.errors,
    };
    let mut rendered = (status, Json(body)).into_response();
    // What a layer below said beside its body (Allow of a 405) stays.
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    if let Some(after) = error.retry_after {
        rendered.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    if status == StatusCode::UNAUTHORIZED {
        rendered.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    rendered
}

/// What an answer without words of its own means.
fn describe(status: StatusCode, method: &Method, path: &str) -> (&'static str, String) {
    match status {
        StatusCode::NOT_FOUND => {
            ("not_found", format!("there is nothing at {}; /docs lists every path", shown(path)))
        }
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            format!("{method} is not possible at {}; the header Allow lists what is", shown(path)),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is above this path's limit".to_owned()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            ("timeout", "the request took longer than the server allows".to_owned())
        }
        StatusCode::INTERNAL_SERVER_ERROR => ("internal", INTERNAL.to_owned()),
        other if other.is_server_error() => ("unavailable", "the server cannot answer now".to_owned()),
        other => ("bad_request", other.canonical_reason().unwrap_or("the request is not valid").to_owned()),
    }
}

/// A path as it may stand in a sentence.
fn shown(path: &str) -> String {
    path.chars().filter(|character| !character.is_control()).take(200).collect()
}
