//! The routes of the REST interface.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::routing::{get, patch};
use axum::{Extension, Router};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LINK, LOCATION};
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::server::{Viewer, error_response as error, json_response as answer};
use super::state::{Comment, Log, Pull, Repository, State as Content};
use super::{Shared, shapes};

pub(super) use super::server::error_response as api_error;

pub(super) const ZEN: &str = "Half measures are as bad as nothing at all.";
/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 65_536;

type Answer = Response<Body>;
type Parameters = Query<HashMap<String, String>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/user", get(user))
        .route("/rate_limit", get(rate_limit))
        .route("/meta", get(meta))
        .route("/zen", get(async || ZEN))
        .route("/repos/{owner}/{name}", get(repository))
        .route("/repos/{owner}/{name}/pulls", get(pulls))
        .route("/repos/{owner}/{name}/pulls/{number}", get(pull))
        .route("/repos/{owner}/{name}/pulls/{number}/files", get(files))
        .route("/repos/{owner}/{name}/commits/{sha}/pulls", get(pulls_of_commit))
        .route("/repos/{owner}/{name}/commits/{sha}/check-runs", get(check_runs))
        .route("/repos/{owner}/{name}/check-runs/{id}/annotations", get(annotations))
        .route("/repos/{owner}/{name}/actions/runs", get(runs))
        .route("/repos/{owner}/{name}/actions/runs/{id}", get(run))
        .route("/repos/{owner}/{name}/actions/runs/{id}/jobs", get(jobs))
        .route("/repos/{owner}/{name}/actions/jobs/{id}", get(job))
        .route("/repos/{owner}/{name}/actions/jobs/{id}/logs", get(log))
        .route("/repos/{owner}/{name}/issues/{number}/comments", get(comments).post(comment))
        .route("/repos/{owner}/{name}/issues/comments/{id}", patch(edit).get(one_comment))
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

async fn pulls(
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

async fn pull(
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

async fn files(
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

async fn pulls_of_commit(
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

async fn check_runs(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, sha)): Path<(String, String, String)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let at_sha = repository.jobs.values().filter(|job| repository.runs[&job.run].head_sha == sha);
    let items = at_sha.map(|job| shapes::check_run(repository, job, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "check_runs")
}

async fn annotations(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let job = visible(&state, &owner, &name, viewer).and_then(|repository| repository.jobs.get(&id));
    let Some(job) = job else { return not_found() };
    page(&shared, &uri, &parameters, shapes::annotations(job), "")
}

async fn runs(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name)): Path<(String, String)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let wanted = |sha: &String| parameters.get("head_sha").is_none_or(|wanted| wanted == sha);
    let found = repository.runs.values().rev().filter(|run| wanted(&run.head_sha));
    let items = found.map(|run| shapes::run(&state, repository, run, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "workflow_runs")
}

async fn run(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(run) = repository.runs.get(&id) else { return not_found() };
    answer(StatusCode::OK, &shapes::run(&state, repository, run, &shared.api_url()))
}

async fn jobs(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    if !repository.runs.contains_key(&id) {
        return not_found();
    }
    let all = repository.jobs_of(id);
    let every_attempt = parameters.get("filter").is_some_and(|filter| filter == "all");
    let is_latest =
        |name: &str, attempt: u64| !all.iter().any(|job| job.name == name && job.attempt > attempt);
    let found = all.iter().filter(|job| every_attempt || is_latest(&job.name, job.attempt));
    let items = found.map(|job| shapes::job(repository, job, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "jobs")
}

async fn job(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(job) = repository.jobs.get(&id) else { return not_found() };
    answer(StatusCode::OK, &shapes::job(repository, job, &shared.api_url()))
}

async fn log(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let mut state = shared.state();
    let job = visible(&state, &owner, &name, viewer).and_then(|repository| repository.jobs.get(&id));
    let Some(job) = job else { return not_found() };
    if viewer == Viewer::Anonymous {
        return error(StatusCode::FORBIDDEN, "Must have admin rights to Repository.");
    }
    if let Log::Absent(status) = job.log {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
        return error(status, status.canonical_reason().unwrap_or("Gone"));
    }
    let key = format!("link-{}", state.next_id());
    state.links.insert(key.clone(), id);
    drop(state);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let target = format!("{}/logs/{key}?sig=secret-of-{key}", shared.storage_url());
    let target = HeaderValue::try_from(target).expect("addresses and keys are ASCII");
    response.headers_mut().insert(LOCATION, target);
    response
}

async fn comments(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    Query(parameters): Parameters,
    uri: Uri,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    if !repository.pulls.contains_key(&number) {
        return not_found();
    }
    let found = repository.comments.values().filter(|comment| comment.pull == number);
    let items = found.map(|found| shapes::comment(&state, repository, found, &shared.api_url())).collect();
    page(&shared, &uri, &parameters, items, "")
}

async fn one_comment(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(comment) = repository.comments.get(&id) else { return not_found() };
    answer(StatusCode::OK, &shapes::comment(&state, repository, comment, &shared.api_url()))
}

/// The text of a comment to write, or why it is none.
fn text_of(body: &Bytes) -> Result<String, Answer> {
    let invalid = |message: &str| error(StatusCode::UNPROCESSABLE_ENTITY, message);
    let value: Value =
        serde_json::from_slice(body).map_err(|_| error(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    let text =
        value["body"].as_str().ok_or_else(|| invalid("Invalid request.\n\n\"body\" wasn't supplied."))?;
    if text.trim().is_empty() {
        return Err(invalid("Validation Failed: body can't be blank"));
    }
    if text.chars().count() > LONGEST_COMMENT {
        return Err(invalid("Validation Failed: Body is too long (maximum is 65536 characters)"));
    }
    Ok(text.to_owned())
}

async fn comment(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    body: Bytes,
) -> Answer {
    let mut state = shared.state();
    let full_name = format!("{owner}/{name}");
    let exists = visible(&state, &owner, &name, viewer)
        .is_some_and(|repository| repository.pulls.contains_key(&number));
    if !exists {
        return not_found();
    }
    if viewer == Viewer::Anonymous {
        return error(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let text = match text_of(&body) {
        Ok(text) => text,
        Err(refusal) => return refusal,
    };
    let (id, now, author) = (state.next_id(), state.tick(), state.account.clone());
    let made = Comment { id, pull: number, author, bodies: vec![text], created_at: now, updated_at: now };
    state.repository(&full_name).comments.insert(id, made.clone());
    let repository = &state.repositories[&full_name];
    answer(StatusCode::CREATED, &shapes::comment(&state, repository, &made, &shared.api_url()))
}

async fn edit(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    body: Bytes,
) -> Answer {
    let mut state = shared.state();
    let full_name = format!("{owner}/{name}");
    let comment =
        visible(&state, &owner, &name, viewer).and_then(|repository| repository.comments.get(&id)).cloned();
    let Some(mut comment) = comment else { return not_found() };
    if viewer == Viewer::Anonymous {
        return error(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    if comment.author != state.account {
        return error(StatusCode::FORBIDDEN, "Resource not accessible by personal access token");
    }
    match text_of(&body) {
        Ok(text) => comment.bodies.push(text),
        Err(refusal) => return refusal,
    }
    comment.updated_at = state.tick();
    state.repository(&full_name).comments.insert(id, comment.clone());
    let repository = &state.repositories[&full_name];
    answer(StatusCode::OK, &shapes::comment(&state, repository, &comment, &shared.api_url()))
}
