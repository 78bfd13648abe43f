//! Text for a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Location, Severity};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;
use grimoire_pipeline::{Folded, Group, fold};

use super::{Options, label, prose};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Maximum number of context lines; the rest is in the log.
const CONTEXT_LINES: usize = 12;
/// Maximum number of lines of a fix, unless everything is requested.
const SOLUTION_LINES: usize = 14;
/// Maximum number of errors, unless everything is requested.
const ERRORS: usize = 20;
/// Maximum number of places listed below the first error of a fix.
const ALSO: usize = 10;

/// The indent of a spell's text, below its title.
const INDENT: &str = "         ";

/// Writes the diagnosis. `warnings` is the number of warnings left out.
pub(super) fn write(
    output: &mut impl Write,
    diagnosis: &Diagnosis,
    warnings: usize,
    options: &Options,
) -> io::Result<()> {
    let folded = fold(diagnosis);
    let most = if options.full { usize::MAX } else { ERRORS };
    for group in folded.groups.iter().take(most) {
        group_of_errors(output, group, options)?;
    }
    let left = folded.groups.len().saturating_sub(most);
    if left > 0 {
        writeln!(output, "{DIM}… and {left} more (--full){DIM:#}\n")?;
    }
    consequences(output, &folded, options)?;
    for error in &folded.warnings {
        headline(output, error)?;
        details(output, error)?;
        writeln!(output)?;
    }
    closing(output, &folded, warnings, options)
}

/// Writes errors with the same fix: the first in full, the others by their places, then the fix.
fn group_of_errors(output: &mut impl Write, group: &Group<'_>, options: &Options) -> io::Result<()> {
    let first = group.first();
    headline(output, first)?;
    details(output, first)?;
    let most = if options.full { usize::MAX } else { ALSO };
    let others = &group.errors[1..];
    if !others.is_empty() {
        writeln!(output, "  {DIM}also at{DIM:#}")?;
    }
    for other in others.iter().take(most) {
        let other_file = Some(&other.artifact).filter(|artifact| **artifact != first.artifact);
        let place = other.diagnostic.location.as_ref().map(Location::to_string).or(other_file.cloned());
        let message = displayable(&other.diagnostic.message);
        let message = first_line(&message);
        match place {
            Some(place) => writeln!(output, "  --> {}  {DIM}{message}{DIM:#}", displayable(&place))?,
            None => writeln!(output, "  - {DIM}{message}{DIM:#}")?,
        }
    }
    if others.len() > most {
        writeln!(output, "  {DIM}… and {} more places (--full){DIM:#}", others.len() - most)?;
    }
    for (rank, spell) in group.spells().iter().enumerate() {
        help(output, spell, rank == 0, options)?;
    }
    if options.matched && group.spells().is_empty() {
        writeln!(output, "  {DIM}no spell fits{DIM:#}")?;
    }
    writeln!(output)
}

/// Severity, code and message.
fn headline(output: &mut impl Write, error: &DiagnosedError) -> io::Result<()> {
    let diagnostic = &error.diagnostic;
    let is_guess = diagnostic.confidence == Confidence::Guess;
    let colour = match diagnostic.severity {
        _ if is_guess => AnsiColor::Magenta,
        Severity::Error | Severity::Fatal => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Info | Severity::Hint => AnsiColor::Cyan,
    };
    let style = colour.on_default().bold();
    let word = if is_guess { "guess" } else { diagnostic.severity.as_str() };
    let code = label(diagnostic).map(|label| format!("[{}]", displayable(label))).unwrap_or_default();
    let message = displayable(&diagnostic.message);
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    writeln!(output, "{style}{word}{code}{style:#}{BOLD}: {first}{BOLD:#}")?;
    for line in lines {
        writeln!(output, "  {line}")?;
    }
    Ok(())
}

