//! Comments on pull requests.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::{StatusCode, Uri};
use serde_json::Value;

use super::{Answer, Parameters, answer, error, not_found, page, visible};
use crate::fake_github::server::Viewer;
use crate::fake_github::state::Comment;
use crate::fake_github::{Shared, shapes};

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 65_536;

pub(super) async fn comments(
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

pub(super) async fn one_comment(
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
fn text_of(body: &Bytes) -> Result<String, (StatusCode, &'static str)> {
    let invalid = |message| (StatusCode::UNPROCESSABLE_ENTITY, message);
    let value: Value =
        serde_json::from_slice(body).map_err(|_| (StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
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

pub(super) async fn comment(
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
        Err((status, message)) => return error(status, message),
    };
    let (id, now, author) = (state.next_id(), state.tick(), state.account.clone());
    let made = Comment { id, pull: number, author, bodies: vec![text], created_at: now, updated_at: now };
    state.repository(&full_name).comments.insert(id, made.clone());
    let repository = &state.repositories[&full_name];
    answer(StatusCode::CREATED, &shapes::comment(&state, repository, &made, &shared.api_url()))
}

pub(super) async fn edit(
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
        Err((status, message)) => return error(status, message),
    }
    comment.updated_at = state.tick();
    state.repository(&full_name).comments.insert(id, comment.clone());
    let repository = &state.repositories[&full_name];
    answer(StatusCode::OK, &shapes::comment(&state, repository, &comment, &shared.api_url()))
}
