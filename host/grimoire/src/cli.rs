//! The command line: one file per command.

mod access;
mod backup;
mod changed_lines;
mod code;
mod config;
mod deliveries;
mod demo;
mod diagnose;
mod explain;
mod health;
mod input;
mod openapi;
mod output;
mod plugin;
mod plugin_admin;
mod plugin_author;
mod remote;
mod remote_spells;
mod serve;
mod service;
mod shells;
mod spells;
mod stored;
mod webhook;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Overrides, settings};
use crate::console::{self, Verbosity, complain};
use crate::exit::{self, Exit};
use crate::inert::harmless;
use crate::{telemetry, version};

/// Turns a failing pull request into a known fix.
#[derive(Debug, Parser)]
#[command(name = "grimoire", version = version::short(), long_version = version::long(), max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Read settings from this file instead of grimoire.toml.
    #[arg(long, global = true, value_name = "FILE", display_order = 100)]
    config: Option<PathBuf>,
    /// Store all data in this folder instead of `data`.
    #[arg(long, global = true, value_name = "FOLDER", display_order = 100)]
    data: Option<String>,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Try it:
  grimoire demo                                   a failed build, and its fix
  grimoire serve                                  start the service on 127.0.0.1:8000
  cargo test 2>&1 | grimoire match                fixes for what just failed
  grimoire webhook send payload.json --event pull_request
                                                  send a signed webhook to the running service";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the service.
    Serve(serve::Arguments),
    /// Show the log of a failed build that ships with the program, and its fix.
    Demo(demo::Arguments),
    /// Find fixes for the errors in logs and reports.
    #[command(after_help = exit::HELP)]
    Match(diagnose::MatchArguments),
    /// Extract the errors of logs, reports or diffs without looking for fixes.
    #[command(after_help = exit::HELP)]
    Analyze(diagnose::AnalyzeArguments),
    /// Show the fixes for a code such as E0382 or TS2345.
    Explain(code::Arguments),
    /// Search, read, write and check spells.
    Spells(spells::Arguments),
    /// See, install and change plugins.
    Plugin(plugin::Arguments),
    /// Write all stored data to one file, even while the service runs.
    Backup(backup::BackupArguments),
    /// Restore a backup.
    Restore(backup::RestoreArguments),
    /// Check a store or a backup for damage; exits with code 65 if there is any.
    Verify(backup::VerifyArguments),
    /// Send test webhooks, and show what a running service made of those that it received.
    Webhook(webhook::Arguments),
    /// Show settings, and where each value came from.
    Config(config::Arguments),
    /// Check the health of a running service; exits with code 69 if it is not healthy.
    Health(health::Arguments),
    /// Print the OpenAPI document.
    Openapi,
    /// Print a shell completion script.
    Completions(shells::CompletionArguments),
    /// Write the man pages of all commands to a folder.
    Man(shells::ManArguments),
}

/// Parses the arguments. `Err` is the exit code after printing help, version or a message.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    Arguments::try_parse_from(&arguments).map_err(|error| {
        let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        // The message quotes arguments, which may be names of files that somebody else chose.
        let text = arguments.join(OsStr::new(" ")).to_string_lossy().into_owned();
        if text.contains('\n') || harmless(&text) != text {
            complain(error.render());
        } else {
            // A closed output cannot be reported.
            let _ = error.print();
        }
        exit
    })
}

/// Runs a command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let mut overrides = Overrides::of_file(arguments.config);
    if let Some(folder) = &arguments.data {
        overrides.set(&settings::DATA_FOLDER, folder);
    }
    arguments.verbosity.apply();
    if console::wants_log() && !matches!(arguments.command, Command::Serve(_)) {
        telemetry::start(&crate::config::load(&overrides)?.0);
    }
    match arguments.command {
        Command::Demo(arguments) => demo::run(arguments, &overrides).await,
        Command::Explain(arguments) => code::run(arguments, &overrides).await,
        Command::Completions(arguments) => shells::complete(&arguments),
        Command::Man(arguments) => shells::write_man_pages(&arguments),
        Command::Serve(arguments) => serve::run(arguments, overrides).await,
        Command::Match(arguments) => diagnose::run_match(arguments, &overrides).await,
        Command::Analyze(arguments) => diagnose::run_analyze(arguments, &overrides).await,
        Command::Spells(arguments) => spells::run(arguments, &overrides).await,
        Command::Plugin(arguments) => plugin::run(arguments, &overrides).await,
        Command::Backup(arguments) => backup::back_up(arguments, &overrides).await,
        Command::Restore(arguments) => backup::restore(arguments, &overrides).await,
        Command::Verify(arguments) => backup::verify(arguments, &overrides).await,
        Command::Webhook(arguments) => webhook::run(arguments, &overrides).await,
        Command::Config(arguments) => config::run(&arguments, &overrides).await,
        Command::Health(arguments) => health::run(arguments, &overrides).await,
        Command::Openapi => openapi::run(),
    }
}
