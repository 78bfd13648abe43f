//! `grimoire plugin build`.

use std::io::Write as _;
use std::path::PathBuf;

use grimoire_authoring::build;

use super::look::summary;
use crate::console;
use crate::exit::Exit;

/// The arguments of `grimoire plugin build`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The plugin's folder.
    #[arg(default_value = ".", hide_default_value = true)]
    folder: PathBuf,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let building = tokio::task::spawn_blocking(move || {
        build::build(&arguments.folder, &mut |command| console::detail(command))
    });
    let built = console::announced(building, "building…").await??;
    let mut output = console::output();
    writeln!(output, "{}", built.path.display())?;
    writeln!(output, "{}", summary(&built.description))?;
    output.flush()?;
    Ok(Exit::Ok)
}
