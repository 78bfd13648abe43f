//! Webhooks: on disk before they are answered, many of them with one sync.
//!
//! The server's GitHub takes connections and never answers, so that jobs wait for it as they do in
//! life. Without a token every job would end at once with two more commits, which no real service does.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::NewJob;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::store::DeliveryStore as _;
use grimoire_store_redb::RedbStore;
use nix::sys::signal::Signal;

use super::Bench;
use super::data::{Webhook, Webhooks};
use super::load::{self, Request, percentile, post};
use super::table::{Goal, Row, median, ratios, short};

/// The figures of all rounds.
#[derive(Default)]
struct Figures {
    echo_32: Vec<f64>,
    hook_32: Vec<f64>,
    echo_256: Vec<f64>,
    hook_256: Vec<f64>,
    alone: Vec<f64>,
    ungrouped: Vec<f64>,
    in_process: Vec<f64>,
    single: Vec<f64>,
    single_worst: Vec<f64>,
    raw: Vec<f64>,
}

/// Measures the rows whose names start with `webhook`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let reference = bench.world.reference()?;
    let mut webhooks = Webhooks::new();
    let mut all = Figures::default();
    let mut bytes = 0;
    for round in 0..bench.rounds {
        // A new store for each round: its size is no part of the question.
        let folder = bench.world.empty(&format!("webhooks-{round}"))?;
        let server = bench.world.serve(&folder)?;
        for connections in [32, 256] {
            let count = bench.size(connections * 512, connections * 2).min(24_576);
            let sent = webhooks.take(count);
            bytes = sent[0].body.len();
            let echoes: Vec<Request> = sent.iter().map(|webhook| request("/echo", webhook)).collect();
            let echo = load::run(reference.address, connections, &echoes, count, 202)?;
            drop(echoes);
            let hooks: Vec<Request> = sent.iter().map(|webhook| request("/webhook", webhook)).collect();
            let hook = load::run(server.address, connections, &hooks, count, 202)?;
            let (echo_rates, hook_rates) = match connections {
                32 => (&mut all.echo_32, &mut all.hook_32),
                _ => (&mut all.echo_256, &mut all.hook_256),
            };
            echo_rates.push(echo.rate());
            hook_rates.push(hook.rate());
        }
        // In turns, so that both meet the same disk.
        let count = bench.size(200, 10);
        let (mut raw, mut single) = (Vec::new(), Vec::new());
        for turn in 0..4 {
            raw.extend(append_and_sync(&bench.world.path(&format!("raw-{turn}")), bytes, count)?);
            let sent: Vec<Request> =
                webhooks.take(count).iter().map(|webhook| request("/webhook", webhook)).collect();
            single.push(load::run(server.address, 1, &sent, count, 202)?);
        }
        raw.sort_unstable();
        all.raw.push(percentile(&raw, 500).as_secs_f64() * 1e6);
        all.single.push(median(&single.iter().map(|outcome| outcome.microseconds(500)).collect::<Vec<_>>()));
        all.single_worst
            .push(median(&single.iter().map(|outcome| outcome.microseconds(990)).collect::<Vec<_>>()));
        all.alone.push(median(&single.iter().map(load::Outcome::rate).collect::<Vec<_>>()));
        let one_by_one = webhooks.take(bench.size(1_000, 10));
        all.in_process.push(one_commit_each(&bench.world.path(&format!("single-{round}")), &one_by_one)?);
        server.stop(Signal::SIGKILL)?;
        std::fs::remove_dir_all(&folder)?;
        all.ungrouped.push(ungrouped(bench, &mut webhooks, round)?);
    }
    Ok(rows(&all, bytes))
}

/// The rate at 32 connections of the same server when each webhook has a commit of its own.
fn ungrouped(bench: &Bench, webhooks: &mut Webhooks, round: usize) -> anyhow::Result<f64> {
    let folder = bench.world.empty(&format!("ungrouped-{round}"))?;
    let server = bench.world.serve_with(&folder, &[("GRIMOIRE_STORAGE_GROUP_LIMIT", "1")])?;
    let count = bench.size(8_192, 64);
    let hooks: Vec<Request> =
        webhooks.take(count).iter().map(|webhook| request("/webhook", webhook)).collect();
    let rate = load::run(server.address, 32, &hooks, count, 202)?.rate();
    server.stop(Signal::SIGKILL)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(rate)
}

