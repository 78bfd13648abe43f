//! `grimoire completions` and `grimoire man`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Arguments;
use crate::console;
use crate::exit::Exit;

/// The arguments of `grimoire completions`.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionArguments {
    /// The shell: `source <(grimoire completions bash)`.
    shell: Shell,
}

/// Runs `grimoire completions`.
pub(super) fn complete(arguments: &CompletionArguments) -> anyhow::Result<Exit> {
    // Generated in memory, because the library panics if it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "grimoire", &mut script);
    let mut output = console::output();
    output.write_all(&script)?;
    output.flush()?;
    Ok(Exit::Ok)
}

/// The arguments of `grimoire man`.
#[derive(Debug, clap::Args)]
pub(super) struct ManArguments {
    /// The folder to write to, such as `~/.local/share/man/man1`; created if it does not exist.
    folder: PathBuf,
}

/// Runs `grimoire man`.
pub(super) fn write_man_pages(arguments: &ManArguments) -> anyhow::Result<Exit> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    clap_mangen::generate_to(Arguments::command(), folder)
        .with_context(|| format!("{} cannot be written to", folder.display()))?;
    console::note(format_args!("man pages written to {}", folder.display()));
    Ok(Exit::Ok)
}
