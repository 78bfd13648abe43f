//! The time from a server's start to its first response, and its memory when idle.

use std::time::Duration;

use anyhow::ensure;
use nix::sys::signal::Signal;

use super::Bench;
use super::load;
use super::table::{Goal, Row, median, short};
use super::world::Served;

/// How long a server stays idle before its memory is measured: the allocator returns memory some ten seconds after
/// its last use.
const SETTLING: Duration = Duration::from_secs(20);

/// Measures the rows whose names start with `start`.
pub(super) fn starts(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let spells = bench.size(100_000, 400);
    let folder = bench.world.filled(spells)?;
    // The very first start may have to create things, so it does not count.
    bench.world.serve(&folder)?.stop(Signal::SIGINT)?;
    let after = [Signal::SIGTERM, Signal::SIGKILL];
    let mut times = [Vec::new(), Vec::new()];
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
    let [clean, killed] = times;
    let row = |name: &str, what: String, goal: Goal, times: Vec<f64>| {
        let absolute = format!("{} ms", short(median(&times) * 1e3));
        Row::new(name, what, goal).in_unit("s").with(times, absolute)
    };
    let what = format!(
        "from the start to the first 200 of `/health`, {spells} spells, compiled plugins cached, after a clean stop"
    );
    Ok(vec![
        row("start-clean", what, Goal::AtMost(0.3), clean),
        row(
            "start-killed",
            "the same after `kill -9`: the store is repaired".to_owned(),
            Goal::AtMost(2.0),
            killed,
        ),
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
    for _ in 0..bench.rounds {
        for (folder, resident) in folders.iter().zip(&mut resident) {
            let server = bench.world.serve(folder)?;
            std::thread::sleep(if bench.quick { Duration::ZERO } else { SETTLING });
            resident.push(server.resident()?);
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
    ])
}
