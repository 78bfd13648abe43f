//! Who is writing.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;

use grimoire_domain::kind::ErrorKind;

use crate::error::ApiError;
use crate::state::Shared;

/// Somebody who may write: the label of the token, or `local` where the server needs none.
#[derive(Debug, Clone)]
pub(crate) struct Writer(pub String);

impl FromRequestParts<Shared> for Writer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Self::Rejection> {
        if !state.access.is_closed() {
            return match foreign_page(parts, &state.options.cors_origins) {
                None => Ok(Self("local".to_owned())),
                Some(origin) => {
                    tracing::warn!(target: "security", origin, "a write from a page of another origin was refused");
                    Err(ApiError::new(
                        StatusCode::FORBIDDEN,
                        ErrorKind::Forbidden.as_str(),
                        "a page of this origin may not write: list it in the allowed origins, or configure API tokens",
                    ))
                }
            };
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

/// The origin of the page that a browser makes this request for, when it is not one of ours. Where
/// no token is needed, every page that somebody on this machine visits could write otherwise: a
/// browser sends a POST without a body to any server and asks nobody first. A name that an attacker
/// points at this machine is no help either, because only loopback names count as ours.
fn foreign_page<'p>(parts: &'p Parts, allowed: &[String]) -> Option<&'p str> {
    let origin = parts.headers.get(ORIGIN)?.to_str().unwrap_or("unreadable");
    let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(Authority::as_str));
    let ours = origin
        .split_once("://")
        .is_some_and(|(_, authority)| Some(authority) == host && is_loopback(authority));
    (!ours && !allowed.iter().any(|known| known == origin)).then_some(origin)
}

/// Whether an authority, such as `localhost:8000`, names this machine itself.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
