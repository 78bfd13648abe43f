//! One failing test, collection error or fixture error while its lines are read.

use grimoire_plugin_sdk::text::{place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Severity, Span, path};

use super::names::{is_error_line, kind_of};
use crate::found::{Excerpt, exception_kind, file_line, is_surely_exception};
use crate::kinds;
use crate::own::is_own;

/// Maximum number of locations of one failure.
const PLACES: usize = 200;
/// Maximum number of lines of pytest's own message that are joined.
const MESSAGE_LINES: u32 = 4;
/// Maximum number of lines of a fragment.
const FRAGMENT_LINES: u32 = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doctest {
    #[default]
    None,
    Expected,
    Got,
}

#[derive(Default)]
pub(super) struct Block {
    /// The name as in the header: `TestClass.test_name[parameter]`.
    pub(super) name: String,
    /// The `E` lines of the exception that is the reason.
    message: String,
    message_lines: u32,
    /// The exception is complete: later ones are raised because of it.
    closed: bool,
    /// Outermost call first, as printed.
    places: Vec<Frame>,
    kind: String,
    /// The exception that ended the test, raised in place of the original one.
    raised_as: String,
    /// Inside captured output, which may contain anything.
    captured: bool,
    native: bool,
    /// Inside a syntax error, before its own line.
    syntax: bool,
    doctest: Doctest,
    /// The text where pytest shows neither source nor `E` lines.
    plain: String,
    /// The id of the test in which a worker crashed.
    pub(super) node: Option<String>,
    /// The file that could not be loaded, before any test ran.
    conftest: Option<String>,
    lines: u32,
    excerpt: Excerpt,
    span: Span,
}

impl Block {
    pub(super) fn new(name: &str, span: Span) -> Self {
        Self { name: name.to_owned(), span, ..Self::default() }
    }

    pub(super) fn keep(&mut self, text: &str) {
        self.excerpt.push(text);
    }

    pub(super) fn conftest(&mut self, path: &str) {
        self.conftest = Some(path.to_owned());
    }

    /// The function of the outermost call that is a test, if no header names it.
    pub(super) fn test_function(&self) -> Option<&str> {
        self.places.iter().filter_map(|frame| frame.function.as_deref()).find(|name| name.starts_with("test"))
    }

    /// The test's own file: the first one that is named like a file of tests, because the cause of an exception is
    /// printed first and may lie in a library; else that of the outermost call.
    pub(super) fn first_path(&self) -> Option<&str> {
        let places = || self.places.iter().filter_map(|frame| frame.location.as_ref());
        let outermost = || self.places.first().and_then(|frame| frame.location.as_ref());
        let file = places().find(|place| path::is_test_file(&place.path)).or_else(outermost);
        file.map(|place| place.path.as_str())
    }

    /// Reads the next line of a block without a header; returns false if it does not belong to it.
    pub(super) fn takes(&mut self, text: &str, span: Span) -> bool {
        self.lines += 1;
        // The location with the exception's type is the last line of the long style.
        let complete = !self.kind.is_empty() && self.message_lines > 0;
        let belongs = self.lines < FRAGMENT_LINES
            && (is_error_line(text)
                || text == "E"
                || text.starts_with("E  ")
                || !complete
                    && (text.starts_with(['>', ' ']) || text.is_empty() || text.starts_with("_ _ _"))
                || text.starts_with("_ _ _")
                || !text.starts_with([' ', '\t'])
                    && place_at_start(text).is_some_and(|place| {
                        let rest = place.rest.trim();
                        rest.starts_with("in ") || rest.is_empty() || exception_kind(rest).is_some()
                    }));
        if belongs {
            self.line(text, span);
        }
        belongs
    }

    pub(super) fn line(&mut self, text: &str, span: Span) {
        if !text.trim().is_empty() {
            self.span = self.span.to(span);
        }
        if text.starts_with("---") && text.ends_with('-') && text.contains(" Captured ") {
            self.captured = true;
            return;
        }
        if self.captured {
            return;
        }
        self.excerpt.push(text);
        // Exception groups are drawn with bars.
        let bare = text.trim_start().trim_start_matches(['|', '+', ' ']);
        if let Some(line) = text.strip_prefix('E').filter(|line| line.is_empty() || line.starts_with("  ")) {
            self.error_line(line.trim());
        } else if text.starts_with("During handling of the above") {
            // The preceding exception was being handled: the next one ended the test.
            (self.closed, self.message_lines) = (false, 0);
            self.message.clear();
            self.raised_as.clear();
            self.kind.clear();
        } else if text.starts_with("The above exception was the direct") {
            self.closed = true;
            self.raised_as.clear();
        } else if let Some((path, line, name)) = file_line(bare) {
            self.native = true;
            self.place(Location::at(path, line, None), name, bare);
        } else if !text.starts_with([' ', '>', '\t'])
            && let Some(place) = place_at_start(text)
        {
            let rest = place.rest.trim();
            let name = rest.strip_prefix("in ");
            if name.is_none() && self.kind.is_empty() && !self.closed {
                rest.split(':').next().unwrap_or_default().clone_into(&mut self.kind);
            }
            self.place(place.location(), name, text);
        } else if (self.native || text.contains("Exception Group Traceback")) && self.message.is_empty() {
            self.native = true;
            if exception_kind(bare).is_some_and(is_surely_exception) {
                bare.trim().clone_into(&mut self.message);
            }
        } else {
            self.other_line(text);
        }
    }

