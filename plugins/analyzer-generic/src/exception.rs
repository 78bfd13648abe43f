//! Exceptions of Java and .NET with their frames, and failed tests of JUnit, Gradle and vstest.

use crate::{Step, prefix, tool};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Location, Severity, Span, limits,
    text::{Context, is_generic_closing_line, leading_number, place_at_end},
};

/// Lines of a message before the first frame.
const MESSAGE_LINES: usize = 16;

/// An exception being read.
#[derive(Debug)]
pub(crate) struct Block {
    /// The type and message of the innermost cause so far.
    error_type: String,
    message: String,
    message_lines: usize,
    /// Reading the message of the exception or cause: no frame of it was seen.
    in_message: bool,
    causes: usize,
    frames: Vec<Frame>,
    test: Option<String>,
    /// Uncaught, or of a failed test: not a thing that was logged on purpose.
    certain: bool,
    /// vstest: between `Error Message:` and `Stack Trace:`.
    labelled: bool,
    context: Context,
    span: Span,
}

/// The test that a runner says has failed, before it prints why.
pub(crate) fn failed_test(text: &str) -> Option<&str> {
    // Surefire: `com.example.PotTest.holds  Time elapsed: 0.01 s  <<< FAILURE!`
    if text.ends_with("<<< FAILURE!") || text.ends_with("<<< ERROR!") {
        let name = text.split("  ").next().unwrap_or_default();
        let name = name
            .split(" -- ")
            .next()
            .unwrap_or_default()
            .split(" Time elapsed")
            .next()
            .unwrap_or_default()
            .trim();
        return (!name.starts_with("Tests run:")).then_some(name);
    }
    // Gradle: `PotTest > holds() FAILED`
    text.strip_suffix(" FAILED").filter(|name| name.contains(" > ") && !name.starts_with("> Task"))
}

