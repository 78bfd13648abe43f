//! The one shape of every error answer, and the only map from kinds to statuses.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::validation::{FieldError, FieldErrors};
use grimoire_pipeline::PipelineError;
use serde::Serialize;
use utoipa::ToSchema;

/// What a 500 says. The cause is for operators, and stands in the log under the request's id.
pub(crate) const INTERNAL: &str = "an internal error; the server's log has it under this request_id";

/// What every error answer holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong and what would be right, for people.
    #[schema(example = "spell 42 does not exist")]
    pub detail: String,
    /// A stable word for programs.
    #[schema(example = "not_found")]
    pub error_code: &'static str,
    /// When it happened, RFC 3339 in UTC.
    pub timestamp: String,
    /// Also in the header `x-request-id` and in every log line of the request.
    pub request_id: String,
    /// The fields that are wrong; only where the input was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field as sent: `title`, `samples.must_match[0]`.
    #[schema(example = "title")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "must not be empty")]
    pub message: String,
}

impl From<FieldError> for FieldProblem {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, message: error.message }
    }
}

/// An error on its way out. The body is written by `middleware::errors`, which knows the
/// request's id; until then it travels as an extension of an empty answer.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldProblem>,
    pub(crate) retry_after: Option<Duration>,
}

impl ApiError {
    /// An error with a status of its own.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 422 with the fields that are wrong.
    pub fn fields(errors: &FieldErrors) -> Self {
        Self::of_kind(ErrorKind::Invalid, errors.to_string(), errors.errors())
    }

    /// 401 for a request whose token is missing or unknown.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorKind::Unauthenticated.as_str(), detail)
    }

    fn of_kind(kind: ErrorKind, detail: String, fields: &[FieldError]) -> Self {
        let errors = fields.iter().cloned().map(FieldProblem::from).collect();
        Self { status: status_of(kind), code: kind.as_str(), detail, errors, retry_after: None }
    }
}

/// The status that a kind of error gets.
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
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<PipelineError> for ApiError {
    fn from(error: PipelineError) -> Self {
        let kind = error.kind();
        // A 500 says nothing, the log says all, once.
        let detail = if kind == ErrorKind::Internal {
            tracing::error!(error = &error as &dyn std::error::Error, "request failed");
            INTERNAL.to_owned()
        } else {
            error.to_string()
        };
        let mut answer = Self::of_kind(kind, detail, error.field_errors());
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
