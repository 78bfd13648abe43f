//! Sphinx, MkDocs and docutils. The end of the log decides whether a warning is an error.
//!
//! ```text
//! /docs/index.rst:3: WARNING: undefined label: 'jar' [ref.ref]
//! /src/lid.py:docstring of lid.close:4: ERROR: Unexpected indentation. [docutils]
//! Warning, treated as error:
//! build finished with problems, 2 warnings (with warnings treated as errors).
//! WARNING -  Doc file 'a.md' contains a link 'b.md', but the target is not found …
//! Aborted with 1 warnings in strict mode!
//! ```

use grimoire_plugin_sdk::text::{Characters, Needle, leading_number, place_at_start, trailing_group, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::{exception_kind, finding};

/// Maximum number of findings held until their severity is known.
const HELD: usize = 2_000;
/// Maximum number of lines between a headline and the exception that it announces.
const PATIENCE: u32 = 120;

/// Recognises errors of documentation builders.
#[derive(Default)]
pub(crate) struct Docs {
    held: Vec<Diagnostic>,
    sphinx: bool,
    /// `Warning, treated as error:` or `Extension error:`: the next line has the message.
    announced: Option<(String, u32, Span)>,
}

static LEVELS: [Needle; 4] = [
    Needle::new(": WARNING: "),
    Needle::new(": ERROR: "),
    Needle::new(": CRITICAL: "),
    Needle::new(": SEVERE: "),
];

impl Docs {
    /// Reads a line; returns true if it is a finding.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if trimmed.starts_with("Running Sphinx v") {
            self.sphinx = true;
            return false;
        }
        if self.announced(text, trimmed, span, out) || self.ends(trimmed, among, out) {
            return true;
        }
        if let Some(found) = notebook(trimmed, among, span) {
            self.hold(found, out);
            return true;
        }
        if let Some(found) = mkdocs(text, span).or_else(|| Self::linkcheck(trimmed, span)) {
            self.hold(found, out);
            return true;
        }
        let title = trimmed.strip_suffix(" error!").or_else(|| trimmed.strip_suffix(" error:"));
        let is_headline = matches!(
            title.unwrap_or_default(),
            "Extension" | "Configuration" | "Theme" | "Sphinx" | "Application" | "Version requirement"
        );
        if is_headline || matches!(trimmed, "Warning, treated as error:" | "Exception occurred:") {
            self.announced = Some((trimmed.to_owned(), PATIENCE, span));
            return false;
        }
        if let Some(found) =
            self.sphinx_finding(trimmed, among, span).or_else(|| docutils(trimmed, among, span))
        {
            self.hold(found, out);
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.append(&mut self.held);
    }

    fn hold(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        if self.held.len() == HELD {
            out.push(found);
        } else {
            self.held.push(found);
        }
    }

    /// Reads the last line of a build, which decides the severity of the held findings.
    fn ends(&mut self, text: &str, among: Characters, out: &mut Vec<Diagnostic>) -> bool {
        static STRICT: Needle = Needle::new("warnings treated as errors");
        let strict = STRICT.find_among(among, text).is_some() || text.ends_with(" in strict mode!");
        let passed = text.starts_with("build succeeded");
        if !strict && !passed {
            return false;
        }
        for found in &mut self.held {
            found.severity = if strict { Severity::Error } else { Severity::Warning };
        }
        out.append(&mut self.held);
        true
    }

    /// The sentence below a headline: in the next line, or below `Traceback` in newer versions.
    fn announced(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some((headline, left, start)) = self.announced.take() else { return false };
        let at_once = headline.ends_with(':') && headline != "Exception occurred:";
        if left <= 1 || at_once && trimmed.is_empty() && left < PATIENCE - 2 {
            return false;
        }
        let raised =
            exception_kind(trimmed).filter(|kind| kind.contains("rror") && !text.starts_with("      "));
        let message = match raised {
            Some(kind) if kind.starts_with("sphinx.") => {
                trimmed.strip_prefix(kind).map(|rest| rest.trim_start_matches([':', ' ']))
            }
            Some(_) => Some(trimmed),
            // Other tools print such a headline, too.
            None => Some(trimmed).filter(|text| {
                at_once && (self.sphinx || !headline.starts_with("Conf") || text.contains("conf"))
            }),
        };
        let Some(message) = message.filter(|message| !message.is_empty()) else {
            self.announced = Some((headline, left - 1, start));
            return false;
        };
        let (location, message) = match sphinx_place(message) {
            Some((location, rest)) => (Some(location), rest.trim_start_matches("WARNING:").trim()),
            None => (None, message),
        };
        let kind = if headline.starts_with("Warning") { Kind::Lint } else { Kind::Configuration };
        let category = headline.trim_end_matches(['!', ':']).to_lowercase().replace(' ', "-");
        let mut found = with_code("sphinx", message, kind, start.to(span));
        if found.code.is_none() {
            found.error_type = if kind == Kind::Lint { "warning".to_owned() } else { category };
        }
        found.location = location;
        out.push(found);
        true
    }

    fn sphinx_finding(&mut self, text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
        let (at, level) =
            LEVELS.iter().find_map(|level| Some((level.find_among(among, text)?, level.text())))?;
        let (before, message) = (&text[..at], &text[at + level.len()..]);
        let place = format!("{before}:");
        let location = match sphinx_place(&place) {
            Some((location, _)) => location,
            None if is_document(before) => Location::file(before),
            None => return None,
        };
        let typed = trailing_group(message, '[', ']').is_some_and(|(_, kind)| is_type(kind));
        let document = [".rst", ".md", ".ipynb"].iter().any(|end| location.path.ends_with(end));
        if !typed && !self.sphinx && !document && !before.contains(":docstring of ") {
            return None;
        }
        let mut found = with_code("sphinx", message, Kind::Lint, span);
        found.severity = if level.contains("WARN") { Severity::Warning } else { Severity::Error };
        found.location = Some(location);
        Some(found)
    }

    /// `(guide/jar: line   12) broken    https://… - 404 Client Error: …`
    fn linkcheck(text: &str, span: Span) -> Option<Diagnostic> {
        let rest = text.strip_prefix('(')?;
        let (document, rest) = rest.split_once(": line ")?;
        let (line, rest) = leading_number(rest.trim_start())?;
        let message = rest.strip_prefix(')')?.trim_start().strip_prefix("broken")?.trim_start();
        let mut found = finding("sphinx", "broken-link", Kind::Lint, message, span);
        found.location = Some(Location::at(document, line, None));
        Some(found)
    }
}

