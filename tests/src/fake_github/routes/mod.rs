//! The routes of the REST interface.

mod actions;
mod comments;
mod pulls;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::routing::{get, patch};
use axum::{Extension, Router};
use http::header::{HeaderValue, LINK, LOCATION};
use http::{Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::server::{Viewer, error_response as error, json_response as answer};
use super::state::{Repository, State as Content};
use super::{Shared, shapes};

pub(super) use super::server::error_response as api_error;

pub(super) const ZEN: &str = "Half measures are as bad as nothing at all.";

type Answer = Response<Body>;
type Parameters = Query<HashMap<String, String>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/user", get(user))
        .route("/rate_limit", get(rate_limit))
        .route("/meta", get(meta))
        .route("/zen", get(async || ZEN))
        .route("/repos/{owner}/{name}", get(repository))
        .route("/repos/{owner}/{name}/pulls", get(pulls::pulls))
        .route("/repos/{owner}/{name}/pulls/{number}", get(pulls::pull))
        .route("/repos/{owner}/{name}/pulls/{number}/files", get(pulls::files))
        .route("/repos/{owner}/{name}/commits/{sha}/pulls", get(pulls::pulls_of_commit))
        .route("/repos/{owner}/{name}/commits/{sha}/check-runs", get(actions::check_runs))
        .route("/repos/{owner}/{name}/check-runs/{id}/annotations", get(actions::annotations))
        .route("/repos/{owner}/{name}/actions/runs", get(actions::runs))
        .route("/repos/{owner}/{name}/actions/runs/{id}", get(actions::run))
        .route("/repos/{owner}/{name}/actions/runs/{id}/jobs", get(actions::jobs))
        .route("/repos/{owner}/{name}/actions/jobs/{id}", get(actions::job))
        .route("/repos/{owner}/{name}/actions/jobs/{id}/logs", get(actions::log))
        .route(
            "/repos/{owner}/{name}/issues/{number}/comments",
            get(comments::comments).post(comments::comment),
        )
        .route("/repos/{owner}/{name}/issues/comments/{id}", patch(comments::edit).get(comments::one_comment))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(Arc::clone(shared))
}

/// Where a renamed repository is now, if the target is in one.
pub(super) fn moved(state: &Content, api: &str, uri: &Uri) -> Option<Answer> {
    let mut segments = uri.path().strip_prefix("/repos/")?.splitn(3, '/');
    let (owner, name, rest) = (segments.next()?, segments.next()?, segments.next());
    let id = state.renamed.get(&format!("{owner}/{name}"))?;
    let rest = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = error(StatusCode::MOVED_PERMANENTLY, "Moved Permanently");
    let target = format!("{api}/repositories/{id}{rest}{query}");
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(target).ok()?);
    Some(response)
}

fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "Not Found")
}

/// The repository, where it exists and may be seen.
fn visible<'a>(state: &'a Content, owner: &str, name: &str, viewer: Viewer) -> Option<&'a Repository> {
    let repository = state.repositories.get(&format!("{owner}/{name}"))?;
    (!repository.private || viewer == Viewer::Account).then_some(repository)
}

/// One page of a list, with the links to the others.
fn page(
    shared: &Shared,
    uri: &Uri,
    parameters: &HashMap<String, String>,
    mut items: Vec<Value>,
    wrap: &str,
) -> Answer {
    let number = |name: &str| parameters.get(name).and_then(|value| value.parse::<usize>().ok());
    let size = number("per_page").filter(|size| *size > 0).unwrap_or(30).min(100);
    let page = number("page").unwrap_or(1).max(1);
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let items: Vec<Value> = items.drain(..).skip((page - 1) * size).take(size).collect();
    let body = if wrap.is_empty() { Value::from(items) } else { json!({"total_count": total, wrap: items}) };
    let mut response = answer(StatusCode::OK, &body);
    let kept: Vec<String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
        .map(str::to_owned)
        .collect();
    let link = |page: usize, relation: &str| {
        let query = [kept.clone(), vec![format!("page={page}")]].concat().join("&");
        format!("<{}{}?{query}>; rel=\"{relation}\"", shared.api_url(), uri.path())
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    if page > 1 {
        links.push(link(1, "first"));
    }
    if let (false, Ok(links)) = (links.is_empty(), HeaderValue::try_from(links.join(", "))) {
        response.headers_mut().insert(LINK, links);
    }
    response
}

async fn unknown(State(shared): State<Arc<Shared>>, method: Method, uri: Uri) -> Answer {
    shared.ledger.violation(format!("{method} {uri}: unknown to the fake GitHub"));
    not_found()
}

async fn user(State(shared): State<Arc<Shared>>, Extension(viewer): Extension<Viewer>) -> Answer {
    if viewer == Viewer::Anonymous {
        return error(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let state = shared.state();
    answer(StatusCode::OK, &shapes::user(&state, &state.account, &shared.api_url()))
}

async fn rate_limit(State(shared): State<Arc<Shared>>) -> Answer {
    let state = shared.state();
    let core = json!({
        "limit": 5000,
        "remaining": state.remaining,
        "used": 5000_u64.saturating_sub(state.remaining),
        "reset": state.reset,
    });
    answer(StatusCode::OK, &json!({"resources": {"core": core}, "rate": core}))
}

async fn meta() -> Answer {
    let hooks = ["192.0.2.0/24", "2001:db8::/32"];
    answer(StatusCode::OK, &json!({"verifiable_password_authentication": false, "hooks": hooks}))
}

async fn repository(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name)): Path<(String, String)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let mut value = shapes::repository(&state, repository, &shared.api_url());
    value["permissions"] = json!({"admin": false, "push": viewer == Viewer::Account, "pull": true});
    answer(StatusCode::OK, &value)
}
