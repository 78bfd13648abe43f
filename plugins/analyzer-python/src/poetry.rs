//! poetry: sentences about the lock file, the solver's paragraph, and exceptions in its console format.
//!
//! ```text
//! pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` …
//!
//! Because kiosk depends on lid (^2.0) which doesn't match any versions, version solving failed.
//!
//!   HTTPError
//!
//!   404 Client Error: Not Found for url: …
//!
//!   at /usr/lib/python3/dist-packages/requests/models.py:943 in raise_for_status
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Context, Needle, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::cause::Cause;
use crate::found::finding;
use crate::{kinds, own};

/// Maximum number of lines of a paragraph or of an exception's message.
const LINES: u32 = 200;
/// Maximum length of a paragraph, in bytes.
const PARAGRAPH: usize = 6_000;
/// Maximum length of an explanation that is reported in full, in bytes; of longer ones only the conclusion is.
const WHOLE: usize = 1_200;

/// An exception's name alone on an indented line, and what follows.
struct Exception {
    name: String,
    message: Vec<String>,
    cause: Cause,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises poetry's errors.
#[derive(Default)]
pub(crate) struct Poetry {
    paragraph: Option<(String, u32, Span)>,
    exception: Option<Exception>,
    /// The name of an exception in brackets: its message comes next.
    bracketed: Option<(String, Span)>,
    /// A sentence followed by a list.
    listed: Option<(Diagnostic, u32)>,
    seen: bool,
}

/// Starts of sentences, with the category of each.
const SENTENCES: &[(&str, &str, Kind)] = &[
    ("pyproject.toml changed significantly since poetry.lock", "lock-file", Kind::Dependency),
    ("poetry.lock is not up to date with pyproject.toml", "lock-file", Kind::Dependency),
    ("poetry.lock was not found", "lock-file", Kind::Dependency),
    ("The lock file is not compatible with the current version of Poetry", "lock-file", Kind::Dependency),
    (
        "The lock file might not be compatible with the current version of Poetry",
        "lock-file",
        Kind::Dependency,
    ),
    ("The current project could not be installed: ", "project", Kind::Configuration),
    ("The current project's Python requirement (", "requires-python", Kind::Dependency),
    ("The current project's supported Python range (", "requires-python", Kind::Dependency),
    ("Current Python version (", "requires-python", Kind::Configuration),
    ("The specified Python version (", "requires-python", Kind::Configuration),
    ("Poetry was unable to find a compatible version", "requires-python", Kind::Configuration),
    ("Poetry could not find a pyproject.toml file", "configuration", Kind::Configuration),
    ("The Poetry configuration is invalid", "configuration", Kind::Configuration),
    ("Group(s) not found: ", "configuration", Kind::Configuration),
    ("Could not find a matching version of package ", "version-not-found", Kind::Dependency),
    ("Could not parse version constraint: ", "configuration", Kind::Configuration),
    ("Unable to find installation candidates for ", "installation-candidates", Kind::Dependency),
    ("The option \"--", "usage", Kind::Configuration),
    ("The \"--", "usage", Kind::Configuration),
    ("The requested command ", "usage", Kind::Configuration),
    ("The command \"", "usage", Kind::Configuration),
    ("Command not found: ", "command-not-found", Kind::Configuration),
];

/// Approximate starts of these sentences.
static STARTS: Beginnings = Beginnings::new(&[
    "pyproject.toml changed",
    "poetry.lock ",
    "The lock file ",
    "The current project",
    "The specified Python",
    "The Poetry ",
    "The option \"",
    "The \"--",
    "The requested command ",
    "The command \"",
    "Current Python ",
    "Could not ",
    "Command not found",
    "Poetry ",
    "Package ",
    "Group(s) ",
    "Unable to find inst",
]);
/// Signs that poetry is running.
static SIGNS: [Needle; 2] = [Needle::new("poetry"), Needle::new("Installing dependencies from lock file")];

static PARAGRAPHS: Beginnings =
    Beginnings::new(&["Because ", "And because ", "So, because ", "So, since ", "Thus, ", "(1) So"]);

impl Poetry {
    /// Reads a line; returns true if it belongs to a poetry error.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        let marked = trimmed.strip_prefix("Error: ");
        let plain = marked.unwrap_or(trimmed);
        self.seen = self.seen || SIGNS.iter().any(|sign| sign.find_among(among, trimmed).is_some());
        if self.listed(text, trimmed, span, out) || self.paragraph(plain, span, out) {
            return true;
        }
        if let Some(found) = self.sentence(plain, span) {
            self.exception = None;
            let has_list = found.message.ends_with(':');
            if has_list {
                self.listed = Some((found, 20));
            } else {
                out.push(found);
            }
            return true;
        }
        if PARAGRAPHS.begin(plain) && self.paragraph.is_none() {
            self.paragraph = Some((plain.to_owned(), LINES, span));
            return self.solved(out);
        }
        self.exception(text, trimmed, span, out)
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.listed.take().map(|(found, _)| found));
        self.paragraph = None;
        self.exception = None;
    }

    fn sentence(&self, text: &str, span: Span) -> Option<Diagnostic> {
        if !STARTS.begin(text) {
            return None;
        }
        let Some((start, error_type, kind)) = SENTENCES.iter().find(|(start, ..)| text.starts_with(start))
        else {
            return package_not_found(text, span);
        };
        let ends = match *start {
            "The option \"--" => text.ends_with("\" does not exist"),
            "The \"--" | "The command \"" | "The requested command " => {
                self.seen && text.contains("does not exist")
            }
            "Command not found: " => self.seen,
            "The current project's Python requirement (" => text.contains("is not compatible"),
            _ => true,
        };
        ends.then(|| finding("poetry", error_type, *kind, text, span))
    }

    /// `  - [x] …` below `The Poetry configuration is invalid:`.
    fn listed(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some((found, left)) = &mut self.listed else { return false };
        *left -= 1;
        if *left > 0
            && (trimmed.starts_with("- ") && text.starts_with(' ')
                || trimmed.is_empty() && found.message.ends_with(':'))
        {
            if !trimmed.is_empty() {
                found.message.push('\n');
                found.message.push_str(trimmed.trim_start_matches("- "));
            }
            found.span = found.span.to(span);
            return true;
        }
        self.finish(out);
        false
    }

    /// The solver's sentences, up to `version solving failed.`
    fn paragraph(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some((paragraph, left, whole)) = &mut self.paragraph else { return false };
        *left -= 1;
        let begins = PARAGRAPHS.begin(text);
        // Other tools start sentences like this, too.
        let is_other = begins && text.starts_with("Because ") && !has_version_in_parentheses(paragraph);
        if *left == 0 || text.starts_with("##") || paragraph.len() > PARAGRAPH || is_other {
            self.paragraph = None;
            return false;
        }
        if !text.is_empty() {
            paragraph.push(if begins { '\n' } else { ' ' });
            paragraph.push_str(text);
            *whole = whole.to(span);
        }
        self.solved(out)
    }

    /// Reports a complete paragraph and returns true; lines of an incomplete one go to all recognisers.
    fn solved(&mut self, out: &mut Vec<Diagnostic>) -> bool {
        let Some((paragraph, _, span)) = &self.paragraph else { return false };
        if paragraph.ends_with("version solving failed.") || paragraph.ends_with("version solving failed") {
            // Dart's package manager uses the same words, but no parentheses around versions.
            if has_version_in_parentheses(paragraph) || paragraph.contains("requires Python") || self.seen {
                let conclusion = paragraph.rsplit('\n').next().unwrap_or(paragraph);
                let paragraph = if paragraph.len() > WHOLE { conclusion } else { paragraph };
                let last = out.last_mut().filter(|last| last.error_type == "requires-python");
                if let Some(last) = last {
                    // The solver's proof of the sentence before it.
                    last.message.push('\n');
                    last.message.push_str(paragraph);
                    last.span = last.span.to(*span);
                } else {
                    out.push(finding("poetry", "version-solving", Kind::Dependency, paragraph, *span));
                }
            }
            self.paragraph = None;
            self.exception = None;
            return true;
        }
        false
    }

    /// An exception in the console format. It is reported once its location was read.
    fn exception(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(open) = &mut self.exception {
            open.left -= 1;
            let place = trimmed
                .strip_prefix("at ")
                .and_then(place_at_start)
                .filter(|place| place.rest.trim().starts_with("in "));
            if let Some(place) = place {
                let location = place.location();
                out.extend(self.exception.take().and_then(|open| open.report(location, span)));
                return true;
            }
            let belongs = trimmed.is_empty() || text.starts_with(' ');
            if open.left == 0 || !belongs {
                self.exception = None;
            } else {
                open.context.push(text);
                open.cause.line(trimmed.trim_start_matches("| "));
                if !trimmed.is_empty() && open.message.len() < 12 {
                    open.message.push(trimmed.to_owned());
                }
                return false;
            }
        }
        if let Some(found) = self.bracketed.take().and_then(|(name, start)| {
            let message =
                (trimmed.len() > 3 && !trimmed.starts_with(['[', '-']) && self.seen).then_some(trimmed)?;
            let kind = kinds::of_exception(&name, message);
            Some(finding("poetry", &name, kind, message, start.to(span)))
        }) {
            out.push(found);
            return true;
        }
        // Releases before 1.1 print it in brackets.
        let bracketed = trimmed.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        if let Some(name) = bracketed.filter(|name| is_class(name)) {
            self.bracketed = Some((name.to_owned(), span));
            return false;
        }
        let is_name = text.len() > 4
            && text.starts_with("  ")
            && text.as_bytes()[2].is_ascii_uppercase()
            && is_class(trimmed);
        if is_name {
            let mut context = Context::default();
            context.push(text);
            self.exception = Some(Exception {
                name: trimmed.to_owned(),
                message: Vec::new(),
                cause: Cause::default(),
                left: LINES,
                context,
                span,
            });
        }
        false
    }
}

