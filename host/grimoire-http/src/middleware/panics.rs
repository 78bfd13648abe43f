//! Limits the effect of a panic to its request.

use std::any::Any;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// The response to a request whose handler panicked. The log has the details.
// The layer passes the panic by value.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&'static str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = message.unwrap_or("no message"), "a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
