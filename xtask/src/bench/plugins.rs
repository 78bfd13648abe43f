//! The scorer in its sandbox compared with the same code compiled natively.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::Candidate;
use grimoire_ports::plugins::Plugins as _;
use grimoire_ports::plugins::matcher::PreparedSpells;
use grimoire_runtime::measure::DirectMatcher;
use grimoire_runtime::{Options, PluginHost, PluginSource};

use super::load::percentile;
use super::table::{Goal, Row, median, ratios, short};
use super::{Bench, data};
use crate::native;

/// Number of candidates per call, as in the product.
const CANDIDATES: usize = 64;

/// The shipped components.
pub(super) fn sources() -> anyhow::Result<Vec<PluginSource>> {
    let folder = crate::root().join("plugins").join("prebuilt");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            let is_last_resort = name == "analyzer-guess";
            sources.push(PluginSource::new(name, std::fs::read(&path)?).last_resort(is_last_resort));
        }
    }
    Ok(sources)
}

/// A host with these components, whose code is compiled once for the whole run.
pub(super) fn host(bench: &Bench, sources: Vec<PluginSource>) -> anyhow::Result<PluginHost> {
    let cache_folder = Some(bench.world.path("compiled"));
    let host = PluginHost::start(Options { cache_folder, ..Options::default() }, sources)?;
    let rejected = host.current().rejected();
    ensure!(rejected.is_empty(), "plugins were refused: {rejected:?}");
    Ok(host)
}

/// The smallest possible query.
fn nothing() -> Diagnostic {
    Diagnostic { tool: "none".to_owned(), message: "-".to_owned(), ..Diagnostic::default() }
}

/// Calls without candidates, one after another, each in a fresh instance; returns their p50 in microseconds.
async fn alone(direct: &DirectMatcher, diagnostic: &Diagnostic, calls: usize) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        direct.fresh(diagnostic, &[]).await?;
        times.push(started.elapsed());
    }
    Ok(middle(times))
}

/// The p50 in microseconds.
fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    percentile(&times, 500).as_secs_f64() * 1e6
}

/// What the shipped matcher prepares of the candidates' spells.
async fn prepare(host: &PluginHost, candidates: &[Candidate]) -> anyhow::Result<PreparedSpells> {
    let spells: Vec<_> = candidates.iter().map(|candidate| Arc::clone(&candidate.spell)).collect();
    let ids = spells.iter().map(|spell| spell.id).collect::<Vec<_>>();
    let forms = host.current().prepare_spells("matcher-hybrid", spells).await?;
    ensure!(forms.iter().all(|form| !form.is_empty()), "a spell was not prepared");
    Ok(ids.into_iter().zip(forms).collect())
}

/// Measures the rows whose names start with `score`.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let host = host(bench, sources()?)?;
    let direct = host.direct_matcher("matcher-hybrid")?;
    let diagnostic = data::diagnostic(0, CANDIDATES)?;
    let candidates = data::candidates(CANDIDATES)?;
    let native_diagnostic = native::diagnostic(&diagnostic);
    let native_candidates: Vec<_> = candidates.iter().map(native::candidate).collect();
    let native = || {
        matcher_hybrid::score(&native_diagnostic, &native_candidates)
            .map_err(|failure| anyhow::anyhow!("{failure:?}"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let calls = bench.size(400, 5);
    let prepared = runtime.block_on(prepare(&host, &candidates))?;
    let (mut native_times, mut fresh_times, mut prepared_times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut empty_times, mut unranked_times) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        runtime.block_on(async {
            let scores: Vec<f64> = native()?.iter().map(|verdict| verdict.score).collect();
            let sandboxed = direct.fresh(&diagnostic, &candidates).await?;
            ensure!(
                sandboxed.iter().map(|verdict| verdict.score).eq(scores),
                "the component judges otherwise than the native code: rebuild the plugins"
            );
            ensure!(
                direct.fresh_prepared(&diagnostic, &candidates, &prepared).await? == sandboxed,
                "the component judges prepared spells otherwise than written ones"
            );
            let mut times: [Vec<Duration>; 3] = Default::default();
            // Call by call in turns, so that all are exposed to the same disturbances.
            for _ in 0..calls {
                let started = Instant::now();
                std::hint::black_box(native()?);
                times[0].push(started.elapsed());

                let started = Instant::now();
                direct.fresh(&diagnostic, &candidates).await?;
                times[1].push(started.elapsed());

                let started = Instant::now();
                direct.fresh_prepared(&diagnostic, &candidates, &prepared).await?;
                times[2].push(started.elapsed());
            }
            let all = [&mut native_times, &mut fresh_times, &mut prepared_times];
            for (times, measured) in all.into_iter().zip(times) {
                times.push(middle(measured));
            }
            // Measured separately: between calls that fill the caches with other data, the figure
            // would include the cost of cache misses.
            empty_times.push(alone(&direct, &nothing(), calls).await?);
            unranked_times.push(alone(&direct, &diagnostic, calls).await?);
            anyhow::Ok(())
        })?;
    }
    let of_native = format!("{} of {} µs", short(median(&fresh_times)), short(median(&native_times)));
    Ok(vec![
        Row::new(
            "score-fresh",
            "scoring 64 candidates of 1.5 KB in a fresh instance, over native",
            Goal::AtMost(2.3),
        )
        .with(ratios(&fresh_times, &native_times), of_native),
        Row::new(
            "score-prepared",
            "the same with the spells as the matcher prepared them, over native with their texts",
            Goal::AtMost(0.6),
        )
        .with(
            ratios(&prepared_times, &native_times),
            format!(
                "{} of {} µs; {} bytes for each spell",
                short(median(&prepared_times)),
                short(median(&native_times)),
                prepared.values().map(|form| form.len()).sum::<usize>() / candidates.len()
            ),
        ),
        Row::new("score-empty", "an empty call in a fresh instance", Goal::AtMost(25.0)).in_unit("µs").with(
            empty_times,
            format!(
                "with a diagnostic of 600 bytes to read {} µs; native scoring takes {} µs",
                short(median(&unranked_times)),
                short(median(&native_times))
            ),
        ),
    ])
}
