//! Who is writing.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::state::AppState;

/// Somebody who may write: the label of the token, or `local` where the server needs none.
#[derive(Debug, Clone)]
pub(crate) struct Writer(pub String);

impl FromRequestParts<AppState> for Writer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        if !state.access.is_closed() {
            return Ok(Self("local".to_owned()));
        }
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        match token {
            None => Err(ApiError::unauthenticated(
                "writing needs a token: send the header Authorization: Bearer <token>",
            )),
            Some(token) => {
                state.access.label_of(token).map(|label| Self(label.to_owned())).ok_or_else(|| {
                    tracing::warn!(target: "security", "a request with an unknown token was refused");
                    ApiError::unauthenticated("the token is not known")
                })
            }
        }
    }
}
