//! Terraform and OpenTofu: `Error: title`, `on main.tf line 3`, in a box or not.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, leading_number},
};

/// Lines of one diagnostic.
const LINES: usize = 100;

/// A diagnostic being read.
#[derive(Debug)]
pub(crate) struct Block {
    /// In a box: it ends with the box. Else it needs a place to be one of Terraform's.
    boxed: bool,
    severity: Severity,
    title: String,
    location: Option<Location>,
    context: Context,
    blank: bool,
    span: Span,
}

impl Block {
    /// Begins with the box's upper corner, or with a title that a blank line follows.
    pub(crate) fn start(text: &str, span: Span) -> Option<Self> {
        let block = |boxed, severity, title: &str| {
            let mut context = Context::default();
            if !title.is_empty() {
                context.push(text);
            }
            Some(Self {
                boxed,
                severity,
                title: title.to_owned(),
                location: None,
                context,
                blank: false,
                span,
            })
        };
        if text == "╷" {
            return block(true, Severity::Error, "");
        }
        None
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim();
        if self.boxed {
            if start == "╵" {
                self.span = self.span.to(span);
                return Step::Last;
            }
            let Some(inner) = start.strip_prefix('│') else { return Step::Foreign };
            self.content(inner.trim());
        } else if !self.unboxed(text, start) {
            return Step::Foreign;
        }
        if self.context.lines() > LINES {
            return Step::Foreign;
        }
        if !start.is_empty() {
            self.context.push(text);
            self.span = self.span.to(span);
        }
        Step::Taken
    }

    /// Without a box: a blank line, the place, another blank line, the details.
    fn unboxed(&mut self, text: &str, start: &str) -> bool {
        if start.is_empty() {
            let first = !self.blank;
            self.blank = true;
            return first || self.location.is_some() && self.context.lines() < 30;
        }
        if self.location.is_none() {
            let is_place = self.blank
                && text.starts_with("  ")
                && (start.starts_with("on ") || start.starts_with("with "));
            if is_place {
                self.content(start);
            }
            return is_place;
        }
        self.content(start);
        text.starts_with(' ')
    }

    fn content(&mut self, inner: &str) {
        if self.title.is_empty() {
            if let Some(title) = inner.strip_prefix("Error: ") {
                title.clone_into(&mut self.title);
            } else if let Some(title) = inner.strip_prefix("Warning: ") {
                title.clone_into(&mut self.title);
                self.severity = Severity::Warning;
            }
            return;
        }
        if self.location.is_none()
            && let Some(place) = inner.strip_prefix("on ")
            && let Some((path, rest)) = place.split_once(" line ")
            && let Some((line, _)) = leading_number(rest)
        {
            self.location = Some(Location::at(path, line, None));
        }
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.title.is_empty() || (!self.boxed && self.location.is_none()) {
            return None;
        }
        Some(Diagnostic {
            tool: "terraform".to_owned(),
            error_type: if self.severity == Severity::Warning { "warning" } else { "error" }.to_owned(),
            code: None,
            message: self.title,
            severity: self.severity,
            location: self.location,
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}
