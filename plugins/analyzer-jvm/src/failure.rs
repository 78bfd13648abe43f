//! Exceptions with their causes and frames, and failed tests, whose message is an exception.
//!
//! A test runner names the test ([`crate::header`]), prints the exception or its own message, then frames, then
//! causes. The location is the user's own ([`own_place`]); the message is that of the innermost cause that has
//! one.

use crate::{
    Record, Step,
    frames::{bare_frame, class_and_method, frame, own_place, runner},
    header::{Header, is_end, is_source_of_test},
    reason::{kind_of, role_of},
    session::{Session, Strength},
    text::Text,
    thrown::{Thrown, is_fatal, scala_place, short_place, thrown, words},
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, leading_number, place_at_start},
};

/// Maximum number of message lines, and of frames kept of a stack.
const MESSAGE_LINES: usize = 48;
const FRAMES: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before type and message.
    Begin,
    Message,
    Frames,
    /// After a line `Caused by:` without the cause.
    Cause,
}

/// An exception or a failed test being read.
#[derive(Debug)]
pub(crate) struct Block {
    test: Option<String>,
    tool: &'static str,
    indent: Option<usize>,
    quoted: bool,
    bare_frames: bool,
    phase: Phase,
    /// The outermost first.
    thrown: Vec<Thrown>,
    message_lines: usize,
    /// True if the next line, after a blank one, may belong to something else.
    blank: bool,
    frames: Vec<Frame>,
    cause_frames: Vec<Frame>,
    /// The location named in the message itself.
    place: Option<Location>,
    /// True if it ended a program or a test, so that it was not logged on purpose.
    certain: bool,
    /// True if it ended the program's main thread.
    strong: bool,
    context: Context,
    /// The span of the first line.
    first: Span,
    span: Span,
}

impl Block {
    pub(crate) fn of_test(header: Header<'_>, text: &Text<'_>) -> Self {
        let mut block = Self::empty(text);
        block.certain = !header.needs_frames;
        block.tool = header.tool;
        block.indent = header.indent;
        block.bare_frames = header.bare_frames;
        block.quoted = header.quoted;
        block.test = Some(header.test);
        if !header.message.is_empty() {
            block.first_line(header.message);
        }
        block
    }

    /// `java.lang.IllegalStateException: message`, `Exception in thread "main" java.lang.…`,
    /// `Caused by: java.lang.…`.
    pub(crate) fn of_exception(text: &Text<'_>) -> Option<Self> {
        static CAUSES: Beginnings = Beginnings::new(&["Caused by: ", "Exception in thread "]);
        let line = text.words;
        if !line.contains('.') {
            return None;
        }
        let (rest, uncaught, strong) = match CAUSES.position(line) {
            Some(0) => (&line["Caused by: ".len()..], false, false),
            Some(1) => {
                let (thread, rest) =
                    line["Exception in thread ".len()..].trim_start_matches('"').split_once("\" ")?;
                (rest, true, thread == "main")
            }
            _ => (line, false, false),
        };
        let (name, message) = thrown(rest, uncaught)?;
        let mut block = Self::empty(text);
        (block.certain, block.strong) = (uncaught, strong);
        block.phase = Phase::Message;
        block.thrown.push(Thrown { name: name.to_owned(), message: message.to_owned() });
        Some(block)
    }

