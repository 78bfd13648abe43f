//! Checks, workflow runs, their jobs, logs and artifacts.

use axum::body::Body;
use axum::extract::Path;
use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode};

use super::call::Call;
use super::{Answer, Named, Numbered, error, not_found};
use crate::fake_github::server::Viewer;
use crate::fake_github::state::{Log, State, Stored};
use crate::fake_github::{Shared, artifacts, shapes};

pub(super) async fn check_runs(call: Call, Path((_, _, sha)): Named) -> Answer {
    call.list(Some("check_runs"), |seen| {
        let home = seen.repository;
        let at_sha = home.jobs.values().filter(|job| home.runs[&job.run].head_sha == sha);
        Some(at_sha.map(|job| shapes::check_run(home, job, seen.api)).collect())
    })
}

pub(super) async fn annotations(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.list(None, |seen| Some(shapes::annotations(seen.repository.jobs.get(&id)?)))
}

pub(super) async fn runs(call: Call) -> Answer {
    call.list(Some("workflow_runs"), |seen| {
        let wanted = |sha: &str| call.parameter("head_sha").is_none_or(|wanted| wanted == sha);
        let found = seen.repository.runs.values().rev().filter(|run| wanted(&run.head_sha));
        Some(found.map(|run| shapes::run(seen.state, seen.repository, run, seen.api)).collect())
    })
}

pub(super) async fn run(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.object(|seen| {
        let run = seen.repository.runs.get(&id)?;
        Some(shapes::run(seen.state, seen.repository, run, seen.api))
    })
}

pub(super) async fn jobs(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.list(Some("jobs"), |seen| {
        let run = seen.repository.runs.get(&id)?;
        let all = seen.repository.jobs_of(run.id);
        let every_attempt = call.parameter("filter") == Some("all");
        let is_latest =
            |name: &str, attempt: u64| !all.iter().any(|job| job.name == name && job.attempt > attempt);
        let found = all.iter().filter(|job| every_attempt || is_latest(&job.name, job.attempt));
        Some(found.map(|job| shapes::job(seen.repository, job, seen.api)).collect())
    })
}

pub(super) async fn job(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.object(|seen| Some(shapes::job(seen.repository, seen.repository.jobs.get(&id)?, seen.api)))
}

pub(super) async fn log(call: Call, Path((_, _, id)): Numbered) -> Answer {
    let mut state = call.shared.state();
    let job = call.visible(&state).and_then(|repository| repository.jobs.get(&id));
    let Some(job) = job else { return not_found() };
    if call.viewer == Viewer::Anonymous {
        return error(StatusCode::FORBIDDEN, "Must have admin rights to Repository.");
    }
    if let Log::Absent(status) = job.log {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
        return error(status, status.canonical_reason().unwrap_or("Gone"));
    }
    let answer = elsewhere(&call.shared, &mut state, "logs", Stored::LogOfJob(id));
    drop(state);
    answer
}

pub(super) async fn artifacts_of_run(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.list(Some("artifacts"), |seen| {
        let home = seen.repository;
        let run = home.runs.get(&id)?;
        let kept = home.artifacts.values().rev().filter(|artifact| artifact.run == run.id);
        Some(kept.map(|artifact| artifacts::shape(home, artifact, seen.api)).collect())
    })
}

pub(super) async fn archive(call: Call, Path((_, _, id)): Numbered) -> Answer {
    let mut state = call.shared.state();
    let artifact = call.visible(&state).and_then(|repository| repository.artifacts.get(&id));
    let Some(artifact) = artifact else { return not_found() };
    if call.viewer == Viewer::Anonymous {
        return error(StatusCode::FORBIDDEN, "Must have the actions scope to download artifacts.");
    }
    if artifact.archive.is_none() {
        return error(StatusCode::GONE, "Artifact has expired");
    }
    let answer = elsewhere(&call.shared, &mut state, "artifacts", Stored::Artifact(id));
    drop(state);
    answer
}

/// A redirect to the storage, with a new link.
fn elsewhere(shared: &Shared, state: &mut State, folder: &str, stored: Stored) -> Answer {
    let key = format!("link-{}", state.next_id());
    state.links.insert(key.clone(), stored);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let target = format!("{}/{folder}/{key}?sig=secret-of-{key}", shared.storage_url());
    let target = HeaderValue::try_from(target).expect("addresses and keys are ASCII");
    response.headers_mut().insert(LOCATION, target);
    response
}
