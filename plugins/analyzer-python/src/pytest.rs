//! pytest's report: `FAILURES` and `ERRORS` sections in long, short, line and native style, and the
//! short summary for what no section tells.

use grimoire_plugin_sdk::text::{leading_word, place_at_start};
use grimoire_plugin_sdk::{Diagnostic, Frame, Location, Severity, Span};
use std::collections::HashSet;

use crate::found::{Excerpt, exception_kind, file_line, is_surely_exception};
use crate::own::is_own;

/// Failures whose names are remembered, so that the summary does not repeat them.
const REMEMBERED: usize = 20_000;
/// Places kept of one failure.
const PLACES: usize = 200;
/// Lines of pytest's own message that are joined.
const MESSAGE_LINES: u32 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    Failures,
    Summary,
    /// Another section of a pytest report: passes, warnings.
    Other,
}

/// One failing test while it is read.
#[derive(Default)]
struct Block {
    /// As in the header: `TestClass.test_name[parameter]`.
    name: String,
    /// `E` lines of the first exception: what went wrong at the bottom.
    message: String,
    message_lines: u32,
    /// The first exception is complete: what follows is raised because of it.
    closed: bool,
    /// Outermost call first, as printed.
    places: Vec<Frame>,
    kind: String,
    /// Inside captured output, which may show anything.
    captured: bool,
    native: bool,
    /// Inside a syntax error, before its own line.
    syntax: bool,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises pytest's report.
#[derive(Default)]
pub(crate) struct Pytest {
    section: Section,
    block: Option<Block>,
    reported: HashSet<String>,
    /// Failures were told in one line each, without names.
    line_style: bool,
}

impl Pytest {
    /// Takes a line; `true` when it belongs to a failure.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(title) = ruled(text, '=').filter(|title| !title.is_empty()) {
            self.close(out);
            self.section = match title {
                "FAILURES" | "ERRORS" => Section::Failures,
                "short test summary info" => Section::Summary,
                _ => {
                    if title == "test session starts" {
                        self.reported.clear();
                        self.line_style = false;
                    }
                    if is_totals(title) { Section::None } else { Section::Other }
                }
            };
            return true;
        }
        match self.section {
            Section::Failures => self.failure(text, span, out),
            Section::Summary => self.summary(text, span, out),
            Section::None | Section::Other => false,
        }
    }

    /// Reports what is open.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.section = Section::None;
    }

    fn failure(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(name) = ruled(text, '_').filter(|name| !name.is_empty()) {
            self.close(out);
            let mut block = Block { name: name.to_owned(), span, ..Block::default() };
            block.excerpt.push(text.trim_matches(['_', ' ']));
            self.block = Some(block);
            return true;
        }
        if text.starts_with("##[") || text.starts_with("Process completed with exit code") {
            self.finish(out);
            return false;
        }
        let Some(block) = &mut self.block else { return self.one_line(text, span, out) };
        block.line(text, span);
        true
    }

    /// `/path/test_x.py:5: assert 1 == 2`: a failure in line style.
    fn one_line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(place) = place_at_start(text).filter(|place| !place.rest.trim().is_empty()) else {
            return false;
        };
        let message = place.rest.trim();
        self.line_style = true;
        out.push(Diagnostic {
            tool: "pytest".to_owned(),
            error_type: kind_of(message).unwrap_or("AssertionError").to_owned(),
            message: message.to_owned(),
            location: Some(place.location()),
            span,
            ..Diagnostic::default()
        });
        true
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(block) = self.block.take() else { return };
        if self.reported.len() < REMEMBERED {
            self.reported.insert(plain_name(&block.name).to_owned());
        }
        out.extend(block.report());
    }

    /// `FAILED tests/test_x.py::Class::test_name - AssertionError: …`, `ERROR tests/test_x.py - …`.
    fn summary(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(rest) = text.strip_prefix("FAILED ").or_else(|| text.strip_prefix("ERROR ")) else {
            return text.starts_with("SKIPPED ") || text.starts_with("XFAIL ") || text.starts_with("XPASS ");
        };
        let (id, message) = rest.split_once(" - ").unwrap_or((rest, ""));
        let (path, name) = id.split_once("::").unwrap_or((id, ""));
        let plain = if name.is_empty() { path.to_owned() } else { name.replace("::", ".") };
        if self.line_style || !self.reported.insert(plain) {
            return true;
        }
        let message = if message.trim().is_empty() {
            format!("{} failed", id.trim())
        } else {
            message.trim().to_owned()
        };
        out.push(Diagnostic {
            tool: "pytest".to_owned(),
            error_type: kind_of(&message).unwrap_or("AssertionError").to_owned(),
            message,
            location: Some(Location::file(path)),
            context: text.to_owned(),
            span,
            ..Diagnostic::default()
        });
        true
    }
}

