//! `cargo xtask bench`: how fast, side by side.
//!
//! Every figure is a ratio of two things measured in the same round, because machines differ and are
//! shared; the table has the median over the rounds and the extremes. Servers run in processes of their
//! own, the load generator in this one, all on the same processors.

mod data;
mod http;
mod load;
mod logs;
mod matching;
mod plugins;
mod random;
mod reference;
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
    /// How many rounds: what is compared takes turns in each of them.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only the rows whose names start with one of these.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    rows: Vec<String>,
    /// Also write the figures of every round as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// One round with small sizes: tells whether it runs, not how fast.
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What the benchmark starts in processes of their own.
#[derive(Debug, Subcommand)]
enum Part {
    /// The product.
    #[command(hide = true)]
    Serve,
    /// Routes that do nothing.
    #[command(hide = true)]
    Reference {
        /// Where to listen.
        port: u16,
    },
}

/// What the groups of rows need.
pub(crate) struct Bench {
    rounds: usize,
    quick: bool,
    wanted: Vec<String>,
    world: World,
}

impl Bench {
    /// A size: the full one, or the one for trying it out.
    fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// Whether any row whose name starts so is wanted.
    fn wants(&self, group: &str) -> bool {
        let related = |wanted: &String| wanted.starts_with(group) || group.starts_with(wanted.as_str());
        self.wanted.is_empty() || self.wanted.iter().any(related)
    }
}

type Group = fn(&Bench) -> anyhow::Result<Vec<Row>>;

/// The groups, each with what the names of its rows start with.
const GROUPS: [(&str, Group); 9] = [
    ("webhook", webhooks::run),
    ("spell", http::spells),
    ("visible", visible::run),
    ("busy", http::busy),
    ("match", matching::run),
    ("score", plugins::run),
    ("log", logs::run),
    ("start", start::starts),
    ("memory", start::memory),
];

/// Measures and prints one table.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match arguments.part {
        Some(Part::Serve) => {
            // How it ended is seen by who waits for its answers.
            let _ = grimoire::run(["grimoire", "serve"].map(OsString::from));
            return Ok(());
        }
        Some(Part::Reference { port }) => return asynchronous()?.block_on(reference::serve(port)),
        None => {}
    }
    let optimised = !cfg!(debug_assertions);
    ensure!(
        optimised || arguments.quick,
        "figures of the dev profile say nothing: cargo run --release -p xtask -- bench (or --quick to try it out)"
    );
    let rounds = if arguments.quick { 1 } else { arguments.rounds };
    let bench = Bench {
        rounds: usize::try_from(rounds)?,
        quick: arguments.quick,
        wanted: arguments.rows.clone(),
        world: World::new()?,
    };
    let mut rows = Vec::new();
    for (name, group) in GROUPS.into_iter().filter(|(name, _)| bench.wants(name)) {
        note(&format!("{name}: {rounds} rounds"));
        rows.extend(group(&bench).with_context(|| format!("the rows {name}"))?);
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
    Ok(())
}

/// A runtime for what is measured in this process.
fn asynchronous() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Tells who waits how far it is.
fn note(text: &str) {
    eprintln!("bench: {text}");
}
