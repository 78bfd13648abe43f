//! Project requirements beside passing tests: coverage, docstrings; uploads that an index refuses, and settings that
//! Read the Docs rejects.

use grimoire_plugin_sdk::text::{Beginnings, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::finding;
use crate::kinds;

/// Recognises refusals.
#[derive(Default)]
pub(crate) struct Gates {
    /// An upload was refused; the next line may give the reason.
    refused: Option<(Diagnostic, u32)>,
    /// Coverage was found too low: newer versions report it twice.
    uncovered: bool,
}

static STARTS: Beginnings = Beginnings::new(&[
    "FAIL Required test coverage",
    "ERROR: Coverage failure",
    "Coverage failure",
    "FAIL Coverage",
    "No data to report.",
    "RESULT: FAILED (minimum",
    "Failure. Coverage is below",
    "ERROR ",
    "HTTPError: ",
    "InvalidDistribution: ",
    "Trusted publishing exchange failure",
    "Found ",
    "lists of files in version control",
    "Config validation error in `",
    "Problem in your project's configuration. ",
]);

impl Gates {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((mut found, left)) = self.refused.take() {
            // `* `invalid-publisher`: …` comes after a sentence and a blank line.
            let reason = trimmed.strip_prefix("* `").is_some() || found.tool == "twine";
            if reason && !trimmed.is_empty() {
                let indented = text.starts_with([' ', '*']);
                if indented || found.message.contains(" from http") && left > 1 {
                    found.message = format!("{}\n{}", trimmed.trim_start_matches("* "), found.message);
                    found.span = found.span.to(span);
                    out.push(found);
                    return true;
                }
            }
            if left > 1 && (trimmed.is_empty() || found.tool != "twine") {
                self.refused = Some((found, left - 1));
                return false;
            }
            out.push(found);
        }
        if trimmed.ends_with('.')
            && let Some(found) = inconsistent(trimmed, span)
        {
            out.push(found);
            return true;
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        if let Some(found) = demand(trimmed, span) {
            let again =
                found.tool == "coverage" && std::mem::replace(&mut self.uncovered, found.tool == "coverage");
            if !again {
                out.push(found);
            }
            return true;
        }
        let message = trimmed.strip_prefix("ERROR ").map_or(trimmed, str::trim_start);
        if message.starts_with("Trusted publishing exchange failure") {
            let mut found = finding("pypi", "trusted-publishing", Kind::Permission, message, span);
            // An annotation contains all its lines at once.
            match message.lines().find_map(|line| line.trim().strip_prefix("* `")) {
                Some(reason) => {
                    found.message = format!("`{reason}");
                    out.push(found);
                }
                None => self.refused = Some((found, 12)),
            }
            return true;
        }
        let is_refusal = message.starts_with("HTTPError: ")
            && (message.contains("pypi.org") || message.contains("/legacy"));
        if is_refusal
            || message.starts_with("InvalidDistribution: ")
            || message.starts_with("`long_description` has syntax errors")
        {
            let error_type =
                message.split(':').next().filter(|kind| !kind.contains(' ')).unwrap_or("metadata");
            let kind = kinds::by_words(message).unwrap_or(Kind::Configuration);
            let found = finding("twine", error_type, kind, message, span);
            self.refused = Some((found, 3));
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.refused.take().map(|(found, _)| found));
    }
}

fn demand(text: &str, span: Span) -> Option<Diagnostic> {
    let plain = text.trim_start_matches("ERROR: ").trim_start_matches("FAIL ");
    let (tool, error_type, kind) = if plain.starts_with("Required test coverage")
        && plain.contains("not reached")
        || plain.starts_with("Coverage failure: total of ")
        || plain.starts_with("Coverage failure: ")
    {
        ("coverage", "fail-under", Kind::Test)
    } else if text.starts_with("No data to report.") {
        ("coverage", "no-data", Kind::Configuration)
    } else if text.starts_with("Failure. Coverage is below") {
        ("diff-cover", "fail-under", Kind::Test)
    } else if text.starts_with("RESULT: FAILED (minimum") {
        ("interrogate", "fail-under", Kind::Lint)
    } else if text.starts_with("Found ") && text.contains(" known vulnerabilit") {
        ("pip-audit", "vulnerability", Kind::Dependency)
    } else if text.starts_with("Config validation error in `")
        || text.starts_with("Problem in your project's configuration. ")
    {
        ("readthedocs", "settings", Kind::Configuration)
    } else if text.starts_with("lists of files in version control and sdist do not match") {
        ("check-manifest", "manifest", Kind::Lint)
    } else {
        return None;
    };
    Some(finding(tool, error_type, kind, plain, span))
}

/// `lid 1.0 requires jar, which is not installed.` and `lid 1.0 has requirement jar<2, but you have jar 3.0.`
/// of `pip check`.
fn inconsistent(text: &str, span: Span) -> Option<Diagnostic> {
    let package = if text.ends_with(", which is not installed.") {
        text.split_once(" requires ")?.0
    } else {
        let (package, rest) = text.split_once(" has requirement ")?;
        rest.contains(", but you have ").then_some(package)?
    };
    let (name, version) = package.split_once(' ')?;
    let is_package =
        !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(' ');
    is_package.then(|| finding("pip", "dependency-conflict", Kind::Dependency, text, span))
}
