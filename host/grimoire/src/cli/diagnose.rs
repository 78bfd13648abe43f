//! `grimoire match` and `grimoire analyze`: read files or a pipe, print errors and fixes.

use std::path::PathBuf;

use grimoire_diff::LineMap;
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Confidence, Role, Severity};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_pipeline::{AnalysisReport, CountedDiagnostic, Judge, unite};

use super::access::{Access, Need};
use super::changed_lines::keep_changed_lines;
use super::explain;
use super::input::{Files, Opened, read_whole};
use super::output::{self, Budget, Format, Options};
use super::remote::RemoteDiagnosis;
use super::service::{Service, Target};
use crate::config::{self, Overrides, settings};
use crate::console::{detail, note};
use crate::exit::{Exit, Reported};
use crate::offline::{self, Spellbook};
use crate::plugin_files::TriedPlugin;

/// The input, and the form of the output.
#[derive(Debug, clap::Args)]
struct Input {
    #[command(flatten)]
    files: Files,
    /// The output format.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show everything: long fixes in full, all places, and consequences of errors.
    #[arg(long)]
    full: bool,
    /// Show each warning instead of only their number. JSON and SARIF always include them.
    #[arg(long)]
    warnings: bool,
    /// Show only errors on lines that this diff added, such as the diff of a pull request, and errors without a
    /// location.
    #[arg(long, value_name = "FILE")]
    diff: Option<PathBuf>,
    /// The repository that the input comes from: spells for it are offered in addition to the global ones.
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository)]
    repository: Option<RepositoryName>,
    /// Try this plugin without installing it: an analyzer beside the others, a matcher instead of the chosen one.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    plugin: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// The maximum length of `--format excerpt`: characters, or tokens with a `t` after the number.
    #[arg(long, value_name = "NUMBER", default_value = "4000", value_parser = Budget::parse)]
    budget: Budget,
}

impl Input {
    /// The lines that the diff of `--diff` added.
    fn changed_lines(&self) -> anyhow::Result<Option<LineMap>> {
        let Some(path) = &self.diff else { return Ok(None) };
        let text = read_whole(path)?;
        let diff = grimoire_diff::parse(&text);
        if diff.files.is_empty() {
            let message = format!("{} has no file of a unified diff", path.display());
            return Err(Reported(Exit::Data, message).into());
        }
        Ok(Some(LineMap::of(&diff)))
    }

    /// The configuration with the plugin of `--plugin` in it.
    fn with_plugin(&self, overrides: &Overrides) -> anyhow::Result<Overrides> {
        let mut overrides = overrides.clone();
        overrides.tried_plugin = self.plugin.as_deref().map(TriedPlugin::read).transpose()?;
        Ok(overrides)
    }

    /// Refuses to try a plugin in a service, which has plugins of its own.
    fn refuse_service(&self, access: &Access) -> anyhow::Result<()> {
        match access {
            Access::Remote(service) if self.plugin.is_some() => {
                let message = format!(
                    "--plugin runs in this process, and {} has the data folder: add `--data` with another folder",
                    service.base()
                );
                Err(Reported(Exit::Usage, message).into())
            }
            _ => Ok(()),
        }
    }

    fn options(&self, matched: bool) -> Options {
        let Self { format, full, warnings, budget, .. } = *self;
        Options { format, full, warnings, budget, matched }
    }
}

/// The arguments of `grimoire match`.
#[derive(Debug, clap::Args)]
pub(super) struct MatchArguments {
    #[command(flatten)]
    input: Input,
    /// Use the spells of this file instead of those in the data folder; may be repeated.
    #[arg(long, value_name = "FILE")]
    spellbook: Vec<PathBuf>,
    /// The maximum number of spells per error; defaults to matching.spells_per_error (3).
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=20))]
    limit: Option<u64>,
    /// Hide spells with a lower score, from 0 to 1; defaults to matching.threshold (0.5).
    #[arg(long, value_name = "SCORE", value_parser = fraction)]
    threshold: Option<f64>,
    /// Instead of the answer, explain for each error why the closest spells were shown or not.
    #[arg(long, conflicts_with = "format")]
    explain: bool,
    /// Explain only this spell, by its number or key.
    #[arg(long, value_name = "SPELL", requires = "explain")]
    spell: Option<String>,
    /// Exit with code 3 if errors were found and no spell matches any of them.
    #[arg(long)]
    require_fix: bool,
}

