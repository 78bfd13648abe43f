//! RSpec: `Failure/Error:`, what was expected, and the place after `#`; Minitest: `1) Failure:`.

use crate::{Step, prefix::Stripped};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, Needle, place_at_start},
};

/// Lines of one failure.
const LINES: usize = 80;

/// A failure being read.
#[derive(Debug)]
pub(crate) struct Block {
    expression: String,
    /// Indentation of the line that the failure began with is lost with its prefix; blank lines divide
    /// the expression from what was expected.
    paragraphs: Vec<String>,
    /// Failures outside of examples are not indented.
    flat: bool,
    location: Option<Location>,
    context: Context,
    span: Span,
}

impl Block {
    /// Begins with `Failure/Error: expression`, after a number or not.
    pub(crate) fn start(line: &Stripped<'_>, span: Span) -> Option<Self> {
        static FAILURE: Needle = Needle::new("Failure/Error:");
        let (number, expression) = FAILURE.split_among(line.characters, line.text)?;
        let numbered = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b')' | b' '));
        if !numbered {
            return None;
        }
        let mut context = Context::default();
        context.push(line.text);
        Some(Self {
            expression: expression.trim().to_owned(),
            paragraphs: Vec::new(),
            flat: line.indent == 0,
            location: None,
            context,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if let Some(place) = start.strip_prefix("# ") {
            let Some(place) = place_at_start(place) else { return Step::Taken };
            // The first that is no library's; a library's where there is no other.
            let own = !place.path.contains("/gems/") && !place.path.starts_with("/usr/");
            if own || self.location.is_none() {
                self.location = Some(place.location());
            }
            self.span = self.span.to(span);
            return if own { Step::Last } else { Step::Taken };
        }
        let ends = self.context.lines() > LINES
            || start.contains("Failure/Error:")
            || start.starts_with("Finished in ")
            || start.starts_with("Failed examples:")
            || !self.flat && !text.starts_with(' ') && !start.is_empty();
        if ends {
            return Step::Foreign;
        }
        if !start.is_empty() {
            self.paragraphs.push(start.trim_end().to_owned());
            self.context.push(text);
            self.span = self.span.to(span);
        }
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.location.is_none() && self.paragraphs.is_empty() {
            return None;
        }
        // `NoMethodError:` on a line of its own names the exception.
        let exception = self.paragraphs.first().and_then(|line| line.strip_suffix(':')).filter(|name| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
        });
        let error_type = exception.map_or_else(|| "expectation".to_owned(), str::to_owned);
        let skipped = usize::from(exception.is_some());
        let is_difference = |line: &&String| line.as_str() != "Diff:";
        let message = self
            .paragraphs
            .iter()
            .skip(skipped)
            .take_while(is_difference)
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        Some(Diagnostic {
            tool: "rspec".to_owned(),
            error_type,
            code: None,
            message: if message.is_empty() { self.expression } else { message },
            severity: Severity::Error,
            location: self.location,
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}
