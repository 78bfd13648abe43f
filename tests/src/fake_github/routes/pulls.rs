//! Pull requests, their diffs and their files.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response, StatusCode, Uri};
use serde_json::json;

use super::{Answer, Parameters, answer, error, not_found, page, visible};
use crate::fake_github::server::Viewer;
use crate::fake_github::state::Pull;
use crate::fake_github::{Shared, shapes};

pub(super) async fn pulls(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name)): Path<(String, String)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let wanted_state = parameters.get("state").map_or("open", String::as_str);
    let wanted = |pull: &&Pull| {
        let owner =
            pull.head_repository.as_deref().and_then(|name| name.split('/').next()).unwrap_or("unknown");
        let in_state = match wanted_state {
            "all" => true,
            "closed" => !pull.open,
            _ => pull.open,
        };
        in_state && parameters.get("head").is_none_or(|head| *head == format!("{owner}:{}", pull.branch))
    };
    let mut found: Vec<&Pull> = repository.pulls.values().filter(wanted).collect();
    if parameters.get("sort").map(String::as_str) == Some("updated") {
        found.sort_by_key(|pull| pull.updated_at);
    }
    // The newest first is the default for pull requests.
    if parameters.get("direction").is_none_or(|direction| direction == "desc") {
        found.reverse();
    }
    let items =
        found.into_iter().map(|pull| shapes::pull(&state, repository, pull, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "")
}

pub(super) async fn pull(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(pull) = repository.pulls.get(&number) else { return not_found() };
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accept.contains(".diff") {
        return answer(StatusCode::OK, &shapes::pull(&state, repository, pull, &shared.api_url()));
    }
    if let Some(status) = pull.oversize.and_then(|status| StatusCode::from_u16(status).ok()) {
        let message = "Sorry, the diff exceeded the maximum number of files (300). Consider using 'List pull requests files' API.";
        let errors = [json!({"resource": "PullRequest", "field": "diff", "code": "too_large"})];
        return answer(status, &json!({"message": message, "errors": errors, "status": status.as_str()}));
    }
    let mut response = Response::new(Body::from(pull.diff.clone()));
    let diff = HeaderValue::from_static("application/vnd.github.v3.diff; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, diff);
    response
}

pub(super) async fn files(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(pull) = repository.pulls.get(&number) else { return not_found() };
    // Later files are not listed, and nothing says so.
    let items = pull.files.iter().take(3000).map(shapes::file).collect();
    page(&shared, &uri, &parameters, items, "")
}

pub(super) async fn pulls_of_commit(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, sha)): Path<(String, String, String)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let having = |pull: &&Pull| pull.heads.contains(&sha);
    if !repository.pulls.values().any(|pull| having(&pull)) {
        return error(StatusCode::UNPROCESSABLE_ENTITY, &format!("No commit found for SHA: {sha}"));
    }
    let linked = repository.pulls.values().filter(having).filter(|pull| pull.linked);
    let items = linked.map(|pull| shapes::pull(&state, repository, pull, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "")
}
