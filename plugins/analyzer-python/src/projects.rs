//! Tools other than pip, uv and poetry: pipenv, pdm, `python -m build`, hatch, setuptools, maturin, pip-tools.

use grimoire_plugin_sdk::text::{Beginnings, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span};

use crate::found::{exception_kind, finding, summary};
use crate::kinds;

/// Maximum number of lines that may belong to an error.
const LINES: u32 = 30;

/// Recognises the errors of these tools.
#[derive(Default)]
pub(crate) struct Projects {
    open: Option<(Diagnostic, More, u32)>,
    /// The tool's traceback has been reported, and is not reported again.
    told: bool,
    /// The exception at the end of a bracketed traceback: its own name for the reason.
    raised: Option<Diagnostic>,
}

/// The lines that belong to an open error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    /// Indented ones.
    Indented,
    /// `  Caused by: …`
    Causes,
    /// The next line ends the sentence.
    Wrapped,
}

/// Tool, category, kind and the start of a sentence.
const SENTENCES: &[(&str, &str, &str, Kind)] = &[
    ("Your Pipfile.lock (", "pipenv", "lock-file", Kind::Dependency),
    ("Pipfile.lock (", "pipenv", "lock-file", Kind::Dependency),
    ("Could not find a version that matches ", "pip-compile", "requirement-not-found", Kind::Dependency),
    ("Lock file hash doesn't match pyproject.toml", "pdm", "lock-file", Kind::Dependency),
    ("ERROR: Unable to find a resolution", "pdm", "resolution-impossible", Kind::Dependency),
    ("Unable to find a resolution", "pdm", "resolution-impossible", Kind::Dependency),
    ("ERROR Missing dependencies:", "build", "missing-dependency", Kind::Dependency),
    ("ERROR Source ", "build", "not-a-project", Kind::Configuration),
    ("ERROR Failed to validate `build-system`", "build", "configuration", Kind::Configuration),
    ("ERROR Backend '", "build", "missing-backend", Kind::Dependency),
    ("error: Multiple top-level packages discovered", "setuptools", "configuration", Kind::Configuration),
    ("error: Multiple top-level modules discovered", "setuptools", "configuration", Kind::Configuration),
    ("error: invalid command '", "setuptools", "usage", Kind::Configuration),
    ("error: package directory '", "setuptools", "configuration", Kind::Configuration),
    ("configuration error: `", "setuptools", "configuration", Kind::Configuration),
    ("💥 maturin failed", "maturin", "build", Kind::Compile),
    ("Unknown environment: ", "hatch", "configuration", Kind::Configuration),
    ("Environment `", "hatch", "configuration", Kind::Configuration),
    ("ERROR: Rosdep experienced an error: ", "rosdep", "internal-error", Kind::Configuration),
    ("ruff failed", "ruff", "configuration", Kind::Configuration),
];

static STARTS: Beginnings = Beginnings::new(&[
    "Your Pip",
    "Pipfile.lock (",
    "Could not find a ver",
    "Lock file hash",
    "ERROR",
    "Unable to find a",
    "error: ",
    "error in ",
    "configuration error",
    "💥",
    "Unknown environment: ",
    "Environment `",
    "ruff failed",
    "[",
    "✘ ",
    "pipenv.exceptions.",
    "CRITICAL:pipenv",
    "CRITICAL: pipenv",
]);

