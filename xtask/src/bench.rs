//! `cargo xtask bench`: measures speed, side by side.
//!
//! Most figures are ratios of two things measured in the same round, because machines differ and are
//! shared; the table has the median over the rounds and the extremes. Servers run in separate
//! processes, the load generator in this one, all on the same processors.

mod data;
mod extism;
mod http;
mod load;
mod logs;
mod matching;
mod patterns;
mod plugins;
mod random;
mod reference;
mod sandbox;
mod start;
mod table;
mod text;
mod visible;
mod webhooks;
mod world;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};

use table::Row;
use world::World;

/// Measure speed and memory. In the release profile: `cargo run --release -p xtask -- bench`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    wanted: Wanted,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What to measure, and how.
#[derive(Debug, Args)]
struct Wanted {
    /// The number of rounds; compared things take turns in each round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only rows whose names start with one of these.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    rows: Vec<String>,
    /// Also write the figures of every round as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// One round with small sizes: shows that it runs, not how fast.
    #[arg(long)]
    quick: bool,
}

/// A part of the benchmark, and the processes that it starts.
#[derive(Debug, Subcommand)]
enum Part {
    /// The plugin host only: the rows `score` and `plugin`.
    Plugins(Wanted),
    /// The product.
    #[command(hide = true)]
    Serve,
    /// Routes that do nothing.
    #[command(hide = true)]
    Reference {
        /// The port to listen on.
        port: u16,
    },
}

/// The state shared by the groups of rows.
pub(crate) struct Bench {
    rounds: usize,
    quick: bool,
    wanted: Vec<String>,
    world: World,
}

impl Bench {
    /// A size: the full one, or the one for `--quick`.
    fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// Returns true if any row whose name starts with `group` is wanted.
    fn wants(&self, group: &str) -> bool {
        let related = |wanted: &String| wanted.starts_with(group) || group.starts_with(wanted.as_str());
        self.wanted.is_empty() || self.wanted.iter().any(related)
    }
}

type Group = fn(&Bench) -> anyhow::Result<Vec<Row>>;

/// The groups, each with the prefix of its rows' names.
const GROUPS: [(&str, Group); 10] = [
    ("webhook", webhooks::run),
    ("spell", http::spells),
    ("visible", visible::run),
    ("match", matching::run),
    ("pattern", patterns::run),
    ("score", plugins::run),
    ("plugin", sandbox::run),
    ("log", logs::run),
    ("start", start::starts),
    ("memory", start::memory),
];

/// Measures and prints one table.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let wanted = match &arguments.part {
        Some(Part::Serve) => {
            // The error shows in whoever waits for the server's responses.
            let _ = grimoire::run(["grimoire", "serve"].map(OsString::from));
            return Ok(());
        }
        Some(Part::Reference { port }) => return asynchronous()?.block_on(reference::serve(*port)),
        Some(Part::Plugins(wanted)) => return measure(wanted, &["score", "plugin"]),
        None => &arguments.wanted,
    };
    measure(wanted, &[])
}

/// Measures the wanted rows; without any, those whose names start with one of `usual`, or all.
fn measure(arguments: &Wanted, usual: &[&str]) -> anyhow::Result<()> {
    let optimised = !cfg!(debug_assertions);
    ensure!(
        optimised || arguments.quick,
        "figures of the dev profile say nothing: cargo run --release -p xtask -- bench (or --quick to try it out)"
    );
    let rounds = if arguments.quick { 1 } else { arguments.rounds };
    let bench = Bench {
        rounds: usize::try_from(rounds)?,
        quick: arguments.quick,
        wanted: match &arguments.rows[..] {
            [] => usual.iter().map(|&name| name.to_owned()).collect(),
            rows => rows.to_vec(),
        },
        world: World::new()?,
    };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (name, group) in GROUPS.into_iter().filter(|(name, _)| bench.wants(name)) {
        note(&format!("{name}: {rounds} rounds"));
        // Minutes of other rows are not lost with one that fails.
        match group(&bench) {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                note(&format!("{name} failed: {error:?}"));
                failed.push(name);
            }
        }
    }
    rows.retain(|row| {
        bench.wanted.is_empty() || bench.wanted.iter().any(|wanted| row.name.starts_with(wanted))
    });
    let table = table::render(&rows, optimised && !arguments.quick);
    std::io::stdout().lock().write_all(table.as_bytes())?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&rows)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    ensure!(failed.is_empty(), "rows without a figure: {}", failed.join(", "));
    Ok(())
}

/// A runtime for measurements in this process.
fn asynchronous() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Reports progress.
fn note(text: &str) {
    eprintln!("bench: {text}");
}