impl Block {
    /// `java.lang.IllegalStateException: message`, `Unhandled exception. System.X: message`, or
    /// `Failed Namespace.Class.Test [12 ms]`.
    pub(crate) fn start(text: &str, span: Span, test: Option<&str>) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("Failed ")
            && let Some(name) =
                rest.strip_suffix(']').and_then(|rest| rest.rsplit_once(" [")).map(|(name, _)| name)
            && rest.contains("s]")
        {
            let block = Self::empty(text, span, Some(name));
            return Some(Self { labelled: true, ..block });
        }
        let (uncaught, rest) = uncaught(text);
        let (error_type, message) = type_and_message(rest, uncaught)?;
        let mut block = Self::empty(text, span, test);
        // `PotTest > holds FAILED` and then `java.lang.AssertionError at PotTest.java:12`.
        block.certain |= uncaught;
        error_type.clone_into(&mut block.error_type);
        message.clone_into(&mut block.message);
        if let Some(place) = test.and(error_type_at(rest)) {
            block.frames.push(Frame { function: None, location: Some(place), text: rest.to_owned() });
            block.message.clear();
        }
        Some(block)
    }

    fn empty(text: &str, span: Span, test: Option<&str>) -> Self {
        let mut context = Context::default();
        context.push(text);
        Self {
            error_type: String::new(),
            message: String::new(),
            message_lines: 1,
            in_message: true,
            causes: 0,
            frames: Vec::new(),
            test: test.map(str::to_owned),
            certain: test.is_some(),
            labelled: false,
            context,
            span,
        }
    }

    pub(crate) fn is_certain(&self) -> bool {
        self.certain
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = prefix::strip(text).text;
        if let Some(frame) = frame(start) {
            self.in_message = false;
            self.labelled = false;
            if self.causes == 0 && self.frames.len() < limits::FRAMES {
                self.frames.push(frame);
            }
            return self.take(text, span);
        }
        if let Some(cause) = start.strip_prefix("Caused by: ").or_else(|| start.strip_prefix("---> ")) {
            if let Some((error_type, message)) = type_and_message(cause, true) {
                error_type.clone_into(&mut self.error_type);
                // A cause without words leaves those of what it caused.
                if !message.is_empty() {
                    message.clone_into(&mut self.message);
                }
                self.causes += 1;
                self.in_message = true;
                self.message_lines = 1;
            }
            return self.take(text, span);
        }
        let is_more = start.starts_with("... ") && start.ends_with(" more")
            || start.starts_with("Suppressed: ")
            || start.starts_with("--- End of ");
        if is_more {
            self.in_message = false;
            return self.take(text, span);
        }
        if self.labelled {
            match start {
                "Error Message:" => {}
                "Stack Trace:" => self.in_message = false,
                _ if start.is_empty() || self.message_lines > MESSAGE_LINES => return Step::Foreign,
                _ if self.in_message => self.add(start),
                _ => {}
            }
            return self.take(text, span);
        }
        // A message of several lines counts once frames follow it.
        if self.in_message && self.message_lines < MESSAGE_LINES && self.frames.is_empty() && !is_end(text) {
            if self.causes == 0 {
                self.add(start);
            }
            self.message_lines += 1;
            return self.take(text, span);
        }
        Step::Foreign
    }

    fn add(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        if !self.message.is_empty() {
            self.message.push('\n');
        }
        self.message.push_str(line);
        self.message_lines += 1;
    }

    fn take(&mut self, text: &str, span: Span) -> Step {
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.frames.is_empty() && !self.certain {
            return None;
        }
        // vstest's message begins with the exception's type, where one was thrown.
        if self.error_type.is_empty()
            && let Some((error_type, rest)) =
                type_and_message(self.message.lines().next().unwrap_or_default(), true)
        {
            let rest = rest.to_owned();
            self.error_type = error_type.to_owned();
            let others: Vec<_> = self.message.lines().skip(1).map(str::to_owned).collect();
            self.message = std::iter::once(rest).chain(others).collect::<Vec<_>>().join("\n");
        }
        let is_dotnet = self.frames.iter().any(|frame| frame.text.contains(":line "))
            || self.error_type.starts_with("System.");
        let location = self.own_place();
        if location.as_ref().is_some_and(|location| tool::is_others(&location.path)) {
            return None;
        }
        let simple = self.error_type.rsplit('.').next().unwrap_or_default().to_owned();
        let message = if self.message.trim().is_empty() { self.error_type.clone() } else { self.message };
        if message.is_empty() || is_generic_closing_line(&message) {
            return None;
        }
        let context = match &self.test {
            Some(test) => format!("test: {test}\n{}", self.context.take()),
            None => self.context.take(),
        };
        let tool = match (is_dotnet, self.test.is_some()) {
            (true, _) => "dotnet",
            (false, true) => "junit",
            (false, false) => "java",
        };
        Some(Diagnostic {
            tool: tool.to_owned(),
            error_type: if simple.is_empty() { "test".to_owned() } else { simple },
            code: None,
            message,
            severity: Severity::Error,
            location,
            stack_trace: self.frames,
            context,
            span: self.span,
            ..Diagnostic::default()
        })
    }

    /// The first frame of the test's own class, else the first that is no library's.
    fn own_place(&self) -> Option<Location> {
        let located = || {
            self.frames
                .iter()
                .filter(|frame| frame.location.as_ref().is_some_and(|place| place.start.is_some()))
        };
        let class = self.test.as_deref().map(class_of);
        let of_test = class.filter(|class| class.len() > 2).and_then(|class| {
            located().find(|frame| frame.function.as_deref().is_some_and(|function| function.contains(class)))
        });
        let own =
            located().find(|frame| frame.function.as_deref().is_none_or(|function| !is_library(function)));
        of_test.or(own).or_else(|| located().next()).and_then(|frame| frame.location.clone())
    }
}

/// The class in `com.example.PotTest.holds` or `PotTest > holds()`.
fn class_of(test: &str) -> &str {
    let name = test.split(" > ").next().unwrap_or_default();
    let segment = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    name.split(['.', '(']).find(|part| segment(part)).unwrap_or(name)
}

