//! Webhook requests from GitHub.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::{Ingested, WebhookRequest};

use crate::error::{ApiError, ErrorBody};
use crate::extract::body::{discard, in_time, refuse_encoded};
use crate::extract::form;
use crate::extract::json::is_json;
use crate::shorten;
use crate::state::Shared;
use crate::wire::webhook::{FormPayload, WebhookAnswer};

/// The detail for a request without a valid signature.
const UNSIGNED: &str = "the request is not signed";

/// Receives a webhook request.
///
/// The signature is verified over the raw bytes before anything is parsed. 202 means that the
/// request and its job are on disk.
#[utoipa::path(post, path = "/webhook", operation_id = "receive_webhook", tag = "webhooks",
    params(
        ("X-GitHub-Event" = String, Header, description = "The event's name", example = "pull_request"),
        ("X-GitHub-Delivery" = String, Header, description = "Identifies the request, also when sent again",
            example = "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("X-GitHub-Hook-ID" = Option<String>, Header, description = "Which hook sent it; kept with it", example = "42")
    ),
    request_body(description = "GitHub's payload", content(
        (Object = "application/json", example = json!({
            "action": "opened",
            "number": 7,
            "pull_request": {
                "number": 7, "state": "open", "draft": false,
                "head": { "sha": "1111111111111111111111111111111111111111" },
            },
            "repository": { "full_name": "octo/app" },
        })),
        (FormPayload = "application/x-www-form-urlencoded")
    )),
    responses(
        (status = 202, description = "Stored with a job", body = WebhookAnswer),
        (status = 200, description = "A ping, an ignored event or a duplicate", body = WebhookAnswer),
        (status = 400, description = "Not JSON, or a header is missing", body = ErrorBody),
        (status = 401, description = "The signature is missing or wrong", body = ErrorBody),
        (status = 413, description = "Above 25 MiB", body = ErrorBody),
        (status = 415, description = "Neither JSON nor form-encoded, or compressed", body = ErrorBody)
    ))]
pub(crate) async fn receive(State(state): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let encoding = Encoding::of(headers)?;
    refuse_encoded(headers)?;
    if state.pipeline.webhooks_are_signed() && !has_signature(headers) {
        // The body is not kept: the memory is for requests that may be signed.
        discard(body);
        return Err(ApiError::of_kind(ErrorKind::Unauthenticated, UNSIGNED));
    }
    let read = state.unverified.read(body, state.options.webhook_limit);
    let unverified = in_time(state.options.request_timeout, read).await?;
    let payload = (encoding == Encoding::Form).then(|| form::payload(&unverified.body));
    let request = WebhookRequest {
        event: text(headers, "x-github-event"),
        delivery: text(headers, "x-github-delivery"),
        signature: text(headers, "x-hub-signature-256"),
        body: unverified.body.clone(),
        payload,
        headers: kept(headers),
    };
    let outcome = state.pipeline.ingest(request).await.map_err(|error| {
        let kind = error.kind();
        let mut answer = ApiError::from(error);
        match kind {
            // GitHub's requests are not forms filled in by a person, so an unreadable request is a
            // 400, not a 422.
            ErrorKind::Invalid => answer.status = StatusCode::BAD_REQUEST,
            // The same sentence for all unsigned requests, so that a forger learns nothing.
            ErrorKind::Unauthenticated => UNSIGNED.clone_into(&mut answer.detail),
            _ => {}
        }
        answer
    })?;
    Ok(answer(&outcome).into_response())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Form,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if is_json(content_type) {
            return Ok(Self::Json);
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Ok(Self::Form);
        }
        Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be application/json or application/x-www-form-urlencoded, as GitHub sends it",
        ))
    }
}

/// Returns true if the request has a signature header, valid or not.
fn has_signature(headers: &HeaderMap) -> bool {
    let signature = headers.get("x-hub-signature-256").map(HeaderValue::as_bytes);
    let digits = signature.and_then(|signature| signature.strip_prefix(b"sha256="));
    digits.is_some_and(|digits| digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// The headers that are kept with the request.
fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let kept = WebhookRequest::KEPT_HEADERS.into_iter();
    kept.filter_map(|name| Some((name.to_owned(), shorten(&text(headers, name)?)))).collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The response for the outcome of a request.
pub(super) fn answer(outcome: &Ingested) -> (StatusCode, Json<WebhookAnswer>) {
    let code = match outcome {
        Ingested::Accepted(_) => StatusCode::ACCEPTED,
        Ingested::Ping(_) | Ingested::Ignored { .. } | Ingested::Duplicate(_) => StatusCode::OK,
    };
    let receipt = outcome.receipt();
    let body = WebhookAnswer {
        status: outcome.status(),
        event: receipt.event.clone(),
        action: receipt.action.clone(),
        delivery_id: receipt.delivery_id.to_string(),
        job_id: receipt.job_id.map(|id| id.0),
        reason: outcome.reason().map(str::to_owned),
    };
    (code, Json(body))
}
