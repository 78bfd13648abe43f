//! A line without its level and without the names of errors that contain a message of the runner.

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Line, Marker, Severity, Span,
    text::{Beginnings, Characters, trim},
};

/// A line in the form that recognisers get.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// The text without surrounding white space.
    pub(crate) whole: &'a str,
    /// The same without words for its severity: `Error: x` is `x`.
    pub(crate) bare: &'a str,
    /// The severity given by a marker or the first word.
    pub(crate) level: Option<Severity>,
    pub(crate) indent: usize,
    pub(crate) characters: Characters,
    pub(crate) span: Span,
}

impl<'a> Text<'a> {
    pub(crate) fn new(line: &'a Line<'_>) -> Self {
        let marked = match line.marker {
            Some(Marker::Error) => Some(Severity::Error),
            Some(Marker::Warning) => Some(Severity::Warning),
            Some(Marker::Notice) => Some(Severity::Info),
            _ => None,
        };
        let whole = trim(&line.text);
        let (bare, said) = after_level(whole);
        Self {
            whole,
            bare,
            level: marked.or(said),
            indent: line.text.len() - line.text.trim_start().len(),
            characters: Characters::of(&line.text),
            span: line.span,
        }
    }

    /// Returns true if the line itself says that it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.level.is_some_and(|level| level >= Severity::Error)
    }

    /// Returns true if the line itself says that it is less than an error.
    pub(crate) fn is_mild(&self) -> bool {
        self.level.is_some_and(|level| level < Severity::Error)
    }

    /// The same finding with this line as its context and span.
    pub(crate) fn at(&self, found: Diagnostic) -> Diagnostic {
        Diagnostic { context: self.whole.to_owned(), span: self.span, ..found }
    }

    /// A diagnostic of this line.
    pub(crate) fn found(&self, tool: &str, error_type: &str, kind: Kind, message: &str) -> Diagnostic {
        Diagnostic {
            tool: tool.to_owned(),
            error_type: error_type.to_owned(),
            message: message.trim().to_owned(),
            kind,
            context: self.whole.to_owned(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// A line without its words for a severity and the names of actions' errors, and the first severity named.
fn after_level(text: &str) -> (&str, Option<Severity>) {
    static WORDS: Beginnings = Beginnings::new(&[
        "Error: ",
        "ERROR: ",
        "error: ",
        "FATAL: ",
        "Fatal: ",
        "[ERROR] ",
        "🚨 ",
        "❌ ",
        "✖ ",
        "✘ ",
        "Warning: ",
        "WARNING: ",
        "warning: ",
        "HttpError: ",
        "Unhandled error: ",
        "Unhandled: ",
        "RequestError [HttpError]: ",
        "hudson.AbortException: ",
    ]);
    const MILD: usize = 10;
    const NAMES: usize = 13;
    let mut rest = text;
    let mut level = None;
    for _ in 0..4 {
        let Some(at) = WORDS.position(rest) else { break };
        let named = if (MILD..NAMES).contains(&at) { Severity::Warning } else { Severity::Error };
        level = level.or(Some(named));
        // A name in brackets contains a space.
        let end = rest.find("]: ").filter(|_| at == 16).map_or_else(
            || rest.find(": ").filter(|_| at == 14).or_else(|| rest.find(' ')),
            |end| Some(end + 2),
        );
        rest = rest[end.map_or(rest.len(), |end| end + 1)..].trim_start_matches([' ', ':', '\u{fe0f}']);
    }
    (rest, level)
}
