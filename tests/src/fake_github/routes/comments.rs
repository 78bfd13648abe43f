//! Comments on pull requests.

use axum::body::Bytes;
use axum::extract::Path;
use http::StatusCode;
use serde_json::Value;

use super::call::Call;
use super::{Answer, Numbered, answer, error, not_found};
use crate::fake_github::shapes;
use crate::fake_github::state::{Comment, State};

/// Maximum length of a comment in characters.
const LONGEST_COMMENT: usize = 65_536;

pub(super) async fn comments(call: Call, Path((_, _, number)): Numbered) -> Answer {
    call.list(None, |seen| {
        let pull = seen.repository.pulls.get(&number)?;
        let found = seen.repository.comments.values().filter(|comment| comment.pull == pull.number);
        Some(found.map(|found| shapes::comment(seen.state, seen.repository, found, seen.api)).collect())
    })
}

pub(super) async fn one_comment(call: Call, Path((_, _, id)): Numbered) -> Answer {
    call.object(|seen| {
        let comment = seen.repository.comments.get(&id)?;
        Some(shapes::comment(seen.state, seen.repository, comment, seen.api))
    })
}

/// The text of a comment, or why it is invalid.
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

pub(super) async fn comment(call: Call, Path((_, _, number)): Numbered, body: Bytes) -> Answer {
    let mut state = call.shared.state();
    let pull = call.visible(&state).and_then(|repository| repository.pulls.get(&number));
    if pull.is_none() {
        return not_found();
    }
    if let Some(refusal) = call.refuse_anonymous() {
        return refusal;
    }
    let text = match text_of(&body) {
        Ok(text) => text,
        Err((status, message)) => return error(status, message),
    };
    let (id, now, author) = (state.next_id(), state.tick(), state.account.clone());
    let made = Comment { id, pull: number, author, bodies: vec![text], created_at: now, updated_at: now };
    keep(&call, &mut state, &made, StatusCode::CREATED)
}

pub(super) async fn edit(call: Call, Path((_, _, id)): Numbered, body: Bytes) -> Answer {
    let mut state = call.shared.state();
    let comment = call.visible(&state).and_then(|repository| repository.comments.get(&id)).cloned();
    let Some(mut comment) = comment else { return not_found() };
    if let Some(refusal) = call.refuse_anonymous() {
        return refusal;
    }
    if comment.author != state.account {
        return error(StatusCode::FORBIDDEN, "Resource not accessible by personal access token");
    }
    match text_of(&body) {
        Ok(text) => comment.bodies.push(text),
        Err((status, message)) => return error(status, message),
    }
    comment.updated_at = state.tick();
    keep(&call, &mut state, &comment, StatusCode::OK)
}

/// Stores a comment and responds with it.
fn keep(call: &Call, state: &mut State, comment: &Comment, status: StatusCode) -> Answer {
    state.repository(&call.repository).comments.insert(comment.id, comment.clone());
    let repository = &state.repositories[&call.repository];
    answer(status, &shapes::comment(state, repository, comment, &call.shared.api_url()))
}
