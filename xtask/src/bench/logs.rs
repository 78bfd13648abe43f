//! Analyzers in their sandbox compared with the same code compiled natively, and their memory use.
//!
//! Times are CPU times of the whole process, which is what “per core” means: the product's plugin
//! threads have low priority and would look slow whenever anything else runs.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_plugin_sdk::{self as sdk, Analyzer, analyze_chunks};
use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::PluginHost;
use nix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use super::plugins::{host, sources};
use super::table::{Goal, Row, median, ratios, short};
use super::{Bench, text};

/// Returns the number of diagnostics that an analyzer finds natively.
type Native = fn(&[Bytes]) -> anyhow::Result<usize>;

/// The analyzers with their native code.
const ANALYZERS: [(&str, Native); 18] = [
    ("analyzer-rust", native::<analyzer_rust::RustScan>),
    ("analyzer-python", native::<analyzer_python::Scan>),
    ("analyzer-javascript", native::<analyzer_javascript::Scan>),
    ("analyzer-generic", native::<analyzer_generic::GenericScan>),
    ("analyzer-guess", native::<analyzer_guess::Scan>),
    ("analyzer-checkers", native::<analyzer_checkers::Scan>),
    ("analyzer-dotnet", native::<analyzer_dotnet::Scan>),
    ("analyzer-functional", native::<analyzer_functional::Scan>),
    ("analyzer-go", native::<analyzer_go::Scan>),
    ("analyzer-jvm", native::<analyzer_jvm::Scan>),
    ("analyzer-mobile", native::<analyzer_mobile::Scan>),
    ("analyzer-native", native::<analyzer_native::Scan>),
    ("analyzer-ops", native::<analyzer_ops::Scan>),
    ("analyzer-patterns", native::<analyzer_patterns::Scan>),
    ("analyzer-php", native::<analyzer_php::Scan>),
    ("analyzer-report", native::<analyzer_report::Scan>),
    ("analyzer-ruby", native::<analyzer_ruby::Scan>),
    ("analyzer-runner", native::<analyzer_runner::Scan>),
];

/// Measures the rows whose names start with `log`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = super::asynchronous()?;
    Ok(vec![speed(bench, &runtime)?, memory(bench, &runtime)?])
}

fn speed(bench: &Bench, runtime: &Runtime) -> anyhow::Result<Row> {
    let log = text::log(bench.size(48, 2));
    let host = host(bench, sources()?)?;
    let found = runtime.block_on(analyze(&host, &log))?;
    // Analyzers that sleep through this log cost nothing natively either.
    let awake: Vec<Native> = ANALYZERS
        .into_iter()
        .filter(|(name, _)| host.statistics(name).calls > 0)
        .map(|(_, native)| native)
        .collect();
    let (mut sandboxed, mut natives) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let (count, time) = timed(|| awake.iter().map(|native| native(&log)).sum::<anyhow::Result<usize>>())?;
        ensure!(count == found, "{found} found in the sandbox and {count} natively");
        natives.push(time);
        sandboxed.push(timed(|| runtime.block_on(analyze(&host, &log)))?.1);
    }
    let size = log.iter().map(Bytes::len).sum::<usize>() as f64 / 1e6;
    Ok(Row::new(
        "log-all",
        format!(
            "all {} log analyzers on a log of {size:.0} MB of many tools, which wakes {}, processor time, over \
             native",
            ANALYZERS.len(),
            awake.len()
        ),
        Goal::AtMost(2.0),
    )
    .with(
        ratios(&sandboxed, &natives),
        format!(
            "{} of {} MB/s a core, {found} found",
            short(size / median(&sandboxed)),
            short(size / median(&natives))
        ),
    ))
}

/// The maximum memory of any analyzer's instance, with a small and with a large log.
fn memory(bench: &Bench, runtime: &Runtime) -> anyhow::Result<Row> {
    let (small, large) = (8, bench.size(800, 16));
    let peak = |pieces: usize| -> anyhow::Result<f64> {
        let host = host(bench, sources()?)?;
        let log = futures::stream::iter((0..pieces).map(|number| Ok(text::log_piece(number)))).boxed();
        let artifact = Artifact { kind: ArtifactKind::Log, name: String::new(), size: None };
        let analysis = runtime.block_on(host.current().analyze(&artifact, log))?;
        for findings in &analysis.findings {
            ensure!(findings.problem.is_none(), "{:?}", findings.problem);
        }
        let peaks =
            analysis.findings.iter().map(|findings| host.statistics(&findings.plugin.name).peak_memory);
        Ok(peaks.max().context("no analyzer ran")? as f64)
    };
    // The same in every round: a guest's memory use depends on its input alone.
    let (with_small, with_large) = (peak(small)?, peak(large)?);
    let megabytes = |pieces: usize| pieces * text::PIECE / 1_000_000;
    Ok(Row::new(
        "log-memory",
        format!(
            "peak memory of an instance with a log of {} MB, over that with {} MB",
            megabytes(large),
            megabytes(small)
        ),
        Goal::AtMost(1.1),
    )
    .with(
        vec![with_large / with_small],
        format!("{} and {} MB", short(with_large / 1e6), short(with_small / 1e6)),
    ))
}

fn native<A: Analyzer>(pieces: &[Bytes]) -> anyhow::Result<usize> {
    let found = analyze_chunks::<A>(sdk::media_type::LOG, pieces.iter().map(AsRef::as_ref));
    Ok(found.map_err(|failure| anyhow::anyhow!("{failure:?}"))?.len())
}

/// Number of diagnostics that the components of a host find.
async fn analyze(host: &PluginHost, pieces: &[Bytes]) -> anyhow::Result<usize> {
    let artifact = Artifact { kind: ArtifactKind::Log, name: String::new(), size: None };
    let pieces: Vec<_> = pieces.iter().cloned().map(Ok).collect();
    let analysis = host.current().analyze(&artifact, futures::stream::iter(pieces).boxed()).await?;
    let mut count = 0;
    for findings in analysis.findings {
        ensure!(findings.problem.is_none(), "{:?}", findings.problem);
        count += findings.diagnostics.len();
    }
    Ok(count)
}

/// Runs work; also returns the CPU time of this process in seconds.
fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let before = processor_time()?;
    let done = work()?;
    Ok((done, processor_time()?.saturating_sub(before).as_secs_f64()))
}

fn processor_time() -> anyhow::Result<Duration> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?))
}
