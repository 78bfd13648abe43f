//! The access table: the permission that each route needs. A route that is not in the table is refused.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::kind::ErrorKind;

use crate::error::ApiError;
use crate::state::{AppState, Shared};

/// The requirement of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// No requirement: pages, and the endpoints that load balancers check.
    Nothing,
    /// A valid webhook signature, which the handler checks.
    Signature,
    /// This permission, if any tokens are configured.
    Permission(Permission),
}

const READ: Need = Need::Permission(Permission::Read);
const WRITE: Need = Need::Permission(Permission::Write);
const ADMIN: Need = Need::Permission(Permission::Admin);

/// Every route with its requirement.
pub(crate) const TABLE: &[(&str, &str, Need)] = &[
    ("POST", "/webhook", Need::Signature),
    ("POST", "/webhooks/github", Need::Signature),
    ("GET", "/api/spells", READ),
    ("POST", "/api/spells", WRITE),
    ("GET", "/api/spells/export", READ),
    ("POST", "/api/spells/import", WRITE),
    ("GET", "/api/spells/{id}", READ),
    ("PUT", "/api/spells/{id}", WRITE),
    ("PATCH", "/api/spells/{id}", WRITE),
    ("DELETE", "/api/spells/{id}", WRITE),
    ("GET", "/api/spells/{id}/revisions", READ),
    ("POST", "/api/spells/{id}/revisions/{revision}/restore", WRITE),
    ("POST", "/api/analyze", READ),
    ("POST", "/api/match", READ),
    ("POST", "/api/diagnose", READ),
    ("GET", "/api/reviews", READ),
    ("GET", "/api/reviews/{owner}/{name}/{number}", READ),
    ("GET", "/api/jobs", READ),
    ("GET", "/api/jobs/{id}", READ),
    ("POST", "/api/jobs/{id}/cancel", WRITE),
    ("POST", "/api/jobs/{id}/retry", WRITE),
    ("GET", "/api/jobs/{id}/events", READ),
    ("GET", "/api/webhooks/deliveries", READ),
    ("GET", "/api/webhooks/deliveries/{id}", READ),
    ("POST", "/api/webhooks/deliveries/{id}/redeliver", WRITE),
    ("GET", "/api/plugins", READ),
    ("GET", "/api/plugins/{name}", READ),
    ("POST", "/api/plugins/{name}", ADMIN),
    ("GET", "/api/plugins/{name}/cases", ADMIN),
    ("DELETE", "/api/plugins/{name}", ADMIN),
    ("POST", "/api/plugins/{name}/activate", ADMIN),
    ("POST", "/api/plugins/{name}/rollback", ADMIN),
    ("GET", "/health", Need::Nothing),
    ("GET", "/health/{part}", Need::Nothing),
    ("GET", "/metrics", READ),
    ("POST", "/api/admin/backup", ADMIN),
    ("GET", "/", Need::Nothing),
    ("GET", "/openapi.json", Need::Nothing),
    ("GET", "/docs", Need::Nothing),
    ("GET", "/docs/", Need::Nothing),
    ("GET", "/docs/{*rest}", Need::Nothing),
    ("GET", "/redoc", Need::Nothing),
    ("GET", "/redoc/page.css", Need::Nothing),
    ("GET", "/redoc/start.js", Need::Nothing),
    ("GET", "/redoc/redoc.standalone.js", Need::Nothing),
];

/// The requirement of a route; `None` if it is not in the table.
pub(crate) fn need(method: &Method, route: &str) -> Option<Need> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.iter().find(|(known, path, _)| *known == method && *path == route).map(|(_, _, need)| *need)
}