/// A finding whose message ends with its type: `… [ref.ref]`.
fn with_code(tool: &str, message: &str, kind: Kind, span: Span) -> Diagnostic {
    match trailing_group(message, '[', ']').filter(|(_, code)| is_type(code)) {
        Some((text, code)) => {
            let mut found = finding(tool, code, kind, text, span);
            found.code = Some(code.to_owned());
            found
        }
        None => finding(tool, "warning", kind, message, span),
    }
}

/// `ref.ref`, `toc.not_included`, `docutils`.
fn is_type(text: &str) -> bool {
    text.len() >= 3
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_document(path: &str) -> bool {
    [".rst", ".md", ".txt", ".py", ".ipynb"].iter().any(|end| path.ends_with(end)) && !path.contains(": ")
}

/// `path:3:`, and `path.py:docstring of name:4:`, whose line number counts within the docstring.
fn sphinx_place(text: &str) -> Option<(Location, &str)> {
    if let Some((path, rest)) = text.split_once(":docstring of ") {
        let (_, rest) = rest.split_once(':')?;
        let rest = leading_number(rest).map_or(rest, |(_, rest)| rest.trim_start_matches(':'));
        return Some((Location::file(path), rest));
    }
    let place = place_at_start(text)?;
    is_document(place.path).then(|| (place.location(), place.rest.trim()))
}

/// `path:12: (ERROR/3) message`.
fn docutils(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static LEVELS: [Needle; 4] =
        [Needle::new("/1) "), Needle::new("/2) "), Needle::new("/3) "), Needle::new("/4) ")];
    LEVELS.iter().find_map(|level| level.find_among(among, text))?;
    let place = place_at_start(text)?;
    let (level, message) = place.rest.trim_start().strip_prefix('(')?.split_once(") ")?;
    let severity = match level {
        "WARNING/2" | "INFO/1" => Severity::Warning,
        "ERROR/3" | "SEVERE/4" => Severity::Error,
        _ => return None,
    };
    let mut found = finding("docutils", "markup", Kind::Lint, message, span);
    found.severity = severity;
    found.location = Some(place.location());
    Some(found)
}

/// `WARNING: Execution Failed with traceback saved in /site/reports/lid.log`: a failed MyST-NB notebook, whose
/// error is in that file.
fn notebook(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static FAILED: Needle = Needle::new("Execution Failed with traceback saved in ");
    let (before, report) = FAILED.split_among(among, text)?;
    let message = &text[before.len()..];
    let mut found = finding("jupyter", "execution", Kind::Crash, message, span);
    let named = before.split(": WARNING").next().filter(|path| is_document(path));
    let name = report.rsplit(['/', '\\']).next().and_then(|name| name.strip_suffix(".log"));
    found.location = named.map(Location::file).or_else(|| Some(Location::file(&format!("{}.ipynb", name?))));
    Some(found)
}

/// `WARNING -  message`, `ERROR   -  message`.
fn mkdocs(text: &str, span: Span) -> Option<Diagnostic> {
    let (severity, rest) = if let Some(rest) = text.strip_prefix("WARNING ") {
        (Severity::Warning, rest)
    } else {
        (Severity::Error, text.strip_prefix("ERROR ")?)
    };
    let message = rest.trim_start().strip_prefix("-  ")?;
    // A time may precede the message.
    let message = match message.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((clock, rest)) if clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') => rest,
        _ => message,
    };
    let kind = if message.starts_with("Config") { Kind::Configuration } else { Kind::Lint };
    let mut found = finding("mkdocs", "warning", kind, message, span);
    found.severity = severity;
    // Older versions call it `Documentation file`.
    found.location = ["Doc file '", "Documentation file '"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split_once('\''))
        .map(|(path, _)| Location::file(path));
    Some(found)
}
