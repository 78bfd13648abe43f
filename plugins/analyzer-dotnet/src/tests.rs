//! Failed tests of vstest, xUnit, NUnit, MSTest and Microsoft's testing platform.
//!
//! ```text
//!   Failed Kettle.Tests.PotTests.Holds [12 ms]
//!   Error Message:
//!    Assert.Equal() Failure: Values differ
//! Expected: 2
//! Actual:   1
//!   Stack Trace:
//!      at Kettle.Tests.PotTests.Holds() in /src/PotTests.cs:line 9
//!
//! [xUnit.net 00:00:01.23]     Kettle.Tests.PotTests.Holds [FAIL]
//! failed Kettle.Tests.PotTests.Holds (7ms)
//! 1) Failed : Kettle.Tests.PotTests.Holds
//! /src/PotTests.cs(9): error TESTERROR:
//!   Kettle.Tests.PotTests.Holds (12ms): Error Message: Assert.Equal() Failure
//! ```

use crate::{
    Record, Step,
    exception::thrown,
    frames::{frame, own_place, without_duration},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Severity, Span,
    text::{Context, leading_number, place_in_parentheses},
};

/// Maximum number of message lines.
const MESSAGE_LINES: usize = 40;
/// Frames kept.
const FRAMES: usize = 48;
/// Maximum number of output lines of a test after its failure.
const OUTPUT: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The next line names the test.
    Name,
    Message,
    Frames,
    /// The test's output.
    Output,
}

/// How the lines of a test are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// vstest: labels.
    Labels,
    /// They are indented more deeply than the name.
    Indented(usize),
    /// NUnit: up to the blank line after the frames.
    Plain,
}

