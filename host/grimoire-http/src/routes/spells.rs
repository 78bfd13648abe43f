//! The spellbook.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{ETAG, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};
use grimoire_pipeline::{PipelineError, SpellQuery};
use grimoire_ports::store::SpellFilter;

use crate::answer::{JsonAnswer, JsonBytes, written};
use crate::error::{ApiError, ErrorBody};
use crate::extract::actor::Writer;
use crate::extract::json::JsonBody;
use crate::extract::path::Id;
use crate::extract::query::Parameters;
use crate::extract::revision::{ExpectedRevision, HeldRevisions, entity_tag};
use crate::kept::KeptSpell;
use crate::state::{AppState, Shared};
use crate::wire::spell::{RevisionBody, SpellBody, SpellInput};

/// How many there are in all, under the same filter.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The place of a write in the change log: search shows it once `/health/index` has that sequence.
const SEQUENCE: HeaderName = HeaderName::from_static("x-grimoire-sequence");

/// Lists spells by ascending id, or those that the words of a search fit, best first.
#[utoipa::path(get, path = "/api/spells", operation_id = "list_spells", tag = "spells",
    params(
        ("skip" = Option<u64>, Query, description = "How many to pass over; 0"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100"),
        ("q" = Option<String>, Query, description = "Words to search for"),
        ("error_type" = Option<String>, Query, description = "Exactly this error type, letter case ignored"),
        ("tag" = Option<String>, Query, description = "Having this tag, letter case ignored"),
        ("status" = Option<String>, Query, description = "`draft`, `active` or `retired`")
    ),
    responses(
        (status = 200, description = "`X-Total-Count` and `Link` tell of the rest", body = Vec<SpellBody>),
        (status = 422, description = "A parameter is not valid", body = ErrorBody)
    ))]
pub(crate) async fn list(State(state): State<Shared>, parameters: Parameters) -> Result<Response, ApiError> {
    let page = parameters.page()?;
    let status = parameters.choice(
        "status",
        &[("draft", SpellStatus::Draft), ("active", SpellStatus::Active), ("retired", SpellStatus::Retired)],
    )?;
    let query = SpellQuery {
        q: parameters.text("q").map(str::to_owned),
        filter: SpellFilter {
            error_type: parameters.text("error_type").map(str::to_owned),
            tag: parameters.text("tag").map(str::to_owned),
            status,
        },
    };
    let found = state.pipeline.list_spells(&query, page).await?;
    let headers = page_headers("/api/spells", &parameters, page, found.total);
    let bodies: Vec<SpellBody> = found.items.into_iter().map(SpellBody::from).collect();
    Ok((headers, JsonAnswer(bodies)).into_response())
}

/// Stores a spell. It is on disk when the answer comes.
#[utoipa::path(post, path = "/api/spells", operation_id = "create_spell", tag = "spells", security((), ("token" = [])),
    request_body = SpellInput,
    responses(
        (status = 201, description = "Stored; `ETag` has its revision", body = SpellBody),
        (status = 401, description = "A token is needed", body = ErrorBody),
        (status = 409, description = "The key is taken", body = ErrorBody),
        (status = 422, description = "Every field that is wrong is named", body = ErrorBody)
    ))]
