//! The spellbook's resources.

use axum::extract::{Path, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use grimoire_domain::actor::Actor;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{Outcomes, Spell, SpellId, SpellStatus};
use grimoire_pipeline::{PipelineError, Restored, SpellQuery};
use grimoire_ports::store::{SpellFilter, Written};
use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::json::JsonBody;
use crate::extract::path::Id;
use crate::extract::query::{PageQuery, Paged};
use crate::extract::revision::{ExpectedRevision, HeldTags, entity_tag};
use crate::state::{AppState, Shared};
use crate::wire::spell::{ListedSpellBody, RevisionBody, SpellBody, StatusWord};
use crate::wire::spell_input::{SpellChange, SpellCreate};

/// The change-log sequence number of a write: searches show the write once `/health/index` has that sequence.
const SEQUENCE: HeaderName = HeaderName::from_static("x-grimoire-sequence");

/// The filter of a list of spells.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Words to search for; the list is then ordered by relevance, otherwise by ascending id. Most words must
    /// match; `"quoted words"` must occur next to each other, and `-word` must not occur.
    #[param(value_type = String, required = false, example = "moved value")]
    q: Option<String>,
    /// Only spells with this error type, ignoring letter case.
    #[param(value_type = String, required = false, example = "E0382")]
    error_type: Option<String>,
    /// Only spells with this tag, ignoring letter case.
    #[param(value_type = String, required = false, example = "rust")]
    tag: Option<String>,
    /// Only spells in this status.
    #[param(inline, value_type = StatusWord, required = false, example = "active")]
    status: Option<StatusWord>,
}

/// Lists spells by ascending id, or those that match a search, best first.
#[utoipa::path(get, path = "/api/spells", operation_id = "list_spells", tag = "spells",
    params(PageQuery, ListQuery),
    responses((status = 200, description = "A page of spells", body = Vec<ListedSpellBody>,
        headers(("X-Total-Count" = u64, description = "How many there are under this filter"),
            ("Link" = String, description = "The other pages: first, prev, next, last")))))]
pub(crate) async fn list(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    list: Paged<ListQuery>,
) -> Result<Response, ApiError> {
    let ListQuery { q, error_type, tag, status } = &list.filter;
    let query = SpellQuery {
        q: q.clone(),
        filter: SpellFilter {
            error_type: error_type.clone(),
            tag: tag.clone(),
            status: status.map(SpellStatus::from),
        },
    };
    let found = state.pipeline.list_spells(&query, list.page, &actor).await?;
    let ids: Vec<SpellId> = found.items.iter().map(|listed| listed.spell.id).collect();
    let outcomes = state.pipeline.spell_outcomes(&ids, &actor).await?;
    let bodies: Vec<ListedSpellBody> = found
        .items
        .into_iter()
        .zip(outcomes)
        .map(|(listed, outcomes)| ListedSpellBody::new(listed, outcomes))
        .collect();
    Ok((list.headers("/api/spells", found.total), Json(bodies)).into_response())
}

/// Stores a spell. It is on disk before the response is sent.
///
/// Give it a `key` if you may have to repeat the request, because the response was lost: as long as a spell with this
/// key and the same fields is stored, the response is that spell, and nothing is written. Without a key every request
/// stores a spell.
#[utoipa::path(post, path = "/api/spells", operation_id = "create_spell", tag = "spells",
    request_body = SpellCreate,
    responses(
        (status = 201, description = "Stored", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"),
                ("Location" = String, description = "Where it is"),
                ("X-Grimoire-Sequence" = u64, description = "Its place in the change log"))),
        (status = 409, description = "A different spell has the key", body = crate::error::ErrorBody)
    ))]
pub(crate) async fn create(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    JsonBody(fields): JsonBody<SpellCreate>,
) -> Result<Response, ApiError> {
    let written = state.pipeline.create_spell(fields, &actor).await?;
    created(&state, written, &actor).await
}

