//! `grimoire config`.

use std::io::Write as _;

use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};

use crate::config::{self, Layers, Overrides, explain};
use crate::exit::Exit;

/// What `grimoire config` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every setting, its value and where the value came from; secrets are masked.
    Explain,
    /// Check the settings and say nothing when they are right.
    Check,
    /// Print an example of a `.env` file.
    EnvExample,
    /// Print the reference of all settings in Markdown.
    Reference,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let mut output = anstream::stdout().lock();
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
            // Shown first, judged afterwards: a wrong value is easiest to find among the others.
            config::Config::from_layers(&layers)?;
        }
        Command::Check => {
            config::load(overrides)?;
        }
        Command::EnvExample => output.write_all(explain::env_example().as_bytes())?,
        Command::Reference => output.write_all(explain::reference().as_bytes())?,
    }
    Ok(Exit::Ok)
}
