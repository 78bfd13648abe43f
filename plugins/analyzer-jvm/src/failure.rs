//! Exceptions with their causes and frames, and failed tests, whose message is one.
//!
//! A test runner names the test ([`Header`]), prints what was thrown or a message of its own, then frames,
//! then causes. The place is the user's own ([`own_place`]), the words are those of the innermost cause that
//! has any.

use crate::{
    Record, Step,
    frames::{bare_frame, frame, own_place},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Severity, Span,
    text::{Beginnings, Context, leading_number, place_at_end},
};

/// Lines of a message at most.
const MESSAGE_LINES: usize = 48;
/// Frames kept of a stack.
const FRAMES: usize = 48;

/// How a test runner announces that a test has failed.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) test: String,
    pub(crate) tool: &'static str,
    /// Only lines with a deeper indent belong to the test.
    pub(crate) indent: Option<usize>,
    /// Frames have no `at`.
    pub(crate) bare_frames: bool,
    /// What the line says beside the name.
    pub(crate) message: &'a str,
}

/// What was thrown.
#[derive(Debug, Default)]
struct Thrown {
    name: String,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Neither a type nor a message was seen.
    Begin,
    Message,
    Frames,
    /// A line `Caused by:` without the cause.
    Cause,
}

/// An exception or a failed test being read.
#[derive(Debug)]
pub(crate) struct Block {
    test: Option<String>,
    tool: &'static str,
    indent: Option<usize>,
    bare_frames: bool,
    phase: Phase,
    /// The outermost first.
    thrown: Vec<Thrown>,
    message_lines: usize,
    /// The next line after a blank one may be anybody's.
    blank: bool,
    frames: Vec<Frame>,
    cause_frames: Vec<Frame>,
    /// The place that the message itself names.
    place: Option<Location>,
    /// It ended a program or a test: it was not logged on purpose.
    certain: bool,
    /// It ended the program's main thread.
    strong: bool,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn of_test(header: Header<'_>, text: &Text<'_>) -> Self {
        let mut block = Self::empty(text);
        block.certain = true;
        block.tool = header.tool;
        block.indent = header.indent;
        block.bare_frames = header.bare_frames;
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
        let line = text.text;
        if !line.contains('.') {
            return None;
        }
        let (rest, uncaught, strong) = match CAUSES.position(line) {
            Some(0) => (&line["Caused by: ".len()..], false, false),
            Some(1) => {
                let (thread, rest) = line["Exception in thread ".len()..].trim_start_matches('"').split_once("\" ")?;
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
            span: text.span,
        }
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        self.blank = false;
        Step::Taken
    }

    /// The first line after the name of a test: a type with a message, Gradle's short form, or a message.
    fn first_line(&mut self, line: &str) {
        let line = line.strip_prefix("=> ").unwrap_or(line);
        self.phase = Phase::Message;
        let mut found = Thrown::default();
        if let Some((name, message)) = thrown(line, true) {
            name.clone_into(&mut found.name);
            message.clone_into(&mut found.message);
            self.place = self.place.take().or_else(|| short_place(line));
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

    /// Whether the line is one of the stack: a frame, a cause, `... 3 more`.
    fn stack(&mut self, line: &str) -> bool {
        static OTHERS: Beginnings = Beginnings::new(&["Suppressed: ", "... ", "[...]", "--- "]);
        let read = if self.bare_frames { bare_frame(line) } else { frame(line) };
        if let Some(frame) = read {
            let frames = if self.thrown.len() > 1 { &mut self.cause_frames } else { &mut self.frames };
            if frames.len() < FRAMES {
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

    /// A line of a test whose lines are those with a deeper indent.
    fn inside(&mut self, text: &Text<'_>, indent: usize) -> Step {
        if text.is_blank() {
            self.blank = true;
            return Step::Waits;
        }
        if text.indent <= indent {
            return Step::Foreign;
        }
        if self.stack(text.text) {
            return self.take(text);
        }
        match self.phase {
            Phase::Begin if is_source_of_test(text.text) => {}
            Phase::Begin => self.first_line(text.text),
            Phase::Cause => self.cause(text.text),
            Phase::Message if self.message_lines < MESSAGE_LINES => self.add_indented(text, indent),
            Phase::Frames if self.blank => return Step::Foreign,
            _ => {}
        }
        self.take(text)
    }

    /// Adds a line with what its indent has beyond that of the block: Spock draws with it.
    fn add_indented(&mut self, text: &Text<'_>, indent: usize) {
        let beyond = text.indent.saturating_sub(indent + 4);
        let cut = text.body.len().saturating_sub(text.body.trim_start().len()).saturating_sub(beyond);
        let line = text.body.get(cut..).unwrap_or(text.text).trim_end().to_owned();
        self.add(&line);
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if let Some(indent) = self.indent {
            return self.inside(text, indent);
        }
        if text.is_blank() {
            // A message may begin with a blank line, and have some.
            let goes_on = matches!(self.phase, Phase::Begin | Phase::Message)
                && self.certain
                && self.message_lines < MESSAGE_LINES
                && text.level.is_none();
            self.blank = true;
            return if goes_on { Step::Waits } else { Step::Last };
        }
        if self.stack(text.text) {
            return self.take(text);
        }
        if self.phase == Phase::Cause {
            self.cause(text.text);
            return self.take(text);
        }
        if self.phase == Phase::Begin && text.level.is_none() && thrown(text.text, true).is_some() {
            self.first_line(text.text);
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
            && !is_end(text);
        if !is_mine {
            return false;
        }
        if self.phase == Phase::Begin {
            self.first_line(text.text);
        } else {
            let line = text.body.trim_end().to_owned();
            self.add(&line);
        }
        self.take(text);
        true
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let has_frames = !block.frames.is_empty() || !block.cause_frames.is_empty();
        let is_fatal = block.thrown.first().is_some_and(|thrown| is_fatal(&thrown.name));
        if !has_frames && !block.certain && !is_fatal {
            return;
        }
        if let Some(test) = &block.test
            && !session.is_new_test(test)
        {
            return;
        }
        let is_test = block.test.is_some();
        let strong = block.strong || is_fatal;
        let found = block.diagnostic();
        if is_test {
            session.hold_test(found, out);
        } else {
            session.hold_exception(strong, found);
        }
    }
}

impl Block {
    fn diagnostic(&mut self) -> Diagnostic {
        let location =
            self.place.take().or_else(|| own_place(&self.frames, &self.cause_frames, self.test.as_deref()));
        let name = self.thrown.iter().rev().map(|thrown| thrown.name.as_str()).find(|name| !name.is_empty());
        let name = name.unwrap_or_default().to_owned();
        let words = self.thrown.iter().rev().find(|thrown| !thrown.message.trim().is_empty());
        let message = match words {
            Some(thrown) => trimmed(&thrown.message),
            // Nothing but types.
            None => {
                let names: Vec<_> =
                    self.thrown.iter().map(|thrown| thrown.name.as_str()).filter(|name| !name.is_empty()).collect();
                match names.as_slice() {
                    [] => "the test failed without a message".to_owned(),
                    [name] => (*name).to_owned(),
                    [first, .., last] => format!("{first} caused by {last}"),
                }
            }
        };
        let is_memory = name.ends_with("OutOfMemoryError");
        let simple = name.rsplit(['.', '$']).next().unwrap_or_default();
        let tool = self.tool_of(&message);
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
            kind: match (self.test.is_some(), is_memory) {
                (true, _) => Kind::Test,
                (false, true) => Kind::Resource,
                (false, false) => Kind::Crash,
            },
            test: self.test.take(),
            location,
            stack_trace: std::mem::take(&mut self.frames),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }

    fn tool_of(&self, message: &str) -> &'static str {
        let has = |start: &str| {
            self.frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.starts_with(start)))
        };
        match self.tool {
            "junit" if has("org.testng.") => "testng",
            "junit" if has("org.scalatest.") => "scalatest",
            "junit" if has("io.kotest.") => "kotest",
            "junit" if has("org.spockframework.") || has("spock.") || message.starts_with("Condition not satisfied") => {
                "spock"
            }
            tool => tool,
        }
    }
}

/// What JUnit's console launcher says of a test before what was thrown.
fn is_source_of_test(text: &str) -> bool {
    ["MethodSource [", "ClassSource [", "ClassBasedTestDescriptor", "FileSource ["].iter().any(|start| text.starts_with(start))
}

/// Whether the line ends a message: a build tool speaks, or another test.
fn is_end(text: &Text<'_>) -> bool {
    static ENDS: Beginnings = Beginnings::new(&["> Task ", "BUILD ", "Tests run:", "FAILURE: ", "Process finished", "====="]);
    text.level.is_some() || text.is_blank() || ENDS.begin(text.text)
}

/// Errors that are never logged on purpose, with or without a stack.
fn is_fatal(name: &str) -> bool {
    matches!(
        name,
        "java.lang.OutOfMemoryError" | "java.lang.UnsupportedClassVersionError"
    )
}

/// A message without blank lines around it and trailing blanks in it.
fn trimmed(message: &str) -> String {
    let lines: Vec<_> = message.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines[first..].join("\n").trim().to_owned()
}

/// A type and what follows `: `. Qualified, unless the context says that something was thrown.
pub(crate) fn thrown(text: &str, certain: bool) -> Option<(&str, &str)> {
    const ENDINGS: [&str; 11] = [
        "Exception", "Error", "Failure", "Throwable", "Failed", "Abort", "Interrupt", "Fault", "Violation", "Timeout",
        "ExceptionInInitializerError",
    ];
    let end = text.bytes().position(|byte| matches!(byte, b':' | b' ' | b'(' | b'\t')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let last = match name.rsplit_once('.') {
        Some((_, last)) => last,
        None if certain => name,
        None => return None,
    };
    let has_package = last.len() < name.len();
    let shaped = name.len() <= 200
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && name.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'-'))
        })
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    let named = ENDINGS.iter().any(|ending| last.ends_with(ending));
    if !shaped || !(named || certain && has_package) {
        return None;
    }
    let message = match rest.as_bytes() {
        [] => "",
        [b':', ..] => rest[1..].trim(),
        _ if short_place(text).is_some() => "",
        [b' ', b'(', ..] if has_package => rest.trim(),
        _ => return None,
    };
    Some((name, message))
}

/// Gradle's short form: the type, `at`, the file and line.
fn short_place(text: &str) -> Option<Location> {
    let (name, place) = text.split_once(" at ")?;
    if name.contains(' ') || place.contains(' ') {
        return None;
    }
    place_at_end(place).map(|place| place.location())
}

/// `1 did not equal 2 (PotSpec.scala:12)`.
fn scala_place(text: &str) -> Option<(&str, Location)> {
    let (message, place) = text.strip_suffix(')')?.rsplit_once(" (")?;
    let (file, line) = place.rsplit_once(':')?;
    let (line, rest) = leading_number(line)?;
    let is_source = [".scala", ".java", ".kt"].iter().any(|end| file.ends_with(end));
    (rest.is_empty() && is_source && !message.is_empty()).then(|| (message, Location::at(file, line, None)))
}
