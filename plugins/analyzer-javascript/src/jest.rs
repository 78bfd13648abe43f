//! Jest's report: one `●` block for each failed test or suite, and Jest's own errors.

use grimoire_plugin_sdk::text::{place_at_start, place_in_parentheses, trim, trim_start};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{
    Excerpt, exception, failure, finding, frame, is_code_frame, is_own, own_place, pointed_line,
};
use crate::message_place::place_in_message;
use crate::tsc::is_ts_code;

/// Maximum number of message lines; the rest is context.
const MESSAGE_LINES: usize = 4;
/// Frames kept.
const FRAMES: usize = 100;
/// The title of a file whose tests could not be run.
const UNRUN: &str = "Test suite failed to run";

/// Maximum number of lines of a block without indentation.
const FLAT: u32 = 60;

/// A `●` block being read.
struct Block {
    title: String,
    message: Vec<String>,
    /// `Expected: 4`, `Received: 3`.
    values: Vec<String>,
    /// True if the message is complete: values, a code frame or the stack has begun.
    told: bool,
    /// The line marked by the code frame.
    pointed: Option<u32>,
    /// Where the file that cannot be parsed stopped the parser.
    stopped: Option<Location>,
    /// The stack read so far: what follows are causes.
    frames: Vec<Frame>,
    causes: bool,
    /// True if the block has lost its indentation.
    flat: bool,
    lines: u32,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises Jest's report.
#[derive(Default)]
pub(crate) struct Jest {
    /// The file of the last `FAIL` line.
    file: Option<String>,
    block: Option<Block>,
    /// True inside output of the tested code.
    console: bool,
}

impl Jest {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let start = trim_start(text);
        let indent = text.len() - start.len();
        // An excerpt may have lost the mark.
        let bare = (self.block.is_none() && trim(start).trim_matches('`') == UNRUN).then_some(UNRUN);
        if let Some(title) = bare.or(start.strip_prefix("● ")).filter(|title| {
            (1..=4).contains(&indent)
                || indent == 0
                    && (title.contains(" › ")
                        || title.starts_with("Validation Error")
                        || title.starts_with(UNRUN))
        }) {
            self.finish(out);
            self.console = title.trim() == "Console";
            if !self.console {
                self.block = Some(Block {
                    title: title.trim().to_owned(),
                    message: Vec::new(),
                    values: Vec::new(),
                    told: false,
                    pointed: None,
                    stopped: None,
                    frames: Vec::new(),
                    causes: false,
                    flat: indent == 0 && !title.starts_with("Validation Error"),
                    lines: 0,
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
            // Without a `●` block, the line is vitest's or has no meaning.
            return self.file.is_some() && indent == 0 && !text.contains("  ");
        }
        if let Some(block) = &mut self.block {
            let least = if block.title.starts_with("Validation Error") { 2 } else { 4 };
            // Text copied from web pages has lost its indentation, or has tabs.
            let lost = block.flat && block.lines < FLAT && !ends_flat(start);
            block.lines += 1;
            if text.trim().is_empty() || indent >= least || lost || text[..indent].contains('\t') {
                block.line(text, span);
                return true;
            }
            self.finish(out);
        }
        if indent == 0
            && let Some(found) = refusal(start, span)
        {
            out.push(found);
            return true;
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

/// Returns true if a line cannot belong to a block that has lost its indentation.
fn ends_flat(text: &str) -> bool {
    ["Test Suites: ", "Tests: ", "Snapshots: ", "npm ", "error ", "Error: ", "##[", "> ", "$ "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The text after `FAIL` or `PASS` at the start of a line.
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
        self.excerpt.push(if self.flat { text } else { text.get(4..).unwrap_or(trimmed) });
        if trimmed.is_empty() {
            // Advice follows the reason.
            self.told |= !self.message.is_empty() && self.title.starts_with("Validation Error");
            return;
        }
        self.span = self.span.to(span);
        // A report inside of the report, as when a runner of its own hands Jest's on: the heading stands twice.
        if self.message.is_empty()
            && trimmed.strip_prefix('●').is_some_and(|title| title.trim() == self.title)
        {
            return;
        }
        if let Some(frame) = frame(trimmed) {
            self.told = true;
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
            return;
        }
        // Storybook's runner prints the error below a notice.
        if trimmed == "Message:"
            && self.message.first().is_some_and(|first| first.contains("StorybookTestRunnerError"))
        {
            self.message.clear();
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
        // A file that cannot be parsed: its place and the parser's message follow Jest's advice.
        if self.message.first().is_some_and(|first| first.starts_with("Jest encountered an unexpected token"))
        {
            if let Some(place) = place_at_start(trimmed).filter(|place| place.rest.is_empty()) {
                self.stopped = Some(place.location());
            }
            if exception(trimmed).is_some_and(|(kind, _)| kind == "SyntaxError") {
                self.message = vec![trimmed.to_owned()];
                self.told = true;
            }
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
            }
            if !self.told {
                self.message.push(trimmed.to_owned());
                return;
            }
        }
        let is_value =
            ["Expected", "Received", "Number of calls"].iter().any(|word| trimmed.starts_with(word));
        if is_value && self.frames.is_empty() && self.values.len() < 3 {
            self.values.push(trimmed.to_owned());
        }
    }

    fn report(mut self, file: Option<&str>) -> Option<Diagnostic> {
        if self.message.is_empty() && self.frames.is_empty() {
            // A list of tests, such as Jest's own summary, or a notice.
            return None;
        }
        self.message.append(&mut self.values);
        let mut message = self.message.join("\n");
        if message.is_empty() {
            message.clone_from(&self.title);
        }
        let kind = self.message.iter().find_map(|line| exception(line)).map(|(kind, _)| kind.to_owned());
        let first = self.message.first().map(String::as_str).unwrap_or_default();
        // The code frame of a file that imports the one that stopped the parser says nothing of the test's own file.
        let pointed = self.pointed.filter(|_| self.stopped.is_none());
        let stopped = self.stopped.filter(|place| is_own(&place.path));
        let (mut code, mut location) = (None, stopped.or_else(|| own_place(&self.frames)));
        if let Some((place, ts_code, text)) = type_error(first) {
            (location, code, message) = (Some(place), Some(ts_code), text);
        }
        let location = location
            .or_else(|| self.message.iter().find_map(|line| place_in_message(line)))
            .or_else(|| file.map(|file| Location::at(file, pointed.unwrap_or(0), None)));
        let is_assertion = first.starts_with("expect(") || first.starts_with("assert");
        let kind = code
            .clone()
            .or(kind)
            .unwrap_or_else(|| if is_assertion { "assertion" } else { "Error" }.to_owned());
        let mut found = finding("jest", &kind, &message, location, self.span);
        found.code = code;
        found.kind =
            if self.title.starts_with("Validation Error") { Kind::Configuration } else { Kind::Test };
        found.test = match self.title.as_str() {
            UNRUN => file.map(str::to_owned),
            title if found.kind == Kind::Test => Some(title.to_owned()),
            _ => None,
        };
        found.stack_trace = self.frames;
        found.context = format!("{}\n{}", self.title, self.excerpt.take());
        Some(found)
    }
}

/// Errors of Jest and its coverage without a block.
fn refusal(text: &str, span: Span) -> Option<Diagnostic> {
    if let Some(message) = text.strip_prefix("Jest: ")
        && text.contains(" coverage threshold for ")
        && text.contains("not met")
    {
        return Some(failure("jest", "coverage-threshold", Kind::Test, message, span));
    }
    let unmet = text.starts_with("ERROR: Coverage for ") && text.contains(" does not meet ");
    if unmet {
        let tool = if text.contains("global threshold (") || text.contains('"') { "coverage" } else { "nyc" };
        return Some(failure(
            tool,
            "coverage-threshold",
            Kind::Test,
            text.trim_start_matches("ERROR: "),
            span,
        ));
    }
    let nothing = text.starts_with("No tests found, exiting with code 1")
        || text.starts_with("No test files found, exiting with code 1");
    let tool = if text.starts_with("No tests") { "jest" } else { "vitest" };
    nothing.then(|| failure(tool, "no-tests", Kind::Configuration, text, span))
}

/// A finding of the TypeScript compiler in ts-jest's format: location, code and text.
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
