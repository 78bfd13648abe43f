//! `grimoire demo`: shows a fix before anything is set up.

use std::io::Write as _;

use anstyle::Style;
use bytes::Bytes;
use clap::builder::PossibleValuesParser;
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::text::displayable;

use super::output::{self, Budget, Format, Options};
use crate::config::{self, Overrides};
use crate::console;
use crate::exit::Exit;
use crate::offline::{self, Spellbook};

/// Lists the example logs with their names.
macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../../examples/logs/", $name, ".log")))),+]
    };
}

/// Logs of failed builds, by name. The first is the default.
const EXAMPLES: &[(&str, &[u8])] = examples!["rust", "python", "typescript", "docker", "gradle"];

/// Number of lines of the log that are shown.
const TAIL: usize = 18;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The arguments of `grimoire demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log to show.
    #[arg(default_value = EXAMPLES[0].0, value_parser = PossibleValuesParser::new(EXAMPLES.iter().map(|(name, _)| *name)))]
    name: String,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let (name, log) = EXAMPLES.iter().find(|(name, _)| *name == arguments.name).unwrap_or(&EXAMPLES[0]);
    show_end(name, log)?;
    let offline = offline::start(&config, Spellbook::starter()).await?;
    let artifact =
        Artifact { kind: ArtifactKind::Log, name: format!("{name}.log"), size: Some(log.len() as u64) };
    let content = futures::stream::iter([Ok(Bytes::from_static(log))]).boxed();
    let diagnosis = offline.pipeline().judge(&Actor::COMMAND_LINE)?.diagnose(&artifact, content).await;
    offline.stop().await;
    let options = Options {
        format: Format::Text,
        full: false,
        warnings: false,
        budget: Budget::default(),
        matched: true,
    };
    output::write(&options, diagnosis?)?;
    let mut output = console::output();
    writeln!(output, "\n{DIM}Your own: cargo test 2>&1 | grimoire match{DIM:#}")?;
    Ok(Exit::Ok)
}

/// Shows the end of the log, as on a terminal.
fn show_end(name: &str, log: &[u8]) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(log);
    let lines: Vec<&str> = text.lines().collect();
    let mut output = console::output();
    writeln!(output, "{BOLD}The end of examples/logs/{name}.log:{BOLD:#}\n")?;
    for line in &lines[lines.len().saturating_sub(TAIL)..] {
        writeln!(output, "{DIM}  {}{DIM:#}", displayable(line))?;
    }
    writeln!(output, "\n{BOLD}What Grimoire says:{BOLD:#}\n")?;
    output.flush()?;
    Ok(())
}