    /// The values of a doctest, and sentences if pytest shows no source.
    fn other_line(&mut self, text: &str) {
        let trimmed = trim(text);
        match trimmed {
            "Expected:" => self.doctest = Doctest::Expected,
            "Got:" if self.doctest != Doctest::None => self.doctest = Doctest::Got,
            _ if self.doctest != Doctest::None && text.starts_with("    ") && !trimmed.is_empty() => {
                let title = if self.doctest == Doctest::Expected { "Expected: " } else { "Got: " };
                if !self.message.is_empty() {
                    self.message.push('\n');
                }
                if self.message_lines < 2 * MESSAGE_LINES {
                    self.message.push_str(title);
                    self.message.push_str(trimmed);
                    self.message_lines += 1;
                }
            }
            _ => {
                let is_sentence = !text.starts_with([' ', '>', '\t', '[', '_'])
                    && !text.starts_with(|c: char| c.is_ascii_digit())
                    && !text.starts_with("file /")
                    && trimmed.contains(' ')
                    && !trimmed.contains(" = ");
                if self.plain.is_empty() && is_sentence {
                    trimmed.clone_into(&mut self.plain);
                    let crashed = trimmed
                        .strip_prefix("worker '")
                        .and_then(|rest| rest.split_once("' crashed while running '"));
                    self.node = crashed.map(|(_, id)| id.trim_end_matches('\'').to_owned());
                }
            }
        }
    }

    fn error_line(&mut self, line: &str) {
        if self.closed {
            if self.raised_as.is_empty() && exception_kind(line).is_some_and(is_surely_exception) {
                line.clone_into(&mut self.raised_as);
            }
            return;
        }
        if line.is_empty() && self.message_lines == 0 {
            return;
        }
        // The location and source of a syntax error precede its own line.
        if let Some((path, line_number, _)) = file_line(line) {
            self.place(Location::at(path, line_number, None), None, line);
            self.syntax = self.message_lines == 0;
            return;
        }
        if self.syntax && exception_kind(line).is_none_or(|kind| !is_surely_exception(kind)) {
            return;
        }
        self.syntax = false;
        if self.message.ends_with(':') && !line.is_empty() {
            // `AssertionError: ` alone: the message starts in the next line.
            self.message.push(' ');
            self.message.push_str(line);
            return;
        }
        // The first line has the message, the next ones the reason; details and differences are context.
        let detail = line.is_empty() || line.starts_with(['+', '-', '?', '^']) || line.starts_with("where ");
        let says_more = ["assert ", "Expected", "Actual", "Got", "expected", "got"]
            .iter()
            .any(|start| line.starts_with(start))
            || self.message.contains("validation error");
        if self.message_lines > 0 && (detail || self.message_lines >= MESSAGE_LINES || !says_more) {
            self.message_lines = MESSAGE_LINES;
            return;
        }
        if self.message_lines > 0 {
            self.message.push('\n');
        }
        self.message.push_str(line);
        self.message_lines += 1;
    }

    fn place(&mut self, location: Location, name: Option<&str>, text: &str) {
        if self.places.len() == PLACES {
            self.places.remove(0);
        }
        let function = name.map(str::to_owned);
        // Code generated at run time is in no file.
        let location = Some(location).filter(|place| !place.path.starts_with('<'));
        self.places.push(Frame { function, location, text: text.trim().to_owned() });
    }

    /// If the tests of an installed package run, that package's files are the project's own. A fixture may be one of
    /// a plugin, so that the outermost call says nothing about the package.
    fn in_tested_package(&self) -> Option<Location> {
        let file = match self.name.strip_prefix("ERROR ") {
            None => self.first_path()?,
            Some(rest) => rest.strip_prefix("collecting ")?,
        };
        let mut places = self.places.iter().rev().filter_map(|frame| frame.location.as_ref());
        places.find(|place| path::is_tested(&place.path, file)).cloned()
    }

    pub(super) fn report(mut self) -> Option<Diagnostic> {
        let mut location = self
            .places
            .iter()
            .rev()
            .filter_map(|frame| frame.location.as_ref())
            .find(|place| is_own(&place.path))
            .cloned();
        if location.is_none() {
            location = self.in_tested_package();
        }
        if location.is_none() {
            location =
                self.name.strip_prefix("ERROR collecting ").or(self.conftest.as_deref()).map(Location::file);
        }
        if self.message.is_empty() {
            self.message = match (self.plain.is_empty(), self.kind.is_empty(), &location) {
                (false, ..) => std::mem::take(&mut self.plain),
                (true, false, _) => format!("{} in {}", self.kind, self.name),
                (true, true, Some(_)) if !self.name.is_empty() => format!("{} failed", self.name),
                // A header with nothing below it: the summary says more.
                _ => return None,
            };
        }
        if !self.raised_as.is_empty() {
            self.message = format!("{}\n{}", self.message, self.raised_as);
        }
        let error_type = kind_of(&self.message).map_or_else(|| std::mem::take(&mut self.kind), str::to_owned);
        let error_type =
            if self.message.starts_with("fixture '") { "fixture-not-found".to_owned() } else { error_type };
        // Before any test ran, it is not a test that failed.
        let early = self.conftest.is_some() || self.name.starts_with("ERROR collecting ");
        let kind = if early { kinds::of_exception(&error_type, &self.message) } else { Kind::Test };
        Some(Diagnostic {
            tool: "pytest".to_owned(),
            error_type: if error_type.is_empty() { "AssertionError".to_owned() } else { error_type },
            message: self.message,
            severity: Severity::Error,
            kind: if early && kind == Kind::Crash { Kind::Test } else { kind },
            location,
            stack_trace: self.places.into_iter().rev().collect(),
            context: self.excerpt.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}
