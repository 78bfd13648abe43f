//! Ranked spells: the complete path over HTTP, compared with scanning every spell, and with the same
//! path with a native scorer.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::Candidate;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::routing::AnalyzerRouting;
use grimoire_domain::spell::Spell;
use grimoire_github::Gate;
use grimoire_pipeline::{Pipeline, Ports, Settings};
use grimoire_plugin_sdk as sdk;
use grimoire_ports::PortError;
use grimoire_ports::clock::SystemClock;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::{Analysis, Analyzers, Excerpt};
use grimoire_ports::plugins::embedder::{Embedders, Embedding, Subject, VectorSpace};
use grimoire_ports::plugins::matcher::{Judgement, Matchers, PreparedSpells};
use grimoire_ports::plugins::{
    CaseFile, LoadedPlugin, PluginError, PluginEvidence, PluginSet, PluginSource, PluginStatistics, Plugins,
    PreparedPlugins,
};
use grimoire_ports::search::SpellSearch as _;
use nix::sys::signal::Signal;
use tokio::sync::watch;

use super::load::{self, percentile, post};
use super::plugins::{host, sources};
use super::table::{Goal, Row, median, ratios, short};
use super::{Bench, data};
use crate::native;

/// Number of spells that a scan scores at once: the product scores this many in total.
const CHUNK: usize = 64;

/// Measures the rows whose names start with `match`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let sizes = [bench.size(1_000, 100), bench.size(10_000, 200), bench.size(100_000, 400)];
    let largest = sizes[2];
    let mut rows = over_http(bench, sizes)?;
    rows.extend(native_scorer(bench, &bench.world.filled(largest)?, largest)?);
    Ok(rows)
}

fn over_http(bench: &Bench, sizes: [usize; 3]) -> anyhow::Result<Vec<Row>> {
    let mut servers = Vec::new();
    for spells in sizes {
        let server = bench.world.serve(&bench.world.filled(spells)?)?;
        let queries: Vec<_> = (0..data::QUERIES)
            .map(|number| serde_json::to_vec(&data::query(number, spells)))
            .map(|body| Ok(post("/api/match", &[], &body?)))
            .collect::<anyhow::Result<_>>()?;
        servers.push((server, queries));
    }
    let scan = Scan::new(sizes[2]);
    let mut middle = [Vec::new(), Vec::new(), Vec::new()];
    let mut worst = [Vec::new(), Vec::new(), Vec::new()];
    let mut scans = Vec::new();
    for round in 0..bench.rounds {
        for (place, (server, queries)) in servers.iter().enumerate() {
            let outcome = ask(server.address, queries)?;
            middle[place].push(outcome.microseconds(500));
            worst[place].push(outcome.microseconds(990));
        }
        let times = (0..bench.size(2, 1))
            .map(|turn| scan.run(2 * round + turn))
            .collect::<anyhow::Result<Vec<_>>>()?;
        scans.push(median(&times));
    }
    for (server, _) in servers {
        server.stop(Signal::SIGTERM)?;
    }
    let all: Vec<String> = sizes
        .iter()
        .zip(middle.iter().zip(&worst))
        .map(|(spells, (middle, worst))| {
            format!("{spells} spells: p50 {} µs, p99 {} µs", short(median(middle)), short(median(worst)))
        })
        .collect();
    let [_, ten, hundred] = &middle;
    Ok(vec![
        Row::new(
            "match-scan",
            format!(
                "`POST /api/match`, {} spells, {} queries in turn, p50, over a native scan of all",
                sizes[2],
                data::QUERIES
            ),
            Goal::AtMost(0.02),
        )
        .with(
            ratios(hundred, &scans),
            format!("{}; scan {} ms", all.join("; "), short(median(&scans) / 1e3)),
        ),
        Row::new(
            "match-growth",
            format!("p50 with {} spells over p50 with {}", sizes[2], sizes[1]),
            Goal::AtMost(3.0),
        )
        .with(ratios(hundred, ten), format!("{} and {} µs", short(median(hundred)), short(median(ten)))),
    ])
}

fn ask(address: SocketAddr, queries: &[load::Request]) -> anyhow::Result<load::Outcome> {
    load::run(address, 1, queries, queries.len(), 200)
}

/// Every spell in memory, to be scored without any preselection.
struct Scan {
    chunks: Vec<Vec<sdk::Candidate>>,
    spells: usize,
}

impl Scan {
    fn new(spells: usize) -> Self {
        let numbers: Vec<usize> = (0..spells).collect();
        let chunks = numbers
            .chunks(CHUNK)
            .map(|numbers| numbers.iter().map(|&number| candidate(number)).collect())
            .collect();
        Self { chunks, spells }
    }

    /// Scores all spells for one query; returns microseconds.
    fn run(&self, query: usize) -> anyhow::Result<f64> {
        let diagnostic = native::diagnostic(&data::diagnostic(query % data::QUERIES, self.spells)?);
        let started = Instant::now();
        let mut best = 0.0_f64;
        for chunk in &self.chunks {
            let verdicts = matcher_hybrid::score(&diagnostic, chunk)
                .map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
            best = verdicts.iter().map(|verdict| verdict.score).fold(best, f64::max);
        }
        std::hint::black_box(best);
        Ok(started.elapsed().as_secs_f64() * 1e6)
    }
}

/// A spell without evidence: no pattern was searched, no word looked up.
fn candidate(number: usize) -> sdk::Candidate {
    let spell = native::spell(number as u64 + 1, &data::spell(number));
    sdk::Candidate { spell, evidence: sdk::Evidence::default() }
}

