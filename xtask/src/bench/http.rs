//! Spells over HTTP: reads, and durable writes.

use nix::sys::signal::Signal;

use super::load::{self, Request, get, post};
use super::random::Random;
use super::table::{Goal, Row, median, ratios, short};
use super::world::copy_folder;
use super::{Bench, data};

/// Measures the rows whose names start with `spell`.
pub(super) fn spells(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stored = bench.size(10_000, 100);
    let filled = bench.world.filled(stored)?;
    let reference = bench.world.reference()?;
    let (mut noop, mut read, mut created) = (Vec::new(), Vec::new(), Vec::new());

    let reads = reads(stored);
    let count = bench.size(60_000, 200);
    let server = bench.world.serve(&filled)?;
    for _ in 0..bench.rounds {
        noop.push(load::run(reference.address, 32, &[get("/noop")], count, 200)?.rate());
        read.push(load::run(server.address, 32, &reads, count, 200)?.rate());
    }
    server.stop(Signal::SIGTERM)?;

    let count = bench.size(12_000, 64);
    for round in 0..bench.rounds {
        // A new server with the same spells, killed when the clock stops: indexing the written spells must
        // not slow down the next round.
        let folder = bench.world.path(&format!("created-{round}"));
        copy_folder(&filled, &folder)?;
        let server = bench.world.serve(&folder)?;
        let first = 1_000_000 + round * count;
        let bodies: Vec<Vec<u8>> = (first..first + count).map(data::spell_body).collect();
        let posts: Vec<Request> = bodies.iter().map(|body| post("/api/spells", &[], body)).collect();
        created.push(load::run(server.address, 32, &posts, count, 201)?.rate());
        server.stop(Signal::SIGKILL)?;
        std::fs::remove_dir_all(&folder)?;
    }
    let absolute = format!("{} of {} requests/s", short(median(&read)), short(median(&noop)));
    Ok(vec![
        Row::new(
            "spell-get",
            "`GET /api/spells/{id}`, 32 connections, over a no-op route",
            Goal::AtLeast(0.5),
        )
        .with(ratios(&read, &noop), absolute),
        Row::new("spell-create", "`POST /api/spells`, durable, 32 connections", Goal::AtLeast(1_500.0))
            .in_unit("/s")
            .with(created, ""),
    ])
}

fn reads(stored: usize) -> Vec<Request> {
    let mut random = Random::new(11);
    (0..4_096).map(|_| get(&format!("/api/spells/{}", random.below(stored) + 1))).collect()
}
