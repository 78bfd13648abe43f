//! The running plugins, and how operators change them.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use grimoire_domain::actor::Actor;
use grimoire_domain::validation::FieldErrors;
use grimoire_pipeline::{PluginRequest, PluginUpload, RecordRequest};
use serde::Deserialize;

use crate::error::{ApiError, ErrorBody};
use crate::extract::body::{in_time, read_limited, refuse_encoded};
use crate::extract::query::Query;
use crate::state::Shared;
use crate::wire::diagnosis::ProblemBody;
use crate::wire::plugin::{PluginDetailsBody, PluginReceiptBody, PluginStatusBody, PluginsBody};

/// Lists plugins.
#[utoipa::path(get, path = "/api/plugins", operation_id = "list_plugins", tag = "operation", responses(
    (status = 200, description = "The running and the installed plugins", body = PluginsBody)
))]
pub(crate) async fn list(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<PluginsBody>, ApiError> {
    let statuses = state.pipeline.list_plugins(&actor).await?;
    let current = state.pipeline.plugins().current();
    Ok(Json(PluginsBody {
        generation: current.generation(),
        plugins: statuses.into_iter().map(PluginStatusBody::from).collect(),
        rejected: current.rejected().into_iter().map(ProblemBody::from).collect(),
    }))
}

/// Shows a plugin with its last receipts.
#[utoipa::path(get, path = "/api/plugins/{name}", operation_id = "get_plugin", tag = "operation",
    params(("name" = String, Path, description = "Its name", example = "matcher-hybrid")),
    responses((status = 200, description = "The plugin", body = PluginDetailsBody)))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
) -> Result<Json<PluginDetailsBody>, ApiError> {
    Ok(Json(state.pipeline.plugin_details(&name, &actor).await?.into()))
}

/// The calls to record.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CasesQuery {
    /// The number of calls, 1 to 200; by default 20.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 200, example = 5)]
    last: Option<usize>,
    /// Instead: the errors in the last review of this pull request, for a matcher.
    #[param(value_type = String, required = false, pattern = "^([A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}#[1-9][0-9]{0,18})?$")]
    review: Option<String>,
}

/// Records what a plugin was given lately, as a file of cases for `grimoire plugin test` and `grimoire plugin replay`.
///
/// Each case has the answer of the running version; the last call comes first. What looks like a secret is masked. Inputs
/// are kept in memory since the process started: for matchers the last 200 errors, which get the spells that are candidates
/// now; for analyzers logs and diffs of at most 256 KiB, 4 MiB in all.
#[utoipa::path(get, path = "/api/plugins/{name}/cases", operation_id = "record_plugin", tag = "operation",
    params(("name" = String, Path, description = "Its name", example = "matcher-hybrid"), CasesQuery),
    responses(
        (status = 200, description = "Cases in Markdown", content((String = "text/markdown"))),
        (status = 404, description = "There is no such plugin, or nothing was recorded, with the reason", body = ErrorBody),
    ))]
pub(crate) async fn cases(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
    Query(CasesQuery { last, review }): Query<CasesQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let request = RecordRequest::new(last, review.as_deref())?;
    let text = state.pipeline.record_plugin(&name, &request, &actor).await?;
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], text))
}

/// The origin of a component.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InstallQuery {
    /// The component's origin in the caller's words, for the receipt: a file or an address.
    #[param(value_type = String, required = false, example = "matcher-team.wasm")]
    source: Option<String>,
    /// Replay this many recent inputs against the new plugin and the running ones, and refuse the new one if it does
    /// worse. Since the start, at most 200 errors are kept for matchers, and 4 MiB of logs and diffs for analyzers.
    #[param(value_type = u32, required = false, example = 50)]
    replay: Option<usize>,
    /// Install it even if the version is in quarantine or does worse in the replay.
    #[param(value_type = bool, required = false, example = false)]
    force: Option<bool>,
}

/// Installs a component under a name and activates it.
///
/// The component is checked, compiled and tried beside the running plugins; if any step fails, these continue
/// undisturbed. The last three versions of a plugin are kept.
#[utoipa::path(post, path = "/api/plugins/{name}", operation_id = "install_plugin", tag = "operation",
    params(("name" = String, Path, description = "1 to 64 lower-case letters, digits and hyphens", example = "matcher-team"), InstallQuery),
    request_body(description = "A WebAssembly component", content((String = "application/wasm"))),
    responses(
        (status = 201, description = "It runs", body = PluginReceiptBody),
        (status = 409, description = "The name belongs to another kind of plugin, a required plugin would be missing, or another change is in progress", body = ErrorBody),
        (status = 422, description = "The component was refused, with the reason", body = ErrorBody),
    ))]
