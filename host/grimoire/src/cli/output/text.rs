//! For people at a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use grimoire_domain::diagnostic::Severity;
use grimoire_domain::review::Diagnosis;
use grimoire_domain::text::displayable;

use super::{label, place};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// Lines of context that are shown; the rest is in the log.
const CONTEXT_LINES: usize = 12;

/// Writes it.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis, matched: bool) -> io::Result<()> {
    if diagnosis.errors.is_empty() {
        return writeln!(output, "no error was found");
    }
    for error in &diagnosis.errors {
        let diagnostic = &error.diagnostic;
        let colour = match diagnostic.severity {
            Severity::Error | Severity::Fatal => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Info | Severity::Hint => AnsiColor::Cyan,
        };
        let style = colour.on_default().bold();
        let severity = diagnostic.severity.as_str();
        let code = label(diagnostic).map(|label| format!("[{}]", displayable(label))).unwrap_or_default();
        let mut message =
            displayable(&diagnostic.message).lines().map(str::to_owned).collect::<Vec<_>>().into_iter();
        let first = message.next().unwrap_or_default();
        writeln!(output, "{style}{severity}{code}{style:#}{BOLD}: {first}{BOLD:#}")?;
        for line in message {
            writeln!(output, "  {line}")?;
        }
        let place =
            place(diagnostic).map(|place| format!("  --> {}", displayable(&place))).unwrap_or_default();
        let count = if error.count > 1 { format!(", {} times", error.count) } else { String::new() };
        writeln!(output, "{DIM}{place}  ({}{count}){DIM:#}", displayable(&diagnostic.tool))?;
        for line in displayable(&diagnostic.context).lines().take(CONTEXT_LINES) {
            writeln!(output, "{DIM}  | {line}{DIM:#}")?;
        }
        for (rank, spell) in error.spells.iter().enumerate() {
            let percent = spell.score * 100.0;
            let title = displayable(&spell.title);
            writeln!(output, "\n  {GOOD}{percent:3.0} %  {title}{GOOD:#}  {DIM}spell {}{DIM:#}", spell.id)?;
            for reason in spell.reasons.iter().take(3) {
                let (signal, detail) = (displayable(&reason.signal), displayable(&reason.detail));
                writeln!(output, "         {DIM}{signal}: {detail}{DIM:#}")?;
            }
            // The best one is told whole, the others are alternatives to look up.
            if rank == 0 {
                indented(output, &spell.description)?;
                writeln!(output)?;
                indented(output, &spell.solution_code)?;
            }
        }
        if matched && error.spells.is_empty() {
            writeln!(output, "  {DIM}no spell fits{DIM:#}")?;
        }
        writeln!(output)?;
    }
    let errors = diagnosis.errors.len();
    let fitting = diagnosis.errors.iter().filter(|error| !error.spells.is_empty()).count();
    if matched {
        writeln!(output, "{}: {fitting} with a known fix", counted(errors))
    } else {
        writeln!(output, "{}", counted(errors))
    }
}

fn indented(output: &mut impl Write, text: &str) -> io::Result<()> {
    for line in displayable(text).lines() {
        if line.trim().is_empty() { writeln!(output)? } else { writeln!(output, "         {line}")? }
    }
    Ok(())
}

fn counted(errors: usize) -> String {
    if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") }
}
