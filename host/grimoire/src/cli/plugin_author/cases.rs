//! `grimoire plugin test`.

use std::io::Write;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use grimoire_authoring::cases::{self, Outcome};
use grimoire_domain::failure_reason::FailureReason;

use super::subject::Subject;
use crate::console;
use crate::exit::{Exit, Reported};

/// The number of calls of a backtrace that are shown.
const FRAMES: usize = 10;
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The arguments of `grimoire plugin test`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A component, or a plugin's folder.
    #[arg(value_name = "FILE|FOLDER", default_value = ".", hide_default_value = true)]
    place: PathBuf,
    /// The cases to use, instead of the folder `cases` of the plugin's folder.
    #[arg(long, value_name = "FILE|FOLDER")]
    cases: Option<PathBuf>,
    /// Write the actual answers into the cases, as the expected ones from now on.
    #[arg(long)]
    bless: bool,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let subject = Subject::open(&arguments.place)?;
    let cases = subject.cases(arguments.cases.as_deref())?;
    if cases.is_empty() {
        let message = format!("{} has no cases beside it: name them with --cases", subject.path.display());
        return Err(Reported(Exit::NoInput, message).into());
    }
    let bench = subject.start().await?;
    let mut output = console::output();
    let (mut answers, mut wrong) = (Vec::new(), 0);
    for case in &cases {
        let place = format!("{}:{}", case.file.display(), case.line);
        match bench.answer(case).await? {
            Outcome::Same => {}
            Outcome::Different { found, .. } if arguments.bless => answers.push((case, found)),
            Outcome::Different { diff, .. } => {
                wrong += 1;
                writeln!(output, "{BAD}{place} is not answered as expected{BAD:#}")?;
                write_difference(&mut output, &diff)?;
            }
            Outcome::Failed(problem) => {
                wrong += 1;
                writeln!(output, "{BAD}{place} is not answered{BAD:#}")?;
                writeln!(output, "  {}: {}", problem.reason, problem.detail)?;
                for line in bench.log() {
                    writeln!(output, "    log: {line}")?;
                }
                if problem.reason == FailureReason::Trap {
                    for place in bench.backtrace().into_iter().take(FRAMES) {
                        writeln!(output, "    at {place}")?;
                    }
                }
            }
        }
    }
    let blessed: Vec<_> = answers.iter().map(|(case, found)| (*case, found.as_str())).collect();
    cases::bless(&blessed)?;
    let right = cases.len() - wrong - blessed.len();
    let mut line = format!("{right} of {} cases are answered as expected", cases.len());
    if !blessed.is_empty() {
        line.push_str(&format!("; {} were rewritten", blessed.len()));
    } else if wrong > 0 {
        line.push_str("; --bless accepts the answers of the others");
    }
    writeln!(output, "{line}")?;
    output.flush()?;
    Ok(if wrong == 0 { Exit::Ok } else { Exit::Data })
}

/// Writes a unified diff with colours.
pub(super) fn write_difference(output: &mut impl Write, diff: &str) -> std::io::Result<()> {
    for line in diff.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => GOOD,
            Some(b'-') => BAD,
            _ => Style::new(),
        };
        writeln!(output, "  {style}{line}{style:#}")?;
    }
    Ok(())
}
