//! Writes the files that are made of code.

use std::fs;

use anyhow::Context as _;
use grimoire::config::explain;

/// What `cargo xtask codegen` takes: nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Writes them all; a test fails when one is stale.
pub(crate) fn run(_: &Arguments) -> anyhow::Result<()> {
    let openapi = grimoire_http::openapi::document().to_pretty_json()? + "\n";
    for (path, content) in [
        (".env.example", explain::env_example()),
        ("docs/configuration.md", explain::reference()),
        ("docs/openapi.json", openapi),
    ] {
        let path = crate::root().join(path);
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}
