//! Spells over HTTP, and how requests fare while plugins work.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::load::{self, Request, get, post};
use super::random::Random;
use super::table::{Goal, Row, median, ratios, short};
use super::world::copy_folder;
use super::{Bench, data, text};

/// Measures the rows whose names start with `spell`.
pub(super) fn spells(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stored = bench.size(10_000, 100);
    let filled = bench.world.filled(stored)?;
    let reference = bench.world.reference()?;
    let (mut noop, mut read, mut echo, mut created) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());

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
        // A new server on the same spells, killed when the clock stops: what the index has to catch up with
        // must not slow down the next round, and the reference in it least of all.
        let folder = bench.world.path(&format!("created-{round}"));
        copy_folder(&filled, &folder)?;
        let server = bench.world.serve(&folder)?;
        let first = 1_000_000 + round * count;
        let bodies: Vec<Vec<u8>> = (first..first + count).map(data::spell_body).collect();
        let to = |path: &str| bodies.iter().map(|body| post(path, &[], body)).collect::<Vec<Request>>();
        echo.push(load::run(reference.address, 32, &to("/echo"), count, 202)?.rate());
        created.push(load::run(server.address, 32, &to("/api/spells"), count, 201)?.rate());
        server.stop(Signal::SIGKILL)?;
        std::fs::remove_dir_all(&folder)?;
    }
    let rates =
        |one: &[f64], other: &[f64]| format!("{} of {} requests/s", short(median(one)), short(median(other)));
    Ok(vec![
        Row::new(
            "spell-get",
            "`GET /api/spells/{id}`, 32 connections, over a no-op route",
            Goal::AtLeast(0.75),
        )
        .with(ratios(&read, &noop), rates(&read, &noop)),
        Row::new(
            "spell-create",
            "`POST /api/spells`, 32 connections, over an echo of the same bytes",
            Goal::AtLeast(0.15),
        )
        .with(ratios(&created, &echo), rates(&created, &echo)),
    ])
}

fn reads(stored: usize) -> Vec<Request> {
    let mut random = Random::new(11);
    (0..4_096).map(|_| get(&format!("/api/spells/{}", random.below(stored) + 1))).collect()
}

/// Logs that are diagnosed at a time: as many as take every plugin slot.
const DIAGNOSES: usize = 8;

/// Measures the rows whose names start with `busy`.
pub(super) fn busy(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stored = bench.size(10_000, 100);
    let server = bench.world.serve(&bench.world.filled(stored)?)?;
    let reads = reads(stored);
    let counts = [(1, bench.size(10_000, 100)), (32, bench.size(60_000, 200))];
    let mut idle = [Vec::new(), Vec::new()];
    let mut busy = [Vec::new(), Vec::new()];
    for _ in 0..bench.rounds {
        for (place, (connections, count)) in counts.into_iter().enumerate() {
            idle[place].push(load::run(server.address, connections, &reads, count, 200)?.microseconds(990));
        }
        let outcomes = while_diagnosing(server.address, || {
            counts.map(|(connections, count)| load::run(server.address, connections, &reads, count, 200))
        })?;
        for (place, outcome) in outcomes.into_iter().enumerate() {
            busy[place].push(outcome?.microseconds(990));
        }
    }
    server.stop(Signal::SIGKILL)?;
    let row = |name: &str, what: &str, place: usize| {
        let absolute =
            format!("p99 {} µs, idle {} µs", short(median(&busy[place])), short(median(&idle[place])));
        Row::new(name, what, Goal::AtMost(3.0)).with(ratios(&busy[place], &idle[place]), absolute)
    };
    Ok(vec![
        row(
            "busy-1",
            "p99 of `GET /api/spells/{id}`, one at a time, while 8 logs are diagnosed, over idle",
            0,
        ),
        row("busy-32", "the same with 32 connections", 1),
    ])
}

/// Does something while as many logs as possible are being diagnosed, which are uploaded without end.
pub(super) fn while_diagnosing<T: Send>(
    address: SocketAddr,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let stop = AtomicBool::new(false);
    let begun = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let uploads = scope.spawn(|| upload(address, &stop, &begun));
        let waiting = Instant::now();
        while begun.load(Ordering::Relaxed) < DIAGNOSES
            && waiting.elapsed() < Duration::from_secs(30)
            && !uploads.is_finished()
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let outcome = (begun.load(Ordering::Relaxed) == DIAGNOSES).then(work);
        stop.store(true, Ordering::Relaxed);
        uploads.join().expect("the uploads do not panic")?;
        outcome.ok_or_else(|| anyhow::anyhow!("the logs were not taken in"))
    })
}

/// Uploads logs until told to stop; `begun` counts those of which the server has read much.
fn upload(address: SocketAddr, stop: &AtomicBool, begun: &AtomicUsize) -> anyhow::Result<()> {
    let pieces = text::log(32);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let uploads = (0..DIAGNOSES).map(|number| {
            let pieces = &pieces;
            async move {
                let mut stream = TcpStream::connect(address).await?;
                // Longer than it will get: the connection is closed when the measuring is done.
                let head = format!(
                    "POST /api/diagnose HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
                    1_000_000_000
                );
                stream.write_all(head.as_bytes()).await?;
                for (sent, piece) in pieces.iter().cycle().skip(number).enumerate() {
                    let mut write = std::pin::pin!(stream.write_all(piece));
                    loop {
                        tokio::select! {
                            done = &mut write => break done?,
                            () = tokio::time::sleep(Duration::from_millis(20)) => {
                                if stop.load(Ordering::Relaxed) {
                                    return Ok(());
                                }
                            }
                        }
                    }
                    if sent == 8 {
                        begun.fetch_add(1, Ordering::Relaxed);
                    }
                    if stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                }
                Ok(())
            }
        });
        let done: anyhow::Result<Vec<()>> = futures::future::try_join_all(uploads).await;
        done.map(drop)
    })
}