/// A failed test being read.
#[derive(Debug)]
pub(crate) struct Block {
    test: String,
    tool: &'static str,
    style: Style,
    phase: Phase,
    /// True after a label of vstest.
    labelled: bool,
    message: String,
    lines: usize,
    frames: Vec<Frame>,
    place: Option<Location>,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        let line = text.words;
        let first = *line.as_bytes().first()?;
        if let Some(name) = line.strip_suffix(" [FAIL]").filter(|name| !name.starts_with('#')) {
            return is_name(name).then(|| Self::new(text, name, "xunit", Style::Indented(text.indent)));
        }
        match first {
            b'F' => {
                let rest = line.strip_prefix("Failed ")?;
                if let Some(name) = without_duration(rest) {
                    return Some(Self::new(text, name.trim(), "dotnet", Style::Labels));
                }
                // Old versions pad with spaces.
                let name = rest.strip_prefix("  ")?.trim();
                is_name(name).then(|| Self::new(text, name, "dotnet", Style::Labels))
            }
            b'X' => {
                let rest = line.strip_prefix("X ")?;
                let name = without_duration(rest)?;
                is_name(name).then(|| Self::new(text, name, "dotnet", Style::Labels))
            }
            b'f' => {
                let name = without_duration(line.strip_prefix("failed ")?)?;
                is_name(name).then(|| Self::new(text, name, "dotnet", Style::Indented(text.indent)))
            }
            b'0'..=b'9' => {
                let (_, rest) = leading_number(line)?;
                let (kind, name) = rest.strip_prefix(") ")?.split_once(" : ")?;
                (matches!(kind, "Failed" | "Error" | "Invalid") && is_name(name))
                    .then(|| Self::new(text, name, "nunit", Style::Plain))
            }
            _ => {
                // The terminal logger prints the location first.
                let place = place_in_parentheses(line.strip_suffix("error TESTERROR:")?)?;
                let mut block = Self::new(text, "", "dotnet", Style::Indented(text.indent));
                block.phase = Phase::Name;
                block.place = Some(place.location());
                Some(block)
            }
        }
    }

    fn new(text: &Text<'_>, name: &str, tool: &'static str, style: Style) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        Self {
            test: name.to_owned(),
            tool,
            style,
            phase: Phase::Message,
            labelled: false,
            message: String::new(),
            lines: 0,
            frames: Vec::new(),
            place: None,
            context,
            span: text.span,
        }
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn add(&mut self, line: &str) {
        if self.lines >= MESSAGE_LINES {
            return;
        }
        self.lines += 1;
        if !self.message.is_empty() {
            self.message.push('\n');
        }
        self.message.push_str(line);
    }

    /// `Kettle.Tests.PotTests.Holds (12ms): Error Message: message`.
    fn name(&mut self, line: &str) -> bool {
        let Some((name, message)) = line.split_once("): ") else { return false };
        let Some((name, _)) = name.rsplit_once(" (") else { return false };
        name.clone_into(&mut self.test);
        self.phase = Phase::Message;
        let message = message.strip_prefix("Error Message:").unwrap_or(message).trim();
        if !message.is_empty() {
            self.add(message);
        }
        true
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        let line = text.words;
        if text.is_blank() {
            let over = self.style != Style::Labels
                && self.phase == Phase::Frames
                && !matches!(self.style, Style::Indented(_));
            return if over { Step::Over } else { Step::Waits };
        }
        if let Style::Indented(indent) = self.style
            && text.indent <= indent
        {
            return Step::Over;
        }
        if is_end(text) {
            return Step::Over;
        }
        match line {
            "Error Message:" => {
                self.labelled = true;
                return self.take(text);
            }
            "Stack Trace:" => {
                self.labelled = true;
                self.phase = Phase::Frames;
                return self.take(text);
            }
            _ if is_output(line) => {
                self.phase = Phase::Output;
                self.lines = 0;
                return Step::Taken;
            }
            _ => {}
        }
        if self.phase == Phase::Name {
            if !self.name(line) {
                return Step::Over;
            }
            return self.take(text);
        }
        if self.phase == Phase::Output {
            self.lines += 1;
            return if self.lines > OUTPUT { Step::Over } else { Step::Waits };
        }
        if let Some(frame) = frame(line) {
            self.phase = Phase::Frames;
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
            return self.take(text);
        }
        if self.phase == Phase::Message {
            self.add(line);
            return if self.lines >= MESSAGE_LINES { Step::Over } else { self.take(text) };
        }
        // Ends of inner stacks, numbers of assertions.
        if line.starts_with("--- ")
            || line.ends_with("---")
            || line.starts_with("---")
            || leading_number(line).is_some_and(|(_, rest)| rest.starts_with(") "))
        {
            return self.take(text);
        }
        match self.style {
            Style::Indented(_) => self.take(text),
            Style::Labels | Style::Plain => Step::Over,
        }
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.message.is_empty()
            && block.frames.is_empty()
            && block.place.is_none()
            && block.style != Style::Labels
        {
            return;
        }
        // Other tools begin sentences like this.
        let head = block.test.split('(').next().unwrap_or_default();
        if block.style == Style::Labels && !block.labelled && (head.contains(' ') || !head.contains('.')) {
            return;
        }
        if block.test.is_empty() || !session.is_new_test(&block.test) {
            return;
        }
        let message = block.message.trim();
        // MSTest wraps the thrown exception.
        let message = match message.split_once("threw exception:") {
            Some((before, rest)) if before.starts_with("Test method ") => rest.trim(),
            _ => message,
        };
        let first = message.lines().next().unwrap_or_default();
        let (name, message) = match thrown(first, false) {
            Some((name, words)) => {
                let rest = message.get(first.len()..).unwrap_or_default();
                (
                    name.rsplit(['.', '+']).next().unwrap_or_default(),
                    format!("{words}{rest}").trim().to_owned(),
                )
            }
            None => ("", message.to_owned()),
        };
        let location = block.place.take().or_else(|| own_place(&block.frames, Some(&block.test)));
        let found = Diagnostic {
            tool: block.tool.to_owned(),
            error_type: match name {
                "" if message.starts_with("Assert") || message.contains("Expected") => "assertion",
                "" => "test",
                name => name,
            }
            .to_owned(),
            message: match (message.is_empty(), name) {
                (false, _) => message,
                (true, "") => format!("{} failed", block.test),
                (true, name) => name.to_owned(),
            },
            severity: Severity::Error,
            kind: Kind::Test,
            test: Some(block.test),
            location,
            stack_trace: block.frames,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report(found, out);
    }
}

/// Returns true if a line begins something other than the test.
fn is_end(text: &Text<'_>) -> bool {
    const ENDS: [&str; 12] = [
        "Passed ",
        "Failed ",
        "Skipped ",
        "X ",
        "! ",
        "√ ",
        "Failed!  - ",
        "Test Run ",
        "Total tests:",
        "failed ",
        "passed ",
        "Results File:",
    ];
    ENDS.iter().any(|end| {
        text.words.starts_with(end)
            && (text.indent <= 2 || end.len() > 10)
            && without_prefix_is_name(text.words, end)
    })
}

/// Returns true if a test name follows the verdict, so that `Failed to load` in a message does not end it.
fn without_prefix_is_name(line: &str, verdict: &str) -> bool {
    let rest = &line[verdict.len()..];
    verdict.len() > 10 || rest.starts_with(' ') || without_duration(rest).is_some()
}

fn is_output(line: &str) -> bool {
    matches!(
        line,
        "Standard Output Messages:"
            | "Standard Error Messages:"
            | "Debug Trace Messages:"
            | "Additional Information Messages:"
            | "Attachments:"
            | "Output:"
    )
}

/// Returns true if a text can be a test's name: qualified, arguments in parentheses. Display names contain spaces.
fn is_name(name: &str) -> bool {
    let head = name.find(['(', '<']).map_or(name, |end| &name[..end]);
    !head.is_empty()
        && name.len() < 1000
        && !head.contains([':', '"', '\t'])
        && (head.contains('.') && !head.ends_with('.')
            || head.contains(' ')
            || head.starts_with(|c: char| c.is_ascii_uppercase()))
}
