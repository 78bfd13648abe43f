//! Bun's runtime and test runner: the source, the error below it, a location, and then the test's name.
//!
//! ```text
//! 3 |   expect(sum(1, 2)).toBe(4);
//!                         ^
//! error: expect(received).toBe(expected)
//!
//! Expected: 4
//! Received: 3
//!
//!       at <anonymous> (/app/basket.test.ts:3:21)
//! (fail) basket > adds [0.26ms]
//! ```

use grimoire_plugin_sdk::text::trim;
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{Excerpt, exception, finding, frame, is_own, own_place};
use crate::kinds;

/// Maximum number of lines between an error and its end.
const LINES: u32 = 80;
/// Frames kept.
const FRAMES: usize = 100;

struct Open {
    message: Vec<String>,
    frames: Vec<Frame>,
    left: u32,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises Bun's errors.
#[derive(Default)]
pub(crate) struct Bun {
    /// True between `bun test v1.1.0` and the totals.
    testing: bool,
    open: Option<Open>,
    /// A test failed without an error; the next line may give the reason.
    silent: Option<(String, Span)>,
}

impl Bun {
    /// Reads a line; returns true if it belongs to one of Bun's errors.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if trimmed.starts_with("bun test v") {
            self.testing = true;
            return true;
        }
        if let Some((name, start)) = self.silent.take()
            && let Some(reason) = trimmed.strip_prefix("^ ")
        {
            let mut found = finding("bun", "timeout", reason, None, start.to(span));
            found.code = None;
            (found.kind, found.test) = (Kind::Test, Some(name));
            out.push(found);
            return true;
        }
        if let Some(rest) =
            trimmed.strip_prefix("(fail) ").or_else(|| trimmed.strip_prefix("✗ ").filter(|_| self.testing))
        {
            let name = rest.rsplit_once(" [").map_or(rest, |(name, _)| name);
            match self.open.take() {
                Some(open) => out.push(open.report(Some(name), span)),
                None if self.testing => self.silent = Some((name.to_owned(), span)),
                None => {}
            }
            return true;
        }
        if self.testing && trimmed.starts_with("Ran ") && trimmed.contains(" tests across ") {
            self.testing = false;
            self.open = None;
            return true;
        }
        if let Some(open) = &mut self.open {
            open.left -= 1;
            if open.left == 0 || !open.line(text, trimmed, span, self.testing) {
                self.finish(out);
            } else if self.testing || open.is_bun() {
                return true;
            }
        }
        let message = text.strip_prefix("error: ");
        let raised = message.or_else(|| exception(text).filter(|_| self.testing).map(|_| text));
        let Some(message) = raised.filter(|message| !message.starts_with("Uncaught ")) else { return false };
        let mut excerpt = Excerpt::default();
        excerpt.push(text);
        self.open =
            Some(Open { message: vec![message.to_owned()], frames: Vec::new(), left: LINES, excerpt, span });
        // Outside of tests, only a location shows that it is Bun's.
        self.testing
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(open) = self.open.take()
            && !self.testing
            && open.is_bun()
        {
            let span = open.span;
            out.push(open.report(None, span));
        }
    }
}

impl Open {
    fn line(&mut self, text: &str, trimmed: &str, span: Span, testing: bool) -> bool {
        if trimmed.starts_with("Bun v") {
            self.excerpt.push(text);
            return false;
        }
        if let Some(frame) = frame(trimmed) {
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
        } else if testing {
            let is_value =
                ["Expected", "Received", "Number of calls"].iter().any(|word| trimmed.starts_with(word));
            if is_value && self.message.len() < 4 {
                self.message.push(trimmed.to_owned());
            }
        } else {
            return false;
        }
        self.excerpt.push(text);
        self.span = self.span.to(span);
        true
    }

    /// Outside of tests: one frame, indented by four spaces, as only Bun prints it below `error: …`.
    fn is_bun(&self) -> bool {
        let first = &self.message[0];
        if first.starts_with("Cannot find ") && first.contains("' from '") {
            return true;
        }
        !self.frames.is_empty()
            && !self.message[0].starts_with("Module not found \"")
            && [
                "Could not resolve",
                "Cannot find",
                "Unexpected",
                "Expected",
                "\"",
                "No matching export",
                "Syntax",
            ]
            .iter()
            .any(|start| self.message[0].starts_with(start))
    }

    fn report(mut self, test: Option<&str>, span: Span) -> Diagnostic {
        let first = &self.message[0];
        let (kind, code) = exception(first).unwrap_or(("error", None));
        let kind = if first.starts_with("expect(") { "assertion" } else { kind };
        let mut found =
            finding("bun", kind, &self.message.join("\n"), own_place(&self.frames), self.span.to(span));
        found.code = code.map(str::to_owned);
        // `Cannot find module './jar' from '/app/lid.ts'`
        let requirer = first
            .split_once("' from '")
            .map(|(_, path)| path.trim_end_matches('\''))
            .filter(|path| is_own(path));
        found.location = found.location.take().or_else(|| requirer.map(Location::file));
        found.kind =
            if test.is_some() { Kind::Test } else { kinds::by_words(first).unwrap_or(Kind::Compile) };
        found.test = test.map(str::to_owned);
        found.stack_trace = self.frames;
        found.context = self.excerpt.take();
        found
    }
}
