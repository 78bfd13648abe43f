//! Entity tags: the revision of a spell in quotes.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::ApiError;

/// The revision that the caller last saw (`If-Match`); absent when it does not care.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExpectedRevision(pub Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for ExpectedRevision {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match header(&parts.headers, &IF_MATCH) {
            None | Some("*") => Ok(Self(None)),
            Some(tag) => revision_of(tag).map(|revision| Self(Some(revision))).ok_or_else(|| {
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "bad_request",
                    "If-Match must be the ETag of a spell as it was sent, such as \"3\", or *",
                )
            }),
        }
    }
}

/// The tag of a revision.
pub(crate) fn entity_tag(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The revisions that the caller holds already (`If-None-Match`).
#[derive(Debug, Clone)]
pub(crate) struct HeldRevisions(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for HeldRevisions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(IF_NONE_MATCH).cloned()))
    }
}

impl HeldRevisions {
    /// Whether this revision is among them.
    pub(crate) fn contain(&self, revision: u64) -> bool {
        let tags = self.0.as_ref().and_then(|value| value.to_str().ok());
        tags.is_some_and(|tags| {
            tags.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || revision_of(tag) == Some(revision))
        })
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn revision_of(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}
