//! Output formats of a diagnosis, one file each. All text of a log is cleaned before it is shown.

mod excerpt;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
pub(super) mod prose;
mod rdjson;
mod sarif;
mod text;

use std::io::{self, Write};

use clap::ValueEnum;
pub(super) use excerpt::Budget;
use grimoire_domain::diagnostic::{Diagnostic, Severity};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;

use crate::console;
use crate::inert::inert;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people, in colour on a terminal.
    Text,
    /// One JSON document, like the response of `POST /api/diagnose`.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Workflow commands, which GitHub Actions shows as annotations.
    Github,
    /// A Code Quality report, which GitLab shows in merge requests.
    Gitlab,
    /// A report of failed tests, which most CI services show.
    Junit,
    /// Input for reviewdog, which writes comments to most code hosts.
    Rdjson,
    /// Markdown for comments and job summaries.
    Markdown,
    /// The causes and the lines around them, in at most --budget characters: for a ticket or an agent.
    Excerpt,
}

/// Options of the output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) format: Format,
    /// Show everything, however long.
    pub(super) full: bool,
    /// Show each warning instead of only their number.
    pub(super) warnings: bool,
    /// The maximum length of [`Format::Excerpt`].
    pub(super) budget: Budget,
    /// True if spells were searched for.
    pub(super) matched: bool,
}

/// Writes a diagnosis to standard output.
pub(super) fn write(options: &Options, mut diagnosis: Diagnosis) -> io::Result<()> {
    let all = diagnosis.errors.len();
    // Programs sort by themselves.
    let for_programs =
        matches!(options.format, Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson);
    if !options.warnings && !for_programs {
        diagnosis.errors.retain(|error| error.diagnostic.severity >= Severity::Error);
    }
    let left_out = all - diagnosis.errors.len();
    let mut output = console::output();
    match options.format {
        Format::Text => inert(&mut output, |text| text::write(text, &diagnosis, left_out, options)),
        Format::Json => json::write(&mut output, &diagnosis),
        Format::Sarif => sarif::write(&mut output, &diagnosis),
        Format::Github => github::write(&mut output, &diagnosis),
        Format::Gitlab => gitlab::write(&mut output, &diagnosis),
        Format::Junit => junit::write(&mut output, &diagnosis),
        Format::Rdjson => rdjson::write(&mut output, &diagnosis),
        Format::Markdown => inert(&mut output, |text| markdown::write(text, &diagnosis)),
        Format::Excerpt => inert(&mut output, |text| excerpt::write(text, &diagnosis, options.budget)),
    }?;
    output.flush()
}

/// The message with the known fixes, or else with the hints, as plain text for other programs to show.
fn message_with_fixes(error: &DiagnosedError) -> String {
    let mut text = displayable(&error.diagnostic.message).into_owned();
    for spell in &error.spells {
        let (title, solution) = (displayable(&spell.title), displayable(&spell.solution_code));
        text.push_str(&format!("\n\n{}: {title}\n{solution}", kind_of_help(spell)));
    }
    text
}

/// The label of a spell: a known fix with its score, or a hint.
fn kind_of_help(spell: &RankedSpell) -> String {
    if spell.hint { "Where to look".to_owned() } else { format!("Known fix ({:.0} %)", spell.score * 100.0) }
}

/// A path relative to the root of a repository.
fn relative(path: &str) -> &str {
    path.trim_start_matches("./")
}

/// The code, or else the exception type if it says more than `error`.
fn label(diagnostic: &Diagnostic) -> Option<&str> {
    if let Some(code) = &diagnostic.code {
        return Some(code);
    }
    let label = diagnostic.error_type.as_str();
    let is_type = label.contains(|c: char| c.is_ascii_uppercase()) && !label.eq_ignore_ascii_case("error");
    (is_type && !diagnostic.message.starts_with(label)).then_some(label)
}
