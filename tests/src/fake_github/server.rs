//! The servers below the routes: common checks of every request, and planned faults.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::Shared;
use super::routes::{api_error, moved};
use crate::faults::{Action, Fault};
use crate::ledger::{Credentials, Entry, Server};

/// The sender of a request, after the token was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewer {
    Anonymous,
    Account,
}

/// A connection to be cut, as an error of its service.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// Serves until its task is aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, server: Server, router: Router, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        // An error concerns a connection that was gone before it was accepted.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, server, router.clone(), Arc::clone(&shared)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, server: Server, router: Router, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let (router, shared) = (router.clone(), Arc::clone(&shared));
        async move { exchange(request, server, router, &shared).await }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if Pin::new(&mut connection).await.is_err() {
        // A reset instead of a regular close.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

async fn exchange(
    request: Request<hyper::body::Incoming>,
    server: Server,
    router: Router,
    shared: &Arc<Shared>,
) -> Result<Response<Body>, Cut> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    if server == Server::Api {
        parts.uri = plain(shared, &parts.uri);
    }
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let credentials = credentials(parts.headers.get(AUTHORIZATION));
    let entry = shared.ledger.open(Entry {
        server,
        method: method.to_string(),
        path: path.clone(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        credentials: credentials.clone(),
        headers: parts.headers.clone(),
        body: body.clone(),
        status: None,
    });

    let fault = shared.faults.next(method.as_str(), &path);
    match fault.as_ref().filter(|fault| !fault.after_handling).map(|fault| &fault.action) {
        Some(Action::Reset) => return Err(Cut),
        Some(Action::Hang) => std::future::pending().await,
        Some(Action::Delay(by)) => tokio::time::sleep(*by).await,
        Some(Action::Answer { .. }) => {
            let response = answer_of(fault.expect("it was just looked at"));
            shared.ledger.close(entry, Some(response.status().as_u16()));
            return Ok(response);
        }
        _ => {}
    }

    let if_none_match = parts.headers.get(IF_NONE_MATCH).cloned();
    let response = if let Some(refusal) = admit(shared, server, &parts, &credentials) {
        refusal
    } else {
        // Callers with another token were refused.
        let known = credentials != Credentials::None;
        parts.extensions.insert(if known { Viewer::Account } else { Viewer::Anonymous });
        let answer = router.oneshot(Request::from_parts(parts, Body::from(body))).await;
        answer.unwrap_or_else(|never: Infallible| match never {})
    };
    let (mut head, body) = response.into_parts();
    let mut body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    if server == Server::Api {
        dress(shared, &credentials, &mut head, &method, &mut body, if_none_match.as_ref());
    }

    let response = match fault {
        Some(fault) => damage(fault, head, body).await?,
        None => Response::from_parts(head, Body::from(body)),
    };
    shared.ledger.close(entry, Some(response.status().as_u16()));
    Ok(response)
}

/// The same target without the prefix of enterprise servers, and by name if it is by id.
fn plain(shared: &Shared, uri: &http::Uri) -> http::Uri {
    let mut path = uri.path().strip_prefix("/api/v3").unwrap_or(uri.path()).to_owned();
    let by_id = path.strip_prefix("/repositories/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    if let Some((id, rest)) = by_id {
        let state = shared.state();
        if let Some(repository) =
            state.repositories.values().find(|repository| repository.id.to_string() == id)
        {
            path = format!("/repos/{}/{rest}", repository.full_name());
        }
    }
    let path = if path.is_empty() { "/" } else { path.trim_end_matches(' ') };
    let target = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    target.parse().unwrap_or_else(|_| uri.clone())
}

fn credentials(header: Option<&HeaderValue>) -> Credentials {
    let Some(header) = header else { return Credentials::None };
    let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
    match text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("token ")) {
        Some(token) => Credentials::Bearer(token.to_owned()),
        None => Credentials::Other(text),
    }
}

