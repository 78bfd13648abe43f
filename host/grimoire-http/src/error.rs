//! The common shape of all error responses, and the only map from error kinds to statuses.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::validation::{FieldError, FieldErrors};
use grimoire_pipeline::PipelineError;
use serde::Serialize;
use utoipa::ToSchema;

/// The detail of a 500. The cause is for operators, and is logged with the request's id.
pub(crate) const INTERNAL: &str = "an internal error; the server's log has it under this request_id";

/// The body of every error response.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// A message for display: the problem, and the allowed values.
    #[schema(example = "Spell with id 42 not found")]
    pub detail: String,
    /// A stable word for programs.
    #[schema(example = "SPELL_NOT_FOUND")]
    pub error_code: &'static str,
    /// The time of the error, in UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The request's id; also in the header `x-request-id` and in every log line of the request.
    pub request_id: String,
    /// The invalid fields, if the input was invalid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// An error about one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldProblem {
    /// The field as sent: `title`, `samples.must_match[0]`.
    #[schema(example = "title")]
    pub field: String,
    /// The problem with the field.
    #[schema(example = "must not be empty")]
    pub message: String,
}

impl From<FieldError> for FieldProblem {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, message: error.message }
    }
}

/// An error to be returned. The body is written by `middleware::errors`, which knows the request's
/// id; until then the error is an extension of an empty response.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldProblem>,
    pub(crate) retry_after: Option<Duration>,
}

impl ApiError {
    /// Creates an error with its own status.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// Creates an error of this kind, with the kind's status and code.
    pub fn of_kind(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self::new(status_of(kind), code_of(kind), detail)
    }

    /// 422 with the invalid fields.
    pub fn fields(errors: &FieldErrors) -> Self {
        Self::of_kind(ErrorKind::Invalid, errors.to_string()).with_fields(errors.errors())
    }

    fn with_fields(mut self, fields: &[FieldError]) -> Self {
        self.errors = fields.iter().cloned().map(FieldProblem::from).collect();
        self
    }
}

/// The code for a kind of error, unless there is a more specific one.
fn code_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::Conflict => "CONFLICT",
        ErrorKind::Invalid => "INVALID",
        ErrorKind::Unauthenticated => "UNAUTHENTICATED",
        ErrorKind::Forbidden => "FORBIDDEN",
        ErrorKind::TooLarge => "TOO_LARGE",
        ErrorKind::TooManyRequests => "TOO_MANY_REQUESTS",
        ErrorKind::Timeout => "TIMEOUT",
        ErrorKind::Unavailable => "UNAVAILABLE",
        ErrorKind::Busy => "BUSY",
        ErrorKind::Internal => "INTERNAL",
    }
}

/// The code for a missing resource.
fn missing_code(resource: Resource) -> &'static str {
    match resource {
        Resource::Spell => "SPELL_NOT_FOUND",
        Resource::Revision => "REVISION_NOT_FOUND",
        Resource::Job => "JOB_NOT_FOUND",
        Resource::Review => "REVIEW_NOT_FOUND",
        Resource::Delivery => "DELIVERY_NOT_FOUND",
        Resource::Plugin => "PLUGIN_NOT_FOUND",
    }
}

/// The status for a kind of error.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Busy | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<PipelineError> for ApiError {
    fn from(error: PipelineError) -> Self {
        let kind = error.kind();
        // A 500 tells the caller nothing; the log gets everything, once.
        let detail = if kind == ErrorKind::Internal {
            tracing::error!(error = &error as &dyn std::error::Error, "request failed");
            INTERNAL.to_owned()
        } else {
            error.to_string()
        };
        let mut answer = Self::of_kind(kind, detail).with_fields(error.field_errors());
        if let Some(resource) = error.missing_resource() {
            answer.code = missing_code(resource);
        }
        answer.retry_after = error.retry_after();
        answer
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::fields(&errors)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
