//! `cargo xtask eval`: runs the real parser and the real components on labelled data.
//!
//! The figures are computed and printed like those of the scorers that come with the data, so that
//! both can be compared line by line.

mod components;
mod data;
mod diff;
mod extraction;
mod hunt;
mod retrieval;
mod search;
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
    /// Parse unified diffs: check paths, change types, counts and binary flags.
    Diff(Files),
    /// Analyze logs with the shipped components: check that every error is found, with its location and message.
    Extraction(Files),
    /// Run `grimoire match` on small logs of kinds that failed once: compare with the expectations of an expert.
    Hunt(hunt::Arguments),
    /// Rank spells for errors with the shipped matcher: check whether the right one is found, and at which rank.
    Retrieval(retrieval::Arguments),
    /// Run natural queries with the search: check whether the intended spell is first.
    Search(search::Arguments),
    /// Match shipped spells against the samples of all others and nonsense: check that no wrong one is shown.
    Spells(spells::Arguments),
}

/// Input and output files.
#[derive(Debug, Args)]
struct Files {
    /// The labelled cases, one JSON object per line; `.xz` is decompressed.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Also write the predictions, one JSON object per line.
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
        What::Search(arguments) => search::run(arguments),
        What::Spells(arguments) => spells::run(arguments),
    }
}
