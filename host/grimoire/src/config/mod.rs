//! Configuration: the only reader of the environment, of `.env` and of `grimoire.toml`.
//!
//! Every setting stands once, in [`settings::SETTINGS`]; the command `config explain`, the file
//! `.env.example` and the reference are made of that table. Values come in layers, later ones win:
//! the default, `grimoire.toml`, `.env`, the environment, the command line. All problems are
//! reported at once, each with its place.

pub mod explain;
mod layers;
pub mod settings;
mod typed;
mod values;

pub use layers::{Layers, Problem, Source};
pub use typed::{Config, Environment, LogFormat, StorageUrl};

use std::path::PathBuf;

/// Everything that is wrong with the configuration. Never empty.
#[derive(Debug, thiserror::Error)]
#[error("{}", render(.0))]
pub struct ConfigErrors(pub Vec<Problem>);

fn render(problems: &[Problem]) -> String {
    let mut text = match problems.len() {
        1 => "the configuration has a problem:".to_owned(),
        count => format!("the configuration has {count} problems:"),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}

/// What the command line says about configuration.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The file to read instead of `grimoire.toml`; it must exist.
    pub file: Option<PathBuf>,
    /// Values by setting key, as text.
    pub values: Vec<(&'static str, String)>,
}

/// Reads all layers from this machine and checks them.
pub fn load(overrides: &Overrides) -> Result<(Config, Layers), ConfigErrors> {
    let layers = Layers::read(overrides);
    let config = Config::from_layers(&layers)?;
    Ok((config, layers))
}
