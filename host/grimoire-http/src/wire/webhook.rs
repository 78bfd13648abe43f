//! Responses to webhook requests.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// The outcome of a webhook request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// The action taken.
    #[schema(schema_with = statuses)]
    pub status: &'static str,
    /// The value of `X-GitHub-Event`.
    #[schema(example = "pull_request")]
    pub event: String,
    /// The payload's action.
    #[schema(required = true, example = "opened")]
    pub action: Option<String>,
    /// The value of `X-GitHub-Delivery`.
    pub delivery_id: String,
    /// The resulting job.
    #[schema(required = true)]
    pub job_id: Option<u64>,
    /// Why no job was created, if none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn statuses() -> Object {
    let words = ["success", "ping", "ignored", "duplicate"];
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// A payload as a URL-encoded form.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "documents a body whose bytes are signed and therefore never parsed into this")]
pub(crate) struct FormPayload {
    /// The JSON text.
    #[schema(example = "{\"zen\":\"Design for failure.\"}")]
    payload: String,
}