/// The pipeline in this process with the same store and index, once with the component and once
/// with the same scorer as native code.
fn native_scorer(bench: &Bench, folder: &Path, spells: usize) -> anyhow::Result<Vec<Row>> {
    let runtime = super::asynchronous()?;
    let (store, search) = runtime.block_on(super::world::open(folder))?;
    let plugins = Arc::new(host(bench, sources()?)?);
    let pipeline = |plugins: Arc<dyn Plugins>| {
        let ports = Ports {
            store: Arc::new(store.clone()),
            search: search.clone(),
            plugins,
            derived_files: None,
            plugin_files: Arc::new(Vec::new()),
            gate: Arc::new(Gate::insecure()),
            github: None,
            clock: Arc::new(SystemClock),
        };
        Pipeline::new(ports, Settings::default())
    };
    let component = pipeline(plugins.clone());
    let native = pipeline(Arc::new(NativeMatcher(plugins.current())));
    let queries = (0..data::QUERIES)
        .map(|number| data::diagnostic(number, spells))
        .collect::<anyhow::Result<Vec<Diagnostic>>>()?;
    let (mut with_component, mut with_native) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        with_native.push(runtime.block_on(in_process(&native, &queries))?);
        with_component.push(runtime.block_on(in_process(&component, &queries))?);
    }
    runtime.block_on(async {
        search.close().await;
        store.close().await
    })?;
    Ok(vec![
        Row::new(
            "match-native",
            format!(
                "the same way in-process, {spells} spells, p50, over that with the scorer as native code"
            ),
            Goal::AtMost(2.5),
        )
        .with(
            ratios(&with_component, &with_native),
            format!("{} of {} µs", short(median(&with_component)), short(median(&with_native))),
        ),
    ])
}

/// The p50 in microseconds.
async fn in_process(pipeline: &Pipeline, queries: &[Diagnostic]) -> anyhow::Result<f64> {
    let judge = pipeline.judge(&Actor::COMMAND_LINE)?;
    let mut times = Vec::with_capacity(queries.len());
    for query in queries {
        let started = Instant::now();
        let report = judge.match_diagnostic(query).await?;
        times.push(started.elapsed());
        anyhow::ensure!(!report.degraded, "the matcher failed: {:?}", report.problems);
    }
    times.sort_unstable();
    Ok(percentile(&times, 500).as_secs_f64() * 1e6)
}

/// The scorer of `matcher-hybrid` as native code behind the port; everything else comes from the set.
#[derive(Clone)]
struct NativeMatcher(Arc<dyn PluginSet>);

impl Plugins for NativeMatcher {
    fn current(&self) -> Arc<dyn PluginSet> {
        Arc::new(self.clone())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        watch::channel(self.0.generation()).1
    }

    fn statistics(&self, _plugin: &str) -> PluginStatistics {
        PluginStatistics::default()
    }

    fn evidence(&self, _: &str) -> PluginEvidence {
        PluginEvidence::default()
    }

    fn prepare(&self, _: Vec<PluginSource>) -> Result<Box<dyn PreparedPlugins>, PortError> {
        Err(PortError::new(ErrorKind::Unavailable, "a benchmark loads nothing else"))
    }

    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
}

impl PluginSet for NativeMatcher {
    fn generation(&self) -> u64 {
        self.0.generation()
    }

    fn plugins(&self) -> Vec<LoadedPlugin> {
        self.0.plugins()
    }

    fn rejected(&self) -> Vec<PluginProblem> {
        self.0.rejected()
    }

    fn cases(&self, plugin: &str) -> Vec<CaseFile> {
        self.0.cases(plugin)
    }
}

#[async_trait]
impl Analyzers for NativeMatcher {
    async fn analyze_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        content: ByteStream,
    ) -> Result<Analysis, PortError> {
        self.0.analyze_routed(artifact, routing, content).await
    }

    async fn guess_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        excerpt: Excerpt,
    ) -> Result<Analysis, PortError> {
        self.0.guess_routed(artifact, routing, excerpt).await
    }
}

#[async_trait]
impl Embedders for NativeMatcher {
    fn space(&self, embedder: &str) -> Option<VectorSpace> {
        self.0.space(embedder)
    }

    async fn embed(
        &self,
        embedder: &str,
        subject: Subject,
        texts: Vec<String>,
    ) -> Result<Embedding, PluginError> {
        self.0.embed(embedder, subject, texts).await
    }
}

#[async_trait]
impl Matchers for NativeMatcher {
    fn prepared_form(&self, _: &str) -> Option<String> {
        None
    }

    async fn prepare_spells(&self, _: &str, _: Vec<Arc<Spell>>) -> Result<Vec<Arc<[u8]>>, PluginError> {
        Ok(Vec::new())
    }

    async fn score_prepared(
        &self,
        _matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        _: &PreparedSpells,
    ) -> Result<Judgement, PluginError> {
        let candidates: Vec<_> = candidates.iter().map(native::candidate).collect();
        let verdicts =
            matcher_hybrid::score(&native::diagnostic(diagnostic), &candidates).map_err(|failure| {
                PluginError(PluginProblem {
                    plugin: "native".to_owned(),
                    reason: FailureReason::Failed,
                    detail: format!("{failure:?}"),
                })
            })?;
        let verdicts = verdicts.into_iter().map(native::verdict).collect();
        let plugin = PluginIdentity { name: "native".to_owned(), digest: String::new() };
        Ok(Judgement { verdicts, plugin })
    }
}
