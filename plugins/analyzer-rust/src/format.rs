//! `cargo fmt --check`: `Diff in PATH:LINE:` and the lines that would change.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, leading_number, place_at_start},
};

/// A difference being read.
#[derive(Debug)]
pub(crate) struct Block {
    location: Location,
    context: Context,
    span: Span,
}

impl Block {
    /// Begins with `Diff in src/main.rs:3:` or, of older versions, `Diff in src/main.rs at line 3:`.
    pub(crate) fn start(start: &str, span: Span) -> Option<Self> {
        let rest = start.strip_prefix("Diff in ")?;
        let location = match rest.split_once(" at line ") {
            Some((path, line)) => Location::at(path, leading_number(line)?.0, None),
            None => place_at_start(rest)?.location(),
        };
        Some(Self { location, context: Context::default(), span })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        if !text.starts_with([' ', '+', '-']) || text.trim_start().starts_with("Diff in ") {
            return Step::Foreign;
        }
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        Diagnostic {
            tool: "rustfmt".to_owned(),
            error_type: "rustfmt".to_owned(),
            message: "the code is not formatted as rustfmt would format it".to_owned(),
            severity: Severity::Error,
            kind: Kind::Lint,
            location: Some(self.location),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}