pub(crate) async fn create(
    State(state): State<Shared>,
    Writer(by): Writer,
    JsonBody(input): JsonBody<SpellInput>,
) -> Result<Response, ApiError> {
    let written = state.pipeline.create_spell(input.into_fields()?, &by).await?;
    let location = format!("/api/spells/{}", written.value.id);
    let mut response = (StatusCode::CREATED, shown(written.value, written.sequence)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Shows one spell.
#[utoipa::path(get, path = "/api/spells/{id}", operation_id = "get_spell", tag = "spells",
    params(("id" = u64, Path, description = "The spell's id")),
    responses(
        (status = 200, description = "`ETag` has its revision", body = SpellBody),
        (status = 304, description = "`If-None-Match` names this revision"),
        (status = 404, description = "No such spell", body = ErrorBody)
    ))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Id(id): Id,
    held: HeldRevisions,
) -> Result<Response, ApiError> {
    // Before the spell: what is read then is of this place in the change log or a later one.
    let sequence = state.pipeline.spell_sequence().await?;
    let id = SpellId(id);
    let answer = match state.kept.get(sequence, id) {
        Some(kept) => kept,
        None => {
            let spell = state.pipeline.get_spell(id).await?;
            let (revision, tag) = (spell.revision, entity_tag(spell.revision));
            let body = match written(&SpellBody::from(spell)) {
                // Boxed, because it is kept: it began with more room than it needs.
                Ok(body) => body.into_boxed_slice().into(),
                Err(status) => return Ok(status.into_response()),
            };
            let answer = KeptSpell { revision, tag, body };
            state.kept.keep(sequence, id, answer.clone());
            answer
        }
    };
    let tag = [(ETAG, answer.tag)];
    if held.contain(answer.revision) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, JsonBytes(answer.body)).into_response())
}

/// Replaces a spell.
///
/// With `If-Match`, only the revision that the caller saw.
#[utoipa::path(put, path = "/api/spells/{id}", operation_id = "replace_spell", tag = "spells", security((), ("token" = [])),
    params(("id" = u64, Path, description = "The spell's id")),
    request_body = SpellInput,
    responses(
        (status = 200, description = "Replaced", body = SpellBody),
        (status = 404, description = "No such spell", body = ErrorBody),
        (status = 412, description = "Somebody changed it meanwhile", body = ErrorBody),
        (status = 422, description = "Every field that is wrong is named", body = ErrorBody)
    ))]
pub(crate) async fn replace(
    State(state): State<Shared>,
    Writer(by): Writer,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
    JsonBody(input): JsonBody<SpellInput>,
) -> Result<Response, ApiError> {
    let result = state.pipeline.replace_spell(SpellId(id), input.into_fields()?, expected, &by).await;
    match result {
        Ok(written) => Ok(shown(written.value, written.sequence).into_response()),
        Err(error) => Err(lost_update(&state, id, expected, error).await),
    }
}

/// Changes the fields of a spell that are present.
///
/// With `If-Match`, only the revision that the caller saw.
#[utoipa::path(patch, path = "/api/spells/{id}", operation_id = "patch_spell", tag = "spells", security((), ("token" = [])),
    params(("id" = u64, Path, description = "The spell's id")),
    request_body = SpellInput,
    responses(
        (status = 200, description = "Changed", body = SpellBody),
        (status = 404, description = "No such spell", body = ErrorBody),
        (status = 412, description = "Somebody changed it meanwhile", body = ErrorBody),
        (status = 422, description = "Every field that is wrong is named", body = ErrorBody)
    ))]
pub(crate) async fn patch(
    State(state): State<Shared>,
    Writer(by): Writer,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
    JsonBody(input): JsonBody<SpellInput>,
) -> Result<Response, ApiError> {
    match state.pipeline.patch_spell(SpellId(id), input.into_patch(), expected, &by).await {
        Ok(written) => Ok(shown(written.value, written.sequence).into_response()),
        Err(error) => Err(lost_update(&state, id, expected, error).await),
    }
}

/// Deletes a spell.
///
/// Its id is never used again, its revisions stay.
#[utoipa::path(delete, path = "/api/spells/{id}", operation_id = "delete_spell", tag = "spells", security((), ("token" = [])),
    params(("id" = u64, Path, description = "The spell's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such spell", body = ErrorBody),
        (status = 412, description = "Somebody changed it meanwhile", body = ErrorBody)
    ))]
pub(crate) async fn delete(
    State(state): State<Shared>,
    Writer(by): Writer,
    Id(id): Id,
    ExpectedRevision(expected): ExpectedRevision,
) -> Result<Response, ApiError> {
    match state.pipeline.delete_spell(SpellId(id), expected, &by).await {
        Ok(sequence) => Ok((StatusCode::NO_CONTENT, [(SEQUENCE, number(sequence.0))]).into_response()),
        Err(error) => Err(lost_update(&state, id, expected, error).await),
    }
}

