//! The plugin host itself: Extism beside it, its cache, its memory, swaps, hostile neighbours, other languages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{Options, PluginHost, PluginSource, TimeBudget};

use super::extism::{self, Extism};
use super::load::percentile;
use super::table::{Goal, Row, median, ratios, short};
use super::{Bench, asynchronous, data, note};

/// Number of candidates of a call, as in the product.
const CANDIDATES: usize = 64;
/// The same for matchers in interpreted languages.
const FEW_CANDIDATES: usize = 20;
/// The matcher that is measured.
const MATCHER: &str = "matcher-hybrid";
/// Number of scans that are held open to measure the memory of one.
const HELD: usize = 48;
/// Number of scans without end beside an honest plugin.
const HOSTILE: usize = 100;

/// Measures the rows whose names start with `plugin`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let groups: [(&str, super::Group); 6] = [
        ("plugin-extism", extism),
        ("plugin-load", load),
        ("plugin-idle", idle),
        ("plugin-swap", swap),
        ("plugin-beside", beside),
        ("plugin-language", languages),
    ];
    let mut rows = Vec::new();
    for (name, group) in groups.into_iter().filter(|(name, _)| bench.wants(name)) {
        note(name);
        rows.extend(group(bench).with_context(|| format!("the rows {name}"))?);
    }
    Ok(rows)
}

fn prebuilt(name: &str) -> anyhow::Result<Vec<u8>> {
    let path = crate::root().join("plugins").join("prebuilt").join(format!("{name}.wasm"));
    std::fs::read(&path).with_context(|| path.display().to_string())
}

fn matcher() -> anyhow::Result<PluginSource> {
    Ok(PluginSource::new(MATCHER, prebuilt(MATCHER)?))
}

/// The same component with other bytes: a custom section without content at its end.
fn other_build() -> anyhow::Result<PluginSource> {
    let mut component = prebuilt(MATCHER)?;
    component.extend_from_slice(&[0, 2, 1, b'n']);
    Ok(PluginSource::new(MATCHER, component))
}

fn start(options: Options, sources: Vec<PluginSource>) -> anyhow::Result<PluginHost> {
    let host = PluginHost::start(options, sources)?;
    let rejected = host.current().rejected();
    ensure!(rejected.is_empty(), "plugins were refused: {rejected:?}");
    Ok(host)
}

/// This share of a thousand of the times, in microseconds.
fn at(mut times: Vec<Duration>, of_a_thousand: usize) -> f64 {
    times.sort_unstable();
    percentile(&times, of_a_thousand).as_secs_f64() * 1e6
}

fn extism(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let error = data::diagnostic(0, CANDIDATES)?;
    let candidates = data::candidates(CANDIDATES)?;
    let extism = match Extism::build(bench, &error, &candidates) {
        Ok(extism) => extism,
        Err(error) => {
            note(&format!("the rows plugin-extism are left out: {error:#}"));
            return Ok(Vec::new());
        }
    };
    let host = start(Options::default(), vec![matcher()?])?;
    let direct = host.direct_matcher(MATCHER)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let calls = bench.size(400, 5);
    let (mut fresh, mut empty) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..bench.rounds {
        let theirs = extism.measure(calls)?;
        let their_verdicts: Vec<_> = theirs.verdicts.into_iter().map(extism::verdict).collect();
        let (mut ours, mut ours_empty) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..calls {
                let started = Instant::now();
                let verdicts = direct.fresh(&error, &candidates).await?;
                ours.push(started.elapsed());
                ensure!(
                    verdicts == their_verdicts,
                    "the two plugins judge otherwise: rebuild the prebuilt ones"
                );
            }
            for _ in 0..calls {
                let started = Instant::now();
                direct.fresh(&grimoire_domain::diagnostic::Diagnostic::default(), &[]).await?;
                ours_empty.push(started.elapsed());
            }
            anyhow::Ok(())
        })?;
        fresh.0.push(median(&theirs.fresh));
        fresh.1.push(at(ours, 500));
        empty.0.push(median(&theirs.empty));
        empty.1.push(at(ours_empty, 500));
    }
    let row = |name: &str, what: &str, goal: f64, (theirs, ours): (Vec<f64>, Vec<f64>)| {
        let absolute = format!("Extism {} µs, Grimoire {} µs", short(median(&theirs)), short(median(&ours)));
        Row::new(name, what, Goal::AtLeast(goal)).with(ratios(&theirs, &ours), absolute)
    };
    Ok(vec![
        row(
            "plugin-extism-fresh",
            "Extism 1.30 (JSON in and out) over Grimoire: the same scorer, 64 candidates, a fresh instance",
            2.0,
            fresh,
        ),
        row("plugin-extism-empty", "the same for an empty call", 5.0, empty),
    ])
}

