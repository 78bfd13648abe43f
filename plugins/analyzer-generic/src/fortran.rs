//! gfortran: the place, the source with a mark, and then the message.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, extension, place_at_start},
};

/// Lines between the place and the message.
const LINES: usize = 10;

/// A diagnostic being read.
#[derive(Debug)]
pub(crate) struct Block {
    location: Location,
    found: Option<(Severity, String)>,
    context: Context,
    span: Span,
}

impl Block {
    /// Begins with `main.f90:7:10:` and nothing after it.
    pub(crate) fn start(text: &str, span: Span) -> Option<Self> {
        if !text.ends_with(':') {
            return None;
        }
        let place = place_at_start(text)?;
        let is_fortran = matches!(
            extension(place.path).to_ascii_lowercase().as_str(),
            "f" | "for" | "ftn" | "f77" | "f90" | "f95" | "f03" | "f08"
        );
        if !is_fortran || !place.rest.is_empty() {
            return None;
        }
        Some(Self { location: place.location(), found: None, context: Context::default(), span })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim();
        let words = [
            ("Error: ", Severity::Error),
            ("Fatal Error: ", Severity::Error),
            ("Warning: ", Severity::Warning),
        ];
        if let Some((message, severity)) =
            words.iter().find_map(|(word, severity)| Some((start.strip_prefix(word)?, severity)))
        {
            self.found = Some((*severity, message.to_owned()));
            self.context.push(text);
            self.span = self.span.to(span);
            return Step::Last;
        }
        if self.context.lines() >= LINES {
            return Step::Foreign;
        }
        self.context.push(text);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        let (severity, message) = self.found?;
        Some(Diagnostic {
            tool: "gfortran".to_owned(),
            error_type: if severity == Severity::Warning { "warning" } else { "error" }.to_owned(),
            code: None,
            message,
            severity,
            location: Some(self.location),
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}
