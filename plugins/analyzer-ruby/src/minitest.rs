//! Minitest in all its styles: the numbered list, Rails' own reporter, and those of minitest-reporters.
//!
//! ```text
//!   1) Failure:                                    Failure:
//! PotTest#test_cups [test/pot_test.rb:8]:        PotTest#test_cups [test/pot_test.rb:8]:
//! Expected: 2                                    Expected: 2
//!   Actual: 1                                      Actual: 1
//!
//!  FAIL PotTest#test_cups (0.01s)                 FAIL["test_cups", "PotTest", 0.01]
//!         Expected: 2                              test_cups#PotTest (0.01s)
//!           Actual: 1                                      Expected: 2
//!         test/pot_test.rb:8:in 'test_cups'                  Actual: 1
//! ```
//!
//! `Error:` is followed by the exception's type and message, and frames. Skipped tests have the same format.

use crate::{
    panel::{Draft, Reader, Seen},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{leading_number, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 120;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 16;

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct Minitest {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    state: State,
    /// True for an exception, whose type precedes the message.
    error: bool,
    /// The location of the assertion in the heading.
    place: Option<Location>,
    trace: Trace,
    said: usize,
    /// The indentation of the heading, if the lines below are indented more deeply.
    indent: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The next line names the test.
    Name,
    /// The message's lines follow.
    Message,
    /// Frames follow.
    Frames,
}

/// `Failure:` or `Error:`, with or without a number.
fn heading(start: &str) -> Option<bool> {
    let word = match leading_number(start) {
        Some((_, rest)) => rest.strip_prefix(") ")?,
        None => start,
    };
    match word {
        "Failure:" => Some(false),
        "Error:" => Some(true),
        _ => None,
    }
}

/// `PotTest#test_cups [test/pot_test.rb:8]:`, `test_cups(PotTest) [test/pot_test.rb:8]:`, `PotTest#test_cups:`.
fn name(start: &str) -> Option<(&str, Option<&str>)> {
    let text = start.strip_suffix(':')?;
    let (name, place) = match text.strip_suffix(']').and_then(|text| text.rsplit_once(" [")) {
        Some((name, place)) => (name, Some(place)),
        None => (text, None),
    };
    let is_test = name.contains('#') || name.ends_with(')') && name.contains('(');
    (is_test && name.len() <= 400).then_some((name, place))
}

/// `FAIL PotTest#test_cups (0.01s)`, ` FAIL["test_cups", "PotTest", 0.01]`, `test_0001_x   FAIL (0.01s)`.
fn reported(start: &str) -> Option<(bool, String)> {
    for (word, error) in [("FAIL", false), ("ERROR", true)] {
        if let Some(rest) = start.strip_prefix(word) {
            if let Some(inner) = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let mut cells = inner.split(", ").map(|cell| cell.trim_matches('"'));
                let (test, class) = (cells.next()?, cells.next()?);
                let class = class.strip_prefix("#<Class:").map_or(class, |class| class.trim_end_matches('>'));
                return Some((error, format!("{class}#{test}")));
            }
            let name = timed(rest.strip_prefix(' ')?.trim_start_matches("- "))?;
            return (!name.is_empty()).then(|| (error, name.to_owned()));
        }
        if let Some(name) = timed(start).and_then(|text| text.strip_suffix(word)) {
            return name.ends_with("  ").then(|| (error, name.trim_end().to_owned()));
        }
    }
    None
}

/// Removes `(0.01s)` at the end.
fn timed(text: &str) -> Option<&str> {
    let (name, time) = text.strip_suffix("s)")?.rsplit_once('(')?;
    (!time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')).then(|| name.trim())
}

impl Minitest {
    fn begin(&mut self, line: &Seen<'_>) {
        let (error, test, indent) = match heading(line.start) {
            Some(error) => (error, None, None),
            None => match reported(line.start) {
                Some((error, test)) => (error, Some(test), Some(line.indent)),
                None => return,
            },
        };
        let mut draft = Draft::new("minitest", Kind::Test, line);
        let state = if test.is_some() { State::Message } else { State::Name };
        draft.found.test = test;
        let block = Block { draft, state, error, place: None, trace: Trace::default(), said: 0, indent };
        self.open = Some(block);
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Block {
    /// Returns true if the line is a part of the failure.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if self.draft.lines() >= LINES {
            return false;
        }
        if self.state == State::Name {
            let Some((test, place)) = name(start) else { return false };
            self.draft.found.test = Some(test.to_owned());
            self.place = place.and_then(place_at_start).map(|place| place.location());
            self.state = State::Message;
            self.draft.take(line);
            return true;
        }
        if start.is_empty() {
            // Some styles have a blank line before the message; one after the message ends it.
            return self.said == 0 && self.draft.lines() < 4;
        }
        if let Some(frame) = trace::frame(line) {
            self.trace.push(frame);
            self.state = State::Frames;
            self.draft.take(line);
            return true;
        }
        // The exception's type is not indented.
        let dedented = self.indent.is_some_and(|indent| line.indent <= indent)
            && !(self.said == 0 && trace::type_and_message(start).is_some());
        // minitest-reporters repeats the name.
        if self.said == 0 && self.indent.is_some() && timed(start).is_some() {
            self.draft.take(line);
            return true;
        }
        if self.state == State::Frames || dedented || heading(start).is_some() {
            return false;
        }
        if self.said < MESSAGE_LINES {
            self.say(start);
        }
        self.said += 1;
        self.draft.take(line);
        true
    }

    fn say(&mut self, start: &str) {
        if self.said == 0
            && let Some((error_type, message)) = trace::type_and_message(start)
        {
            let assertion = error_type == "Minitest::Assertion";
            self.error |= !assertion;
            if !assertion {
                error_type.clone_into(&mut self.draft.found.error_type);
            }
            // minitest-reporters prints it twice.
            let message =
                message.strip_prefix(error_type).map_or(message, |rest| rest.trim_start_matches([':', ' ']));
            if !message.is_empty() {
                self.draft.say(message);
            }
            return;
        }
        self.draft.say(start);
    }

    fn finish(mut self) -> Option<Diagnostic> {
        if self.said == 0 {
            return None;
        }
        let found = &mut self.draft.found;
        if found.error_type.is_empty() {
            if self.error { "error" } else { "assertion" }.clone_into(&mut found.error_type);
        }
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        found.location = self.place.filter(|place| trace::is_own(&place.path)).or_else(|| self.trace.own());
        // Many runners print a name with a duration: only Ruby's frames are proof.
        if self.indent.is_some() && self.trace.is_empty() {
            return None;
        }
        found.stack_trace = self.trace.into_frames();
        Some(self.draft.done())
    }
}

impl Reader for Minitest {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            // The command for running the test again.
            if line.start.starts_with("rails test ") || line.start.starts_with("bin/rails test ") {
                block.draft.take(line);
                return self.close(out);
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

/// `3 runs, 3 assertions, 1 failures, 0 errors, 0 skips`, and a similar line of test-unit.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let (_, rest) = leading_number(line.start)?;
    let rest = rest.strip_prefix(" runs, ").or_else(|| rest.strip_prefix(" tests, "))?;
    let counts = rest.split(", ").filter_map(leading_number);
    let failed = counts
        .filter(|(_, word)| word.starts_with(" failure") || word.starts_with(" error"))
        .any(|(count, _)| count > 0);
    if !rest.contains(" assertions, ") || !failed {
        return None;
    }
    let found = crate::panel::single("minitest", Kind::Test, line.start, line);
    Some(Diagnostic { error_type: "failed-tests".to_owned(), role: Role::Summary, ..found })
}
