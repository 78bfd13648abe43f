//! Errors of the interpreter itself:
//!
//! ```text
//! PHP Parse error:  syntax error, unexpected token "}" in /app/src/Pot.php on line 12
//! PHP Fatal error:  Uncaught RuntimeException: no lid in /app/src/Pot.php:30
//! Stack trace:
//! #0 /app/bin/boil(9): Pot->boil()
//! #1 {main}
//!   thrown in /app/src/Pot.php on line 30
//! ```
//!
//! with or without `PHP` before it, after a log's clock or FPM's prefix, in HTML; and PHP Parallel Lint,
//! which prints the location first and the sentence below the source.

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{Sentence, Sentences},
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Role, Severity,
    text::{Needle, place_at_start},
};
use std::borrow::Cow;

/// PHP's sentences about its arguments.
pub(crate) fn sentences() -> Sentences {
    const SENTENCES: &[Sentence] =
        &[Sentence::new("Could not open input file: *", Kind::Configuration, "file-not-found")];
    Sentences::new("php", SENTENCES)
}

/// Maximum number of lines of an error.
const LINES: usize = 120;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 16;

/// Reads errors of the interpreter.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    frames: Vec<Frame>,
    /// The location of the innermost exception.
    thrown: Option<Location>,
    uncaught: bool,
    /// `PHP` stands before it.
    named: bool,
    /// The message ended.
    told: bool,
    said: usize,
}

const KINDS: [(&str, Severity); 10] = [
    ("Parse error", Severity::Error),
    ("Fatal error", Severity::Error),
    ("Catchable fatal error", Severity::Error),
    ("Recoverable fatal error", Severity::Error),
    ("Core error", Severity::Error),
    ("Warning", Severity::Warning),
    ("Notice", Severity::Warning),
    ("Deprecated", Severity::Warning),
    ("User Deprecated", Severity::Warning),
    ("Strict Standards", Severity::Warning),
];

/// The beginning of an error's line.
struct Head<'a> {
    kind: &'static str,
    severity: Severity,
    message: &'a str,
    named: bool,
}

fn head(text: &str) -> Option<Head<'_>> {
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((clock, rest)) if clock.contains(':') => rest,
        _ => text,
    };
    let text = ["NOTICE: PHP message: ", "PHP message: "]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    let named = text.strip_prefix("PHP ");
    let text = named.unwrap_or(text);
    let (kind, severity) = KINDS.iter().find(|(kind, _)| text.starts_with(kind))?;
    let message = text[kind.len()..].strip_prefix(": ")?;
    // Without `PHP` before it, a warning needs its location.
    let sure = named.is_some()
        || *severity == Severity::Error
        || message.contains(" on line ")
        || message.trim_start().starts_with("Uncaught ");
    sure.then_some(Head { kind, severity: *severity, message: message.trim(), named: named.is_some() })
}

/// The line without HTML tags.
fn plain<'a>(line: &Seen<'a>) -> Cow<'a, str> {
    static BOLD: Needle = Needle::new("<b>");
    match BOLD.find_among(line.characters, line.start) {
        Some(_) => {
            let text = line.start.replace("<b>", "").replace("</b>", "").replace("<br />", "");
            Cow::Owned(text.trim().to_owned())
        }
        None => Cow::Borrowed(line.start),
    }
}

