//! Checks, workflow runs, their jobs and logs.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode, Uri};

use super::{Answer, Parameters, answer, error, not_found, page, visible};
use crate::fake_github::server::Viewer;
use crate::fake_github::state::Log;
use crate::fake_github::{Shared, shapes};

pub(super) async fn check_runs(
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

pub(super) async fn annotations(
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

pub(super) async fn runs(
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

pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(run) = repository.runs.get(&id) else { return not_found() };
    answer(StatusCode::OK, &shapes::run(&state, repository, run, &shared.api_url()))
}

pub(super) async fn jobs(
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

pub(super) async fn job(
    State(shared): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    let state = shared.state();
    let Some(repository) = visible(&state, &owner, &name, viewer) else { return not_found() };
    let Some(job) = repository.jobs.get(&id) else { return not_found() };
    answer(StatusCode::OK, &shapes::job(repository, job, &shared.api_url()))
}

pub(super) async fn log(
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
