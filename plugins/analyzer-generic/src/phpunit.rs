//! PHPUnit: `1) Class::test`, the message, and the place below it.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, extension, leading_number, place_at_start},
};

/// Lines of one failure.
const LINES: usize = 80;

/// A failure being read.
#[derive(Debug)]
pub(crate) struct Block {
    test: String,
    message: Vec<String>,
    location: Option<Location>,
    context: Context,
    span: Span,
}

/// Whether PHPUnit begins to list failures.
pub(crate) fn begins(text: &str) -> bool {
    text.starts_with("PHPUnit ")
        || (text.starts_with("There was 1 ") || text.starts_with("There were ")) && text.ends_with(':')
}

impl Block {
    /// Begins with `1) Class::test`.
    pub(crate) fn start(text: &str, span: Span) -> Option<Self> {
        let (_, rest) = leading_number(text)?;
        let test = rest.strip_prefix(") ")?;
        if test.is_empty() || test.ends_with(':') {
            return None;
        }
        let mut context = Context::default();
        context.push(text);
        Some(Self { test: test.to_owned(), message: Vec::new(), location: None, context, span })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim();
        if let Some(place) =
            place_at_start(start).filter(|place| extension(place.path) == "php" && place.rest.is_empty())
        {
            let own = !place.path.contains("/vendor/");
            if own || self.location.is_none() {
                self.location = Some(place.location());
            }
            self.span = self.span.to(span);
            return if own { Step::Last } else { Step::Taken };
        }
        let next = leading_number(start).is_some_and(|(_, rest)| rest.starts_with(") "));
        if self.context.lines() > LINES || next || matches!(start, "FAILURES!" | "ERRORS!" | "--") {
            return Step::Foreign;
        }
        if !start.is_empty() {
            self.message.push(start.to_owned());
            self.context.push(text);
            self.span = self.span.to(span);
        }
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        let first = self.message.first()?;
        let exception = first
            .split(": ")
            .next()
            .filter(|name| (name.ends_with("Exception") || name.ends_with("Error")) && !name.contains(' '));
        let error_type =
            exception.and_then(|name| name.rsplit('\\').next()).unwrap_or("assertion").to_owned();
        let message = self
            .message
            .iter()
            .take_while(|line| !line.starts_with("--- Expected"))
            .take(12)
            .cloned()
            .collect::<Vec<_>>();
        Some(Diagnostic {
            tool: "phpunit".to_owned(),
            error_type,
            code: None,
            message: message.join("\n"),
            severity: Severity::Error,
            location: self.location,
            stack_trace: Vec::new(),
            context: format!("test: {}\n{}", self.test, self.context.take()),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}
