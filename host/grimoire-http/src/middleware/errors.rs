//! Gives every error response the common body, whatever its origin: a handler, the router (404,
//! 405), a limit, a timeout or a panic.

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::request_id;
use crate::error::{ApiError, ErrorBody, INTERNAL};

/// Marks a response that has an error status but keeps its own body, such as the health report of a
/// service that is not healthy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnBody;

/// Replaces the body of an error response by the common one.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let request_id = request_id::of(request.extensions()).to_owned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.extensions_mut().remove::<OwnBody>().is_some() {
        return response;
    }
    let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| {
        let (code, detail) = describe(status, &method, uri.path());
        ApiError::new(status, code, detail)
    });
    let body = ErrorBody {
        detail: error.detail,
        error_code: error.code,
        timestamp: Timestamp::now().to_string(),
        request_id,
        errors: error.errors,
    };
    let mut rendered = (status, Json(body)).into_response();
    // Headers that a lower layer set (`Allow` of a 405) are kept.
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

/// The code and detail of an error response that has none.
fn describe(status: StatusCode, method: &Method, path: &str) -> (&'static str, String) {
    match status {
        StatusCode::NOT_FOUND => {
            ("NOT_FOUND", format!("there is nothing at {}; /docs lists every path", shown(path)))
        }
        StatusCode::METHOD_NOT_ALLOWED => (
            "METHOD_NOT_ALLOWED",
            format!("{method} is not possible at {}; the header Allow lists what is", shown(path)),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("TOO_LARGE", "the body is above this path's limit".to_owned()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            ("TIMEOUT", "the request took longer than the server allows".to_owned())
        }
        StatusCode::INTERNAL_SERVER_ERROR => ("INTERNAL", INTERNAL.to_owned()),
        other if other.is_server_error() => ("UNAVAILABLE", "the server cannot answer now".to_owned()),
        other => ("BAD_REQUEST", other.canonical_reason().unwrap_or("the request is not valid").to_owned()),
    }
}

/// Makes a path safe for a sentence.
fn shown(path: &str) -> String {
    path.chars().filter(|character| !character.is_control()).take(200).collect()
}
