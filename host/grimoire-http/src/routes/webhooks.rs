//! What GitHub calls.

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::{Ingested, WebhookRequest};

use crate::answer::ShortJsonAnswer;
use crate::error::{ApiError, ErrorBody};
use crate::extract::json::{is_json, read_limited, refuse_encoded};
use crate::state::Shared;
use crate::wire::webhook::WebhookAnswer;

/// What a request is told that is not signed as it should be.
const UNSIGNED: &str = "the request is not signed";

/// Takes a webhook request.
///
/// The signature is checked over the raw bytes before anything is read from them. 202 means that
/// the request and its job are on disk.
#[utoipa::path(post, path = "/webhook", operation_id = "receive_webhook", tag = "webhooks",
    params(
        ("X-GitHub-Event" = String, Header, description = "The event's name"),
        ("X-GitHub-Delivery" = String, Header, description = "Identifies the request, also when sent again"),
        ("X-Hub-Signature-256" = Option<String>, Header, description = "`sha256=` and the HMAC of the body")
    ),
    request_body(content = String, content_type = "application/json", description = "GitHub's payload"),
    responses(
        (status = 202, description = "Stored with a job", body = WebhookAnswer),
        (status = 200, description = "A ping, an ignored event or a duplicate", body = WebhookAnswer),
        (status = 400, description = "Not JSON, or a header is missing", body = ErrorBody),
        (status = 401, description = "The signature is missing or wrong", body = ErrorBody),
        (status = 413, description = "Above 25 MiB", body = ErrorBody),
        (status = 415, description = "Neither JSON nor form-encoded", body = ErrorBody)
    ))]
pub(crate) async fn receive(State(state): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let encoding = Encoding::of(headers)?;
    refuse_encoded(headers)?;
    let body = read_limited(body, state.options.webhook_limit).await?;
    let payload = (encoding == Encoding::Form).then(|| form_payload(&body));
    let request = WebhookRequest {
        event: text(headers, "x-github-event"),
        delivery: text(headers, "x-github-delivery"),
        signature: text(headers, "x-hub-signature-256"),
        body,
        payload,
    };
    let outcome = state.pipeline.ingest(request).await.map_err(|error| {
        let kind = error.kind();
        let mut answer = ApiError::from(error);
        match kind {
            // What GitHub sends is not a form that a person fills in: a request that cannot be read
            // is a bad one, not an unprocessable one.
            ErrorKind::Invalid => answer.status = StatusCode::BAD_REQUEST,
            // One sentence for every way to be unsigned: a forger learns nothing.
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
            "unsupported_media_type",
            "the body must be application/json or application/x-www-form-urlencoded, as GitHub sends it",
        ))
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The field `payload` of an encoded form. Decoding reads no JSON and cannot fail, so it may stand
/// before the signature check; a form without the field has an empty payload, which is not JSON.
fn form_payload(body: &[u8]) -> Bytes {
    form_urlencoded::parse(body)
        .find(|(name, _)| name == "payload")
        .map(|(_, value)| Bytes::from(value.into_owned().into_bytes()))
        .unwrap_or_default()
}

fn answer(outcome: &Ingested) -> (StatusCode, ShortJsonAnswer<WebhookAnswer>) {
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
    (code, ShortJsonAnswer(body))
}
