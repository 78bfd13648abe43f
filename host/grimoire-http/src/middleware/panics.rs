//! A panic ends its request and nothing else.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;

/// The answer, or 500 when making it panicked. The log says what happened.
pub(super) fn caught(
    work: impl Future<Output = Result<Response, Infallible>>,
) -> impl Future<Output = Response> {
    // Nothing of a request outlives it but what sits behind the ports, and those keep their own order.
    AssertUnwindSafe(work).catch_unwind().map(|ended| match ended {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => {
            tracing::error!(panic = message_of(panic.as_ref()), "a request panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    })
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
