//! Gives every error answer the one body, wherever it came from: a handler, the router (404, 405),
//! a limit, a time-out or a panic.

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::request_id::RequestId;
use crate::error::{ApiError, ErrorBody};

/// Writes the bodies of error answers.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let status = response.status();
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        None if status.is_client_error() || status.is_server_error() => {
            let (code, detail) = describe(status, &method, &path);
            ApiError::new(status, code, detail)
        }
        None => return response,
    };
    let body = ErrorBody {
        detail: error.detail,
        error_code: error.code,
        timestamp: Timestamp::now().to_string(),
        request_id: id,
        errors: error.errors,
    };
    let mut rendered = (status, Json(body)).into_response();
    // What a layer below said beside its body (Allow of a 405, CORS) stays.
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
fn describe(status: StatusCode, method: &http::Method, path: &str) -> (&'static str, String) {
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
        StatusCode::INTERNAL_SERVER_ERROR => {
            ("internal", "an internal error; the server's log has it under this request_id".to_owned())
        }
        other if other.is_server_error() => ("unavailable", "the server cannot answer now".to_owned()),
        other => ("bad_request", other.canonical_reason().unwrap_or("the request is not valid").to_owned()),
    }
}

/// A path as it may stand in a sentence.
fn shown(path: &str) -> String {
    path.chars().filter(|character| !character.is_control()).take(200).collect()
}
