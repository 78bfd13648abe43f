//! Blocks writes from pages of other sites.

use axum::response::{IntoResponse as _, Response};
use grimoire_domain::kind::ErrorKind;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::error::ApiError;
use crate::state::HttpOptions;

/// Rejects unsafe methods that a browser sends for a page of another origin, unless the operator listed the
/// origin. Browsers send such requests to any server without asking first.
pub(super) fn layer(options: &HttpOptions) -> CsrfLayer<fn(ProtectionError) -> Response> {
    let mut layer = CsrfLayer::new();
    for origin in &options.cors_origins {
        // An entry that is not an origin matches nothing.
        layer = layer.clone().add_trusted_origin(origin).unwrap_or(layer);
    }
    layer.with_rejection_response(refuse)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer asks for a function of this form")]
fn refuse(error: ProtectionError) -> Response {
    tracing::warn!(target: "security", "a request for a page of another origin was refused: {error}");
    ApiError::of_kind(
        ErrorKind::Forbidden,
        "a page of this origin may not do this: list the origin in server.cors_origins",
    )
    .into_response()
}
