//! `grimoire config`.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};

use crate::config::{self, Layers, Overrides, explain};
use crate::console;
use crate::exit::Exit;
use crate::{data_folder, wiring};

/// The arguments of `grimoire config`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every setting, its value and where the value came from; secrets are masked.
    Explain,
    /// Check the settings as `serve` does; print nothing if they are right.
    Check,
    /// Allow the current `grimoire.toml` and `.env` of the working directory to choose plugins, keys and hosts, and use
    /// the data folder although it is unknown who made it.
    Allow,
    /// Print an example `.env` file.
    EnvExample,
    /// Print the reference of all settings in Markdown.
    Reference,
}

/// Runs the command.
pub(super) async fn run(arguments: &Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let mut output = console::output();
    match arguments.command {
        Command::Explain => {
            let layers = Layers::read(overrides);
            let mut table = Table::new();
            table
                .load_style(presets::NOTHING)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_header(["SETTING", "VALUE", "FROM"])
                .add_rows(explain::rows(&layers));
            writeln!(output, "{table}")?;
            output.flush()?;
            // Shown before the check: a wrong value is easiest to find among the others.
            for ignored in layers.ignored() {
                console::note(ignored);
            }
            config::Config::from_layers(&layers)?;
        }
        Command::Check => {
            let (config, _) = config::load_for_service(overrides)?;
            config.require_webhook_secret()?;
            wiring::check(&config).await?;
        }
        Command::Allow => {
            let mut allowed = Layers::read(overrides).allow_files().context("the files cannot be allowed")?;
            // Only what is allowed now says what it includes.
            allowed.extend(Layers::read(overrides).allow_included()?);
            for path in &allowed {
                let path = path.strip_prefix(".").unwrap_or(path);
                writeln!(output, "{} is allowed as it is now", path.display())?;
            }
            // The files may name another data folder now.
            let layers = Layers::read(overrides);
            let folder = layers.data_folder();
            let has_folder = data_folder::allow(&folder, &layers.data_folder_trust())?;
            if has_folder {
                let folder = folder.strip_prefix(".").unwrap_or(&folder);
                writeln!(output, "the data folder {} is allowed", folder.display())?;
            }
            if allowed.is_empty() && !has_folder {
                writeln!(output, "there is neither grimoire.toml nor .env nor a data folder here")?;
            }
        }
        Command::EnvExample => output.write_all(explain::env_example().as_bytes())?,
        Command::Reference => output.write_all(explain::reference().as_bytes())?,
    }
    output.flush()?;
    Ok(Exit::Ok)
}
