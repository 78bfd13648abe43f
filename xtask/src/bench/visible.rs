//! The time until a written spell is found.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use nix::sys::signal::Signal;
use serde_json::json;

use super::load::{Client, Request, get, percentile, post};
use super::table::{Goal, Row, median, short};
use super::{Bench, data};

/// After this time, a spell counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// The interval between two writes of the other client.
const BETWEEN_WRITES: Duration = Duration::from_millis(100);
/// The goal, in seconds.
const SOON: f64 = 0.5;

/// Measures the rows whose names start with `visible`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stored = bench.size(10_000, 100);
    let mut waits = Waits::default();
    let mut next = 2_000_000;
    for _ in 0..bench.rounds {
        let server = bench.world.serve(&bench.world.filled(stored)?)?;
        let count = bench.size(100, 4);
        let posts: Vec<Request> =
            (next..next + count).map(|number| post("/api/spells", &[], &data::spell_body(number))).collect();
        next += count;
        waits.add(while_probing(server.address, next, || write_steadily(server.address, &posts))?);
        next += count;
        server.stop(Signal::SIGKILL)?;
        // Each round begins with the same spells.
        std::fs::remove_dir_all(bench.world.filled(stored)?)?;
    }
    Ok(vec![waits.row(
        "visible-create",
        "from the 201 of a spell until a search finds it, p99, while another client writes 10 spells a second",
    )])
}

/// The p50, p99 and maximum of every round, in seconds.
#[derive(Default)]
struct Waits {
    middle: Vec<f64>,
    most: Vec<f64>,
    longest: Vec<f64>,
    probes: Vec<f64>,
}

impl Waits {
    fn add(&mut self, mut waits: Vec<Duration>) {
        waits.sort_unstable();
        let at = |of_a_thousand| percentile(&waits, of_a_thousand).as_secs_f64();
        self.middle.push(at(500));
        self.most.push(at(990));
        self.longest.push(at(1_000));
        self.probes.push(waits.len() as f64);
    }

    fn row(self, name: &str, what: &str) -> Row {
        let milliseconds = |seconds: f64| short(seconds * 1e3);
        let longest = self.longest.iter().copied().fold(0.0, f64::max);
        let absolute = format!(
            "{} spells a round: p50 {} ms, p99 {} ms, longest of all {} ms",
            short(median(&self.probes)),
            milliseconds(median(&self.middle)),
            milliseconds(median(&self.most)),
            milliseconds(longest)
        );
        Row::new(name, what, Goal::AtMost(SOON)).in_unit("s").with(self.most, absolute)
    }
}

/// Writes spells at a constant rate.
fn write_steadily(address: SocketAddr, posts: &[Request]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut client = Client::connect(address).await?;
        let mut clock = tokio::time::interval(BETWEEN_WRITES);
        for post in posts {
            clock.tick().await;
            client.send(post, 201).await?;
        }
        Ok(())
    })
}

/// Writes one spell after the other and searches for each until it is found, while other work is running;
/// returns how long each took.
fn while_probing(
    address: SocketAddr,
    first: usize,
    load: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Duration>> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let probes = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(probe(address, first, &stop))
        });
        let loaded = load();
        stop.store(true, Ordering::Relaxed);
        let waits = probes.join().expect("probing does not panic")?;
        loaded?;
        ensure!(!waits.is_empty(), "no spell was found while something else went on");
        Ok(waits)
    })
}

async fn probe(address: SocketAddr, first: usize, stop: &AtomicBool) -> anyhow::Result<Vec<Duration>> {
    let mut client = Client::connect(address).await?;
    let mut waits = Vec::new();
    for number in first.. {
        let word = format!("probe{number}");
        let mut fields = data::spell(number);
        fields.title = format!("{} {word}", fields.title);
        let body = json!({
            "title": fields.title,
            "description": fields.description,
            "error_type": fields.error_type,
            "error_pattern": fields.error_pattern,
            "solution_code": fields.solution_code,
        });
        client.send(&post("/api/spells", &[], body.to_string().as_bytes()), 201).await?;
        let written = Instant::now();
        let search = get(&format!("/api/spells?q={word}&limit=1"));
        // Searched as the end of a title: the word alone is in the head of every response, which links other pages.
        let found = format!(" {word}\"");
        while !client.send(&search, 200).await?.contains(&found) {
            ensure!(written.elapsed() < PATIENCE, "a written spell was not found");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waits.push(written.elapsed());
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(waits)
}