    fn empty(text: &Text<'_>) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        Self {
            test: None,
            tool: "java",
            indent: None,
            quoted: false,
            bare_frames: false,
            phase: Phase::Begin,
            thrown: Vec::new(),
            message_lines: 0,
            blank: false,
            frames: Vec::new(),
            cause_frames: Vec::new(),
            place: None,
            certain: false,
            strong: false,
            context,
            first: text.span,
            span: text.span,
        }
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        self.blank = false;
        Step::Taken
    }

    /// The first line after the name of a test: a type with a message, Gradle's short format, or a message.
    fn first_line(&mut self, line: &str) {
        let line = line.strip_prefix("=> ").or_else(|| line.strip_prefix("Throwable #1: ")).unwrap_or(line);
        self.phase = Phase::Message;
        let mut found = Thrown::default();
        if let Some((name, message)) = thrown(line, true) {
            name.clone_into(&mut found.name);
            message.clone_into(&mut found.message);
            self.place = self.place.take().or_else(|| short_place(line));
            // `cold (Kettle.scala:5)`, `/src/PotSuite.scala:12 message`.
            if let Some((words, place)) = scala_place(message) {
                (found.message, self.place) = (words.to_owned(), Some(place));
            } else if self.tool == "munit"
                && let Some(place) = place_at_start(message)
            {
                (found.message, self.place) = (place.rest.trim().to_owned(), Some(place.location()));
            }
        } else if let Some((message, place)) = scala_place(line) {
            message.clone_into(&mut found.message);
            self.place = Some(place);
        } else {
            line.clone_into(&mut found.message);
        }
        self.thrown.push(found);
    }

    fn cause(&mut self, line: &str) {
        self.phase = Phase::Message;
        self.message_lines = 0;
        let (name, message) = thrown(line, true).unwrap_or(("", line));
        if self.thrown.len() < 32 {
            self.thrown.push(Thrown { name: name.to_owned(), message: message.to_owned() });
        }
    }

    fn add(&mut self, line: &str) {
        self.message_lines += 1;
        let Some(last) = self.thrown.last_mut() else { return self.first_line(line) };
        if self.message_lines > MESSAGE_LINES {
            return;
        }
        if !last.message.is_empty() {
            last.message.push('\n');
        }
        last.message.push_str(line);
    }

    /// Returns true if the line belongs to the stack: a frame, a cause, `... 3 more`.
    fn stack(&mut self, line: &str) -> bool {
        static OTHERS: Beginnings = Beginnings::new(&["Suppressed: ", "... ", "[...]", "--- "]);
        let read = if self.bare_frames { bare_frame(line) } else { frame(line) };
        if let Some(frame) = read {
            let frames = if self.thrown.len() > 1 { &mut self.cause_frames } else { &mut self.frames };
            // A deep recursion ends in the test.
            let (class, _) = self.test.as_deref().map(class_and_method).unwrap_or_default();
            let is_own = class.len() > 2 && line.contains(class);
            if frames.len() < FRAMES || is_own && frames.len() < FRAMES + 8 {
                frames.push(frame);
            }
            if self.phase == Phase::Begin {
                self.thrown.push(Thrown::default());
            }
            self.phase = Phase::Frames;
            return true;
        }
        if let Some(cause) = line.strip_prefix("Caused by: ").or_else(|| line.strip_prefix("Cause: ")) {
            self.cause(cause);
            return true;
        }
        if line == "Caused by:" {
            self.phase = Phase::Cause;
            return true;
        }
        let is_more = match OTHERS.position(line) {
            Some(1) => line.ends_with(" more") || line.ends_with("omitted") || self.phase == Phase::Frames,
            Some(_) => self.phase == Phase::Frames || self.phase == Phase::Message,
            None => line == "..." && self.phase != Phase::Begin,
        };
        if is_more {
            self.phase = Phase::Frames;
        }
        is_more
    }

    /// A line of a test whose lines are more deeply indented.
    fn inside(&mut self, text: &Text<'_>, indent: usize) -> Step {
        if text.is_blank() {
            self.blank = true;
            return Step::Waits;
        }
        if text.indent <= indent {
            return Step::Over;
        }
        let unquoted = if self.quoted { text.unquoted() } else { None };
        let text = &unquoted.unwrap_or(*text);
        if self.stack(text.words) {
            return self.take(text);
        }
        match self.phase {
            Phase::Begin if is_source_of_test(text.words) => {}
            Phase::Begin => self.first_line(text.words),
            Phase::Cause => self.cause(text.words),
            Phase::Message if self.message_lines < MESSAGE_LINES => self.add_indented(text, indent),
            Phase::Frames if self.blank => return Step::Over,
            _ => {}
        }
        self.take(text)
    }

    /// Adds a line with its additional indentation relative to the block: Spock uses it for drawings.
    fn add_indented(&mut self, text: &Text<'_>, indent: usize) {
        let beyond = text.indent.saturating_sub(indent + 4);
        let cut = text.body.len().saturating_sub(text.body.trim_start().len()).saturating_sub(beyond);
        let line = text.body.get(cut..).unwrap_or(text.words).trim_end().to_owned();
        self.add(&line);
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if let Some(indent) = self.indent {
            return self.inside(text, indent);
        }
        if text.is_blank() {
            // A message may begin with a blank line, and contain some.
            let goes_on = matches!(self.phase, Phase::Begin | Phase::Message)
                && self.certain
                && self.message_lines < MESSAGE_LINES
                && text.level.is_none();
            self.blank = true;
            return if goes_on { Step::Waits } else { Step::Over };
        }
        if self.stack(text.words) {
            return self.take(text);
        }
        if self.phase == Phase::Cause {
            self.cause(text.words);
            return self.take(text);
        }
        if self.phase == Phase::Begin && text.level.is_none() && thrown(text.words, true).is_some() {
            self.first_line(text.words);
            return self.take(text);
        }
        // Ant prints the message, then the type with the message.
        if self.phase == Phase::Message
            && self.test.is_some()
            && let Some(last) = self.thrown.last_mut()
            && last.name.is_empty()
            && let Some((name, message)) = thrown(text.words, false)
        {
            *last = Thrown { name: name.to_owned(), message: message.to_owned() };
            return self.take(text);
        }
        Step::Foreign
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        // A message of several lines. Other tools' lines have a level.
        let is_mine = matches!(self.phase, Phase::Begin | Phase::Message)
            && self.indent.is_none()
            && self.message_lines < MESSAGE_LINES
            && (self.certain || !self.blank)
            && (self.test.is_some() || !is_fatal(&self.thrown))
            && !is_end(text);
        if !is_mine {
            return false;
        }
        let is_source =
            self.tool == "munit" && leading_number(text.words).is_some_and(|(_, rest)| rest.starts_with(':'));
        if self.phase == Phase::Begin {
            self.first_line(text.words);
        } else if !is_source {
            let line = text.body.trim_end().to_owned();
            self.add(&line);
        }
        self.take(text);
        true
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let has_frames = !block.frames.is_empty() || !block.cause_frames.is_empty();
        let is_fatal = is_fatal(&block.thrown);
        if !has_frames && !block.certain && !is_fatal {
            block.alone(session);
            return;
        }
        if let Some(test) = &block.test
            && !session.is_new_test(test)
        {
            return;
        }
        let is_test = block.test.is_some();
        let strength = if block.strong || is_fatal { Strength::Strong } else { Strength::Logged };
        let mut found = block.diagnostic();
        if role_of(&found.message) == Role::Summary && !is_test {
            found.role = Role::Summary;
        }
        if is_test {
            session.hold_test(found, out);
        } else {
            session.hold_exception(strength, found);
        }
    }
}