impl Engine {
    fn begin(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static PARALLEL: Needle = Needle::new("Parse error: ");
        if !(line.characters.may_have(b':') && line.characters.may_have(b'r')) {
            return;
        }
        let text = plain(line);
        let Some(Head { kind, severity, message, named }) = head(&text) else { return };
        let mut block = Block {
            draft: Draft::new("php", Kind::Crash, line),
            frames: Vec::new(),
            thrown: None,
            uncaught: false,
            named,
            told: false,
            said: 0,
        };
        let found = &mut block.draft.found;
        kind.clone_into(&mut found.error_type);
        found.severity = severity;
        found.kind = match severity {
            _ if kind == "Parse error" => Kind::Compile,
            Severity::Error => Kind::Crash,
            _ => Kind::Unknown,
        };
        // PHP Parallel Lint: the sentence follows later.
        if PARALLEL.find(&text) == Some(0)
            && let Some(place) = place_at_start(message).filter(|place| place.rest.is_empty())
        {
            found.location = Some(place.location());
            self.open = Some(block);
            return;
        }
        let uncaught = message.strip_prefix("Uncaught ");
        block.uncaught = uncaught.is_some();
        if block.uncaught {
            block.draft.found.severity = Severity::Error;
            block.draft.found.kind = Kind::Crash;
        }
        block.message(uncaught.unwrap_or(message));
        self.open = Some(block);
        if self.open.as_ref().is_some_and(|block| block.told && !block.uncaught) {
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Block {
    /// Reads the next line of the message; its location ends it.
    fn message(&mut self, text: &str) {
        let placed =
            trace::on_line(text).or_else(|| self.uncaught.then(|| trace::with_colon(text)).flatten());
        let text = placed.as_ref().map_or(text, |(message, _)| message);
        if self.said == 0
            && self.uncaught
            && let Some((name, message)) = trace::type_and_message(text)
        {
            name.clone_into(&mut self.draft.found.error_type);
            self.draft.say(message);
        } else if !text.is_empty() {
            self.draft.say(text);
        }
        self.said += 1;
        if let Some((_, location)) = placed {
            self.thrown = Some(location);
            self.told = true;
        }
    }

    /// Returns whether the line is a part of it, and whether it is the last one.
    fn line(&mut self, line: &Seen<'_>) -> (bool, bool) {
        if self.draft.lines() >= LINES {
            return (false, false);
        }
        let text = plain(line);
        let start: &str = &text;
        if let Some(rest) = start.strip_prefix("thrown in ") {
            self.draft.take(line);
            if self.thrown.is_none() {
                self.thrown = trace::on_line(&format!("thrown in {rest}")).map(|(_, location)| location);
            }
            return (true, true);
        }
        if let Some(frame) = trace::frame(start) {
            self.told = true;
            self.frames.push(frame);
            self.draft.take(line);
            return (true, false);
        }
        if self.told {
            let goes_on =
                self.uncaught && (start.is_empty() || start == "Stack trace:" || start.starts_with("Next "));
            if goes_on && !start.is_empty() {
                self.draft.take(line);
            }
            return (goes_on, false);
        }
        if start.is_empty() && self.draft.found.location.is_none() && !self.uncaught {
            return (false, false);
        }
        // A message of several lines; for Parallel Lint, the source.
        let waits = self.draft.found.location.is_some();
        let parallel = waits && trace::on_line(start).is_some();
        if start == "Stack trace:" {
            self.told = true;
        } else if parallel || !waits && !start.is_empty() {
            self.message(start);
        }
        self.draft.take(line);
        (self.draft.lines() < MESSAGE_LINES, parallel)
    }

    fn finish(mut self) -> Option<Diagnostic> {
        let lines = self.draft.lines();
        let found = &mut self.draft.found;
        let listed = found.location.is_some();
        if listed && self.said == 0 {
            return None;
        }
        // Without a location it may be any tool's sentence, unless PHP names itself.
        let placed = listed || self.uncaught || self.thrown.is_some() || !self.frames.is_empty();
        if !placed && (!self.named || self.said == 0 || lines > 1 || found.severity < Severity::Error) {
            return None;
        }
        let own = |place: &Location| trace::is_own(&place.path);
        found.location = found.location.take().or(self.thrown).filter(own).or_else(|| {
            self.frames.iter().filter_map(|frame| frame.location.as_ref()).find(|place| own(place)).cloned()
        });
        found.stack_trace = self.frames;
        found.kind = trace::kind(&found.error_type, &found.message, found.kind);
        if found.message.starts_with("Composer detected issues in your platform") {
            found.kind = Kind::Dependency;
        }
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        Some(self.draft.done())
    }
}

impl Reader for Engine {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let begins = head(&plain(line)).is_some();
            let (goes_on, ends) = if begins { (false, false) } else { block.line(line) };
            if !goes_on || ends {
                self.close(out);
            }
            if goes_on {
                return;
            }
        }
        self.begin(line, out);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// `Errors parsing src/Pot.php`, printed by `php -l` below the error.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let path = line.start.strip_prefix("Errors parsing ").filter(|path| trace::is_php(path))?;
    let found = crate::panel::single("php", Kind::Compile, line.start, line);
    Some(Diagnostic {
        role: Role::Summary,
        error_type: "Parse error".to_owned(),
        location: Some(Location::file(path)),
        ..found
    })
}
