//! `cargo xtask eval`: the real parser and the real components over labelled data.
//!
//! The figures are computed and printed as the scorers that come with the data do, so that both
//! can be compared line by line.

mod components;
mod data;
mod diff;
mod extraction;
mod hunt;
mod retrieval;
mod spells;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Measure quality on labelled data.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Parse unified diffs: are paths, change types, counts and binary flags right?
    Diff(Files),
    /// Analyze logs with the shipped components: is every error found, with its place and message?
    Extraction(Files),
    /// Run `grimoire match` on small logs of kinds that failed once: is what an expert expects said, and nothing else?
    Hunt(hunt::Arguments),
    /// Rank spells for errors with the shipped matcher: is the right one found, and how far up?
    Retrieval(retrieval::Arguments),
    /// Hold every spell that ships against the samples of all others and against nonsense: is a wrong one shown?
    Spells(spells::Arguments),
}

/// Where the data comes from and where the answers go.
#[derive(Debug, Args)]
struct Files {
    /// The labelled cases, one JSON object a line; `.xz` is unpacked.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Also write what was predicted, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
}

/// Runs one evaluation and prints its figures.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.what {
        What::Diff(files) => diff::run(files),
        What::Extraction(files) => extraction::run(files),
        What::Hunt(arguments) => hunt::run(arguments),
        What::Retrieval(arguments) => retrieval::run(arguments),
        What::Spells(arguments) => spells::run(arguments),
    }
}
