//! Pull requests, their diffs and their files.

use axum::body::Body;
use axum::extract::Path;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use super::call::Call;
use super::{Answer, Named, Numbered, answer, error};
use crate::fake_github::shapes;
use crate::fake_github::state::Pull;

pub(super) async fn pulls(call: Call) -> Answer {
    let wanted_state = call.parameter("state").unwrap_or("open");
    let wanted = |pull: &&Pull| {
        let owner =
            pull.head_repository.as_deref().and_then(|name| name.split('/').next()).unwrap_or("unknown");
        let in_state = match wanted_state {
            "all" => true,
            "closed" => !pull.open,
            _ => pull.open,
        };
        in_state && call.parameter("head").is_none_or(|head| *head == format!("{owner}:{}", pull.branch))
    };
    call.list(None, |seen| {
        let mut found: Vec<&Pull> = seen.repository.pulls.values().filter(wanted).collect();
        if call.parameter("sort") == Some("updated") {
            found.sort_by_key(|pull| pull.updated_at);
        }
        // Newest first is the default for pull requests.
        if call.parameter("direction").is_none_or(|direction| direction == "desc") {
            found.reverse();
        }
        let shape = |pull| shapes::pull(seen.state, seen.repository, pull, seen.api);
        Some(found.into_iter().map(shape).collect())
    })
}

pub(super) async fn pull(call: Call, Path((_, _, number)): Numbered, headers: HeaderMap) -> Answer {
    call.about(|seen| {
        let pull = seen.repository.pulls.get(&number)?;
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        if accept.contains(".diff") {
            return Some(diff(pull));
        }
        Some(answer(StatusCode::OK, &shapes::pull(seen.state, seen.repository, pull, seen.api)))
    })
}

fn diff(pull: &Pull) -> Answer {
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

pub(super) async fn files(call: Call, Path((_, _, number)): Numbered) -> Answer {
    call.list(None, |seen| {
        let pull = seen.repository.pulls.get(&number)?;
        // Further files are not listed, without any notice.
        Some(pull.files.iter().take(3000).map(shapes::file).collect())
    })
}

pub(super) async fn pulls_of_commit(call: Call, Path((_, _, sha)): Named) -> Answer {
    let having = |pull: &&Pull| pull.heads.contains(&sha);
    call.about(|seen| {
        let mut having = seen.repository.pulls.values().filter(having).peekable();
        if having.peek().is_none() {
            let message = format!("No commit found for SHA: {sha}");
            return Some(error(StatusCode::UNPROCESSABLE_ENTITY, &message));
        }
        let linked = having.filter(|pull| pull.linked);
        let shape = |pull| shapes::pull(seen.state, seen.repository, pull, seen.api);
        Some(call.page(linked.map(shape).collect(), None, seen.api))
    })
}
