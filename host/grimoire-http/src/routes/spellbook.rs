//! Export and import of the whole spellbook.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use grimoire_domain::actor::Actor;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellFields;
use grimoire_pipeline::{Notation, PipelineError, SpellbookWriter, parse_spellbook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::body::{in_time, read_limited, refuse_encoded};
use crate::extract::json::is_json;
use crate::extract::query::Query;
use crate::state::Shared;

/// The format of a spellbook file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Notation)]
pub(crate) enum NotationWord {
    /// For programs.
    Json,
    /// For people and diffs.
    Yaml,
    /// For people: each spell is a document with front matter.
    Markdown,
}

/// The form of an export.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// The notation; by default the first one that `Accept` names, else `json`.
    #[param(inline, value_type = NotationWord, required = false, example = "yaml")]
    format: Option<NotationWord>,
}

/// Streams every spell, in a format that `POST /api/spells/import` and `grimoire spells import` accept.
#[utoipa::path(get, path = "/api/spells/export", operation_id = "export_spells", tag = "spells",
    params(ExportQuery),
    responses((status = 200, description = "A spellbook", content(
        (Object = "application/json"),
        (Object = "application/yaml"),
        (String = "text/markdown")
    ))))]
pub(crate) async fn export(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Query(ExportQuery { format }): Query<ExportQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let format = format.unwrap_or_else(|| accepted(&headers));
    let (notation, content_type, extension) = match format {
        NotationWord::Json => (Notation::Json, "application/json", "json"),
        NotationWord::Yaml => (Notation::Yaml, "application/yaml", "yaml"),
        NotationWord::Markdown => (Notation::Markdown, "text/markdown; charset=utf-8", "md"),
    };
    let spells = state.pipeline.export_spells(&actor)?;
    let writer = SpellbookWriter::new(notation);
    let begin = stream::iter([Ok::<_, PipelineError>(writer.begin())]);
    let rest = stream::try_unfold(Some((spells, writer)), |unfinished| async move {
        let Some((mut spells, mut writer)) = unfinished else { return Ok(None) };
        match spells.try_next().await? {
            Some(spell) => Ok(Some((writer.spell(spell.fields.into_fields())?, Some((spells, writer))))),
            None => Ok(Some((writer.end().to_owned(), None))),
        }
    });
    let text = begin.chain(rest).map(|text| {
        text.map(Bytes::from).inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "an export broke off");
        })
    });
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"spellbook.{extension}\"")),
    ];
    Ok((headers, Body::from_stream(text)).into_response())
}

/// The first notation that the caller accepts. Weights are ignored: a caller with a preference names one notation.
fn accepted(headers: &HeaderMap) -> NotationWord {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = accept.split(',').find_map(|range| match notation_of(range).ok()? {
        Notation::Json => Some(NotationWord::Json),
        Notation::Yaml => Some(NotationWord::Yaml),
        Notation::Markdown => Some(NotationWord::Markdown),
    });
    named.unwrap_or(NotationWord::Json)
}

/// Options of an import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Check everything and report the effect, but write nothing.
    #[param(value_type = bool, required = false, default = false, example = true)]
    dry_run: Option<bool>,
}

/// The effect of an import.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ImportSummary)]
pub(crate) struct ImportBody {
    /// Number of new spells.
    created: u64,
    /// Number of changed spells.
    updated: u64,
    /// Number of spells that were already equal.
    unchanged: u64,
    /// True if nothing was written.
    dry_run: bool,
}

/// Imports a spellbook.
///
/// Spells are identified by their keys, and those without by their fields, so that importing the same
/// file again changes nothing. All spells are checked before the first is written. Accepts the output
/// of `GET /api/spells/export` in any format, and a JSON array such as that of `GET /api/spells`.
#[utoipa::path(post, path = "/api/spells/import", operation_id = "import_spells", tag = "spells",
    params(ImportQuery),
    request_body(description = "A spellbook", content(
        (Object = "application/json", example = json!({ "version": 1, "spells": [{
            "key": "rust-moved-value",
            "title": "Use of a moved value (E0382)",
            "description": "A value was used after its ownership went elsewhere.",
            "error_type": "E0382",
            "error_pattern": "use of moved value: `\\w+`",
            "solution_code": "Borrow instead of moving: `&value`.",
            "tags": ["ownership", "rust"],
        }]})),
        (Object = "application/yaml"),
        (String = "text/markdown")
    )),
    responses((status = 200, description = "What was done", body = ImportBody)))]
pub(crate) async fn import(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Query(ImportQuery { dry_run }): Query<ImportQuery>,
    request: Request,
) -> Result<Json<ImportBody>, ApiError> {
    refuse_encoded(request.headers())?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let notation = notation_of(content_type.unwrap_or_default())?;
    let read = read_limited(request.into_body(), state.options.import_limit);
    let body = in_time(state.options.artifact_timeout, read).await?;
    // Parsing thousands of spells takes too long for a thread that serves requests.
    let spells = tokio::task::spawn_blocking(move || spells_of(&body, notation)).await;
    let spells = spells.map_err(|_| ApiError::of_kind(ErrorKind::Internal, crate::error::INTERNAL))??;
    let dry_run = dry_run.unwrap_or(false);
    let summary = if dry_run {
        state.pipeline.preview_import(spells, &actor).await?
    } else {
        state.pipeline.import_spells(spells, &actor, &|_, _| {}).await?.value
    };
    let (created, updated, unchanged) = (summary.created, summary.updated, summary.unchanged);
    Ok(Json(ImportBody { created, updated, unchanged, dry_run }))
}

fn notation_of(content_type: &str) -> Result<Notation, ApiError> {
    if is_json(content_type) {
        return Ok(Notation::Json);
    }
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/yaml" | "application/x-yaml" | "text/yaml" => Ok(Notation::Yaml),
        "text/markdown" => Ok(Notation::Markdown),
        _ => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be application/json, application/yaml or text/markdown",
        )),
    }
}

fn spells_of(body: &[u8], notation: Notation) -> Result<Vec<SpellFields>, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        ApiError::of_kind(
            ErrorKind::Invalid,
            format!("the body is not UTF-8 at byte {}", error.valid_up_to()),
        )
    })?;
    Ok(parse_spellbook(text, notation)?)
}