/// `SolverProblemError`.
fn is_class(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.bytes().skip(1).any(|byte| byte.is_ascii_lowercase())
}

impl Exception {
    fn report(mut self, location: Location, end: Span) -> Option<Diagnostic> {
        let first = self.message.first()?.clone();
        let cause = self.cause.take().filter(|cause| *cause != first);
        let message = match cause {
            Some(cause)
                if first.contains("subprocess exited") || first.contains("build of a dependency failed") =>
            {
                format!("{cause}\n{first}")
            }
            _ => self.message.join("\n"),
        };
        let kind = match self.name.as_str() {
            "SolverProblemError"
            | "RuntimeError"
            | "ChefBuildError"
            | "PackageNotFound"
            | "EnvCommandError"
            | "BuildBackendException" => kinds::by_words(&message).unwrap_or(Kind::Dependency),
            name => kinds::of_exception(name, &message),
        };
        let kind = if kind == Kind::Crash { Kind::Dependency } else { kind };
        let mut found = finding("poetry", &self.name, kind, &message, self.span.to(end));
        found.location = Some(location).filter(|place| {
            own::is_own(&place.path) && !place.path.contains("poetry") && !place.path.starts_with('~')
        });
        found.context = self.context.take();
        Some(found)
    }
}

/// `Package lid (2.0.1) not found.`
fn package_not_found(text: &str, span: Span) -> Option<Diagnostic> {
    let rest = text.strip_prefix("Package ")?.strip_suffix(") not found.")?;
    let (name, version) = rest.split_once(" (")?;
    (!name.contains(' ') && version.starts_with(|c: char| c.is_ascii_digit()))
        .then(|| finding("poetry", "version-not-found", Kind::Dependency, text, span))
}

/// `lid (^2.0)`, `lid (2.0.1)`.
fn has_version_in_parentheses(text: &str) -> bool {
    text.split(" (").skip(1).any(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '^' | '~' | '>' | '<' | '=' | '!' | '*'))
    })
}