impl Block {
    fn line(&mut self, text: &str, span: Span) {
        if text.starts_with("---") && text.ends_with('-') && text.contains(" Captured ") {
            self.captured = true;
            return;
        }
        if self.captured {
            return;
        }
        self.excerpt.push(text);
        if !text.trim().is_empty() {
            self.span = self.span.to(span);
        }
        if let Some(line) = text.strip_prefix('E').filter(|line| line.is_empty() || line.starts_with("  ")) {
            self.error_line(line.trim());
        } else if text.starts_with("During handling of the above")
            || text.starts_with("The above exception was the direct")
        {
            self.closed = true;
        } else if let Some((path, line, name)) = file_line(text) {
            self.native = true;
            self.place(Location::at(path, line, None), name, text);
        } else if !text.starts_with([' ', '>', '\t'])
            && let Some(place) = place_at_start(text)
        {
            let rest = place.rest.trim();
            let name = rest.strip_prefix("in ");
            if name.is_none() && self.kind.is_empty() && !self.closed {
                rest.split(':').next().unwrap_or_default().clone_into(&mut self.kind);
            }
            self.place(place.location(), name, text);
        } else if self.native && self.message.is_empty() && exception_kind(text).is_some() {
            text.trim().clone_into(&mut self.message);
        }
    }

    fn error_line(&mut self, line: &str) {
        if self.closed || line.is_empty() && self.message_lines == 0 {
            return;
        }
        // A syntax error's place and source come before its own line.
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
            // `AssertionError: ` alone: the message begins in the next line.
            self.message.push(' ');
            self.message.push_str(line);
            return;
        }
        // The first line says what, the next ones why; details and differences are context.
        let detail = line.is_empty() || line.starts_with(['+', '-', '?', '^']) || line.starts_with("where ");
        if self.message_lines > 0
            && (detail || self.message_lines >= MESSAGE_LINES || !line.starts_with("assert "))
        {
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
        self.places.push(Frame { function, location: Some(location), text: text.trim().to_owned() });
    }

    fn report(mut self) -> Option<Diagnostic> {
        let mut location = self
            .places
            .iter()
            .rev()
            .filter_map(|frame| frame.location.as_ref())
            .find(|place| is_own(&place.path))
            .or_else(|| self.places.last().and_then(|frame| frame.location.as_ref()))
            .cloned();
        if location.is_none() {
            location = self.name.strip_prefix("ERROR collecting ").map(Location::file);
        }
        if self.message.is_empty() {
            self.message = match (self.kind.is_empty(), &location) {
                (false, _) => format!("{} in {}", self.kind, self.name),
                (true, Some(_)) => format!("{} failed", self.name),
                // A header and nothing after it: the summary says more.
                (true, None) => return None,
            };
        }
        let kind = kind_of(&self.message).map_or_else(|| std::mem::take(&mut self.kind), str::to_owned);
        Some(Diagnostic {
            tool: "pytest".to_owned(),
            error_type: if kind.is_empty() { "AssertionError".to_owned() } else { kind },
            message: self.message,
            severity: Severity::Error,
            location,
            stack_trace: self.places.into_iter().rev().collect(),
            context: self.excerpt.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// The exception's type where a message begins with one.
fn kind_of(message: &str) -> Option<&str> {
    exception_kind(message.lines().next()?).filter(|kind| is_surely_exception(kind) || kind.contains('.'))
}

/// The title of a line like `==== title ====`; `None` when it is none, empty for a bare rule.
fn ruled(text: &str, rule: char) -> Option<&str> {
    let text = text.trim_end();
    if !text.starts_with(rule) || !text.ends_with(rule) || text.len() < 8 {
        return None;
    }
    let title = text.trim_matches(rule);
    if title.is_empty() {
        return Some("");
    }
    // `_ _ _ _` divides the frames of one failure.
    let title = title.strip_prefix(' ')?.strip_suffix(' ')?;
    title.contains(|c: char| c != rule && c != ' ').then_some(title)
}

/// `2 failed, 1 passed in 0.12s`: the report's end.
fn is_totals(title: &str) -> bool {
    title.starts_with(|c: char| c.is_ascii_digit()) && title.contains(" in ")
        || title.starts_with("no tests ran")
}

/// The test's name of a header: `ERROR at setup of test_x` is about `test_x`.
fn plain_name(header: &str) -> &str {
    for start in ["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting "] {
        if let Some(name) = header.strip_prefix(start) {
            return name;
        }
    }
    if header.starts_with("[doctest]") { leading_word(header).1.trim() } else { header }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_from_separators() {
        assert_eq!(ruled("==== FAILURES ====", '='), Some("FAILURES"));
        assert_eq!(
            ruled("_ ERROR collecting tests/test_x.py _", '_'),
            Some("ERROR collecting tests/test_x.py")
        );
        assert_eq!(ruled("_ _ _ _ _ _ _ _ _ _", '_'), None);
        assert_eq!(ruled("==========", '='), Some(""));
        assert_eq!(ruled("= x =", '='), None);
        assert_eq!(ruled("__init__.py", '_'), None);
    }
}