fn load(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut compiled, mut cached) = (Vec::new(), Vec::new());
    for round in 0..bench.rounds {
        let options =
            Options { cache_folder: Some(bench.world.path(&format!("cache-{round}"))), ..Options::default() };
        for times in [&mut compiled, &mut cached] {
            let host = PluginHost::new(options.clone())?;
            let started = Instant::now();
            let set = host.load(vec![matcher()?])?;
            times.push(started.elapsed().as_secs_f64());
            ensure!(set.rejected().is_empty(), "refused: {:?}", set.rejected());
        }
    }
    let absolute = format!("{} of {} ms", short(median(&cached) * 1e3), short(median(&compiled) * 1e3));
    let what =
        "loading matcher-hybrid from the cache, over compiling it (with all checks and a first instance)";
    Ok(vec![Row::new("plugin-load", what, Goal::AtMost(0.01)).with(ratios(&cached, &compiled), absolute)])
}

/// Resident memory of this process in KiB; none where the system does not tell.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn idle(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    if resident().is_none() {
        note("the row plugin-idle is left out: this system does not tell the resident memory");
        return Ok(Vec::new());
    }
    let runtime = asynchronous()?;
    let mut sizes = Vec::new();
    for _ in 0..bench.rounds {
        let source = PluginSource::new("analyzer-rust", prebuilt("analyzer-rust")?);
        let host = Arc::new(start(
            Options {
                cache_folder: Some(bench.world.path("compiled")),
                // So that each artifact takes one place.
                max_analyzers: 1,
                ..Options::default()
            },
            vec![source],
        )?);
        let size = runtime.block_on(async {
            // The first one touches what all share.
            scan(&host, stream::iter([Ok(Bytes::from_static(PROBE))]).boxed()).await?;
            let before = resident().context("the memory cannot be read")?;
            let (tell, told) = tokio::sync::watch::channel(false);
            let scans: Vec<_> = (0..HELD)
                .map(|_| {
                    let (host, mut told) = (Arc::clone(&host), told.clone());
                    // A whole chunk wakes the analyzer, which has read it when the content ends.
                    let first = stream::iter([Ok(Bytes::from(PROBE.repeat(CHUNK / PROBE.len() + 1)))]);
                    let end = stream::once(async move {
                        let _ = told.wait_for(|over| *over).await;
                        Ok(Bytes::new())
                    });
                    tokio::spawn(async move { scan(&host, first.chain(end).boxed()).await })
                })
                .collect();
            while host.statistics("analyzer-rust").calls < 1 + HELD as u64 {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            let during = resident().context("the memory cannot be read")?;
            tell.send_replace(true);
            for scan in scans {
                scan.await??;
            }
            anyhow::Ok((during - before) / HELD as f64)
        })?;
        sizes.push(size);
    }
    let what =
        "resident memory of one analyzer-rust that has read 64 KiB and waits, with its input and findings";
    Ok(vec![
        Row::new("plugin-idle", what, Goal::AtMost(40.0))
            .in_unit("KiB")
            .with(sizes, format!("{HELD} at a time")),
    ])
}

/// The number of bytes that an analyzer is fed at a time.
const CHUNK: usize = 64 << 10;
/// Text that wakes the analyzer for Rust.
const PROBE: &[u8] =
    b"error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:20\n   Compiling nothing v0.1.0\n";

async fn scan(host: &PluginHost, content: grimoire_ports::github::ByteStream) -> anyhow::Result<()> {
    let artifact = Artifact { kind: ArtifactKind::Log, name: "build".to_owned(), size: None };
    host.current().analyze(&artifact, content).await?;
    Ok(())
}

