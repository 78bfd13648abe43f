//! `dart test` and `flutter test`:
//!
//! ```text
//! 00:01 +0 -1: Pot holds two [E]
//!   Expected: <2>
//!     Actual: <1>
//!   package:matcher/expect.dart    expect
//!   test/pot_test.dart 12:5        main.<fn>
//!
//! ══╡ EXCEPTION CAUGHT BY FLUTTER TEST FRAMEWORK ╞══════════════
//! The following TestFailure was thrown running a test:
//! Expected: exactly one matching candidate
//!   Actual: _TextWidgetFinder:<Found 0 widgets with text "1": []>
//!
//! When the exception was thrown, this was the stack:
//! #4      main.<anonymous closure> (file:///app/test/pot_test.dart:26:5)
//! The test description was:
//!   the lid opens
//! ```
//!
//! The GitHub reporter prints `❌ test/pot_test.dart: Pot holds two` instead. Flutter repeats errors in
//! a box as `Test failed. See exception logs above.`

use crate::{
    dart,
    panel::{Draft, Reader, Seen},
};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Role, limits, text::leading_number};

/// Maximum number of lines of one failure.
const LINES: usize = 200;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 14;

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    open: Option<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `00:01 +0 -1: name [E]`
    Line,
    /// In a box of double lines.
    Box,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    form: Form,
    frames: Vec<Frame>,
    said: usize,
    /// The message ended.
    told: bool,
    /// True if the next line is the test's name.
    named: bool,
    blank: bool,
    /// The indentation of the heading.
    indent: usize,
}

/// The name in `00:01 +0 -1: name [E]`, `❌ test/pot_test.dart: name (failed)`.
fn heading(start: &str) -> Option<&str> {
    if let Some(rest) = start.strip_prefix('❌') {
        let rest = rest.trim_start();
        let rest = rest.strip_suffix(" (failed)").unwrap_or(rest);
        return (rest.contains(".dart: ")).then_some(rest);
    }
    let text = start.strip_suffix(" [E]")?;
    let (clock, name) = text.split_once(": ")?;
    let (_, rest) = leading_number(clock)?;
    let (_, rest) = leading_number(rest.strip_prefix(':')?)?;
    rest.trim_start().starts_with('+').then_some(name)
}

impl Tests {
    fn begin(&mut self, line: &Seen<'_>) {
        let mut draft = Draft::new("flutter", Kind::Test, line);
        let form = if let Some(name) = heading(line.start) {
            draft.found.test = Some(name.to_owned());
            Form::Line
        } else if line.start.starts_with("══") && line.start.contains("EXCEPTION CAUGHT BY ") {
            Form::Box
        } else {
            return;
        };
        self.open = Some(Block {
            draft,
            form,
            frames: Vec::new(),
            said: 0,
            told: false,
            named: false,
            blank: false,
            indent: line.indent,
        });
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Block {
    /// Returns whether the line is a part of the failure, and whether it is the last one.
    fn line(&mut self, line: &Seen<'_>) -> (bool, bool) {
        let start = line.start;
        if self.draft.lines() >= LINES {
            return (false, false);
        }
        if start.is_empty() {
            self.blank = true;
            return (true, false);
        }
        let blank = std::mem::take(&mut self.blank);
        if heading(start).is_some() {
            return (false, false);
        }
        if let Some(frame) = dart::frame(start) {
            if self.frames.len() < limits::FRAMES {
                self.frames.push(frame);
            }
            self.told = true;
            self.draft.take(line);
            return (true, false);
        }
        match self.form {
            Form::Line => {
                if line.indent <= self.indent && (blank || self.told || is_progress(start)) {
                    return (false, false);
                }
                self.draft.take(line);
                if !self.told && self.said < MESSAGE_LINES {
                    self.draft.say(start);
                    self.said += 1;
                }
                (true, false)
            }
            Form::Box => {
                let ends = start.starts_with("════") && !start.contains("EXCEPTION CAUGHT");
                if start.starts_with("══") && !ends {
                    return (false, false);
                }
                self.draft.take(line);
                if ends {
                    return (true, true);
                }
                if std::mem::take(&mut self.named) {
                    self.draft.found.test = Some(start.to_owned());
                } else if start.starts_with("The test description was:") {
                    self.named = true;
                } else if start.starts_with("When the exception was thrown")
                    || start.starts_with("The relevant error-causing widget")
                {
                    self.told = true;
                } else if start.starts_with("The following ") && self.said == 0 {
                    let name = start["The following ".len()..].split(' ').next().unwrap_or_default();
                    name.clone_into(&mut self.draft.found.error_type);
                } else if !self.told && self.said < MESSAGE_LINES && !start.starts_with("◢◤") {
                    self.draft.say(start);
                    self.said += 1;
                }
                (true, false)
            }
        }
    }

    fn finish(mut self) -> Option<Diagnostic> {
        let found = &mut self.draft.found;
        if found.message.is_empty() {
            return None;
        }
        if found.message.starts_with("Test failed. See exception logs above.") {
            found.role = Role::Consequence;
        }
        if found.error_type.is_empty() {
            let name = found.message.split([':', ' ']).next().unwrap_or_default();
            let named = name.ends_with("Exception") || name.ends_with("Error") && name.len() > 5;
            found.error_type = if named { name } else { "TestFailure" }.to_owned();
        }
        if found.message.starts_with("Failed to load ") {
            found.kind = Kind::Compile;
            found.role = Role::Consequence;
        }
        let places = || self.frames.iter().filter_map(|frame| frame.location.as_ref());
        let own: Option<&Location> = places().find(|place| dart::is_own(&place.path));
        found.location = own.cloned();
        found.stack_trace = self.frames;
        Some(self.draft.done())
    }
}

/// `00:02 +1 -1: name`: the next test.
fn is_progress(start: &str) -> bool {
    leading_number(start)
        .and_then(|(_, rest)| leading_number(rest.strip_prefix(':')?))
        .is_some_and(|(_, rest)| rest.starts_with(" +"))
}

impl Reader for Tests {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let (goes_on, ends) = block.line(line);
            if !goes_on || ends {
                self.close(out);
            }
            if goes_on {
                return;
            }
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
