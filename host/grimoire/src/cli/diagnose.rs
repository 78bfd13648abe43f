//! `grimoire match` and `grimoire analyze`: a file or a pipe in, errors and fixes out.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::ValueEnum;
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{Confidence, Severity};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::explain;
use super::output::{self, Budget, Format, Options};
use crate::config::{self, Overrides};
use crate::exit::{Exit, Reported};
use crate::offline::{self, Spellbook};

/// The standard input's name on the command line.
const STANDARD_INPUT: &str = "-";

/// How many bytes are handed to the analyzers at once.
const CHUNK: usize = 256 << 10;

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// By the name: `.diff` and `.patch` are diffs, everything else a log.
    Auto,
    /// The log of a job or command.
    Log,
    /// A unified diff.
    Diff,
    /// Plain text.
    Text,
}

/// What to read, and how to show what is found.
#[derive(Debug, clap::Args)]
struct Input {
    /// The log to read; `-` or nothing reads standard input.
    #[arg(value_name = "FILE", default_value = STANDARD_INPUT, hide_default_value = true)]
    file: PathBuf,
    /// What it is.
    #[arg(long, value_enum, default_value = "auto")]
    kind: Kind,
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
    let (artifact, stream) = open(&arguments.input).await?;
    let spellbook = if arguments.spellbook.is_empty() {
        Spellbook::DataFolder
    } else {
        Spellbook::Files(arguments.spellbook)
    };
    let offline = offline::start(&config, spellbook).await?;
    let diagnosis = offline.pipeline().diagnose(&artifact, stream).await;
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
    let (artifact, stream) = open(&arguments.input).await?;
    let offline = offline::start(&config, Spellbook::None).await?;
    let report_of_analysis = offline.pipeline().analyze(&artifact, stream).await;
    offline.stop().await;
    let analysis = report_of_analysis?;
    let errors = analysis
        .diagnostics
        .into_iter()
        .map(|counted| DiagnosedError {
            artifact: artifact.name.clone(),
            diagnostic: counted.diagnostic,
            count: counted.count,
            spells: Vec::new(),
        })
        .collect();
    let diagnosis = Diagnosis {
        errors,
        problems: analysis.problems,
        generation: analysis.generation,
        plugins: analysis.plugins,
        gaps: analysis.gaps,
        ..Diagnosis::default()
    };
    report(&diagnosis);
    let exit = exit_of(&diagnosis);
    output::write(&arguments.input.options(false), diagnosis)?;
    Ok(exit)
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
    } else if errors().all(|found| found.confidence == Confidence::Guess) {
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

async fn open(input: &Input) -> anyhow::Result<(Artifact, ByteStream)> {
    let name = input.file.to_string_lossy().into_owned();
    let by_name = |name: &str| {
        let extension = Path::new(name).extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let is_diff = extension.is_some_and(|extension| extension == "diff" || extension == "patch");
        if is_diff { ArtifactKind::Diff } else { ArtifactKind::Log }
    };
    let kind = match input.kind {
        Kind::Auto => by_name(&name),
        Kind::Log => ArtifactKind::Log,
        Kind::Diff => ArtifactKind::Diff,
        Kind::Text => ArtifactKind::Text,
    };
    if name == STANDARD_INPUT {
        if std::io::stdin().is_terminal() {
            anstream::eprintln!("grimoire: reading standard input; end it with Ctrl-D, or name a file");
        }
        let artifact = Artifact { kind, name: "standard input".to_owned(), size: None };
        return Ok((artifact, stream_of(tokio::io::stdin())));
    }
    let file = tokio::fs::File::open(&input.file)
        .await
        .with_context(|| format!("{} cannot be opened", input.file.display()))?;
    let metadata =
        file.metadata().await.with_context(|| format!("{} cannot be read", input.file.display()))?;
    if metadata.is_dir() {
        anyhow::bail!(Reported(Exit::NoInput, format!("{} is a folder, not a file", input.file.display())));
    }
    let artifact = Artifact { kind, name, size: Some(metadata.len()).filter(|_| metadata.is_file()) };
    Ok((artifact, stream_of(file)))
}

/// The bytes of a reader as they come: a pipe is shown to the analyzers while it is written.
fn stream_of(reader: impl AsyncRead + Send + Unpin + 'static) -> ByteStream {
    futures::stream::try_unfold(reader, |mut reader| async move {
        let mut buffer = bytes::BytesMut::with_capacity(CHUNK);
        let read = reader.read_buf(&mut buffer).await.map_err(|error| {
            PortError::new(ErrorKind::Invalid, format!("the input cannot be read: {error}"))
        })?;
        Ok((read > 0).then(|| (buffer.freeze(), reader)))
    })
    .boxed()
}

/// A whole file, or standard input for `-`.
pub(super) fn read_whole(path: &Path) -> anyhow::Result<Bytes> {
    let mut content = Vec::new();
    if path == Path::new(STANDARD_INPUT) {
        std::io::stdin().lock().read_to_end(&mut content).context("standard input cannot be read")?;
    } else {
        content = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(content.into())
}
