//! `cargo xtask eval retrieval`: measures whether the right spell is found, and at which rank. The
//! spellbook is imported into a real store and followed by a real index; each query takes the path of
//! `POST /api/match`, with the shipped matcher in its sandbox.

mod book;
mod score;
mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::spell::SpellId;
use grimoire_pipeline::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::components::Components;
use super::data::{Output, print, rows};
use score::{Shown, Truth, score_one};
use table::Table;

/// Number of candidates for the matcher, as by default.
const POOL: usize = 64;
/// Number of concurrent queries.
const CONCURRENCY: usize = 4;

/// Arguments of the measurement.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder with `spells`, `spells_seeded`, `queries` and `qrels`, each `.jsonl` or `.jsonl.xz`.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Use the spells with patterns, each from one earlier incident, instead of those without.
    #[arg(long)]
    seeded: bool,
    /// Add this many altered copies of the whole spellbook, in which every other word comes from another spell.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    copies: usize,
    /// Maximum number of terms of a query that are searched; the product's default if not given.
    #[arg(long, value_name = "COUNT")]
    terms: Option<usize>,
    /// Maximum sum over the searched terms of the spells that contain them; the product's default if not given.
    #[arg(long, value_name = "COUNT")]
    occurrences: Option<u64>,
    /// Compare errors and spells with this embedder too; none if not given.
    #[arg(long, value_name = "PLUGIN")]
    embedder: Option<String>,
    /// Run only every n-th query.
    #[arg(long, value_name = "STEP", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Also write the predictions, one JSON object per line.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
}

/// A query, one JSON object per line.
#[derive(Debug, Deserialize)]
struct Query {
    #[serde(rename = "query_id")]
    id: String,
    variant: String,
    ecosystem: String,
    error_type: String,
    message: String,
    context: String,
    /// True if other rules report with the same words.
    shared_message: bool,
    /// True if another query of the rule has the same form of words.
    seen_template: bool,
}

/// The relevance of a spell for a query: 2 for the true one, 1 for its twin in another tool.
#[derive(Debug, Deserialize)]
struct Relevance {
    query_id: String,
    spell_id: String,
    #[serde(rename = "relevance")]
    grade: u32,
}

/// The answer to a query.
#[derive(Debug, Serialize)]
struct Prediction<'q> {
    query_id: &'q str,
    /// Spells, best first.
    spells: &'q [&'q str],
    scores: &'q [f64],
    /// Spells that a reader would see, best first.
    shown: &'q [&'q str],
}

/// Runs every query and prints the quality of the answers.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let book =
        book::read(&file(&arguments.data, if arguments.seeded { "spells_seeded" } else { "spells" })?)?;
    let mut truths: HashMap<String, Truth> = HashMap::new();
    for row in rows::<Relevance>(&file(&arguments.data, "qrels")?)? {
        let row = row?;
        truths.entry(row.query_id).or_default().add(row.spell_id, row.grade);
    }
    let step = usize::try_from(arguments.every)?;
    let queries: Vec<Query> =
        rows::<Query>(&file(&arguments.data, "queries")?)?.step_by(step).collect::<anyhow::Result<_>>()?;

    let embedder = arguments.embedder.clone();
    let settings = Settings { candidates: POOL, embedder, ..Settings::default() };
    let mut search = grimoire_search_tantivy::Options::default();
    search.maximum_terms = arguments.terms.unwrap_or(search.maximum_terms);
    search.maximum_occurrences = arguments.occurrences.unwrap_or(search.maximum_occurrences);
    let components = Components::start(settings, search).await?;
    let names = import(&components, &book, arguments.copies).await?;

    let mut output = Output::create(arguments.predictions.as_deref())?;
    let mut table = Table::default();
    let bar = bar(queries.len() as u64, "queries");
    let mut answers = futures::stream::iter(&queries)
        .map(|query| async { answer(&components, query).await.with_context(|| query.id.clone()) })
        .buffered(CONCURRENCY);
    let mut asked = queries.iter();
    while let (Some(answer), Some(query)) = (answers.next().await, asked.next()) {
        let answer = answer?;
        let truth = truths.get(&query.id).with_context(|| format!("{}: no truth", query.id))?;
        // Copies have no name in the labels, and are never right.
        let name = |id: &SpellId| names.get(id).map_or("copy", String::as_str);
        let ranked: Vec<&str> = answer.ranked.iter().map(|(id, _)| name(id)).collect();
        let scores: Vec<f64> = answer.ranked.iter().map(|(_, score)| *score).collect();
        let pooled = answer.pool.iter().any(|id| truth.has(name(id)));
        let shown: Vec<&str> = answer.shown.iter().map(name).collect();
        table.add(query, truth.rule(), score_one(&ranked, truth, pooled), Shown::of(&shown, truth));
        output.write(&Prediction { query_id: &query.id, spells: &ranked, scores: &scores, shown: &shown })?;
        bar.inc(1);
    }
    drop(answers);
    bar.finish_and_clear();
    output.finish()?;
    components.stop().await?;
    print(&table.render())
}

