//! Development tasks. `cargo xtask help` lists them.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "commands for people at a terminal")]

#[cfg(feature = "product")]
mod bench;
#[cfg(feature = "product")]
mod codegen;
#[cfg(feature = "product")]
mod eval;
#[cfg(feature = "product")]
mod native;
mod plugins;
mod tidy;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

/// That of the product, whose memory is measured here.
#[cfg(all(feature = "product", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Development tasks of Grimoire.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "product")]
    Bench(bench::Arguments),
    /// Write the generated files: `.env.example`, the references.
    #[cfg(feature = "product")]
    Codegen(codegen::Arguments),
    /// Measure quality on labelled data.
    #[cfg(feature = "product")]
    Eval(eval::Arguments),
    /// Build the shipped plugins into `plugins/prebuilt/`, or check them.
    Plugins(plugins::Arguments),
    /// Check rules that no compiler checks.
    Tidy(tidy::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        #[cfg(feature = "product")]
        Command::Bench(arguments) => bench::run(&arguments),
        #[cfg(feature = "product")]
        Command::Codegen(arguments) => codegen::run(&arguments),
        #[cfg(feature = "product")]
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    }
}

/// The workspace's root folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace").to_owned()
}
