//! `grimoire match` and `grimoire analyze`: files or a pipe in, errors and fixes out.

use std::path::PathBuf;

use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Confidence, Role, Severity};
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_pipeline::{AnalysisReport, CountedDiagnostic, Pipeline, unite};

use super::explain;
use super::input::{Files, Opened};
use super::output::{self, Budget, Format, Options};
use crate::config::{self, Overrides};
use crate::exit::Exit;
use crate::offline::{self, Spellbook};

/// What to read, and how to show what is found.
#[derive(Debug, clap::Args)]
struct Input {
    #[command(flatten)]
    files: Files,
    /// How to show what is found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show everything: long fixes whole, every place, what follows from an error.
    #[arg(long)]
    full: bool,
    /// Show warnings one by one, not only how many there are. JSON and SARIF always have them.
    #[arg(long)]
    warnings: bool,
    /// How long `--format excerpt` may be: characters, or tokens with a `t` behind the number.
    #[arg(long, value_name = "NUMBER", default_value = "4000", value_parser = Budget::parse)]
    budget: Budget,
}

impl Input {
    fn options(&self, matched: bool) -> Options {
        let Self { format, full, warnings, budget, .. } = *self;
        Options { format, full, warnings, budget, matched }
    }
}

/// What `grimoire match` takes.
#[derive(Debug, clap::Args)]
pub(super) struct MatchArguments {
    #[command(flatten)]
    input: Input,
    /// Use the spells of this file instead of those in the data folder; may be repeated.
    #[arg(long, value_name = "FILE")]
    spellbook: Vec<PathBuf>,
    /// Show at most so many spells for one error; by default what matching.spells_per_error says (3).
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=20))]
    limit: Option<u64>,
    /// Do not show spells that score below, from 0 to 1; by default what matching.threshold says (0.5).
    #[arg(long, value_name = "SCORE", value_parser = fraction)]
    threshold: Option<f64>,
    /// Instead of the answer, say for each error why spells were shown or not: for those that came near, or for one
    /// by its number or key.
    #[arg(long, value_name = "SPELL", num_args = 0..=1, default_missing_value = "", conflicts_with = "format")]
    explain: Option<String>,
    /// End with exit code 3 when errors were found and no spell fits any of them.
    #[arg(long)]
    require_fix: bool,
}

fn fraction(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// What `grimoire analyze` takes.
#[derive(Debug, clap::Args)]
pub(super) struct AnalyzeArguments {
    #[command(flatten)]
    input: Input,
}

/// Runs `grimoire match`.
pub(super) async fn run_match(arguments: MatchArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let mut overrides = overrides.clone();
    if let Some(limit) = arguments.limit {
        overrides.values.push(("matching.spells_per_error", limit.to_string()));
    }
    if let Some(threshold) = arguments.threshold {
        overrides.values.push(("matching.threshold", threshold.to_string()));
    }
    let (config, _) = config::load(&overrides)?;
    let inputs = arguments.input.files.open().await?;
    let spellbook = if arguments.spellbook.is_empty() {
        Spellbook::DataFolder
    } else {
        Spellbook::Files(arguments.spellbook)
    };
    let offline = offline::start(&config, spellbook).await?;
    let diagnosis = diagnose(offline.pipeline(), inputs).await;
    if let (Some(spell), Ok(diagnosis)) = (&arguments.explain, &diagnosis) {
        let explained = explain::write(offline.pipeline(), diagnosis, spell).await;
        offline.stop().await;
        explained?;
        return Ok(exit_of(diagnosis));
    }
    offline.stop().await;
    let diagnosis = diagnosis?;
    report(&diagnosis);
    let has_fix = diagnosis.errors.iter().any(|error| !error.spells.is_empty());
    let exit = match exit_of(&diagnosis) {
        Exit::Ok | Exit::Guess if arguments.require_fix && !has_fix => Exit::NoFix,
        exit => exit,
    };
    output::write(&arguments.input.options(true), diagnosis)?;
    Ok(exit)
}

/// Runs `grimoire analyze`.
pub(super) async fn run_analyze(arguments: AnalyzeArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let inputs = arguments.input.files.open().await?;
    let offline = offline::start(&config, Spellbook::None).await?;
    let reports = analyze(offline.pipeline(), inputs).await;
    offline.stop().await;
    let mut diagnosis = Diagnosis::default();
    for (artifact, report) in reports? {
        let error = |counted: CountedDiagnostic| DiagnosedError {
            artifact: artifact.clone(),
            diagnostic: counted.diagnostic,
            count: counted.count,
            spells: Vec::new(),
        };
        diagnosis.errors.extend(report.diagnostics.into_iter().map(error));
        diagnosis.problems.extend(report.problems);
        diagnosis.generation = report.generation;
        diagnosis.plugins = report.plugins;
        diagnosis.gaps.extend(report.gaps);
    }
    report(&diagnosis);
    let exit = exit_of(&diagnosis);
    output::write(&arguments.input.options(false), diagnosis)?;
    Ok(exit)
}

/// The errors of all inputs, with the spells that fit them.
async fn diagnose(pipeline: &Pipeline, inputs: Vec<Opened>) -> anyhow::Result<Diagnosis> {
    Ok(pipeline.match_reports(analyze(pipeline, inputs).await?).await?)
}

/// What is found in each input. Logs and reports are taken for those of one run.
async fn analyze(pipeline: &Pipeline, inputs: Vec<Opened>) -> anyhow::Result<Vec<(String, AnalysisReport)>> {
    let (mut logs, mut reports) = (Vec::new(), Vec::new());
    for mut input in inputs {
        while let Some((artifact, content)) = input.next_artifact() {
            let report = pipeline.analyze(&artifact, content).await?;
            let of_kind = if artifact.kind == ArtifactKind::Report { &mut reports } else { &mut logs };
            of_kind.push((artifact.name, report));
        }
        for gap in input.into_gaps() {
            anstream::eprintln!("grimoire: {gap}");
        }
    }
    unite(&mut logs, &mut reports);
    logs.append(&mut reports);
    Ok(logs)
}

/// Whether errors were found, or guessed, or none. Warnings are none.
fn exit_of(diagnosis: &Diagnosis) -> Exit {
    let errors = || {
        diagnosis
            .errors
            .iter()
            .map(|error| &error.diagnostic)
            .filter(|found| found.severity >= Severity::Error)
    };
    if errors().next().is_none() {
        Exit::NoDiagnostic
    } else if errors().any(|found| found.confidence == Confidence::Guess)
        && errors().all(|found| found.confidence == Confidence::Guess || found.role == Role::Consequence)
    {
        // What only follows from the failure does not say why.
        Exit::Guess
    } else {
        Exit::Ok
    }
}

/// Says on standard error what the answer lacks, whatever its format.
fn report(diagnosis: &Diagnosis) {
    for problem in &diagnosis.problems {
        anstream::eprintln!("grimoire: {} failed ({}): {}", problem.plugin, problem.reason, problem.detail);
    }
    if diagnosis.degraded {
        let spells = diagnosis.errors.iter().any(|error| !error.spells.is_empty());
        let instead = if spells { "the order is that of a keyword search" } else { "no spell is shown" };
        anstream::eprintln!("grimoire: no matcher answered; {instead}");
    }
    for gap in &diagnosis.gaps {
        anstream::eprintln!("grimoire: {gap}");
    }
}
