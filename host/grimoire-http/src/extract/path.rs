//! Numbers in paths, with errors that name them.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use grimoire_domain::validation::FieldErrors;

use crate::error::ApiError;

/// The only number in the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub u64);

impl Id {
    /// Parses a number from the path; 422 names it.
    pub(crate) fn parse(name: &str, text: &str) -> Result<u64, ApiError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).ok_or_else(|| {
            let message = format!("must be a whole number from 0, is {:?}", crate::shorten(text));
            ApiError::fields(&FieldErrors::one(name, message))
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::fields(&FieldErrors::one("id", "is not valid text")))?;
        Self::parse("id", &text).map(Self)
    }
}