fn repository(text: &str) -> Result<RepositoryName, String> {
    RepositoryName::parse(text).map_err(|errors| errors.errors()[0].message.clone())
}

fn fraction(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// The arguments of `grimoire analyze`.
#[derive(Debug, clap::Args)]
pub(super) struct AnalyzeArguments {
    #[command(flatten)]
    input: Input,
}

/// Runs `grimoire match`.
pub(super) async fn run_match(arguments: MatchArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let mut overrides = arguments.input.with_plugin(overrides)?;
    if let Some(limit) = &arguments.limit {
        overrides.set(&settings::SPELLS_PER_ERROR, limit);
    }
    if let Some(threshold) = &arguments.threshold {
        overrides.set(&settings::THRESHOLD, threshold);
    }
    let input = &arguments.input;
    let changed = input.changed_lines()?;
    let inputs = input.files.open().await?;
    let access = if arguments.spellbook.is_empty() {
        Access::open(&input.target, &overrides, Need::Match).await?
    } else {
        let (config, _) = config::load(&overrides)?;
        Access::Local(Box::new(offline::start(&config, Spellbook::Files(arguments.spellbook.clone())).await?))
    };
    input.refuse_service(&access)?;
    let diagnosis = diagnose(&access, inputs, &arguments, changed.as_ref()).await;
    access.close().await;
    let diagnosis = diagnosis?;
    let has_fix = diagnosis.errors.iter().any(|error| error.fixes().next().is_some());
    let exit = match exit_of(&diagnosis) {
        Exit::Ok | Exit::Guess if arguments.require_fix && !has_fix => Exit::NoFix,
        exit => exit,
    };
    if !arguments.explain {
        report(&diagnosis);
        output::write(&input.options(true), diagnosis)?;
    }
    Ok(exit)
}

/// The errors of all inputs, with the matching spells. With `--explain` they are explained here, while the
/// spellbook is open.
async fn diagnose(
    access: &Access,
    inputs: Vec<Opened>,
    arguments: &MatchArguments,
    changed: Option<&LineMap>,
) -> anyhow::Result<Diagnosis> {
    let mut diagnosis = match access {
        Access::Local(offline) => {
            let judge = offline.pipeline().judge(&Actor::COMMAND_LINE)?;
            let judge = judge.for_repository(arguments.input.repository.clone());
            let mut diagnosis = judge.match_reports(analyze(&judge, inputs).await?).await?;
            narrow(&mut diagnosis, changed);
            if arguments.explain {
                let asked = arguments.spell.as_deref();
                explain::write(offline.pipeline(), &judge, &diagnosis, asked).await?;
            }
            return Ok(diagnosis);
        }
        Access::Remote(service) if arguments.explain => {
            let message = format!(
                "--explain looks into the spellbook itself, which {} has: `grimoire spells export book.yaml`, then \
                 `--spellbook book.yaml`",
                service.base()
            );
            return Err(Reported(Exit::Usage, message).into());
        }
        Access::Remote(service) => {
            let mut diagnosis = ask(service, inputs, &arguments.input, true).await?;
            // The service has its own settings, which can only be narrowed here.
            for error in &mut diagnosis.errors {
                error.spells.retain(|spell| arguments.threshold.is_none_or(|least| spell.score >= least));
                let limit = arguments.limit.and_then(|limit| usize::try_from(limit).ok());
                error.spells.truncate(limit.unwrap_or(usize::MAX));
            }
            diagnosis
        }
    };
    narrow(&mut diagnosis, changed);
    Ok(diagnosis)
}

/// Runs `grimoire analyze`.
pub(super) async fn run_analyze(arguments: AnalyzeArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let input = &arguments.input;
    let changed = input.changed_lines()?;
    let inputs = input.files.open().await?;
    let access = Access::open(&input.target, &input.with_plugin(overrides)?, Need::Analyzers).await?;
    input.refuse_service(&access)?;
    let found = match &access {
        Access::Local(offline) => {
            let judge = offline.pipeline().judge(&Actor::COMMAND_LINE)?;
            let judge = judge.for_repository(input.repository.clone());
            analyze(&judge, inputs).await.map(without_spells)
        }
        Access::Remote(service) => ask(service, inputs, input, false).await,
    };
    access.close().await;
    let mut diagnosis = found?;
    narrow(&mut diagnosis, changed.as_ref());
    report(&diagnosis);
    let exit = exit_of(&diagnosis);
    output::write(&input.options(false), diagnosis)?;
    Ok(exit)
}

fn without_spells(reports: Vec<(String, AnalysisReport)>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    for (artifact, report) in reports {
        let error = |counted: CountedDiagnostic| DiagnosedError {
            artifact: artifact.clone(),
            diagnostic: counted.diagnostic,
            count: counted.count,
            spells: Vec::new(),
        };
        diagnosis.errors.extend(report.diagnostics.into_iter().map(error));
        for problem in report.problems {
            if !diagnosis.problems.contains(&problem) {
                diagnosis.problems.push(problem);
            }
        }
        diagnosis.generation = report.generation;
        diagnosis.plugins = report.plugins;
        diagnosis.routes.extend(report.routes);
        diagnosis.gaps.extend(report.gaps);
    }
    diagnosis
}

/// Analyzes each input. Logs and reports are treated as those of one run.
async fn analyze(judge: &Judge, inputs: Vec<Opened>) -> anyhow::Result<Vec<(String, AnalysisReport)>> {
    let (mut logs, mut reports) = (Vec::new(), Vec::new());
    for mut input in inputs {
        while let Some((artifact, content)) = input.next_artifact() {
            detail(format_args!("reading {}", artifact.name));
            let report = judge.analyze(&artifact, content).await?;
            let of_kind = if artifact.kind == ArtifactKind::Report { &mut reports } else { &mut logs };
            of_kind.push((artifact.name, report));
        }
        input.into_gaps().iter().for_each(note);
    }
    unite(&mut logs, &mut reports);
    logs.append(&mut reports);
    Ok(logs)
}

/// Lets a running service analyze the inputs, and rank spells if `matched` is set.
async fn ask(
    service: &Service,
    inputs: Vec<Opened>,
    input: &Input,
    matched: bool,
) -> anyhow::Result<Diagnosis> {
    let mut diagnosis = RemoteDiagnosis::of_repository(input.repository.clone());
    for mut input in inputs {
        while let Some((artifact, content)) = input.next_artifact() {
            detail(format_args!("sending {} to {}", artifact.name, service.base()));
            diagnosis.add(service, artifact, content, matched).await?;
        }
        input.into_gaps().iter().for_each(note);
    }
    Ok(diagnosis.finish())
}

/// Removes errors outside the changed lines and reports their number.
fn narrow(diagnosis: &mut Diagnosis, changed: Option<&LineMap>) {
    let Some(changed) = changed else { return };
    let left_out = keep_changed_lines(diagnosis, changed);
    if left_out > 0 {
        note(format_args!("{left_out} found outside of the changed lines (--diff)"));
    }
}

/// The exit code for errors, a guess, or neither. Warnings do not count.
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
        // A consequence of the failure does not name the cause.
        Exit::Guess
    } else {
        Exit::Ok
    }
}

/// Reports on standard error what is missing from the answer, in every format.
fn report(diagnosis: &Diagnosis) {
    for problem in &diagnosis.problems {
        note(format_args!("{} failed ({}): {}", problem.plugin, problem.reason, problem.detail));
    }
    if diagnosis.degraded {
        let spells = diagnosis.errors.iter().any(|error| !error.spells.is_empty());
        let instead = if spells { "the order is that of a keyword search" } else { "no spell is shown" };
        note(format_args!("no matcher answered; {instead}"));
    }
    diagnosis.gaps.iter().for_each(note);
}