/// Whether the line ends a message: another tool speaks.
fn is_end(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with('[') || start.starts_with("> Task") || start.starts_with("BUILD ") || text.is_empty()
}

fn uncaught(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix("Exception in thread ")
        && let Some((_, rest)) = rest.trim_start_matches('"').split_once("\" ")
    {
        return (true, rest);
    }
    match text.strip_prefix("Unhandled exception. ").or_else(|| text.strip_prefix("Unhandled Exception: ")) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// A qualified type whose last part is capitalised, and what follows `: `.
fn type_and_message(text: &str, certain: bool) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| matches!(byte, b':' | b' ' | b'(')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (_, last) = name.rsplit_once('.')?;
    let shaped = name.len() <= 200
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && name.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$'))
        });
    let named = || {
        ["Exception", "Error", "Failure", "Throwable", "Failed", "Abort", "Interrupt", "Fault", "Violation"]
            .iter()
            .any(|ending| last.ends_with(ending))
    };
    if !shaped
        || !(certain || named())
        || !(rest.is_empty()
            || rest.starts_with(": ")
            || rest == ":"
            || rest.starts_with(" at ")
            || rest.starts_with(" ("))
    {
        return None;
    }
    Some((name, rest.strip_prefix(':').map_or("", str::trim)))
}

/// Gradle's short form: the type, `at`, the file and line.
fn error_type_at(text: &str) -> Option<Location> {
    let (_, place) = text.split_once(" at ")?;
    place_at_end(place).map(|place| place.location())
}

/// `at com.example.Pot.fill(Pot.java:12)` or `at Example.Pot.Fill() in /src/Pot.cs:line 12`.
fn frame(start: &str) -> Option<Frame> {
    let rest = start.strip_prefix("at ")?;
    if let Some((function, place)) = rest.rsplit_once(" in ")
        && let Some((path, line)) = place.rsplit_once(":line ")
    {
        let (line, _) = leading_number(line)?;
        return Some(Frame {
            function: Some(function.to_owned()),
            location: Some(Location::at(path, line, None)),
            text: start.to_owned(),
        });
    }
    let open = rest.rfind('(')?;
    let function = rest[..open].trim_end();
    // Node's frames have a blank before the parenthesis, these have none but in signatures of .NET.
    if function.is_empty() || !function.contains('.') {
        return None;
    }
    let place = rest[open + 1..]
        .strip_suffix(')')
        .or_else(|| rest[open + 1..].split_once(')').map(|(place, _)| place))?;
    let location = place.rsplit_once(':').and_then(|(path, line)| {
        let line = line.parse().ok()?;
        Some(Location::at(path, line, None))
    });
    let function = function.strip_prefix("app//").unwrap_or(function);
    let function = function.rsplit('/').next().unwrap_or(function);
    Some(Frame { function: Some(function.to_owned()), location, text: start.to_owned() })
}

/// Packages of runtimes, test frameworks and build tools.
fn is_library(function: &str) -> bool {
    const LIBRARIES: [&str; 34] = [
        "java.",
        "javax.",
        "jdk.",
        "sun.",
        "com.sun.",
        "kotlin.",
        "kotlinx.",
        "scala.",
        "groovy.",
        "org.junit",
        "junit.",
        "org.testng",
        "org.hamcrest",
        "org.assertj",
        "org.mockito",
        "org.opentest4j",
        "org.gradle",
        "org.apache.maven",
        "org.apache.tools",
        "org.springframework",
        "org.hibernate",
        "org.codehaus",
        "io.netty",
        "io.kotest",
        "io.vertx",
        "reactor.",
        "worker.org.gradle",
        "System.",
        "Microsoft.",
        "Xunit.",
        "NUnit.",
        "Moq.",
        "FluentAssertions.",
        "Shouldly.",
    ];
    LIBRARIES.iter().any(|library| function.starts_with(library))
}
