//! How a diagnosis is shown: one file per format. Every text of a log is cleaned before it is shown.

mod excerpt;
mod github;
mod json;
mod markdown;
mod sarif;
mod text;

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;
pub(super) use excerpt::Budget;
use grimoire_domain::diagnostic::{Diagnostic, Severity};
use grimoire_domain::review::Diagnosis;

/// How to show what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, in colour on a terminal.
    Text,
    /// One JSON document, as `POST /api/diagnose` answers.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Workflow commands, which GitHub Actions shows as annotations.
    Github,
    /// For comments and job summaries.
    Markdown,
    /// The causes with the lines around them, in at most --budget characters: for a ticket or an agent.
    Excerpt,
}

/// What is shown, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) format: Format,
    /// Everything, however long.
    pub(super) full: bool,
    /// Warnings one by one, not only their number.
    pub(super) warnings: bool,
    /// For [`Format::Excerpt`].
    pub(super) budget: Budget,
    /// Spells were looked for.
    pub(super) matched: bool,
}

/// Writes a diagnosis to standard output.
pub(super) fn write(options: &Options, mut diagnosis: Diagnosis) -> io::Result<()> {
    let all = diagnosis.errors.len();
    // Programs sort for themselves.
    let for_programs = matches!(options.format, Format::Json | Format::Sarif);
    if !options.warnings && !for_programs {
        diagnosis.errors.retain(|error| error.diagnostic.severity >= Severity::Error);
    }
    let left_out = all - diagnosis.errors.len();
    let mut output = anstream::stdout().lock();
    let written = match options.format {
        Format::Text => text::write(&mut output, &diagnosis, left_out, options),
        Format::Json => json::write(&mut output, &diagnosis),
        Format::Sarif => sarif::write(&mut output, &diagnosis),
        Format::Github => github::write(&mut output, &diagnosis),
        Format::Markdown => markdown::write(&mut output, &diagnosis),
        Format::Excerpt => excerpt::write(&mut output, &diagnosis, options.budget),
    };
    match written.and_then(|()| output.flush()) {
        // `grimoire match | head` has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// `path:line:column`, as far as known.
fn place(diagnostic: &Diagnostic) -> Option<String> {
    let location = diagnostic.location.as_ref()?;
    let mut place = location.path.clone();
    if let Some(start) = location.start {
        place.push_str(&format!(":{}", start.line));
        if let Some(column) = start.column {
            place.push_str(&format!(":{column}"));
        }
    }
    Some(place)
}

/// The code, else the type of the exception, where there is one that says more than the word `error`.
fn label(diagnostic: &Diagnostic) -> Option<&str> {
    if let Some(code) = &diagnostic.code {
        return Some(code);
    }
    let label = diagnostic.error_type.as_str();
    let is_type = label.contains(|c: char| c.is_ascii_uppercase()) && !label.eq_ignore_ascii_case("error");
    (is_type && !diagnostic.message.starts_with(label)).then_some(label)
}
