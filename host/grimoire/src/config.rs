//! Configuration: the only reader of the environment, of `.env` and of `grimoire.toml`.
//!
//! Every setting is defined once, in the table of `settings.rs`; the command `config explain`, the
//! file `.env.example` and the reference are generated from it. Values come in layers, later ones
//! win: the default, `grimoire.toml`, `.env`, the environment, the command line. All problems are
//! reported at once, each with its place.

mod choices;
pub mod explain;
mod file;
mod include;
mod layers;
mod log_filter;
mod overrides;
mod problem;
mod routes;
mod setting;
pub(crate) mod settings;
mod toml_value;
mod trust;
mod typed;
mod unknown;
mod values;

pub use choices::{Environment, LogFormat, StorageUrl};
pub use layers::Layers;
pub use log_filter::LogFilter;
pub use overrides::Overrides;
pub use problem::{ConfigErrors, Problem, Source};
pub(crate) use trust::FolderTrust;
pub use trust::Ignored;
pub use typed::Config;
pub(crate) use typed::STORE_FILE;

use grimoire_authoring::World;
use grimoire_domain::ranking::Panel;

use crate::console;

/// Reads all layers from this machine and checks them. Reports ignored values on standard error.
pub fn load(overrides: &Overrides) -> Result<(Config, Layers), ConfigErrors> {
    let layers = Layers::read(overrides);
    let mut config = Config::from_layers(&layers)?;
    if let Some(tried) = &overrides.tried_plugin {
        if tried.world == Some(World::Matcher) {
            config.matcher = Panel::one(&tried.name);
            config.matcher_routes.clear();
        }
        if tried.world == Some(World::Analyzer) {
            // It is tried beside the others, whatever a route says.
            for route in &mut config.analyzer_routes {
                if route.analyzers.is_some() || !route.tools.is_empty() {
                    route.analyzers.get_or_insert_default().push(tried.name.clone());
                }
            }
        }
        if tried.world == Some(World::Embedder) {
            config.embedder = Some(tried.name.clone());
        }
        config.tried_plugin = Some(tried.clone());
    }
    for ignored in layers.ignored() {
        console::note(ignored);
    }
    Ok((config, layers))
}

/// Like [`load`], for a service, which does not start if any configured value is ignored.
pub fn load_for_service(overrides: &Overrides) -> Result<(Config, Layers), ConfigErrors> {
    let layers = Layers::read(overrides);
    let problem = |ignored: &Ignored| Problem {
        source: ignored.source.clone(),
        key: ignored.key.to_owned(),
        message: Ignored::WHY.to_owned(),
    };
    let mut problems: Vec<Problem> = layers.ignored().iter().map(problem).collect();
    match Config::from_layers(&layers) {
        Ok(config) if problems.is_empty() => Ok((config, layers)),
        Ok(_) => Err(ConfigErrors(problems)),
        Err(ConfigErrors(others)) => {
            problems.extend(others);
            Err(ConfigErrors(problems))
        }
    }
}
