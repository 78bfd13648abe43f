//! Jest's report: one `●` block for each failing test or suite.

use grimoire_plugin_sdk::text::{place_at_start, place_in_parentheses, trim_start};
use grimoire_plugin_sdk::{Diagnostic, Frame, Location, Span};

use crate::found::{Excerpt, exception, finding, frame, is_code_frame, own_place, pointed_line};
use crate::stack::place_in_message;
use crate::tsc::is_ts_code;

/// Lines of a message; the rest is context.
const MESSAGE_LINES: usize = 4;
/// Frames kept.
const FRAMES: usize = 100;

/// One `●` block while it is read.
struct Block {
    title: String,
    message: Vec<String>,
    /// The message is complete: values, a code frame or the stack has begun.
    told: bool,
    /// The line that the code frame points at.
    pointed: Option<u32>,
    /// A stack was read: what follows are causes.
    frames: Vec<Frame>,
    causes: bool,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises Jest's report.
#[derive(Default)]
pub(crate) struct Jest {
    /// The file of the last `FAIL` line.
    file: Option<String>,
    block: Option<Block>,
    /// Inside what the code under test printed.
    console: bool,
}

impl Jest {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let start = trim_start(text);
        let indent = text.len() - start.len();
        if let Some(title) = start.strip_prefix("● ").filter(|_| (1..=4).contains(&indent)) {
            self.finish(out);
            self.console = title.trim() == "Console";
            if !self.console {
                self.block = Some(Block {
                    title: title.trim().to_owned(),
                    message: Vec::new(),
                    told: false,
                    pointed: None,
                    frames: Vec::new(),
                    causes: false,
                    excerpt: Excerpt::default(),
                    span,
                });
            }
            return true;
        }
        let start = start.trim_start_matches('"');
        if let Some(rest) = text_after_status(start) {
            self.finish(out);
            self.console = false;
            self.file = (start.starts_with('F') && !rest.contains(" > ") && !rest.contains(" [ "))
                .then(|| path_of(rest).to_owned());
            // Without a `●` block the line is vitest's or means nothing.
            return self.file.is_some() && indent == 0 && !text.contains("  ");
        }
        if let Some(block) = &mut self.block {
            if text.trim().is_empty() || indent >= 4 {
                block.line(text, span);
                return true;
            }
            self.finish(out);
        }
        self.console &= text.trim().is_empty() || indent >= 2;
        self.console
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(block) = self.block.take() {
            out.extend(block.report(self.file.as_deref()));
        }
    }
}

/// What follows `FAIL` or `PASS` at the start of a line.
fn text_after_status(text: &str) -> Option<&str> {
    text.strip_prefix("FAIL ").or_else(|| text.strip_prefix("PASS ")).map(str::trim)
}

/// The path in `project path/to.test.js (5.2 s)`.
fn path_of(rest: &str) -> &str {
    let rest = rest.split(" (").next().unwrap_or(rest).trim();
    rest.rsplit(' ').next().unwrap_or(rest)
}

impl Block {
    fn line(&mut self, text: &str, span: Span) {
        let trimmed = text.trim();
        self.excerpt.push(text.get(4..).unwrap_or_default());
        if trimmed.is_empty() {
            return;
        }
        self.span = self.span.to(span);
        if let Some(frame) = frame(trimmed) {
            self.told = true;
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
            return;
        }
        if trimmed == "Cause:" || trimmed.starts_with("Errors contained in ") {
            self.told = true;
            self.causes = true;
            return;
        }
        if is_code_frame(text) {
            self.told = true;
            if self.pointed.is_none() && !self.causes {
                self.pointed = pointed_line(text);
            }
            return;
        }
        if !self.told {
            let shows_values = [
                "Expected",
                "Received",
                "- ",
                "+ ",
                "Snapshot",
                "Difference",
                "Message:",
                "Number of calls",
                "If it should pass",
            ]
            .iter()
            .any(|word| trimmed.starts_with(word));
            if shows_values || self.message.len() == MESSAGE_LINES {
                self.told = !self.message.is_empty();
                if self.told {
                    return;
                }
            }
            self.message.push(trimmed.to_owned());
        }
    }

    fn report(mut self, file: Option<&str>) -> Option<Diagnostic> {
        if self.message.is_empty() && self.frames.is_empty() {
            // A list of tests, such as Jest's own summary, or a notice.
            return None;
        }
        let mut message = self.message.join("\n");
        if message.is_empty() {
            message.clone_from(&self.title);
        }
        let kind = self.message.iter().find_map(|line| exception(line)).map(|(kind, _)| kind.to_owned());
        let first = self.message.first().map(String::as_str).unwrap_or_default();
        let (mut code, mut location) = (None, own_place(&self.frames));
        if let Some((place, ts_code, text)) = type_error(first) {
            (location, code, message) = (Some(place), Some(ts_code), text);
        }
        let location = location
            .or_else(|| self.message.iter().find_map(|line| place_in_message(line)))
            .or_else(|| file.map(|file| Location::at(file, self.pointed.unwrap_or(0), None)));
        let is_assertion = first.starts_with("expect(") || first.starts_with("assert");
        let kind = code
            .clone()
            .or(kind)
            .unwrap_or_else(|| if is_assertion { "assertion" } else { "Error" }.to_owned());
        let mut found = finding("jest", &kind, &message, location, self.span);
        found.code = code;
        found.stack_trace = self.frames;
        found.context = format!("{}\n{}", self.title, self.excerpt.take());
        Some(found)
    }
}

/// A finding of the TypeScript compiler as ts-jest shows it: place, code and text.
fn type_error(line: &str) -> Option<(Location, String, String)> {
    let place = place_at_start(line).or_else(|| place_in_parentheses(line))?;
    let rest = place.rest.trim().trim_start_matches("- ").strip_prefix("error ")?;
    let (code, text) = rest.split_once(": ")?;
    is_ts_code(code).then(|| (place.location(), code.to_owned(), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_status_lines() {
        assert_eq!(text_after_status("FAIL src/a.test.js").map(path_of), Some("src/a.test.js"));
        assert_eq!(text_after_status("FAIL unit src/a.test.js (5.2 s)").map(path_of), Some("src/a.test.js"));
        assert!(text_after_status("FAILED x").is_none());
    }
}
