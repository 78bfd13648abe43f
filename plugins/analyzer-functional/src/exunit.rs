//! ExUnit:
//!
//! ```text
//!   1) test holds two (PotTest)
//!      test/pot_test.exs:5
//!      Assertion with == failed
//!      code:  assert Pot.cups() == 2
//!      left:  1
//!      right: 2
//!      stacktrace:
//!        test/pot_test.exs:6: (test)
//! ```

use crate::{
    elixir,
    panel::{Draft, Reader, Seen},
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location,
    text::{leading_number, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 120;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 14;

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct ExUnit {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    /// The location of the test.
    place: Option<Location>,
    own: Option<Location>,
    frames: Vec<Frame>,
    said: usize,
    /// True in the stack, or in the captured log.
    told: bool,
    /// The indentation of the heading.
    indent: usize,
}

/// `1) test holds two (PotTest)`, `2) PotTest: failure on setup_all callback, …`.
fn heading(start: &str) -> Option<&str> {
    let (_, rest) = leading_number(start)?;
    let test = rest.strip_prefix(") ")?.trim_start();
    let kind =
        ["test ", "doctest ", "property ", "feature ", "module "].iter().any(|word| test.starts_with(word));
    let module = test
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("))
        .is_some_and(|(_, module)| is_module(module));
    let setup = test.contains(": failure on setup_all callback");
    (kind && module || setup).then_some(test)
}

fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
}

impl Block {
    /// Returns true if the line is a part of the failure.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if start.is_empty() {
            return true;
        }
        if line.indent <= self.indent || self.draft.lines() >= LINES {
            return false;
        }
        self.draft.take(line);
        if self.place.is_none()
            && self.said == 0
            && let Some(place) = place_at_start(start).filter(|place| place.rest.is_empty())
        {
            self.place = Some(place.location());
            return true;
        }
        match start {
            "stacktrace:" | "The following output was logged:" => {
                self.told = true;
                return true;
            }
            _ => {}
        }
        if self.told {
            if let Some((frame, own)) = elixir::frame(line) {
                if own && self.own.is_none() {
                    self.own.clone_from(&frame.location);
                }
                self.frames.push(frame);
            }
            return true;
        }
        if self.said < MESSAGE_LINES {
            if let Some((error_type, message)) =
                start.strip_prefix("** (").and_then(|rest| rest.split_once(") ")).filter(|_| self.said == 0)
            {
                error_type
                    .split(' ')
                    .next()
                    .unwrap_or(error_type)
                    .clone_into(&mut self.draft.found.error_type);
                self.draft.say(message);
            } else {
                self.draft.say(start);
            }
        }
        self.said += 1;
        true
    }

    fn finish(mut self) -> Option<Diagnostic> {
        if self.said == 0 {
            return None;
        }
        let found = &mut self.draft.found;
        if found.error_type.is_empty() {
            "assertion".clone_into(&mut found.error_type);
        }
        found.location = self.own.or(self.place);
        found.stack_trace = self.frames;
        Some(self.draft.done())
    }
}

impl ExUnit {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Reader for ExUnit {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let heading = heading(line.start);
        if let Some(block) = &mut self.open {
            if heading.is_none() && block.line(line) {
                return;
            }
            self.close(out);
        }
        if let Some(test) = heading {
            let mut draft = Draft::new("exunit", Kind::Test, line);
            draft.found.test = Some(test.to_owned());
            self.open = Some(Block {
                draft,
                place: None,
                own: None,
                frames: Vec::new(),
                said: 0,
                told: false,
                indent: line.indent,
            });
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
