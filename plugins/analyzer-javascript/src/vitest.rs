//! Vitest's report: `FAIL` lines, the error at the line's start, `❯` frames, a code frame, a rule.

use grimoire_plugin_sdk::text::place_at_start;
use grimoire_plugin_sdk::text::trim;
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{Excerpt, exception, finding, frame, is_code_frame, own_place};

/// Maximum number of message lines.
const MESSAGE_LINES: usize = 2;
/// Frames kept.
const FRAMES: usize = 100;

#[derive(Default)]
struct Block {
    /// The failing test as printed: `path > suite > test`.
    title: String,
    path: String,
    message: Vec<String>,
    told: bool,
    frames: Vec<Frame>,
    /// The location in a file that cannot be transformed.
    broken: Option<Location>,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises Vitest's report.
#[derive(Default)]
pub(crate) struct Vitest {
    /// Between the first rule (`⎯⎯ Failed Tests 2 ⎯⎯`) and the totals.
    active: bool,
    block: Option<Block>,
}

impl Vitest {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if trimmed.starts_with("⎯⎯") {
            self.finish(out);
            let title = trimmed.trim_matches(['⎯', ' ']);
            self.active = true;
            // An error outside of tests has no `FAIL` line.
            let unhandled =
                ["Unhandled", "Uncaught", "Startup Error"].iter().any(|word| title.starts_with(word));
            if unhandled && !title.contains("Unhandled Errors") {
                self.block = Some(Block { title: title.to_owned(), span, ..Block::default() });
            }
            return true;
        }
        if !self.active {
            return false;
        }
        if let Some(rest) = trimmed.strip_prefix("FAIL ") {
            let rest = rest.trim();
            match &mut self.block {
                // Several tests that fail in the same way share one error.
                Some(block) if block.message.is_empty() => {
                    block.title.push('\n');
                    block.title.push_str(grimoire_plugin_sdk::text::cut(rest, 512));
                    block.title.truncate(block.title.floor_char_boundary(8 * 1024));
                }
                _ => {
                    self.finish(out);
                    // `|project| path > suite > test`
                    let named = rest
                        .strip_prefix('|')
                        .and_then(|rest| rest.split_once("| "))
                        .map_or(rest, |(_, rest)| rest);
                    let path = named.split([' ', '>']).next().unwrap_or(named);
                    self.block = Some(Block {
                        title: named.to_owned(),
                        path: path.to_owned(),
                        span,
                        ..Block::default()
                    });
                }
            }
            return true;
        }
        if ["Test Files ", "Tests ", "Duration ", "Start at "].iter().any(|word| trimmed.starts_with(word)) {
            self.finish(out);
            self.active = false;
            return true;
        }
        let Some(block) = &mut self.block else { return false };
        block.line(text, trimmed, span);
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(block) = self.block.take() {
            out.extend(block.report());
        }
    }
}

impl Block {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) {
        self.excerpt.push(text);
        if trimmed.is_empty() {
            // A line such as `Transform failed with 1 error:` only announces the error.
            self.told |= self.message.last().is_some_and(|last| !last.ends_with(':'));
            return;
        }
        self.span = self.span.to(span);
        if let Some(frame) = frame(trimmed) {
            self.told = true;
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
        } else if let Some(cause) = trimmed.strip_prefix("Caused by: ") {
            // The innermost error gives the message; the location stays the outermost own one.
            self.message = vec![cause.to_owned()];
            self.told = true;
        } else if let Some(place) = broken_place(trimmed) {
            self.broken = self.broken.take().or(Some(place));
        } else if is_code_frame(text) || trimmed.starts_with(['-', '+', '╭', '╰', '─']) {
            self.told = true;
        } else if !self.told && self.message.len() < MESSAGE_LINES {
            self.message.push(trimmed.to_owned());
        }
    }

    fn report(mut self) -> Option<Diagnostic> {
        let first = self.message.first()?;
        let kind = exception(first).map_or("Error", |(kind, _)| kind).to_owned();
        let location = own_place(&self.frames)
            .or_else(|| self.broken.take())
            .or_else(|| (!self.path.is_empty()).then(|| Location::file(&self.path)));
        let mut found = finding("vitest", &kind, &self.message.join("\n"), location, self.span);
        found.code = exception(first).and_then(|(_, code)| code).map(str::to_owned);
        found.kind = Kind::Test;
        found.test =
            (!self.path.is_empty()).then(|| self.title.lines().next().unwrap_or_default().to_owned());
        found.stack_trace = self.frames;
        found.context = format!("{}\n{}", self.title, self.excerpt.take());
        Some(found)
    }
}

/// `╭─[ c.test.ts:1:11 ]`, `File: /app/c.test.ts:1:10`, `/app/c.test.ts:1:10: ERROR: Unexpected ";"`.
fn broken_place(text: &str) -> Option<Location> {
    let inner = text
        .strip_prefix("╭─[")
        .map(|rest| rest.trim().trim_end_matches(']').trim())
        .or_else(|| text.strip_prefix("File: "))
        .or_else(|| text.contains(": ERROR: ").then_some(text))?;
    place_at_start(inner).filter(|place| place.column.is_some()).map(|place| place.location())
}