impl Block {
    /// A line that only names the exception, as people copy it: better than nothing.
    fn alone(mut self, session: &mut Session) {
        static PACKAGES: Beginnings = Beginnings::new(&[
            "java.", "javax.", "jakarta.", "kotlin.", "scala.", "groovy.", "org.", "com.", "io.", "net.",
            "hudson.",
        ]);
        let Some(thrown) = self.thrown.first_mut() else { return };
        let length = thrown.message.find('\n').unwrap_or(thrown.message.len());
        thrown.message.truncate(length);
        if self.test.is_some() || thrown.message.is_empty() || !PACKAGES.begin(&thrown.name) {
            return;
        }
        self.thrown.truncate(1);
        let mut found = self.diagnostic();
        found.span = self.first;
        found.role = role_of(&found.message);
        let length = found.context.find('\n').unwrap_or(found.context.len());
        found.context.truncate(length);
        session.hold_exception(Strength::Alone, found);
    }

    fn diagnostic(&mut self) -> Diagnostic {
        let location =
            self.place.take().or_else(|| own_place(&self.frames, &self.cause_frames, self.test.as_deref()));
        let name = self.thrown.iter().rev().map(|thrown| thrown.name.as_str()).find(|name| !name.is_empty());
        let name = name.unwrap_or_default().to_owned();
        let message = words(&self.thrown);
        let by_words = match kind_of(&format!("{name}: {message}")) {
            Kind::Unknown | Kind::Dependency => Kind::Crash,
            kind => kind,
        };
        let simple = name.rsplit(['.', '$']).next().unwrap_or_default();
        let is_spock = message.starts_with("Condition not satisfied");
        let tool = match (self.tool, runner(&self.frames)) {
            ("junit", _) if is_spock => "spock",
            ("junit", Some(runner)) => runner,
            (tool, _) => tool,
        };
        self.frames.append(&mut self.cause_frames);
        Diagnostic {
            tool: tool.to_owned(),
            error_type: match (simple, self.test.is_some()) {
                ("", true) if message.starts_with("Condition not satisfied") => "ConditionNotSatisfiedError",
                ("", true) => "test",
                ("", false) => "exception",
                (simple, _) => simple,
            }
            .to_owned(),
            message,
            severity: Severity::Error,
            kind: if self.test.is_some() { Kind::Test } else { by_words },
            test: self.test.take(),
            location,
            stack_trace: std::mem::take(&mut self.frames),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}
