//! Entity tags: the revision of a spell in quotes, followed by a dot and its outcomes as soon as it has any. `If-Match`
//! compares the revision only, so that a review that offers a spell does not prevent anybody from changing the spell;
//! `If-None-Match` compares everything that is shown.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use grimoire_domain::spell::Outcomes;

use crate::error::ApiError;

/// The revision that the caller last saw (`If-Match`); absent if any revision is fine.
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
                    "BAD_REQUEST",
                    "If-Match must be the ETag of a spell as it was sent, such as \"3\", or *",
                )
            }),
        }
    }
}

/// The tag of a spell.
pub(crate) fn entity_tag(revision: u64, outcomes: Outcomes) -> HeaderValue {
    let Outcomes { offered, fixed } = outcomes;
    let tag = if outcomes == Outcomes::default() {
        format!("\"{revision}\"")
    } else {
        format!("\"{revision}.{offered}.{fixed}\"")
    };
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The tags of the versions that the caller already has (`If-None-Match`).
#[derive(Debug, Clone)]
pub(crate) struct HeldTags(Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for HeldTags {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(IF_NONE_MATCH).cloned()))
    }
}

impl HeldTags {
    /// Returns true if this tag is one of them.
    pub(crate) fn contain(&self, tag: &HeaderValue) -> bool {
        let held = self.0.as_ref().and_then(|value| value.to_str().ok());
        held.is_some_and(|held| {
            held.split(',')
                .map(|held| held.trim().trim_start_matches("W/"))
                .any(|held| held == "*" || held.as_bytes() == tag.as_bytes())
        })
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The revision in a tag. A proxy that compresses responses may have made the tag a weak one.
fn revision_of(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    tag.split('.').next()?.parse().ok()
}
