//! Analyzers in their sandbox against the same code compiled natively, and the memory that they need.
//!
//! Times are processor times of the whole process, which is what “per core” means: the product's plugin
//! threads have a low priority and would look slow whenever anything else runs.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_plugin_sdk::{self as sdk, Analyzer, analyze_chunks};
use grimoire_ports::plugins::PluginInventory as _;
use grimoire_ports::plugins::analyzer::Analyzers as _;
use grimoire_runtime::PluginHost;
use nix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use super::plugins::{host, sources};
use super::table::{Goal, Row, median, ratios, short};
use super::{Bench, text};

/// How many diagnostics an analyzer finds natively.
type Native = fn(ArtifactKind, &[Bytes]) -> anyhow::Result<usize>;

/// The analyzers with their native code.
const ANALYZERS: [(&str, Native); 17] = [
    ("analyzer-rust", native::<analyzer_rust::RustScan>),
    ("analyzer-python", native::<analyzer_python::Scan>),
    ("analyzer-javascript", native::<analyzer_javascript::Scan>),
    ("analyzer-generic", native::<analyzer_generic::GenericScan>),
    ("analyzer-guess", native::<analyzer_guess::Scan>),
    ("analyzer-dotnet", native::<analyzer_dotnet::Scan>),
    ("analyzer-functional", native::<analyzer_functional::Scan>),
    ("analyzer-go", native::<analyzer_go::Scan>),
    ("analyzer-jvm", native::<analyzer_jvm::Scan>),
    ("analyzer-mobile", native::<analyzer_mobile::Scan>),
    ("analyzer-native", native::<analyzer_native::Scan>),
    ("analyzer-ops", native::<analyzer_ops::Scan>),
    ("analyzer-php", native::<analyzer_php::Scan>),
    ("analyzer-report", native::<analyzer_report::Scan>),
    ("analyzer-ruby", native::<analyzer_ruby::Scan>),
    ("analyzer-runner", native::<analyzer_runner::Scan>),
    ("analyzer-diff", native::<analyzer_diff::DiffScan>),
];

/// Measures the rows whose names start with `log`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let runtime = super::asynchronous()?;
    let mut rows = speed(bench, &runtime)?;
    rows.push(memory(bench, &runtime)?);
    Ok(rows)
}

fn speed(bench: &Bench, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let log = text::log(bench.size(48, 2));
    let diff = text::diff(bench.size(48, 1) * text::PIECE);
    let megabytes = |pieces: &[Bytes]| pieces.iter().map(Bytes::len).sum::<usize>() as f64 / 1e6;
    let mut hosts = Vec::new();
    for (name, native) in ANALYZERS {
        let only = sources()?.into_iter().filter(|source| source.name == name).collect();
        let (kind, pieces) =
            if name == "analyzer-diff" { (ArtifactKind::Diff, &diff) } else { (ArtifactKind::Log, &log) };
        let host = host(bench, only)?;
        runtime.block_on(analyze(&host, kind, pieces))?;
        // One that sleeps through this log has no speed.
        if host.plugins().iter().any(|plugin| plugin.calls > 0) {
            hosts.push((name, native, kind, pieces, host));
        }
    }
    let awake = hosts.iter().filter(|(_, _, kind, ..)| *kind == ArtifactKind::Log).count();
    let all = host(bench, sources()?)?;
    let mut natives = vec![Vec::new(); hosts.len()];
    let mut sandboxed = vec![Vec::new(); hosts.len()];
    let (mut together, mut native_together) = (Vec::new(), Vec::new());
    let mut found = vec![0; hosts.len()];
    for _ in 0..bench.rounds {
        let mut sum = 0.0;
        for (place, (name, native, kind, pieces, host)) in hosts.iter().enumerate() {
            let (count, native_time) = timed(|| native(*kind, pieces))?;
            let (sandbox_count, sandbox_time) = timed(|| runtime.block_on(analyze(host, *kind, pieces)))?;
            ensure!(
                count == sandbox_count,
                "{name} finds {sandbox_count} in its sandbox and {count} natively"
            );
            found[place] = count;
            natives[place].push(native_time);
            sandboxed[place].push(sandbox_time);
            if *kind == ArtifactKind::Log {
                sum += native_time;
            }
        }
        native_together.push(sum);
        together.push(timed(|| runtime.block_on(analyze(&all, ArtifactKind::Log, &log)))?.1);
    }
    let speeds = |sandbox: &[f64], native: &[f64], size: f64| {
        format!("{} of {} MB/s a core", short(size / median(sandbox)), short(size / median(native)))
    };
    let size = megabytes(&log);
    let mut rows = vec![
        Row::new(
            "log-all",
            format!(
                "all {} log analyzers on a log of {size:.0} MB of many tools, which wakes {awake}, processor \
                 time, over native",
                ANALYZERS.len() - 1
            ),
            Goal::AtMost(2.0),
        )
        .with(ratios(&together, &native_together), speeds(&together, &native_together, size)),
    ];
    for (place, (name, _, _, pieces, _)) in hosts.iter().enumerate() {
        let short_name = name.trim_start_matches("analyzer-");
        let absolute = format!(
            "{}, {} found",
            speeds(&sandboxed[place], &natives[place], megabytes(pieces)),
            found[place]
        );
        rows.push(
            Row::new(format!("log-{short_name}"), format!("`{name}` alone"), Goal::AtMost(2.0))
                .with(ratios(&sandboxed[place], &natives[place]), absolute),
        );
    }
    Ok(rows)
}