/// Returns one spell.
#[utoipa::path(get, path = "/api/spells/{id}", operation_id = "get_spell", tag = "spells",
    params(
        ("id" = u64, Path, description = "The spell's id", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "Revisions that the caller holds already", example = "\"999\"")
    ),
    responses(
        (status = 200, description = "The spell as it is now", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"))),
        (status = 304, description = "`If-None-Match` names this revision",
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot")))
    ))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    held: HeldTags,
) -> Result<Response, ApiError> {
    let spell = state.pipeline.get_spell(SpellId(id), &actor).await?;
    let outcomes = outcomes_of(&state, spell.id, &actor).await?;
    let tag = entity_tag(spell.revision, outcomes);
    if held.contain(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(([(ETAG, tag)], Json(SpellBody::new(spell, outcomes))).into_response())
}

/// Replaces a spell.
///
/// With `If-Match`, only if the revision is the one that the caller saw.
#[utoipa::path(put, path = "/api/spells/{id}", operation_id = "replace_spell", tag = "spells",
    params(
        ("id" = u64, Path, description = "The spell's id", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the caller saw last, or `*`", example = "*")
    ),
    request_body = SpellCreate,
    responses(
        (status = 200, description = "Replaced", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"),
                ("X-Grimoire-Sequence" = u64, description = "The change's place in the change log"))),
        (status = 409, description = "The key is taken", body = crate::error::ErrorBody)
    ))]
pub(crate) async fn replace(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
    JsonBody(fields): JsonBody<SpellCreate>,
) -> Result<Response, ApiError> {
    match state.pipeline.replace_spell(SpellId(id), fields, expected, &actor).await {
        Ok(written) => changed(&state, written, &actor).await,
        Err(error) => Err(lost_update(&state, id, expected, &actor, error).await),
    }
}

/// Changes the given fields of a spell.
///
/// With `If-Match`, only if the revision is the one that the caller saw.
#[utoipa::path(patch, path = "/api/spells/{id}", operation_id = "patch_spell", tag = "spells",
    params(
        ("id" = u64, Path, description = "The spell's id", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the caller saw last, or `*`", example = "*")
    ),
    request_body = SpellChange,
    responses(
        (status = 200, description = "Changed", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"),
                ("X-Grimoire-Sequence" = u64, description = "The change's place in the change log"))),
        (status = 409, description = "The key is taken", body = crate::error::ErrorBody)
    ))]
pub(crate) async fn patch(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
    JsonBody(change): JsonBody<SpellChange>,
) -> Result<Response, ApiError> {
    match state.pipeline.patch_spell(SpellId(id), change, expected, &actor).await {
        Ok(written) => changed(&state, written, &actor).await,
        Err(error) => Err(lost_update(&state, id, expected, &actor, error).await),
    }
}

/// Deletes a spell.
///
/// Its id is never reused, and its revisions are kept.
#[utoipa::path(delete, path = "/api/spells/{id}", operation_id = "delete_spell", tag = "spells",
    params(
        ("id" = u64, Path, description = "The spell's id", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the caller saw last, or `*`", example = "*")
    ),
    responses((status = 204, description = "Deleted",
        headers(("X-Grimoire-Sequence" = u64, description = "The change's place in the change log")))))]
pub(crate) async fn delete(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
) -> Result<Response, ApiError> {
    match state.pipeline.delete_spell(SpellId(id), expected, &actor).await {
        Ok(sequence) => {
            Ok((StatusCode::NO_CONTENT, [(SEQUENCE, HeaderValue::from(sequence.0))]).into_response())
        }
        Err(error) => Err(lost_update(&state, id, expected, &actor, error).await),
    }
}

/// Lists all revisions of a spell, oldest first, also after its deletion.
#[utoipa::path(get, path = "/api/spells/{id}/revisions", operation_id = "list_spell_revisions", tag = "spells",
    params(("id" = u64, Path, description = "The spell's id", example = 1)),
    responses((status = 200, description = "Oldest first", body = Vec<RevisionBody>)))]