impl Projects {
    /// Reads a line; returns true if it belongs to an error of one of these tools.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if self.more(text, trimmed, span) {
            return true;
        }
        self.finish_open(out);
        if !STARTS.begin(trimmed) {
            return false;
        }
        match bracketed(trimmed, span) {
            Bracketed::No => {}
            Bracketed::Trace(line) => {
                self.traced(line, span);
                return true;
            }
            Bracketed::Error(mut found) => {
                if let Some(raised) = self.raised.take() {
                    // A sentence about any package says less than the one about this package.
                    let sentence = found.message.trim_start_matches("Warning: ");
                    found.message = format!("{}\n{sentence}", raised.message);
                    found.span = raised.span.to(found.span);
                }
                self.open = Some((*found, More::Indented, LINES));
                return true;
            }
        }
        if let Some(found) = raised(trimmed, span) {
            out.push(found);
            return true;
        }
        if let Some((start, tool, error_type, kind)) =
            SENTENCES.iter().find(|(start, ..)| trimmed.starts_with(start))
        {
            let holds = match *start {
                // Without `--deploy`, Pipenv updates the file and goes on.
                "Pipfile.lock (" | "Your Pipfile.lock (" => {
                    trimmed.contains("out of date") && !trimmed.contains("out of date, updating to")
                }
                "ERROR Source " => trimmed.contains("does not appear to be a Python project"),
                "ERROR Backend '" => trimmed.contains("is not available"),
                "Environment `" => trimmed.contains("incompatible") || trimmed.contains("is not"),
                "ruff failed" => trimmed.len() == start.len(),
                _ => true,
            };
            if holds {
                let message = trimmed
                    .trim_start_matches("ERROR: ")
                    .trim_start_matches("ERROR ")
                    .trim_start_matches("error: ")
                    .trim_start_matches("💥 ");
                let more = match *start {
                    "💥 maturin failed" | "ruff failed" => More::Causes,
                    "Your Pipfile.lock (" if !trimmed.ends_with('.') => More::Wrapped,
                    _ => More::Indented,
                };
                self.open = Some((finding(tool, error_type, *kind, message, span), more, LINES));
                return true;
            }
        }
        if let Some(rest) = trimmed.strip_prefix("error in ")
            && let Some((name, message)) = rest.split_once(" setup command: ")
        {
            out.push(finding(
                "setuptools",
                "configuration",
                Kind::Configuration,
                &format!("error in {name}: {message}"),
                span,
            ));
            return true;
        }
        if let Some(found) = closing(trimmed, span) {
            out.push(found);
            return true;
        }
        if let Some((_, message)) =
            trimmed.split_once("Cannot install ").filter(|_| trimmed.starts_with("CRITICAL:"))
        {
            out.push(finding(
                "pipenv",
                "resolution-impossible",
                Kind::Dependency,
                &format!("Cannot install {message}"),
                span,
            ));
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.finish_open(out);
        out.extend(self.raised.take());
    }

    /// A line of a bracketed traceback.
    fn traced(&mut self, line: &str, span: Span) {
        self.raised = raised(line, span).or_else(|| self.raised.take());
    }

    fn finish_open(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((found, ..)) = self.open.take() {
            self.told = true;
            out.push(found);
        }
    }

    fn more(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        let Some((found, more, left)) = &mut self.open else { return false };
        *left -= 1;
        if *left == 0 || trimmed.is_empty() && *more != More::Causes {
            return false;
        }
        let belongs = match more {
            More::Indented => {
                let listed = text.starts_with([' ', '\t']) && found.message.ends_with([':', '\n'])
                    || text.starts_with("  ")
                    || text.starts_with('\t');
                let continued = trimmed.starts_with("because of the following")
                    || trimmed.starts_with("Tried: ")
                    || trimmed.starts_with("There are incompatible");
                listed || continued
            }
            More::Causes => {
                trimmed.starts_with("Caused by: ")
                    || trimmed.starts_with("Cause: ")
                    || text.starts_with([' ', '|']) && !trimmed.is_empty()
            }
            More::Wrapped => {
                *left = 1;
                trimmed.starts_with('(')
            }
        };
        if belongs {
            let words = trimmed.trim_start_matches("Caused by: ").trim_start_matches("Cause: ");
            let is_excerpt = *more == More::Causes
                && words.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|');
            if !is_excerpt && found.message.len() < 2_000 {
                found.message.push(if *more == More::Wrapped { ' ' } else { '\n' });
                found.message.push_str(words);
                for headline in ["ruff failed\n", "maturin failed\n"] {
                    if let Some(rest) = found.message.strip_prefix(headline) {
                        found.message = rest.to_owned();
                    }
                }
            }
            found.span = found.span.to(span);
        }
        belongs
    }
}

/// The meaning of a line that starts with a name in brackets.
enum Bracketed<'a> {
    /// Something else.
    No,
    /// A line of a traceback in this format: the error itself is the last line.
    Trace(&'a str),
    Error(Box<Diagnostic>),
}

/// `[PdmUsageError]: message`, `[pipenv.exceptions.ResolutionFailure]: message`.
fn bracketed(text: &str, span: Span) -> Bracketed<'_> {
    const ENDS: [&str; 6] = ["Error", "Exception", "Failure", "Impossible", "NotFound", "NoPythonVersion"];
    let Some((name, message)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) else {
        return Bracketed::No;
    };
    let is_kind = exception_kind(name).is_some_and(|kind| kind.len() == name.len());
    if !is_kind || !ENDS.iter().any(|end| name.ends_with(end)) {
        return Bracketed::No;
    }
    // The lines of a traceback are indented after the name.
    if message.starts_with("  ") {
        return Bracketed::Trace(message.trim());
    }
    let pipenv = name.starts_with("pipenv.")
        || matches!(name, "ResolutionFailure" | "DeployException" | "InstallError");
    let sort = match name {
        "PdmUsageError" | "NoPythonVersion" | "ProjectError" => Kind::Configuration,
        _ => kinds::by_words(message).unwrap_or(Kind::Dependency),
    };
    let tool = if pipenv { "pipenv" } else { "pdm" };
    Bracketed::Error(Box::new(finding(tool, name, sort, message, span)))
}

/// `pipenv.exceptions.ResolutionFailure: ERROR: ERROR: No matching distribution found for lid==9`.
fn raised(text: &str, span: Span) -> Option<Diagnostic> {
    let (name, message) = text.strip_prefix("pipenv.exceptions.")?.split_once(": ")?;
    let message = message.trim_start_matches("ERROR: ");
    let kind = kinds::by_words(message).unwrap_or(Kind::Dependency);
    Some(finding("pipenv", name, kind, message, span))
}

/// Lines that only say that something failed.
fn closing(text: &str, span: Span) -> Option<Diagnostic> {
    let (tool, message) =
        if let Some(message) = text.strip_prefix("ERROR Backend subprocess exited when trying to invoke ") {
            ("build", format!("Backend subprocess exited when trying to invoke {message}"))
        } else if text.starts_with("ERROR:: Aborting deploy") {
            ("pipenv", "Aborting deploy".to_owned())
        } else if text.contains("Locking Failed!") {
            ("pipenv", "Locking Failed!".to_owned())
        } else {
            return None;
        };
    Some(Diagnostic { role: Role::Summary, ..summary(tool, Kind::Dependency, &message, span) })
}
