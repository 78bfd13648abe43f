//! CMake: `CMake Error at CMakeLists.txt:3 (find_package):` and an indented message.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, place_at_start},
};

/// Lines of one message.
const LINES: usize = 40;

/// A message being read.
#[derive(Debug)]
pub(crate) struct Block {
    severity: Severity,
    command: String,
    message: Vec<String>,
    /// The first paragraph is the message; the others explain.
    complete: bool,
    location: Option<Location>,
    context: Context,
    span: Span,
}

impl Block {
    /// Begins with `CMake Error`, `CMake Warning (dev)` and a place, or a message at once.
    pub(crate) fn start(text: &str, span: Span) -> Option<Self> {
        let (severity, rest) = if let Some(rest) = text.strip_prefix("CMake Error") {
            (Severity::Error, rest)
        } else {
            let rest = text
                .strip_prefix("CMake Deprecation Warning")
                .or_else(|| text.strip_prefix("CMake Warning"))?;
            (Severity::Warning, rest)
        };
        let rest = rest.strip_prefix(" (dev)").unwrap_or(rest);
        let mut context = Context::default();
        context.push(text);
        let mut block = Self {
            severity,
            command: String::new(),
            message: Vec::new(),
            complete: false,
            location: None,
            context,
            span,
        };
        if let Some(place) = rest.strip_prefix(" at ") {
            let place = place_at_start(place)?;
            block.location = Some(place.location());
            place.rest.trim().trim_end_matches(':').trim_matches(['(', ')']).clone_into(&mut block.command);
        } else if let Some(place) = rest.strip_prefix(" in ") {
            block.location = Some(Location::file(place.trim_end_matches(':')));
        } else {
            let message = rest.strip_prefix(':')?.trim();
            if !message.is_empty() {
                block.message.push(message.to_owned());
            }
        }
        Some(block)
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim();
        if start.is_empty() {
            self.complete |= !self.message.is_empty();
            return Step::Taken;
        }
        if !text.starts_with(' ') && !start.starts_with("Call Stack") || self.context.lines() > LINES {
            return Step::Foreign;
        }
        if !self.complete {
            self.message.push(start.to_owned());
        }
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        let message = self.message.join(" ");
        Diagnostic {
            tool: "cmake".to_owned(),
            error_type: if self.command.is_empty() { "cmake".to_owned() } else { self.command },
            code: None,
            message: if message.is_empty() { "CMake reported a problem".to_owned() } else { message },
            severity: self.severity,
            location: self.location,
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}
