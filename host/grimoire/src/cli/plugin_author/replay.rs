//! `grimoire plugin replay`.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use grimoire_authoring::Workbench;
use grimoire_authoring::cases::{self, Case, Outcome};

use super::cases::write_difference;
use super::subject::Subject;
use crate::console;
use crate::exit::{Exit, Reported};

const BAD: Style = AnsiColor::Red.on_default();

/// The arguments of `grimoire plugin replay`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A component, or a plugin's folder.
    #[arg(value_name = "FILE|FOLDER")]
    place: PathBuf,
    /// The cases: what `grimoire plugin record` wrote, or those of a plugin.
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// Compare with the answers of this build, instead of with those in the cases.
    #[arg(long, value_name = "FILE|FOLDER")]
    against: Option<PathBuf>,
}

/// A plugin that answers cases, and how it has done so far.
struct Side {
    name: String,
    /// None for the answers that the cases have.
    bench: Option<Workbench>,
    failed: usize,
    times: Vec<Duration>,
}

impl Side {
    async fn of(place: &Path) -> anyhow::Result<Self> {
        let subject = Subject::open(place)?;
        let bench = Some(subject.start().await?);
        Ok(Self { name: place.display().to_string(), bench, failed: 0, times: Vec::new() })
    }

    fn recorded() -> Self {
        Self { name: "recorded".to_owned(), bench: None, failed: 0, times: Vec::new() }
    }

    /// The answer to a case in the form of an expectation; a failure is a line.
    async fn answer(&mut self, case: &Case) -> anyhow::Result<String> {
        let Some(bench) = &self.bench else { return Ok(case.expected.clone()) };
        let outcome = bench.answer(case).await?;
        // None for an analyzer that no probe woke.
        self.times.extend(bench.last_call().map(|call| call.guest));
        Ok(match outcome {
            Outcome::Same => case.expected.clone(),
            Outcome::Different { found, .. } => found,
            Outcome::Failed(problem) => {
                self.failed += 1;
                format!("failed: {}: {}\n", problem.reason, problem.detail)
            }
        })
    }
}

/// The failed calls and the time of computing, in words.
impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} failed", self.name, self.failed)?;
        let mut times = self.times.clone();
        times.sort();
        let at = |share: usize| {
            let time = times.get((times.len() * share).div_ceil(100).saturating_sub(1));
            time.copied().unwrap_or_default().as_secs_f64() * 1_000.0
        };
        write!(formatter, ", computing {:.2} ms in the median, {:.2} ms in 95 % of calls", at(50), at(95))
    }
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let world = Subject::open(&arguments.place)?.world()?;
    let mut before = match &arguments.against {
        Some(place) => {
            let other = Subject::open(place)?.world()?;
            if other != world {
                let (place, with) = (arguments.place.display(), place.display());
                let message = format!("{place} is of the world {world}, {with} of {other}");
                return Err(Reported(Exit::Usage, message).into());
            }
            Side::of(place).await?
        }
        None => Side::recorded(),
    };
    let mut after = Side::of(&arguments.place).await?;
    let cases = cases::read(&arguments.cases, world)?;
    let mut output = console::output();
    let mut different = 0;
    for case in &cases {
        let (was, is) = (before.answer(case).await?, after.answer(case).await?);
        if was != is {
            different += 1;
            writeln!(output, "{BAD}{}:{} is answered otherwise{BAD:#}", case.file.display(), case.line)?;
            let diff = cases::difference((&was, &before.name), (&is, &after.name));
            write_difference(&mut output, &diff)?;
        }
    }
    writeln!(output, "{} of {} cases are answered alike", cases.len() - different, cases.len())?;
    for side in [&before, &after].into_iter().filter(|side| side.bench.is_some()) {
        writeln!(output, "{side}")?;
    }
    output.flush()?;
    Ok(if different == 0 { Exit::Ok } else { Exit::Data })
}
