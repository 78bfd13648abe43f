//! Development tasks. `cargo xtask help` lists them.
#![forbid(unsafe_code)]

mod plugins;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

/// Development tasks of Grimoire.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the shipped plugins into `plugins/prebuilt/`, or check what is there.
    Plugins(plugins::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Plugins(arguments) => plugins::run(&arguments),
    }
}

/// The workspace's root folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace").to_owned()
}