/// The refusal of a request before any route, if there is one.
fn admit(
    shared: &Shared,
    server: Server,
    parts: &http::request::Parts,
    credentials: &Credentials,
) -> Option<Response<Body>> {
    let what = format!("{} {}", parts.method, parts.uri.path());
    if server == Server::Storage {
        if *credentials == Credentials::None {
            return None;
        }
        // The real storage treats any credentials other than its link as an attempt to sign in.
        shared.ledger.violation(format!("{what}: a token was sent to the storage"));
        return Some(super::storage::refusal(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo"));
    }
    if parts.headers.get(USER_AGENT).is_none_or(HeaderValue::is_empty) {
        shared.ledger.violation(format!("{what}: no User-Agent"));
        let refusal = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Some(api_error(StatusCode::FORBIDDEN, refusal));
    }
    let mut state = shared.state();
    if let Credentials::Bearer(token) = credentials
        && let Some(known) = state.owner_tokens.get(token)
    {
        let elsewhere = parts
            .uri
            .path()
            .strip_prefix("/repos/")
            .is_some_and(|rest| rest.split('/').next() != Some(known.owner.as_str()));
        if elsewhere {
            shared.ledger.violation(format!("{what}: a token of {} was sent", known.owner));
            return Some(api_error(StatusCode::NOT_FOUND, "Not Found"));
        }
    } else if *credentials != Credentials::None && *credentials != Credentials::Bearer(state.token.clone()) {
        return Some(api_error(StatusCode::UNAUTHORIZED, "Bad credentials"));
    }
    if parts.uri.path() != "/rate_limit" {
        let limit = state.limit_of(credentials);
        if limit.remaining == 0 {
            return Some(api_error(StatusCode::FORBIDDEN, "API rate limit exceeded for user ID 1001."));
        }
        limit.remaining -= 1;
    }
    moved(&state, &shared.api_url(), &parts.uri)
}

/// Adds GitHub's response headers, and responds with 304 if nothing has changed.
fn dress(
    shared: &Shared,
    credentials: &Credentials,
    head: &mut http::response::Parts,
    method: &Method,
    body: &mut Bytes,
    if_none_match: Option<&HeaderValue>,
) {
    let mut state = shared.state();
    if method == Method::GET && head.status == StatusCode::OK {
        let tag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits are ASCII");
        if if_none_match == Some(&tag) {
            head.status = StatusCode::NOT_MODIFIED;
            *body = Bytes::new();
            head.headers.remove(CONTENT_TYPE);
            // A 304 does not count against the limit.
            state.limit_of(credentials).remaining += 1;
        }
        head.headers.insert(ETAG, tag);
    }
    // The connection sets the length of the new body.
    head.headers.remove(CONTENT_LENGTH);
    let limit = *state.limit_of(credentials);
    let used = 5000_u64.saturating_sub(limit.remaining);
    for (name, value) in [
        ("x-ratelimit-limit", "5000".to_owned()),
        ("x-ratelimit-remaining", limit.remaining.to_string()),
        ("x-ratelimit-used", used.to_string()),
        ("x-ratelimit-reset", limit.reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-request-id", format!("FAKE:{:08X}", state.next_id())),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-github-api-version-selected", "2022-11-28".to_owned()),
        ("server", "github.com".to_owned()),
    ] {
        head.headers.insert(name, HeaderValue::try_from(value).expect("these values are ASCII"));
    }
}

fn answer_of(fault: Fault) -> Response<Body> {
    let Action::Answer { status, headers, body } = fault.action else {
        unreachable!("only answers are asked for their answer")
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().extend(headers);
    response
}

/// Damages the response as planned.
async fn damage(fault: Fault, mut head: http::response::Parts, body: Bytes) -> Result<Response<Body>, Cut> {
    let body = match fault.action {
        Action::Reset => return Err(Cut),
        Action::Answer { .. } => return Ok(answer_of(fault)),
        Action::Hang => std::future::pending().await,
        Action::Delay(by) => {
            if fault.after_handling {
                tokio::time::sleep(by).await;
            }
            Body::from(body)
        }
        Action::Shorten(bytes) => Body::from(body.slice(..bytes.min(body.len()))),
        Action::Truncate(bytes) => {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            let sent = body.slice(..bytes.min(body.len()));
            // A delay in between, so that the first part is sent before the end.
            let cut = stream::once(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(Cut)
            });
            Body::from_stream(stream::iter([Ok(sent)]).chain(cut))
        }
        Action::Drip(interval) => Body::from_stream(stream::unfold(body, move |mut left| async move {
            if left.is_empty() {
                return None;
            }
            tokio::time::sleep(interval).await;
            let byte = left.split_to(1);
            Some((Ok::<_, Cut>(byte), left))
        })),
        Action::Repeat => {
            head.headers.remove(CONTENT_LENGTH);
            Body::from_stream(stream::repeat_with(move || Ok::<_, Cut>(body.clone())))
        }
    };
    Ok(Response::from_parts(head, body))
}

/// A body of JSON with its content type.
pub(super) fn json_response(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// GitHub's errors.
pub(super) fn error_response(status: StatusCode, message: &str) -> Response<Body> {
    let value = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.as_u16().to_string(),
    });
    json_response(status, &value)
}
