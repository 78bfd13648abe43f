//! The routes of the REST API.

mod actions;
mod call;
mod comments;
mod pulls;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::{get, patch};
use axum::{Extension, Router};
use http::header::{HeaderValue, LOCATION};
use http::{Method, Response, StatusCode, Uri};
use serde_json::json;

use super::server::{Viewer, error_response as error, json_response as answer};
use super::state::State as Content;
use super::{Shared, shapes};
use call::Call;

pub(super) use super::server::error_response as api_error;

pub(super) const ZEN: &str = "Half measures are as bad as nothing at all.";

type Answer = Response<Body>;
/// Owner, name, and the number of an object in the repository.
type Numbered = Path<(String, String, u64)>;
/// Owner, name, and the name of an object in the repository.
type Named = Path<(String, String, String)>;

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
        .route("/repos/{owner}/{name}/actions/runs/{id}/artifacts", get(actions::artifacts_of_run))
        .route("/repos/{owner}/{name}/actions/artifacts/{id}/zip", get(actions::archive))
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

/// The redirect of a renamed repository, if the target is in one.
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
        "remaining": state.limit.remaining,
        "used": 5000_u64.saturating_sub(state.limit.remaining),
        "reset": state.limit.reset,
    });
    answer(StatusCode::OK, &json!({"resources": {"core": core}, "rate": core}))
}

async fn meta() -> Answer {
    let hooks = ["192.0.2.0/24", "2001:db8::/32"];
    answer(StatusCode::OK, &json!({"verifiable_password_authentication": false, "hooks": hooks}))
}

async fn repository(call: Call) -> Answer {
    call.object(|seen| {
        let mut value = shapes::repository(seen.state, seen.repository, seen.api);
        let push = call.viewer == Viewer::Account;
        value["permissions"] = json!({"admin": false, "push": push, "pull": true});
        Some(value)
    })
}
