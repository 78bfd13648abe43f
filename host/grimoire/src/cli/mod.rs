//! The command line: one file per command.

mod backup;
mod config;
mod diagnose;
mod explain;
mod health;
mod input;
mod openapi;
mod output;
mod serve;
mod service;
mod spells;
mod webhook;

pub(crate) use spells::read as read_spellbook;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Overrides;
use crate::exit::{self, Exit};

/// Turns a failing pull request into a known fix.
#[derive(Debug, Parser)]
#[command(name = "grimoire", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Read settings from this file instead of grimoire.toml.
    #[arg(long, global = true, value_name = "FILE", display_order = 100)]
    config: Option<PathBuf>,
    /// Keep everything in this folder instead of `data`.
    #[arg(long, global = true, value_name = "FOLDER", display_order = 100)]
    data: Option<String>,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Try it:
  grimoire serve                                  start the service on 127.0.0.1:8000
  cargo test 2>&1 | grimoire match                fixes for what just failed
  grimoire webhook send payload.json --event pull_request
                                                  send a signed webhook to the running service";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the service.
    Serve(serve::Arguments),
    /// Find fixes for the errors in logs and reports.
    #[command(after_help = exit::HELP)]
    Match(diagnose::MatchArguments),
    /// Extract the errors of logs, reports or diffs, without looking for fixes.
    #[command(after_help = exit::HELP)]
    Analyze(diagnose::AnalyzeArguments),
    /// Bring spells in, or write them out.
    Spells(spells::Arguments),
    /// Write everything that is stored into one file, also while the service runs.
    Backup(backup::BackupArguments),
    /// Bring a backup back.
    Restore(backup::RestoreArguments),
    /// Look for damage in a store or a backup; exit code 65 when there is any.
    Verify(backup::VerifyArguments),
    /// Try out webhooks.
    Webhook(webhook::Arguments),
    /// Show settings, and where each value came from.
    Config(config::Arguments),
    /// Ask a running service how well it is; exit code 69 when it is not.
    Health(health::Arguments),
    /// Print the OpenAPI document.
    Openapi,
}

/// Reads the arguments. `Err` is the exit code after help, version or a message was printed.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    Arguments::try_parse_from(arguments).map_err(|error| {
        let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        // Nothing can be done about a closed output.
        let _ = error.print();
        exit
    })
}

/// Runs a command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let mut overrides = Overrides { file: arguments.config, values: Vec::new() };
    if let Some(folder) = arguments.data {
        overrides.values.push(("storage.folder", folder));
    }
    match arguments.command {
        Command::Serve(arguments) => serve::run(arguments, overrides).await,
        Command::Match(arguments) => diagnose::run_match(arguments, &overrides).await,
        Command::Analyze(arguments) => diagnose::run_analyze(arguments, &overrides).await,
        Command::Spells(arguments) => spells::run(arguments, &overrides).await,
        Command::Backup(arguments) => backup::back_up(arguments, &overrides).await,
        Command::Restore(arguments) => backup::restore(arguments, &overrides).await,
        Command::Verify(arguments) => backup::verify(arguments, &overrides).await,
        Command::Webhook(arguments) => webhook::run(arguments, &overrides).await,
        Command::Config(arguments) => config::run(&arguments, &overrides),
        Command::Health(arguments) => health::run(arguments, &overrides).await,
        Command::Openapi => openapi::run(),
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar(total: u64, what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what)
}
