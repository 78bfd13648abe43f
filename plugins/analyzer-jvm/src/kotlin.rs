//! Findings of the Kotlin compiler, kapt and KSP.
//!
//! ```text
//! e: file:///src/Pot.kt:12:5 Unresolved reference: boil
//! e: /src/Pot.kt: (12, 5): Unresolved reference: boil
//! e: warnings found and -Werror specified
//! Pot.kt:12:5: error: unresolved reference: boil
//! [ERROR] /src/Pot.kt:[12,5] Unresolved reference: boil
//! ```

use crate::{
    Record, Step,
    session::Session,
    text::{Level, Text},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, Needle, extension, leading_number, place_at_start},
};

/// Maximum number of lines below a finding.
const LINES: usize = 8;

/// A finding being read.
#[derive(Debug)]
pub(crate) struct Block {
    tool: &'static str,
    severity: Severity,
    message: String,
    location: Option<Location>,
    /// True if the message announces a list.
    announces: bool,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static KOTLIN: [Needle; 2] = [Needle::new(".kt:"), Needle::new(".kts:")];
        let line = text.words;
        let severity = match line.as_bytes() {
            [b'e', b':', b' ', ..] => Some(Severity::Error),
            [b'w', b':', b' ', ..] => Some(Severity::Warning),
            _ => None,
        };
        if let Some(severity) = severity {
            let rest = line[3..].trim_start();
            // Log lines of other tools are shorter than any message.
            if rest.len() < 8 {
                return None;
            }
            let (tool, rest) = tagged(rest);
            let (location, message) = match place(rest) {
                Some((location, message)) => (Some(location), message),
                None => (None, rest),
            };
            return Some(Self::new(text, tool, severity, message, location));
        }
        if !KOTLIN.iter().any(|needle| needle.find_among(text.characters, line).is_some()) {
            return None;
        }
        let (location, rest) = place(line)?;
        let (word, message) = match rest.split_once(": ") {
            Some(("error", message)) => (Some(Severity::Error), message),
            Some(("warning", message)) => (Some(Severity::Warning), message),
            _ => (None, rest),
        };
        let severity = match (word, text.level) {
            (Some(severity), _) => severity,
            (None, Some(Level::Error)) => Severity::Error,
            (None, Some(Level::Warning)) => Severity::Warning,
            _ => return None,
        };
        Some(Self::new(text, "kotlin", severity, message, Some(location)))
    }

    fn new(
        text: &Text<'_>,
        tool: &'static str,
        severity: Severity,
        message: &str,
        location: Option<Location>,
    ) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        let message = message.trim_start_matches([':', ' ']);
        let message =
            message.strip_prefix("error: ").or_else(|| message.strip_prefix("warning: ")).unwrap_or(message);
        Self {
            tool,
            severity,
            message: message.to_owned(),
            // Compiled files are in a cache.
            location: location.filter(|place| matches!(extension(&place.path), "kt" | "kts" | "java")),
            announces: message.trim_end().ends_with(':'),
            lines: 0,
            context,
            span: text.span,
        }
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if text.is_blank() {
            return if self.announces && self.lines == 0 { Step::Waits } else { Step::Over };
        }
        let is_caret = text.words.bytes().all(|byte| matches!(byte, b'^' | b'~'));
        if is_caret && self.lines > 0 && self.lines < LINES {
            self.take(text);
            return Step::Last;
        }
        Step::Foreign
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        let line = text.words;
        if self.lines >= LINES
            || text.level == Some(Level::Info)
            || line.starts_with(['>', '*'])
            || line.starts_with("FAILURE")
        {
            return false;
        }
        let explains = [
            "fun ",
            "public ",
            "protected ",
            "constructor",
            "class ",
            "val ",
            "suspend ",
            "@",
            "required:",
            "found:",
            "static ",
        ]
        .iter()
        .any(|start| line.starts_with(start));
        if self.announces && (explains || self.lines == 0 || text.indent > 0) {
            self.message.push('\n');
            self.message.push_str(line);
            self.take(text);
            return true;
        }
        // The source, above the caret.
        if self.lines == 0 && self.location.is_some() && (text.indent > 0 || explains) {
            self.take(text);
            return true;
        }
        false
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.message.trim().is_empty() {
            return;
        }
        let found = Diagnostic {
            tool: block.tool.to_owned(),
            error_type: if block.severity >= Severity::Error { "error" } else { "warning" }.to_owned(),
            message: block.message,
            severity: block.severity,
            kind: Kind::Compile,
            location: block.location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}

/// `[ksp] message`, `[kapt] message`.
fn tagged(rest: &str) -> (&'static str, &str) {
    if let Some(rest) = rest.strip_prefix("[ksp] ") {
        return ("ksp", rest);
    }
    if let Some(rest) = rest.strip_prefix("[kapt] ") {
        return ("kapt", rest);
    }
    ("kotlin", rest)
}

/// The location at the start in all formats, and the rest of the line.
fn place(text: &str) -> Option<(Location, &str)> {
    // `/src/Pot.kt: (12, 5): message`.
    if let Some(at) = text.find(": (")
        && let Some((line, rest)) = leading_number(&text[at + 3..])
        && let Some((column, rest)) =
            rest.strip_prefix(',').and_then(|rest| leading_number(rest.trim_start()))
        && let Some(rest) = rest.strip_prefix(')')
    {
        return Some((Location::at(&text[..at], line, Some(column)), rest.trim_start_matches([':', ' '])));
    }
    // `/src/Pot.kt:[12,5] message`.
    if let Some((path, rest)) = text.split_once(":[")
        && !path.contains(' ')
        && let Some((line, rest)) = leading_number(rest)
        && let Some((column, rest)) = rest.strip_prefix(',').and_then(leading_number)
        && let Some(rest) = rest.strip_prefix(']')
    {
        return Some((Location::at(path, line, Some(column)), rest.trim_start()));
    }
    let place = place_at_start(text).filter(|place| !place.path.contains('(') && !text.starts_with("at "))?;
    Some((place.location(), place.rest.trim_start_matches([':', ' '])))
}