/// Imports the spells like `grimoire spells import`, and waits for the index. Returns their names in
/// the data.
async fn import(
    components: &Components,
    book: &[book::Row],
    copies: usize,
) -> anyhow::Result<HashMap<SpellId, String>> {
    let total = (book.len() * (copies + 1)) as u64;
    let bar = bar(total, "spells");
    let shown = bar.clone();
    let mut done = 0;
    for copy in 0..=copies {
        let spells = book::spells(book, copy);
        let count = spells.len() as u64;
        let progress = |written: u64, _: u64| shown.set_position(done + written);
        components.pipeline().import_spells(spells, &Actor::COMMAND_LINE, &progress).await?;
        done += count;
    }
    bar.finish_and_clear();
    components.wait_for_index().await?;
    let mut names = HashMap::new();
    let mut exported = components.pipeline().export_spells(&Actor::COMMAND_LINE)?;
    while let Some(spell) = exported.next().await {
        let spell = spell?;
        if let Some(row) = spell.fields.key.as_deref().and_then(book::place).and_then(|place| book.get(place))
        {
            names.insert(spell.id, row.spell_id.clone());
        }
    }
    ensure!(names.len() == book.len(), "{} of {} spells were imported", names.len(), book.len());
    Ok(names)
}

/// The candidates of the search, and their order by the matcher.
struct Answer {
    pool: Vec<SpellId>,
    ranked: Vec<(SpellId, f64)>,
    shown: Vec<SpellId>,
}

async fn answer(components: &Components, query: &Query) -> anyhow::Result<Answer> {
    let report = ErrorReport {
        error_type: query.error_type.clone(),
        message: query.message.clone(),
        context: query.context.clone(),
        stack_trace: String::new(),
    };
    let diagnostic = report.into_diagnostic()?;
    let pool = components.candidates(&diagnostic, POOL).await?;
    // All that are judged, including those that are not shown.
    let explanation = components.pipeline().judge(&Actor::COMMAND_LINE)?.explain(&diagnostic, None).await?;
    ensure!(!explanation.degraded, "the matcher failed");
    let ranked = explanation.spells.iter().map(|ranked| (ranked.id, ranked.score)).collect();
    let shown = explanation.spells.iter().filter(|ranked| ranked.shown).map(|ranked| ranked.id).collect();
    Ok(Answer { pool, ranked, shown })
}

fn file(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let plain = folder.join(format!("{name}.jsonl"));
    let packed = folder.join(format!("{name}.jsonl.xz"));
    [plain.clone(), packed]
        .into_iter()
        .find(|path| path.exists())
        .with_context(|| format!("neither {} nor its .xz exists", plain.display()))
}

fn bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left"))
    {
        bar.set_style(style);
    }
    bar
}
