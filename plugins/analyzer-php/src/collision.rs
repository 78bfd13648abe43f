//! Collision, which prints failed tests of Pest and Laravel, and exceptions of Laravel's console:
//!
//! ```text
//!    FAILED  Tests\Unit\PotTest > it holds two          ExpectationFailedException
//!   Failed asserting that 1 is identical to 2.
//!
//!   at tests/Unit/PotTest.php:8
//!       4▕
//!   ➜   8▕     expect($pot->cups())->toBe(2);
//! ```
//!
//! Older versions print `• Tests\Unit\PotTest > it holds two`; an exception has its class on a separate line.

use crate::{
    panel::{Draft, Reader, Seen},
    phpunit::Told,
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind,
    text::{Needle, place_at_start},
};

/// Maximum number of message lines.
const MESSAGE_LINES: usize = 40;
/// Maximum number of lines of source and frames below the location.
const LINES: usize = 120;

/// Reads Collision's output.
#[derive(Debug, Default)]
pub(crate) struct Collision {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    told: Told,
    /// True after a possible exception class on a separate line.
    class: bool,
    placed: bool,
}

/// The test, and the exception's class if it is printed on the right.
fn heading(start: &str) -> Option<(&str, Option<&str>)> {
    let (rest, bullet) = match start.strip_prefix("FAILED ") {
        Some(rest) => (rest.trim_start(), false),
        None => (start.strip_prefix("• ")?, true),
    };
    let (test, class) = match rest.split_once("  ") {
        Some((test, class)) => (test, trace::class(class.trim())),
        None => (rest, None),
    };
    (test.contains(" > ") || !bullet && test.contains('\\')).then_some((test.trim(), class))
}

/// An exception's class on a separate line.
fn exception<'a>(line: &Seen<'a>) -> Option<&'a str> {
    let is_class = line.indent >= 2 && !line.start.contains([' ', ':', '/', '(']);
    if is_class { trace::class(line.start) } else { None }
}

/// `Illuminate\Database\QueryException  : message` of the first generation.
fn told<'a>(line: &Seen<'a>) -> Option<(&'a str, &'a str)> {
    static BETWEEN: Needle = Needle::new("  : ");
    if line.indent < 2 {
        return None;
    }
    let (class, message) = BETWEEN.split_among(line.characters, line.start)?;
    Some((trace::class(class.trim())?, message.trim()))
}

impl Collision {
    fn begin(&mut self, line: &Seen<'_>) {
        let mut draft = Draft::new("pest", Kind::Test, line);
        if let Some((test, class)) = heading(line.start) {
            draft.found.test = Some(test.to_owned());
            if let Some(class) = class.filter(|class| !class.starts_with("ExpectationFailed")) {
                class.clone_into(&mut draft.found.error_type);
            }
            self.open = Some(Block { draft, told: Told::default(), class: false, placed: false });
        } else if let Some((class, message)) = exception(line).map(|class| (class, "")).or_else(|| told(line))
        {
            draft.found.kind = Kind::Crash;
            "laravel".clone_into(&mut draft.found.tool);
            class.clone_into(&mut draft.found.error_type);
            let mut told = Told::default();
            if !message.is_empty() {
                told.line(message);
            }
            self.open = Some(Block { draft, told, class: true, placed: false });
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, told, placed, .. }) = self.open.take() else { return };
        if !placed || told.is_empty() {
            return;
        }
        told.tell(&mut draft.found);
        if draft.found.test.is_none() {
            draft.found.kind = trace::kind(&draft.found.error_type, &draft.found.message, Kind::Crash);
        }
        out.push(draft.done());
    }
}

impl Block {
    /// Returns true if the line is a part of it.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if start.is_empty() {
            return self.draft.lines() < LINES;
        }
        if !self.placed {
            // The first generation has a blank before the line's number.
            let place = start.strip_prefix("at ").map(|place| place.replacen(".php: ", ".php:", 1));
            if let Some(place) = place.as_deref().and_then(place_at_start)
                && place.rest.is_empty()
                && trace::is_php(place.path)
            {
                self.told.frames.push(frame(&place));
                self.placed = true;
                self.draft.take(line);
                return true;
            }
            if self.draft.lines() > MESSAGE_LINES
                || heading(start).is_some()
                || line.indent == 0 && self.class
            {
                return false;
            }
            if let Some(class) = exception(line).filter(|_| self.told.is_empty()) {
                class.clone_into(&mut self.draft.found.error_type);
            } else {
                self.told.line(start);
            }
            self.draft.take(line);
            return true;
        }
        // The source, and numbered frames, including the user's own.
        let numbered = start.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_number = numbered.len() < start.len();
        if is_number && numbered.starts_with(' ') {
            if let Some(place) =
                place_at_start(numbered.trim_start()).filter(|place| trace::is_php(place.path))
            {
                self.told.frames.push(frame(&place));
            }
            self.draft.take(line);
            return true;
        }
        // Older versions point at the line with `>`.
        let source = start.starts_with(['➜', '>'])
            || is_number && (numbered.starts_with('▕') || numbered.starts_with('|'))
            || start.starts_with('+') && start.ends_with(" vendor frames");
        if source && self.draft.lines() < LINES {
            self.draft.take(line);
            return true;
        }
        false
    }
}

fn frame(place: &grimoire_plugin_sdk::text::Place<'_>) -> Frame {
    let location = Some(place.location());
    Frame { function: None, location, text: format!("{}:{}", place.path, place.line) }
}

impl Reader for Collision {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            self.close(out);
        }
        if !line.start.is_empty() {
            self.begin(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
