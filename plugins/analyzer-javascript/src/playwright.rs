//! Playwright's list of failures. A test that passes on a retry is not a failure: the end of the run lists
//! these.
//!
//! ```text
//!   1) [chromium] › tests/basket.spec.ts:3:3 › basket › adds ─────────────
//!
//!     Error: expect(received).toBe(expected) // Object.is equality
//!
//!     Expected: 4
//!     Received: 3
//!
//!     > 3 |   expect(sum(1, 2)).toBe(4);
//!         at /app/tests/basket.spec.ts:3:44
//!
//!     Retry #1 ───────────────────────────────────────
//!
//!   1 failed
//!   1 flaky
//!     [chromium] › tests/basket.spec.ts:5:3 › basket › flaky ────────────
//! ```

use grimoire_plugin_sdk::text::{Beginnings, leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{Excerpt, exception, failure, finding, frame, is_code_frame, own_place};
use crate::kinds;

/// Maximum number of failures that wait for the end of the run.
const HELD: usize = 2_000;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 6;
/// Frames kept.
const FRAMES: usize = 100;

struct Block {
    title: String,
    place: Option<Location>,
    message: Vec<String>,
    /// True after the first error's frames: later errors and retries repeat it.
    told: bool,
    differs: bool,
    frames: Vec<Frame>,
    excerpt: Excerpt,
    span: Span,
}

/// The lists at the end of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum List {
    #[default]
    None,
    Failed,
    Flaky,
}

/// Recognises Playwright's report.
#[derive(Default)]
pub(crate) struct Playwright {
    block: Option<Block>,
    held: Vec<(String, Diagnostic)>,
    list: List,
}

impl Playwright {
    /// Reads a line; returns true if it belongs to a failure.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((title, place)) = header(text, trimmed) {
            self.close();
            self.list = List::None;
            self.block = Some(Block {
                title,
                place,
                message: Vec::new(),
                told: false,
                differs: false,
                frames: Vec::new(),
                excerpt: Excerpt::default(),
                span,
            });
            return true;
        }
        if let Some(list) = list_of(text, trimmed) {
            self.close();
            self.list = list;
            return !self.held.is_empty();
        }
        if self.list != List::None {
            if text.starts_with("    ") && trimmed.contains(" › ") {
                if self.list == List::Flaky {
                    let title = without_rule(trimmed);
                    self.held.retain(|(known, _)| known != title);
                }
                return true;
            }
            self.list = List::None;
        }
        if let Some(block) = &mut self.block {
            if text.starts_with("    ") || trimmed.is_empty() || text.starts_with('\t') {
                block.line(text, trimmed, span);
                return true;
            }
            self.close();
        }
        if trimmed.starts_with("Running ") && trimmed.contains(" using ") && trimmed.contains(" worker") {
            // Another run begins.
            self.release(out);
        }
        if let Some(found) = refusal(trimmed, span) {
            out.push(found);
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close();
        self.release(out);
    }

    /// Reports the waiting failures at the end of a run.
    fn release(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.held.drain(..).map(|(_, found)| found));
    }

    fn close(&mut self) {
        if let Some(block) = self.block.take()
            && self.held.len() < HELD
        {
            let title = block.title.clone();
            self.held.extend(block.report().map(|found| (title, found)));
        }
    }
}

/// `  1) [chromium] › tests/basket.spec.ts:3:3 › basket › adds ───`.
fn header(text: &str, trimmed: &str) -> Option<(String, Option<Location>)> {
    if !text.starts_with(' ') || text.starts_with("      ") {
        return None;
    }
    let (_, rest) = leading_number(trimmed)?;
    let title = without_rule(rest.strip_prefix(") ")?);
    let place = title
        .split(" › ")
        .take(2)
        .find_map(|part| place_at_start(part).filter(|place| place.column.is_some()));
    let is_title = title.contains(" › ") && place.is_some();
    is_title.then(|| (title.to_owned(), place.map(|place| place.location())))
}

fn without_rule(title: &str) -> &str {
    title.trim_end_matches(['─', '=', ' '])
}

/// `  5 failed`, `  1 flaky`; any other count ends a list.
fn list_of(text: &str, trimmed: &str) -> Option<List> {
    let (_, rest) = leading_number(trimmed)?;
    if !text.starts_with("  ") || text.starts_with("    ") {
        return None;
    }
    match rest.split(" (").next()? {
        " failed" | " interrupted" => Some(List::Failed),
        " flaky" => Some(List::Flaky),
        " passed" | " skipped" | " did not run" => Some(List::None),
        _ => None,
    }
}

impl Block {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) {
        if trimmed.starts_with("Retry #")
            || trimmed.starts_with("Error Context:")
            || trimmed.starts_with("attachment #")
        {
            self.told = true;
        }
        self.excerpt.push(text);
        if trimmed.is_empty() {
            return;
        }
        self.span = self.span.to(span);
        if self.told {
            return;
        }
        if let Some(frame) = frame(trimmed) {
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
            return;
        }
        // Another error of the same test follows the frames.
        if !self.frames.is_empty() {
            self.told = true;
            return;
        }
        let is_box = trimmed.starts_with(['╔', '║', '╚', '^']);
        let is_log = trimmed.starts_with("Call log") || trimmed.starts_with("at ");
        // A difference of values begins with the legend of its signs, and ends with the source.
        self.differs |= trimmed.starts_with(['-', '+']);
        if !is_box && !is_log && !self.differs && !is_code_frame(text) && self.message.len() < MESSAGE_LINES {
            self.message.push(trimmed.to_owned());
        }
    }

    fn report(mut self) -> Option<Diagnostic> {
        let first = self.message.first()?;
        let kind = exception(first).map_or("Error", |(kind, _)| kind);
        let kind = if first.contains("timeout of ") { "timeout" } else { kind }.to_owned();
        let location = own_place(&self.frames).or(self.place);
        let mut found = finding("playwright", &kind, &self.message.join("\n"), location, self.span);
        found.code = None;
        found.kind = Kind::Test;
        found.test = Some(self.title);
        found.stack_trace = self.frames;
        found.context = self.excerpt.take();
        Some(found)
    }
}

static REFUSALS: Beginnings = Beginnings::new(&[
    "Error: No tests found",
    "Error: Timed out waiting ",
    "Error: Process from config.webServer",
    "Error: Cannot launch browser",
    "Error: Failed to install browsers",
    "Failed to install browsers",
    "Failed to download ",
    "Error: Failed to download ",
    "Host system is missing dependencies to run browsers",
    "Error: http://localhost",
    "Error: Project(s) ",
    "Error: browserType.launch: Executable doesn't exist",
    "browserType.launch: Executable doesn't exist",
]);

/// Playwright's errors outside of the list.
fn refusal(text: &str, span: Span) -> Option<Diagnostic> {
    if !REFUSALS.begin(text) {
        return None;
    }
    let message = text.trim_start_matches("Error: ");
    let holds = match text.split(' ').nth(1) {
        Some("Timed") => text.contains("from config.webServer"),
        Some("http://localhost" | "Project(s)") => {
            text.contains("already used") || text.contains("not found")
        }
        Some("to" | "Failed") => ["Chrom", "Firefox", "WebKit", "FFMPEG", "FFmpeg", "browsers"]
            .iter()
            .any(|name| text.contains(name)),
        _ => !text.starts_with("Error: http"),
    };
    let kind = if message.starts_with("Failed to download") {
        Kind::Network
    } else {
        kinds::by_words(message).unwrap_or(Kind::Configuration)
    };
    holds.then(|| failure("playwright", "configuration", kind, message, span))
}