pub(crate) async fn revisions(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
) -> Result<Json<Vec<RevisionBody>>, ApiError> {
    let revisions = state.pipeline.spell_revisions(SpellId(id), &actor).await?;
    Ok(Json(revisions.into_iter().map(RevisionBody::from).collect()))
}

/// Restores an earlier revision.
///
/// The fields of the earlier revision become a new one. A deleted spell is restored under its id.
#[utoipa::path(post, path = "/api/spells/{id}/revisions/{revision}/restore", operation_id = "restore_spell", tag = "spells",
    params(
        ("id" = u64, Path, description = "The spell's id", example = 1),
        ("revision" = u64, Path, description = "The revision to go back to", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the caller saw last, or `*`", example = "*")
    ),
    responses(
        (status = 200, description = "Restored", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"),
                ("X-Grimoire-Sequence" = u64, description = "The change's place in the change log"))),
        (status = 201, description = "Brought back after it was deleted", body = SpellBody,
            headers(("ETag" = String, description = "Its revision, and its outcomes behind a dot"),
                ("Location" = String, description = "Where it is"),
                ("X-Grimoire-Sequence" = u64, description = "The change's place in the change log"))),
        (status = 409, description = "The key is taken meanwhile", body = crate::error::ErrorBody)
    ))]
pub(crate) async fn restore(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path((id, revision)): Path<(String, String)>,
    ExpectedRevision(expected): ExpectedRevision,
) -> Result<Response, ApiError> {
    let id = Id::parse("id", &id)?;
    let revision = Id::parse("revision", &revision)?;
    match state.pipeline.restore_spell(SpellId(id), revision, expected, &actor).await {
        Ok(Restored { written, was_deleted: true }) => created(&state, written, &actor).await,
        Ok(Restored { written, was_deleted: false }) => changed(&state, written, &actor).await,
        Err(error) => Err(lost_update(&state, id, expected, &actor, error).await),
    }
}

/// A new spell with its location.
async fn created(state: &AppState, written: Written<Spell>, actor: &Actor) -> Result<Response, ApiError> {
    let location = [(LOCATION, format!("/api/spells/{}", written.value.id))];
    Ok((StatusCode::CREATED, location, changed(state, written, actor).await?).into_response())
}

/// A written spell with its entity tag and its sequence number.
async fn changed(state: &AppState, written: Written<Spell>, actor: &Actor) -> Result<Response, ApiError> {
    let Written { value: spell, sequence } = written;
    let outcomes = outcomes_of(state, spell.id, actor).await?;
    let headers = [(ETAG, entity_tag(spell.revision, outcomes)), (SEQUENCE, HeaderValue::from(sequence.0))];
    Ok((headers, Json(SpellBody::new(spell, outcomes))).into_response())
}

/// The outcomes of one spell.
async fn outcomes_of(state: &AppState, id: SpellId, actor: &Actor) -> Result<Outcomes, ApiError> {
    let outcomes = state.pipeline.spell_outcomes(&[id], actor).await?;
    Ok(outcomes.first().copied().unwrap_or_default())
}

/// A conflict with the caller's `If-Match` is 412, as HTTP requires; other conflicts stay 409.
async fn lost_update(
    state: &AppState,
    id: u64,
    expected: Option<u64>,
    actor: &Actor,
    error: PipelineError,
) -> ApiError {
    if error.kind() == ErrorKind::Conflict
        && let Some(expected) = expected
        && let Ok(current) = state.pipeline.get_spell(SpellId(id), actor).await
        && current.revision != expected
    {
        return ApiError::new(
            StatusCode::PRECONDITION_FAILED,
            "PRECONDITION_FAILED",
            format!(
                "spell {id} is at revision {} now, not {expected}: read it again and repeat the change",
                current.revision
            ),
        );
    }
    error.into()
}
