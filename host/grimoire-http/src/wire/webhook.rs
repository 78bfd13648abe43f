//! Answers to webhook requests.

use serde::Serialize;
use utoipa::ToSchema;

/// What became of a webhook request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// `success`, `ping`, `ignored` or `duplicate`.
    #[schema(example = "success")]
    pub status: &'static str,
    /// What `X-GitHub-Event` said.
    #[schema(example = "pull_request")]
    pub event: String,
    /// The payload's action.
    #[schema(example = "opened")]
    pub action: Option<String>,
    /// What `X-GitHub-Delivery` said.
    pub delivery_id: String,
    /// The job that works on it.
    pub job_id: Option<u64>,
    /// Why nothing is done, where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
