//! The values that a matcher expected and received, outside of a test runner's report.
//!
//! ```text
//! Snapshot `pot > pours 1` mismatched
//!
//! - Expected
//! + Received
//!
//! - closed
//! + open
//! ```

use grimoire_plugin_sdk::text::trim;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{Excerpt, failure, frame, own_place};

/// The maximum number of lines from the legend to the last difference.
const LINES: u32 = 60;
/// The maximum number of blank lines between the assertion and the legend.
const APART: u32 = 2;

/// Recognises the two columns of a difference.
#[derive(Default)]
pub(crate) struct Expected {
    /// The last line that is not blank, and the number of blank lines after it.
    before: Option<(String, u32, Span)>,
    /// Set if the previous line was `- Expected`.
    legend: Option<Span>,
    open: Option<Difference>,
}

struct Difference {
    asserted: Option<String>,
    expected: Option<String>,
    received: Option<String>,
    location: Option<Location>,
    left: u32,
    excerpt: Excerpt,
    span: Span,
}

impl Expected {
    /// Takes a line. Returns true if the line is part of a difference.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            if open.line(text, trimmed, span) {
                return true;
            }
            self.finish(out);
        }
        if let Some(start) = self.legend.take()
            && is_legend(trimmed, "+ Received")
        {
            let asserted = self.before.take().filter(|(_, blanks, _)| *blanks <= APART);
            let mut excerpt = Excerpt::default();
            if let Some((asserted, ..)) = &asserted {
                excerpt.push(asserted);
            }
            let start = asserted.as_ref().map_or(start, |(.., start)| *start);
            self.open = Some(Difference {
                asserted: asserted.map(|(asserted, ..)| asserted),
                expected: None,
                received: None,
                location: None,
                left: LINES,
                excerpt,
                span: start.to(span),
            });
            return true;
        }
        if is_legend(trimmed, "- Expected") {
            self.legend = Some(span);
            return true;
        }
        if !trimmed.is_empty() {
            self.before = Some((trimmed.to_owned(), 0, span));
        } else if let Some((_, blanks, _)) = &mut self.before {
            *blanks += 1;
        }
        false
    }

    /// Drops the state, because another recogniser reads the report that the line belongs to.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Difference::done));
    }
}

/// `- Expected`, `+ Received  + 2`.
fn is_legend(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+'))
    })
}

impl Difference {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        self.left -= 1;
        if self.left == 0 || trimmed.starts_with("##") {
            return false;
        }
        let is_told = self.expected.is_some() || self.received.is_some();
        let value = |sign| trimmed.strip_prefix(sign).map(trim).filter(|value| !value.is_empty());
        if let Some(value) = value('-') {
            self.expected.get_or_insert_with(|| value.to_owned());
        } else if let Some(value) = value('+') {
            self.received.get_or_insert_with(|| value.to_owned());
        } else if let Some(frame) = frame(trimmed) {
            self.location = self.location.take().or_else(|| own_place(&[frame]));
        } else if !trimmed.is_empty() && is_told && !text.starts_with([' ', '\t', '@']) {
            return false;
        }
        if !trimmed.is_empty() {
            self.span = self.span.to(span);
            self.excerpt.push(text);
        }
        true
    }

    fn done(mut self) -> Option<Diagnostic> {
        let value = |name: &str, value: Option<String>| value.map(|value| format!("{name}: {value}"));
        let values = [value("expected", self.expected), value("received", self.received)];
        if values.iter().all(Option::is_none) {
            return None;
        }
        let message = self.asserted.into_iter().chain(values.into_iter().flatten());
        let message = message.collect::<Vec<_>>().join("\n");
        let found = failure("expect", "assertion", Kind::Test, &message, self.span);
        Some(Diagnostic { location: self.location, context: self.excerpt.take(), ..found })
    }
}
