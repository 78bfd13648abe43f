//! Webhooks: on disk before the response, many of them with one sync.
//!
//! The server's GitHub accepts connections and never responds, so that jobs wait for it as in real use. Without a
//! token, every job would end at once with two more commits, which happens in no real service.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use redb::{Database, TableDefinition};

use super::Bench;
use super::data::{Webhook, Webhooks};
use super::load::{self, Request, percentile, post};
use super::table::{Goal, Row, median, ratios, short};

/// Number of connections of the load generator.
const CONNECTIONS: usize = 32;

/// The figures of all rounds.
#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    echo_rates: Vec<f64>,
    slowest: Vec<f64>,
    single: Vec<f64>,
    plain: Vec<f64>,
    two_phases: Vec<f64>,
}

/// Measures the rows whose names start with `webhook`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let reference = bench.world.reference()?;
    let mut webhooks = Webhooks::new();
    let mut all = Figures::default();
    let mut bytes = 0;
    for round in 0..bench.rounds {
        // A new store for each round, because its size must not matter.
        let folder = bench.world.empty(&format!("webhooks-{round}"))?;
        let server = bench.world.serve(&folder)?;
        let count = bench.size(16_384, 64);
        let sent = webhooks.take(count);
        bytes = sent[0].body.len();
        let to = |path: &str| sent.iter().map(|webhook| request(path, webhook)).collect::<Vec<Request>>();
        all.echo_rates.push(load::run(reference.address, CONNECTIONS, &to("/echo"), count, 202)?.rate());
        let outcome = load::run(server.address, CONNECTIONS, &to("/webhook"), count, 202)?;
        all.rates.push(outcome.rate());
        all.slowest.push(outcome.microseconds(990) / 1e3);

        // In turns, so that both use the disk in the same state.
        let count = bench.size(200, 10);
        let (mut plain, mut two_phases, mut single) = (Vec::new(), Vec::new(), Vec::new());
        for turn in 0..4 {
            let sent = webhooks.take(count);
            let file = bench.world.path(&format!("plain-{turn}.redb"));
            plain.extend(plain_commits(&file, &sent, false)?);
            two_phases.extend(plain_commits(&file, &sent, true)?);
            let sent: Vec<Request> = sent.iter().map(|webhook| request("/webhook", webhook)).collect();
            single.push(load::run(server.address, 1, &sent, count, 202)?.microseconds(500));
        }
        for (times, all) in [(&mut plain, &mut all.plain), (&mut two_phases, &mut all.two_phases)] {
            times.sort_unstable();
            all.push(percentile(times, 500).as_secs_f64() * 1e6);
        }
        all.single.push(median(&single));
        server.stop(Signal::SIGKILL)?;
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(rows(&all, bytes))
}

fn rows(all: &Figures, bytes: usize) -> Vec<Row> {
    // The signature of every payload is computed, which is a quarter of the work without SHA instructions.
    let (instructions, goal) = if has_sha_instructions() { ("with", 5_000.0) } else { ("without", 3_000.0) };
    vec![
        Row::new(
            "webhook-rate",
            format!(
                "durable webhooks of {:.1} KB over {CONNECTIONS} connections, on a processor {instructions} SHA \
                 instructions",
                bytes as f64 / 1e3
            ),
            Goal::AtLeast(goal),
        )
        .in_unit("/s")
        .with(
            all.rates.clone(),
            format!("an echo of the same bytes {} /s", short(median(&all.echo_rates))),
        ),
        Row::new("webhook-slowest", "the same, p99", Goal::AtMost(50.0))
            .in_unit("ms")
            .with(all.slowest.clone(), ""),
        Row::new(
            "webhook-single",
            "one at a time, p50, over a plain redb commit of the payload, its id, a job and an event",
            Goal::AtMost(2.0),
        )
        .with(
            ratios(&all.single, &all.plain),
            format!(
                "{} of {} µs; a plain commit in two phases, as the store needs them, {} µs",
                short(median(&all.single)),
                short(median(&all.plain)),
                short(median(&all.two_phases))
            ),
        ),
    ]
}

fn has_sha_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

fn request(path: &str, webhook: &Webhook) -> Request {
    let headers = [
        ("x-github-event", "pull_request"),
        ("x-github-delivery", &webhook.delivery()),
        ("x-hub-signature-256", &webhook.signature()),
    ];
    post(path, &headers, &webhook.body)
}

/// The cost of a plain commit of each webhook's rows, into a new file.
fn plain_commits(path: &Path, webhooks: &[Webhook], two_phases: bool) -> anyhow::Result<Vec<Duration>> {
    const PAYLOADS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("payloads");
    const IDS: TableDefinition<'_, &str, u64> = TableDefinition::new("ids");
    const JOBS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("jobs");
    const EVENTS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("events");
    let database = Database::create(path)?;
    let mut times = Vec::with_capacity(webhooks.len());
    for (number, webhook) in (1..).zip(webhooks) {
        let started = Instant::now();
        let mut transaction = database.begin_write()?;
        transaction.set_two_phase_commit(two_phases);
        transaction.open_table(PAYLOADS)?.insert(number, webhook.body.as_slice())?;
        transaction.open_table(IDS)?.insert(webhook.delivery().as_str(), number)?;
        transaction.open_table(JOBS)?.insert(number, [b'x'; 200].as_slice())?;
        transaction.open_table(EVENTS)?.insert((number, 1), [b'x'; 40].as_slice())?;
        transaction.commit()?;
        times.push(started.elapsed());
    }
    drop(database);
    std::fs::remove_file(path)?;
    Ok(times)
}