/// Authorizes a request and adds its [`Actor`] as an extension, before anything of the body is read.
pub(crate) async fn authorize(
    State(state): State<Shared>,
    matched: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    // A path without a route needs no guard: the router answers 404.
    let Some(matched) = matched else { return Ok(next.run(request).await) };
    let route = matched.as_str();
    let Some(need) = need(request.method(), route) else {
        if TABLE.iter().any(|(_, path, _)| *path == route) {
            // The router answers OPTIONS with 405 and `Allow`. The header is the whole answer, so only the status
            // changes.
            let asked = request.method() == Method::OPTIONS;
            let mut response = next.run(request).await;
            if asked && response.status() == StatusCode::METHOD_NOT_ALLOWED {
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            return Ok(response);
        }
        tracing::error!(route, "a route without a row in the table of access was refused");
        return Err(ApiError::of_kind(ErrorKind::Forbidden, "this route is not open to anybody"));
    };
    if need != Need::Signature && !state.access.is_closed() {
        refuse_foreign_host(&request)?;
    }
    let actor = actor(&state, need, request.headers())?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

fn actor(state: &AppState, need: Need, headers: &HeaderMap) -> Result<Actor, ApiError> {
    let needed = match need {
        Need::Nothing => return Ok(Actor::Anonymous(None)),
        Need::Signature => return Ok(Actor::Webhook),
        Need::Permission(needed) => needed,
    };
    if !state.access.is_closed() {
        return Ok(Actor::Anonymous(Some(Permission::Admin)));
    }
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        return Err(ApiError::of_kind(
            ErrorKind::Unauthenticated,
            "a token is needed: send the header Authorization: Bearer <token>",
        ));
    };
    let Some(actor) = state.access.holder_of(token) else {
        tracing::warn!(target: "security", "a request with an unknown token was refused");
        return Err(ApiError::of_kind(ErrorKind::Unauthenticated, "the token is not known"));
    };
    actor.require(needed).map_err(|forbidden| {
        tracing::warn!(target: "security", %actor, "a request was refused: {forbidden}");
        ApiError::of_kind(ErrorKind::Forbidden, forbidden.to_string())
    })?;
    Ok(actor)
}

/// Where no token is needed, a page of any site could read everything here if its host name is pointed at this
/// machine after the page was loaded (DNS rebinding). The requests of such a page have that name as their host.
fn refuse_foreign_host(request: &Request) -> Result<(), ApiError> {
    let named = request.headers().get_all(HOST).iter().map(|host| host.to_str().unwrap_or("unreadable"));
    // Every host that was sent must be a loopback name: of several, a proxy may have checked another one. A request
    // without a host does not come from a browser.
    let mut hosts = request.uri().authority().map(Authority::as_str).into_iter().chain(named);
    let Some(host) = hosts.find(|host| !is_loopback(host)) else { return Ok(()) };
    let host = crate::shorten(host);
    tracing::warn!(target: "security", host, "a request to a foreign host name was refused");
    Err(ApiError::new(
        StatusCode::MISDIRECTED_REQUEST,
        "MISDIRECTED_REQUEST",
        format!(
            "without API tokens this server answers to localhost and loopback addresses only, not to {host:?}: \
             use http://localhost, or configure API tokens"
        ),
    ))
}

/// Returns true if an authority, such as `localhost:8000`, names this machine.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Pages for browsers, which the OpenAPI document does not describe.
    const PAGES: [&str; 9] = [
        "/",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/{*rest}",
        "/redoc",
        "/redoc/page.css",
        "/redoc/start.js",
        "/redoc/redoc.standalone.js",
    ];

    #[test]
    fn the_table_has_every_operation_of_the_document_and_nothing_else() {
        let document = serde_json::to_value(crate::router::openapi_document()).expect("JSON");
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in item.as_object().expect("operations").keys() {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let rows: Vec<String> = TABLE
            .iter()
            .filter(|(_, path, _)| !PAGES.contains(path))
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect();
        assert_eq!(rows.iter().cloned().collect::<BTreeSet<_>>(), documented);
        assert_eq!(rows.len(), documented.len(), "no row stands twice");
        for (method, path, need) in TABLE.iter().filter(|(_, path, _)| PAGES.contains(path)) {
            assert_eq!((*method, *need), ("GET", Need::Nothing), "{path}");
        }
    }

    #[test]
    fn what_changes_something_needs_more_than_reading() {
        for (method, path, need) in TABLE {
            // The cases quote the logs of every repository.
            let quotes = path.ends_with("/cases");
            let reads = *method == "GET" && !quotes
                || matches!(*path, "/api/analyze" | "/api/match" | "/api/diagnose");
            let writes = matches!(need, Need::Permission(Permission::Write | Permission::Admin));
            assert_eq!(writes, !reads && *need != Need::Signature, "{method} {path}");
        }
    }
}