/// Place, tool, test and the lines around it.
fn details(output: &mut impl Write, error: &DiagnosedError) -> io::Result<()> {
    let diagnostic = &error.diagnostic;
    if diagnostic.confidence == Confidence::Guess {
        writeln!(
            output,
            "  {DIM}no known form of an error says why; of all lines this one looks most like the cause{DIM:#}"
        )?;
    }
    let place =
        diagnostic.location.as_ref().map(|place| format!("  --> {}", displayable(&place.to_string())));
    let place = place.unwrap_or_default();
    writeln!(output, "{place}  {DIM}({}){DIM:#}", about(error))?;
    for line in context(diagnostic).take(CONTEXT_LINES) {
        writeln!(output, "{DIM}  | {line}{DIM:#}")?;
    }
    Ok(())
}

/// The tool, the test, and the number of occurrences.
fn about(error: &DiagnosedError) -> String {
    let diagnostic = &error.diagnostic;
    let mut about = displayable(&diagnostic.tool).into_owned();
    if let Some(test) = &diagnostic.test {
        about.push_str(&format!(", test {}", displayable(test)));
    }
    if error.count > 1 {
        about.push_str(&format!(", {} times", error.count));
    }
    about
}

/// The lines around the message, without those that only repeat it.
fn context(diagnostic: &Diagnostic) -> impl Iterator<Item = String> {
    let message = first_line(&diagnostic.message).to_owned();
    let lines: Vec<String> = displayable(&diagnostic.context).lines().map(str::to_owned).collect();
    let tells_more = lines.len() > 1 || lines.first().is_some_and(|line| !line.contains(&message));
    lines.into_iter().filter(move |_| tells_more)
}

/// Writes a fix or a hint: the best one in full, the others by title, to look up.
fn help(output: &mut impl Write, spell: &RankedSpell, whole: bool, options: &Options) -> io::Result<()> {
    let (style, kind) = if spell.hint {
        (HINT, "no fix is known; where to look:".to_owned())
    } else {
        (GOOD, format!("{:3.0} %", spell.score * 100.0))
    };
    let title = displayable(&spell.title);
    writeln!(output, "\n  {style}{kind}  {title}{style:#}  {DIM}spell {}{DIM:#}", spell.id)?;
    for reason in spell.reasons.iter().take(3) {
        let (signal, detail) = (displayable(&reason.signal), displayable(&reason.detail));
        writeln!(output, "         {DIM}{signal}: {detail}{DIM:#}")?;
    }
    if !whole {
        return Ok(());
    }
    prose::write(output, &spell.description, INDENT)?;
    writeln!(output)?;
    prose::write_code(
        output,
        &spell.solution_code,
        INDENT,
        if options.full { usize::MAX } else { SOLUTION_LINES },
    )
}

fn consequences(output: &mut impl Write, folded: &Folded<'_>, options: &Options) -> io::Result<()> {
    if folded.consequences.is_empty() {
        return Ok(());
    }
    if !options.full {
        let count = counted(folded.consequences.len(), "more line");
        return writeln!(
            output,
            "{DIM}{count} that follow from this or only look like errors (--full){DIM:#}\n"
        );
    }
    for error in &folded.consequences {
        headline(output, error)?;
        details(output, error)?;
    }
    writeln!(output)
}

fn closing(
    output: &mut impl Write,
    folded: &Folded<'_>,
    warnings: usize,
    options: &Options,
) -> io::Result<()> {
    let causes = folded.causes();
    let mut line = if causes == 0 { "no error was found".to_owned() } else { counted(causes, "error") };
    if causes > 0 && options.matched {
        line.push_str(&format!(": {} with a known fix", folded.with_fix()));
        let hints = folded.with_hint();
        if hints > 0 {
            line.push_str(&format!(", {hints} with a hint"));
        }
    }
    if warnings > 0 {
        line.push_str(&format!("; {} (--warnings)", counted(warnings, "warning")));
    }
    writeln!(output, "{line}")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