/// Lists every state that a spell had, oldest first, also after its deletion.
#[utoipa::path(get, path = "/api/spells/{id}/revisions", operation_id = "list_spell_revisions", tag = "spells",
    params(("id" = u64, Path, description = "The spell's id")),
    responses(
        (status = 200, description = "Oldest first", body = Vec<RevisionBody>),
        (status = 404, description = "No such spell", body = ErrorBody)
    ))]
pub(crate) async fn revisions(
    State(state): State<Shared>,
    Id(id): Id,
) -> Result<Json<Vec<RevisionBody>>, ApiError> {
    let revisions = state.pipeline.spell_revisions(SpellId(id)).await?;
    Ok(Json(revisions.into_iter().map(RevisionBody::from).collect()))
}

/// Undoes later changes.
///
/// The fields of an earlier revision become a new one. A deleted spell comes back under a new id.
#[utoipa::path(post, path = "/api/spells/{id}/revisions/{revision}/restore", operation_id = "restore_spell", tag = "spells",
    security((), ("token" = [])),
    params(
        ("id" = u64, Path, description = "The spell's id"),
        ("revision" = u64, Path, description = "The revision to go back to")
    ),
    responses(
        (status = 200, description = "Restored", body = SpellBody),
        (status = 404, description = "No such spell or revision", body = ErrorBody)
    ))]
pub(crate) async fn restore(
    State(state): State<Shared>,
    Writer(by): Writer,
    Path((id, revision)): Path<(String, String)>,
    ExpectedRevision(expected): ExpectedRevision,
) -> Result<Response, ApiError> {
    let id = Id::parse("id", &id)?;
    let revision = Id::parse("revision", &revision)?;
    match state.pipeline.restore_spell(SpellId(id), revision, expected, &by).await {
        Ok(written) => Ok(shown(written.value, written.sequence).into_response()),
        Err(error) => Err(lost_update(&state, id, expected, error).await),
    }
}

/// A written spell with its tag and its place in the change log.
fn shown(spell: Spell, sequence: Sequence) -> impl IntoResponse {
    let headers = [(ETAG, entity_tag(spell.revision)), (SEQUENCE, number(sequence.0))];
    (headers, JsonAnswer(SpellBody::from(spell)))
}

/// A conflict with the caller's `If-Match` is 412, as HTTP has it; other conflicts stay 409.
async fn lost_update(state: &AppState, id: u64, expected: Option<u64>, error: PipelineError) -> ApiError {
    if error.kind() == ErrorKind::Conflict
        && let Some(expected) = expected
        && let Ok(current) = state.pipeline.get_spell(SpellId(id)).await
        && current.revision != expected
    {
        return ApiError::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            format!(
                "spell {id} is at revision {} now, not {expected}: read it again and repeat the change",
                current.revision
            ),
        );
    }
    error.into()
}

fn number(value: u64) -> HeaderValue {
    HeaderValue::from(value)
}

/// `X-Total-Count`, and `Link` to the next and previous page under the same filter.
pub(super) fn page_headers(path: &str, parameters: &Parameters, page: PageRequest, total: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TOTAL, number(total));
    let limit = u64::from(page.limit());
    let link = |skip: u64, relation: &str| {
        let query = parameters.with_page(skip, page.limit());
        format!("<{path}?{query}>; rel=\"{relation}\"")
    };
    let mut links = Vec::new();
    if page.skip() > 0 {
        links.push(link(0, "first"));
        links.push(link(page.skip().min(total).saturating_sub(limit), "prev"));
    }
    if page.skip().saturating_add(limit) < total {
        links.push(link(page.skip() + limit, "next"));
        links.push(link((total - 1) / limit * limit, "last"));
    }
    if !links.is_empty()
        && let Ok(value) = HeaderValue::from_str(&links.join(", "))
    {
        headers.insert(LINK, value);
    }
    headers
}
