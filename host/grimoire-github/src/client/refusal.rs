//! Errors between Grimoire and GitHub, with messages that help and contain no secret.

use bytes::Bytes;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Why a call returned no result.
#[derive(Debug)]
pub(super) enum CallError {
    /// GitHub refused the request.
    Refused {
        /// The status.
        status: StatusCode,
        /// The response body.
        body: Bytes,
        /// The error for callers.
        error: PortError,
    },
    /// No response, or an inconclusive one: a write may or may not have happened.
    Unknown(PortError),
}

impl From<CallError> for PortError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { error, .. } | CallError::Unknown(error) => error,
        }
    }
}

/// The name of a call in errors: method and path. Unlike a query, neither contains a secret.
pub(super) fn name_of(method: &Method, url: &Url) -> String {
    format!("{method} {}", url.path())
}

/// The error for a response that is neither a success nor a rate limit.
pub(super) fn refused(
    call: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: Bytes,
    token: &str,
) -> CallError {
    let said = said(&body, token);
    let (kind, message) = match status.as_u16() {
        401 => (
            ErrorKind::Unauthenticated,
            format!(
                "GitHub does not accept the token ({call}): it is wrong, expired or revoked. \
                 Make a new one and configure it as GITHUB_API_TOKEN"
            ),
        ),
        403 => {
            let needed = headers
                .get("x-accepted-github-permissions")
                .and_then(|value| value.to_str().ok())
                .map(|needed| format!("; it needs: {}", quotable(needed, token)))
                .unwrap_or_default();
            (ErrorKind::Forbidden, format!("the token may not do this ({call}){needed}{said}"))
        }
        404 => {
            (ErrorKind::NotFound, format!("GitHub does not have it, or the token may not see it ({call})"))
        }
        410 => (ErrorKind::NotFound, format!("GitHub does not have it any more ({call})")),
        409 => (ErrorKind::Conflict, format!("GitHub sees a conflict ({call}){said}")),
        451 => (ErrorKind::Forbidden, format!("GitHub withholds it for legal reasons ({call})")),
        500.. => {
            let message = format!("GitHub answered {} ({call})", status.as_u16());
            return CallError::Unknown(PortError::new(ErrorKind::Unavailable, message));
        }
        code => (ErrorKind::Invalid, format!("GitHub refused with {code} ({call}){said}")),
    };
    CallError::Refused { status, body, error: PortError::new(kind, message) }
}

/// The error for a connection that failed before the response was complete.
pub(super) fn lost(call: &str, error: reqwest::Error) -> CallError {
    // The URL of a log is a secret while it is valid.
    let error = error.without_url();
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, format!("GitHub did not answer in time ({call})"))
    } else if error.is_connect() {
        (ErrorKind::Unavailable, format!("GitHub cannot be reached ({call})"))
    } else {
        (ErrorKind::Unavailable, format!("the connection to GitHub broke ({call})"))
    };
    CallError::Unknown(PortError::new(kind, message).with_source(error))
}

/// The error for a response that exceeded its time limit.
pub(super) fn late(call: &str) -> CallError {
    CallError::Unknown(PortError::new(ErrorKind::Timeout, format!("GitHub did not answer in time ({call})")))
}

/// The error for a response that exceeds its size limit.
pub(super) fn too_large(call: &str, limit: usize) -> CallError {
    let message = format!("GitHub's answer has more than {limit} bytes ({call})");
    CallError::Unknown(PortError::new(ErrorKind::TooLarge, message))
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    errors: Option<Vec<Value>>,
}

/// GitHub's explanation of a refusal, as the end of a sentence; empty if it is not readable.
fn said(body: &[u8], token: &str) -> String {
    let Ok(said) = serde_json::from_slice::<ErrorBody>(body) else { return String::new() };
    let details = said.errors.into_iter().flatten().filter_map(|error| match error {
        Value::String(text) => Some(text),
        Value::Object(mut fields) => {
            let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
            text(fields.remove("message")).or_else(|| {
                Some(format!("{} {}", text(fields.remove("field"))?, text(fields.remove("code"))?))
            })
        }
        _ => None,
    });
    let all: Vec<String> = said.message.into_iter().chain(details).collect();
    if all.is_empty() { String::new() } else { format!(": {}", quotable(&all.join("; "), token)) }
}

/// Makes foreign text safe for an error message: one line, at most 300 characters, without the token.
fn quotable(text: &str, token: &str) -> String {
    let text = if token.is_empty() { text.to_owned() } else { text.replace(token, "***") };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// Returns true if GitHub refused a diff because of its size: documented as 406, but 422 occurs too.
pub(super) fn is_diff_too_large(error: &CallError) -> bool {
    match error {
        CallError::Refused { status, body, .. } => {
            *status == StatusCode::NOT_ACCEPTABLE
                || (*status == StatusCode::UNPROCESSABLE_ENTITY
                    && String::from_utf8_lossy(body).contains("too_large"))
        }
        CallError::Unknown(error) => error.kind() == ErrorKind::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    fn error(status: u16, body: &'static str) -> PortError {
        let status = StatusCode::from_u16(status).unwrap();
        refused("GET /x", status, &HeaderMap::new(), Bytes::from_static(body.as_bytes()), "hunter2").into()
    }

    #[test]
    fn every_status_has_its_kind() {
        for (status, kind) in [
            (400, ErrorKind::Invalid),
            (401, ErrorKind::Unauthenticated),
            (403, ErrorKind::Forbidden),
            (404, ErrorKind::NotFound),
            (406, ErrorKind::Invalid),
            (409, ErrorKind::Conflict),
            (410, ErrorKind::NotFound),
            (422, ErrorKind::Invalid),
            (451, ErrorKind::Forbidden),
            (500, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
        ] {
            assert_eq!(error(status, "<html>").kind(), kind, "{status}");
        }
    }

    #[test]
    fn what_github_says_is_quoted_in_one_line_without_the_token() {
        let body = r#"{"message": "Validation\nFailed", "errors": [{"field": "diff", "code": "too_large"}, "hunter2", {"message": "body is too long"}, 1]}"#;
        assert_eq!(
            error(422, body).to_string(),
            "GitHub refused with 422 (GET /x): Validation Failed; diff too_large; ***; body is too long"
        );
        let long = format!("{{\"message\": \"{}\"}}", "é".repeat(5000));
        let said = said(long.as_bytes(), "");
        assert_eq!(said.chars().filter(|c| *c == 'é').count(), 300);
    }

    #[test]
    fn a_missing_permission_is_named() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-accepted-github-permissions"),
            http::HeaderValue::from_static("actions=read"),
        )]);
        let error = refused("GET /x", StatusCode::FORBIDDEN, &headers, Bytes::new(), "");
        assert!(PortError::from(error).to_string().contains("needs: actions=read"));
    }
}
