//! `grimoire plugin`: one module for each group of subcommands.

use clap::Subcommand;

use super::{plugin_admin, plugin_author};
use crate::config::Overrides;
use crate::exit::Exit;

/// The arguments of `grimoire plugin`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
From nothing to an answer:
  grimoire plugin new tea-errors --world analyzer --lang python
  cd tea-errors
  grimoire plugin build                                      says what is missing, and how to get it
  grimoire plugin test                                       what it answers to the cases of cases/*.md
  grimoire analyze --plugin build/tea-errors.wasm build.log  what it finds in a log of yours
  grimoire plugin install build/tea-errors.wasm              has the service run it";

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Author(plugin_author::Command),
    #[command(flatten)]
    Admin(plugin_admin::Command),
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Author(command) => plugin_author::run(command, overrides).await,
        Command::Admin(command) => plugin_admin::run(command, overrides).await,
    }
}