/// The times of calls of the matcher, one after another, each through the current set.
async fn calls(host: &PluginHost, count: usize) -> anyhow::Result<Vec<Duration>> {
    let (error, candidates) = (data::diagnostic(0, CANDIDATES)?, data::candidates(CANDIDATES)?);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        host.current().score(MATCHER, &error, &candidates).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

fn swap(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = asynchronous()?;
    let options = Options { cache_folder: Some(bench.world.path("compiled")), ..Options::default() };
    let host = Arc::new(start(options, vec![matcher()?])?);
    let count = bench.size(5_000, 20);
    let (mut without, mut during) = (Vec::new(), Vec::new());
    let mut swaps = 0;
    for _ in 0..bench.rounds {
        without.push(at(runtime.block_on(calls(&host, count))?, 990));
        let is_over = Arc::new(AtomicBool::new(false));
        let swapping = {
            let (host, is_over, builds) =
                (Arc::clone(&host), Arc::clone(&is_over), [other_build()?, matcher()?]);
            std::thread::spawn(move || {
                let mut swaps = 0;
                for next in builds.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                    host.load(vec![next.clone()])?;
                    swaps += 1;
                }
                anyhow::Ok(swaps)
            })
        };
        during.push(at(runtime.block_on(calls(&host, count))?, 990));
        is_over.store(true, Ordering::Relaxed);
        swaps += swapping.join().map_err(|_| anyhow::anyhow!("the swap panicked"))??;
    }
    let absolute = format!(
        "{} and {} µs; {} swaps a round",
        short(median(&during)),
        short(median(&without)),
        swaps / bench.rounds
    );
    let what = "p99 of calls while two builds take turns without a pause, over without";
    Ok(vec![Row::new("plugin-swap", what, Goal::AtMost(1.5)).with(ratios(&during, &without), absolute)])
}

fn beside(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = asynchronous()?;
    let endless = TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) };
    let options = Options {
        cache_folder: Some(bench.world.path("compiled")),
        max_instances: HOSTILE,
        max_analyzers: 1,
        feed_budget: endless,
        scan_computing: Duration::MAX,
        admission_wait: Duration::from_secs(3_600),
        ..Options::default()
    };
    let hostile = PluginSource::new("analyzer-generic", prebuilt("analyzer-generic")?);
    let host = Arc::new(start(options, vec![matcher()?, hostile])?);
    let count = bench.size(2_000, 20);
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        alone.push(at(runtime.block_on(calls(&host, count))?, 950));
        let before = host.statistics("analyzer-generic").calls;
        let scans: Vec<_> = (0..HOSTILE)
            .map(|_| {
                let host = Arc::clone(&host);
                let content = stream::repeat_with(|| Ok(Bytes::from(PROBE.repeat(1_024)))).boxed();
                runtime.spawn(async move { scan(&host, content).await })
            })
            .collect();
        runtime.block_on(async {
            while host.statistics("analyzer-generic").calls < before + HOSTILE as u64 {
                tokio::task::yield_now().await;
            }
        });
        together.push(at(runtime.block_on(calls(&host, count))?, 950));
        for scan in scans {
            scan.abort();
        }
    }
    let absolute = format!("{} and {} µs", short(median(&together)), short(median(&alone)));
    let what =
        format!("p95 of a matcher's calls beside {HOSTILE} scans that compute without end, over alone");
    Ok(vec![Row::new("plugin-beside", what, Goal::AtMost(1.5)).with(ratios(&together, &alone), absolute)])
}

/// Matchers of other languages. Their components are too large for the repository: `grimoire plugin build` makes them.
fn languages(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (error, candidates) = (data::diagnostic(0, FEW_CANDIDATES)?, data::candidates(FEW_CANDIDATES)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for (language, goal) in [("python", 10.0), ("javascript", 10.0), ("c", 1.0), ("rust", 1.0)] {
        let name = format!("matcher-{language}");
        let folder = crate::root().join("examples").join("plugins").join(&name);
        let built = folder.join("build").join(format!("{name}.wasm"));
        let fixture =
            crate::root().join("tests").join("fixtures").join("plugins").join(format!("{name}.wasm"));
        let Some(path) = [built, fixture].into_iter().find(|path| path.is_file()) else {
            note(&format!(
                "the row plugin-language-{language} is left out: `grimoire plugin build {}` builds its component",
                folder.display()
            ));
            continue;
        };
        let options = Options { cache_folder: Some(bench.world.path("compiled")), ..Options::default() };
        let host = start(options, vec![PluginSource::file(name.as_str(), path)])?;
        let direct = host.direct_matcher(&name)?;
        let mut figures = Vec::new();
        for _ in 0..bench.rounds {
            let mut times = Vec::new();
            runtime.block_on(async {
                for _ in 0..bench.size(100, 3) {
                    let started = Instant::now();
                    direct.fresh(&error, &candidates).await?;
                    times.push(started.elapsed());
                }
                anyhow::Ok(())
            })?;
            figures.push(at(times, 500) / 1e3);
        }
        let what =
            format!("the example matcher in {language}, {FEW_CANDIDATES} candidates, a fresh instance");
        let row = Row::new(format!("plugin-language-{language}"), what, Goal::AtMost(goal));
        rows.push(row.in_unit("ms").with(figures, "median of the calls of a round"));
    }
    Ok(rows)
}
