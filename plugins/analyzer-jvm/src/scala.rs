//! Findings of the Scala compiler, alone or after sbt's `[error] `.
//!
//! ```text
//! [error] /src/Pot.scala:12:20: type mismatch;
//! [error]  found   : String("two")
//! [error]  required: Int
//! [error]   val cups: Int = "two"
//! [error]                   ^
//!
//! -- [E007] Type Mismatch Error: src/Pot.scala:12:18 -------------------------
//! 12 |  val cups: Int = "two"
//!    |                  ^^^^^
//!    |                  Found:    ("two" : String)
//!    |                  Required: Int
//! ```
//!
//! The message continues up to the source line with its caret; in Scala 3, and in what Mill prints, it is below the
//! caret. The compiler of a script says no level.

use crate::{
    Record, Step,
    session::Session,
    text::{Level, Text},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, Needle, extension, place_at_start},
};

/// Maximum number of lines of a finding.
const LINES: usize = 24;

/// A finding being read.
#[derive(Debug)]
pub(crate) struct Block {
    severity: Severity,
    code: Option<String>,
    /// The text beside the location.
    headline: String,
    location: Option<Location>,
    /// Lines of the message, and of the source.
    said: Vec<String>,
    /// True for Scala 3, whose lines have a margin.
    has_margin: bool,
    has_caret: bool,
    /// True if the message is below the caret, and only Mill's prefix marks its lines.
    is_below: bool,
    /// True if only a caret shows that this is a finding.
    is_doubtful: bool,
    /// The level before its lines.
    level: Option<Level>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static SCALA: [Needle; 5] = [
            Needle::new(".scala:"),
            Needle::new(".sbt:"),
            Needle::new(".sc:"),
            Needle::new(".mill:"),
            Needle::new(".mill.yaml:"),
        ];
        if text.words.starts_with("-- ") {
            return Self::of_scala_3(text);
        }
        let is_scala = SCALA.iter().any(|needle| needle.find_among(text.characters, text.words).is_some());
        if !is_scala {
            return None;
        }
        let place = place_at_start(text.words)?;
        let is_mill = extension(place.path) == "mill" || place.path.ends_with(".mill.yaml");
        if !(is_mill || matches!(extension(place.path), "scala" | "sbt" | "sc"))
            || place.path.contains(['(', ' ']) && !place.path.contains(['/', '\\'])
        {
            return None;
        }
        let rest = place.rest.trim();
        let (word, headline) = match rest.split_once(": ") {
            Some(("error", message)) => (Some(Severity::Error), message),
            Some(("warning", message)) => (Some(Severity::Warning), message),
            _ => (None, rest),
        };
        let severity = match (word, text.level) {
            (Some(severity), _) => severity,
            (None, Some(Level::Error)) => Severity::Error,
            (None, Some(Level::Warning)) => Severity::Warning,
            (None, None) if extension(place.path) == "sc" && !rest.is_empty() => Severity::Error,
            _ => return None,
        };
        // Scalafix prints its rule first.
        let (code, headline) = match headline.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((rule, message)) if !rule.contains(' ') => (Some(rule), message),
            _ => (None, headline),
        };
        let mut block = Self::new(text, severity, code, headline, place.location(), false);
        block.is_below = text.level.is_some() && rest.is_empty() && !text.words.ends_with(':');
        block.is_doubtful = word.is_none() && text.level.is_none();
        Some(block)
    }

    /// `-- [E007] Type Mismatch Error: src/Pot.scala:12:18 ---`, `-- Error: src/Pot.scala:12:18 ---`.
    fn of_scala_3(text: &Text<'_>) -> Option<Self> {
        let rest = text.words.strip_prefix("-- ")?;
        let (code, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((code, rest)) => (Some(code), rest),
            None => (None, rest),
        };
        let (name, rest) = rest.split_once(": ")?;
        let severity = if name.ends_with("Error") {
            Severity::Error
        } else if name.ends_with("Warning") {
            Severity::Warning
        } else {
            return None;
        };
        let place = place_at_start(rest.trim_end_matches(['-', ' ']))?;
        Some(Self::new(text, severity, code, name, place.location(), true))
    }

    fn new(
        text: &Text<'_>,
        severity: Severity,
        code: Option<&str>,
        headline: &str,
        location: Location,
        has_margin: bool,
    ) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        Self {
            severity,
            code: code.map(str::to_owned),
            headline: headline.trim().to_owned(),
            location: Some(location),
            said: Vec::new(),
            has_margin,
            has_caret: false,
            is_below: false,
            is_doubtful: false,
            level: text.level,
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

    /// A line of Mill: source, caret, message.
    fn below(&mut self, text: &Text<'_>) -> Step {
        if text.level.is_some() || text.body.len() == text.raw.len() {
            return Step::Over;
        }
        if is_caret(text.words) {
            self.has_caret = true;
        } else if self.has_caret {
            self.said.push(text.words.to_owned());
        }
        self.take(text)
    }

    /// A line of Scala 3: an optional number, `|`, source, caret or message.
    fn margin(&mut self, text: &Text<'_>) -> Step {
        let rest = text.words.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let Some(inner) = rest.strip_prefix('|') else { return Step::Foreign };
        let inner = inner.trim();
        if is_caret(inner) {
            self.has_caret = true;
        } else if self.has_caret && !inner.is_empty() && !inner.starts_with("longer explanation available") {
            self.said.push(inner.trim_start_matches("| ").to_owned());
        }
        self.take(text)
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if text.is_blank() || self.lines >= LINES || text.level == Some(Level::Info) {
            return Step::Over;
        }
        if self.has_margin {
            return self.margin(text);
        }
        if self.is_below && text.level.is_none() {
            return self.below(text);
        }
        if is_caret(text.words) {
            self.has_caret = true;
            self.take(text);
            return Step::Last;
        }
        Step::Foreign
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        // sbt's own messages have no space except after the level.
        if self.has_margin
            || text.level != self.level
            || self.lines >= LINES
            || text.words.starts_with("(Compile")
            || is_count(text.words)
        {
            return false;
        }
        self.said.push(text.words.to_owned());
        self.take(text);
        true
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.is_doubtful && !block.has_caret {
            return;
        }
        if block.has_caret && !block.has_margin && !block.is_below {
            block.said.pop(); // the source
        } else if !block.has_margin && !block.is_below && !block.headline.is_empty() {
            block.said.clear(); // nobody knows whose lines those are
        }
        let words: Vec<_> =
            block.said.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let mut message = match (block.has_margin, words.is_empty()) {
            (true, false) => String::new(),
            _ => block.headline.trim_end_matches(';').to_owned(),
        };
        for line in words.iter().take(12) {
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(line);
        }
        if message.is_empty() {
            return;
        }
        let found = Diagnostic {
            tool: "scala".to_owned(),
            error_type: block.code.clone().unwrap_or_else(|| {
                if block.severity >= Severity::Error { "error" } else { "warning" }.to_owned()
            }),
            code: block.code,
            message,
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

fn is_caret(text: &str) -> bool {
    text.contains('^') && text.bytes().all(|byte| matches!(byte, b'^' | b'~' | b' ' | b'.'))
}

/// `two errors found`, `1 error found`.
fn is_count(text: &str) -> bool {
    text.ends_with(" errors found") || text.ends_with(" error found") || text.ends_with(" warnings found")
}