pub(crate) async fn install(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
    Query(query): Query<InstallQuery>,
    request: Request,
) -> Result<(StatusCode, Json<PluginReceiptBody>), ApiError> {
    take(&state, &actor, name, query, request).await
}

async fn take(
    state: &Shared,
    actor: &Actor,
    name: String,
    query: InstallQuery,
    request: Request,
) -> Result<(StatusCode, Json<PluginReceiptBody>), ApiError> {
    refuse_encoded(request.headers())?;
    let read = read_limited(request.into_body(), state.options.plugin_limit);
    let component = in_time(state.options.artifact_timeout, read).await?;
    let source = query.source.unwrap_or_else(|| "the API".to_owned());
    let (replay, force) = (query.replay.unwrap_or(0), query.force.unwrap_or(false));
    let upload = PluginUpload { name, source, component, replay, force };
    let receipt = state.pipeline.change_plugin(PluginRequest::Install(upload), actor).await?;
    Ok((StatusCode::CREATED, Json(receipt.into())))
}

/// The version to activate.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivateQuery {
    /// The digest of a kept version, or a prefix of it.
    #[param(value_type = String, required = true, min_length = 1, example = "3f1c0a")]
    digest: Option<String>,
    /// Activate it even if it is in quarantine.
    #[param(value_type = bool, required = false, example = false)]
    force: Option<bool>,
}

/// Activates a kept version.
#[utoipa::path(post, path = "/api/plugins/{name}/activate", operation_id = "activate_plugin", tag = "operation",
    params(("name" = String, Path, description = "Its name", example = "matcher-team"), ActivateQuery),
    responses(
        (status = 200, description = "It runs", body = PluginReceiptBody),
        (status = 409, description = "It cannot run now, or is in quarantine, and why", body = ErrorBody),
    ))]
pub(crate) async fn activate(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
    Query(ActivateQuery { digest, force }): Query<ActivateQuery>,
) -> Result<Json<PluginReceiptBody>, ApiError> {
    let digest = digest.ok_or_else(|| ApiError::fields(&FieldErrors::one("digest", "is missing")))?;
    change(&state, PluginRequest::Activate { name, digest, force: force.unwrap_or(false) }, &actor).await
}

/// Goes back to the version that was installed before the active one.
///
/// If there is none, the shipped plugin or the one in the folder runs under the name again.
#[utoipa::path(post, path = "/api/plugins/{name}/rollback", operation_id = "roll_back_plugin", tag = "operation",
    params(("name" = String, Path, description = "Its name", example = "matcher-team")),
    responses(
        (status = 200, description = "The version before is active", body = PluginReceiptBody),
        (status = 409, description = "There is none, or it cannot run now, with the reason", body = ErrorBody),
    ))]
pub(crate) async fn roll_back(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
) -> Result<Json<PluginReceiptBody>, ApiError> {
    change(&state, PluginRequest::RollBack { name }, &actor).await
}

/// The versions to remove.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveQuery {
    /// Only the version with this digest, or this prefix of a digest; it must not be the active one.
    #[param(value_type = String, required = false, example = "3f1c0a")]
    digest: Option<String>,
}

/// Removes everything that was installed under a name.
///
/// Afterwards the shipped plugin or the one in the folder runs under the name, if there is one.
#[utoipa::path(delete, path = "/api/plugins/{name}", operation_id = "remove_plugin", tag = "operation",
    params(("name" = String, Path, description = "Its name", example = "matcher-team"), RemoveQuery),
    responses(
        (status = 200, description = "It was removed", body = PluginReceiptBody),
        (status = 409, description = "It is required, or was not installed, with the remedy", body = ErrorBody),
    ))]
pub(crate) async fn remove(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(name): Path<String>,
    Query(RemoveQuery { digest }): Query<RemoveQuery>,
) -> Result<Json<PluginReceiptBody>, ApiError> {
    change(&state, PluginRequest::Remove { name, digest }, &actor).await
}

async fn change(
    state: &Shared,
    request: PluginRequest,
    actor: &Actor,
) -> Result<Json<PluginReceiptBody>, ApiError> {
    Ok(Json(state.pipeline.change_plugin(request, actor).await?.into()))
}