/// The most memory that any analyzer's instance had, with a small and with a large log.
fn memory(bench: &Bench, runtime: &Runtime) -> anyhow::Result<Row> {
    let (small, large) = (8, bench.size(800, 16));
    let peak = |pieces: usize| -> anyhow::Result<f64> {
        let host = host(bench, sources()?)?;
        let log = futures::stream::iter((0..pieces).map(|number| Ok(text::log_piece(number)))).boxed();
        let artifact = Artifact { kind: ArtifactKind::Log, name: String::new(), size: None };
        let analysis = runtime.block_on(host.analyze(&artifact, log))?;
        for findings in &analysis.findings {
            ensure!(findings.problem.is_none(), "{:?}", findings.problem);
        }
        let peaks = analysis.findings.iter().filter_map(|findings| host.peak_memory(&findings.plugin.name));
        Ok(peaks.max().context("no analyzer ran")? as f64)
    };
    // The same in every round: what a guest does with its memory depends on its input alone.
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

fn native<A: Analyzer>(kind: ArtifactKind, pieces: &[Bytes]) -> anyhow::Result<usize> {
    let kind = match kind {
        ArtifactKind::Log => sdk::ArtifactKind::Log,
        ArtifactKind::Diff => sdk::ArtifactKind::Diff,
        ArtifactKind::Text | ArtifactKind::Report => sdk::ArtifactKind::Text,
    };
    let found = analyze_chunks::<A>(kind, pieces.iter().map(AsRef::as_ref));
    Ok(found.map_err(|failure| anyhow::anyhow!("{failure:?}"))?.len())
}

/// How many diagnostics the components of a host find.
async fn analyze(host: &PluginHost, kind: ArtifactKind, pieces: &[Bytes]) -> anyhow::Result<usize> {
    let artifact = Artifact { kind, name: String::new(), size: None };
    let pieces: Vec<_> = pieces.iter().cloned().map(Ok).collect();
    let analysis = host.analyze(&artifact, futures::stream::iter(pieces).boxed()).await?;
    let mut count = 0;
    for findings in analysis.findings {
        ensure!(findings.problem.is_none(), "{:?}", findings.problem);
        count += findings.diagnostics.len();
    }
    Ok(count)
}

/// Does something and tells how many seconds of processor time this process had for it.
fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let before = processor_time()?;
    let done = work()?;
    Ok((done, processor_time()?.saturating_sub(before).as_secs_f64()))
}

fn processor_time() -> anyhow::Result<Duration> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?))
}
