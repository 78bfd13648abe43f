//! What is loaded.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Shared;
use crate::wire::diagnosis::ProblemBody;

/// The running generation of plugins.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PluginsBody {
    /// The number of the generation, from 1.
    pub generation: u64,
    /// What runs, by name.
    pub plugins: Vec<PluginStatusBody>,
    /// What was found and could not be loaded, with the reason.
    pub rejected: Vec<ProblemBody>,
}

/// A loaded plugin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PluginStatusBody {
    /// Its name.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// The SHA-256 of its component.
    pub digest: String,
    /// Its version, as its metadata says.
    pub version: Option<String>,
    /// The world that it implements.
    #[schema(example = "grimoire:matcher@0.1.0")]
    pub world: String,
    /// Calls since the process started.
    pub calls: u64,
    /// Failed calls since then.
    pub failures: u64,
    /// The last failure.
    pub last_problem: Option<ProblemBody>,
    /// Whether its compiled code came from the cache.
    pub from_cache: bool,
}

/// Lists plugins.
#[utoipa::path(get, path = "/api/plugins", operation_id = "list_plugins", tag = "operation", responses(
    (status = 200, description = "What is loaded", body = PluginsBody)
))]
pub(crate) async fn list(State(state): State<Shared>) -> Json<PluginsBody> {
    let inventory = state.pipeline.inventory();
    let plugins = inventory
        .plugins()
        .into_iter()
        .map(|plugin| PluginStatusBody {
            name: plugin.identity.name,
            digest: plugin.identity.digest,
            version: plugin.version,
            world: plugin.world,
            calls: plugin.calls,
            failures: plugin.failures,
            last_problem: plugin.last_problem.map(ProblemBody::from),
            from_cache: plugin.from_cache,
        })
        .collect();
    Json(PluginsBody {
        generation: inventory.generation(),
        plugins,
        rejected: inventory.rejected().into_iter().map(ProblemBody::from).collect(),
    })
}
