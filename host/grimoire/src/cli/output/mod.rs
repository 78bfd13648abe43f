//! How a diagnosis is shown: one file per format. Every text of a log is cleaned before it is shown.

mod github;
mod json;
mod markdown;
mod sarif;
mod text;

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;
use grimoire_domain::diagnostic::Diagnostic;
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
}

/// Writes a diagnosis to standard output. `matched` says whether spells were looked for.
pub(super) fn write(format: Format, diagnosis: &Diagnosis, matched: bool) -> io::Result<()> {
    let mut output = anstream::stdout().lock();
    let written = match format {
        Format::Text => text::write(&mut output, diagnosis, matched),
        Format::Json => json::write(&mut output, diagnosis),
        Format::Sarif => sarif::write(&mut output, diagnosis),
        Format::Github => github::write(&mut output, diagnosis),
        Format::Markdown => markdown::write(&mut output, diagnosis),
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

/// The code, else the error type, where there is one.
fn label(diagnostic: &Diagnostic) -> Option<&str> {
    diagnostic.code.as_deref().or(Some(diagnostic.error_type.as_str())).filter(|label| !label.is_empty())
}