fn rows(all: &Figures, bytes: usize) -> Vec<Row> {
    let size = format!("{:.1} KB", bytes as f64 / 1e3);
    let rates =
        |one: &[f64], other: &[f64]| format!("{} of {} requests/s", short(median(one)), short(median(other)));
    vec![
        Row::new(
            "webhook-32",
            format!("durable webhook, {size}, 32 connections, over an echo of the same bytes"),
            Goal::AtLeast(0.25),
        )
        .with(ratios(&all.hook_32, &all.echo_32), rates(&all.hook_32, &all.echo_32)),
        Row::new("webhook-256", "the same at 256 connections", Goal::AtLeast(0.5))
            .with(ratios(&all.hook_256, &all.echo_256), rates(&all.hook_256, &all.echo_256)),
        Row::new(
            "webhook-grouping",
            "at 32 connections, over the same server with one commit for each request",
            Goal::AtLeast(5.0),
        )
        .with(
            ratios(&all.hook_32, &all.ungrouped),
            format!(
                "{}; the server at one connection {}; the store called in-process, one commit each, {}",
                rates(&all.hook_32, &all.ungrouped),
                short(median(&all.alone)),
                short(median(&all.in_process))
            ),
        ),
        Row::new(
            "webhook-single",
            "one at a time, p50, over append and fdatasync of the same bytes",
            Goal::AtMost(2.5),
        )
        .with(
            ratios(&all.single, &all.raw),
            format!(
                "p50 {} µs, p99 {} µs; raw {} µs",
                short(median(&all.single)),
                short(median(&all.single_worst)),
                short(median(&all.raw))
            ),
        ),
    ]
}

fn request(path: &str, webhook: &Webhook) -> Request {
    let headers = [
        ("x-github-event", "pull_request"),
        ("x-github-delivery", &webhook.delivery()),
        ("x-hub-signature-256", &webhook.signature()),
    ];
    post(path, &headers, &webhook.body)
}

/// What one append and one sync cost, sorted.
fn append_and_sync(path: &Path, bytes: usize, count: usize) -> anyhow::Result<Vec<Duration>> {
    let content = vec![b'x'; bytes];
    let mut file = File::create(path)?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        file.write_all(&content)?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(times)
}

/// How many webhooks a second the store takes when each has a commit of its own, in this process and with
/// no HTTP around it.
fn one_commit_each(folder: &Path, webhooks: &[Webhook]) -> anyhow::Result<f64> {
    let rate = super::asynchronous()?.block_on(async {
        let store = RedbStore::open(&folder.join("grimoire.redb"), grimoire_store_redb::Options::default())?;
        let started = Instant::now();
        for webhook in webhooks {
            let delivery = Delivery {
                id: DeliveryId::parse(&webhook.delivery())?,
                event: "pull_request".to_owned(),
                action: Some("synchronize".to_owned()),
                repository: Some(RepositoryName::parse("octo/app")?),
                received_at: Timestamp::now(),
                job: None,
                payload: webhook.body.clone(),
            };
            let job = NewJob {
                kind: grimoire_pipeline::REVIEW_PULL_REQUEST.to_owned(),
                lane: Some(format!("octo/app#{}", webhook.number)),
                version: Some(format!("{:040x}", webhook.number)),
                payload: serde_json::json!({ "repository": "octo/app", "number": webhook.number }),
            };
            store.record_delivery_and_enqueue(delivery, Some(job)).await?;
        }
        let rate = webhooks.len() as f64 / started.elapsed().as_secs_f64();
        store.close().await?;
        anyhow::Ok(rate)
    })?;
    std::fs::remove_dir_all(folder)?;
    Ok(rate)
}
