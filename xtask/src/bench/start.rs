//! How soon a server answers after its start, and what it needs when it idles.

use std::time::Duration;

use anyhow::ensure;
use nix::sys::signal::Signal;

use super::Bench;
use super::load;
use super::table::{Goal, Row, median, short};
use super::world::Served;

/// How long a server is left alone before its memory is read.
const SETTLING: Duration = Duration::from_secs(3);

/// Measures the rows whose names start with `start`.
pub(super) fn starts(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let spells = bench.size(100_000, 400);
    let folder = bench.world.filled(spells)?;
    // The first start of all may have something to make; it does not count.
    bench.world.serve(&folder)?.stop(Signal::SIGINT)?;
    let after = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL];
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..bench.rounds {
        let mut server = bench.world.serve(&folder)?;
        for (signal, times) in after.into_iter().zip(&mut times) {
            server.stop(signal)?;
            server = bench.world.serve(&folder)?;
            times.push(server.first_answer.as_secs_f64());
            nothing_was_compiled(&server)?;
        }
        server.stop(Signal::SIGINT)?;
    }
    let [clean, terminated, killed] = times;
    let row = |name: &str, what: String, goal: Goal, times: Vec<f64>| {
        let absolute = format!("{} ms", short(median(&times) * 1e3));
        Row::new(name, what, goal).in_unit("s").with(times, absolute)
    };
    let what = format!(
        "from the start to the first 200 of `/health`, {spells} spells, compiled plugins cached, after a clean stop"
    );
    Ok(vec![
        row("start-clean", what, Goal::AtMost(0.3), clean),
        row("start-terminated", "the same after SIGTERM".to_owned(), Goal::AtMost(0.3), terminated),
        row("start-killed", "the same after `kill -9`: the store is repaired".to_owned(), Goal::Told, killed),
    ])
}

fn nothing_was_compiled(server: &Served) -> anyhow::Result<()> {
    let answer = load::fetch(server.address, "/api/plugins")?;
    ensure!(
        answer.contains("\"from_cache\":true") && !answer.contains("\"from_cache\":false"),
        "compiled anew: {answer}"
    );
    Ok(())
}

/// Measures the rows whose names start with `memory`.
pub(super) fn memory(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let spells = bench.size(100_000, 400);
    let folders = [bench.world.starter()?, bench.world.filled(spells)?];
    let mut resident = [Vec::new(), Vec::new()];
    let mut read = Vec::new();
    for _ in 0..bench.rounds {
        for (folder, resident) in folders.iter().zip(&mut resident) {
            let server = bench.world.serve(folder)?;
            std::thread::sleep(if bench.quick { Duration::ZERO } else { SETTLING });
            resident.push(server.resident()?);
            if *folder == folders[1] {
                let reads: Vec<_> = (1..=spells).map(|id| load::get(&format!("/api/spells/{id}"))).collect();
                load::run(server.address, 32, &reads, spells, 200)?;
                read.push(server.resident()?);
            }
            server.stop(Signal::SIGTERM)?;
        }
    }
    let [starter, filled] = resident;
    let row = |name: &str, what: String, goal: Goal, figures: Vec<f64>| {
        Row::new(name, what, goal).in_unit("MB").with(figures, "resident")
    };
    Ok(vec![
        row(
            "memory-starter",
            "idle, the starter spellbook, compiled plugins cached".to_owned(),
            Goal::AtMost(60.0),
            starter,
        ),
        row("memory-filled", format!("idle, {spells} spells"), Goal::AtMost(60.0), filled),
        row(
            "memory-read",
            format!("after reading all {spells} once over HTTP, store cache 32 MiB"),
            Goal::Told,
            read,
        ),
    ])
}
