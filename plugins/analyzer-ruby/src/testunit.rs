//! test-unit: failures and errors between double lines.
//!
//! ```text
//! ===============================================================================
//! Failure: test_cups(PotTest)
//! test/pot_test.rb:8:in 'PotTest#test_cups'
//!      5:   def test_cups
//!   => 8:     assert_equal(2, pot.cups)
//! <2> expected but was
//! <1>
//! ===============================================================================
//! Error: test_lid(PotTest): NoMethodError: undefined method 'lid' for nil
//! test/pot_test.rb:12:in 'PotTest#test_lid'
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{Diagnostic, Kind, text::leading_number};

/// Maximum number of lines of one failure.
const LINES: usize = 100;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 12;

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct TestUnit {
    open: Option<(Draft, Trace, usize)>,
}

/// `Failure: test_cups(PotTest)`, `Error: test_lid(PotTest): NoMethodError: message`.
fn heading(start: &str) -> Option<(bool, &str, &str)> {
    let (error, rest) = match start.strip_prefix("Failure: ") {
        Some(rest) => (false, rest),
        None => (true, start.strip_prefix("Error: ")?),
    };
    let open = rest.find('(')?;
    let close = open + rest[open..].find(')')?;
    let (test, class) = (&rest[..open], &rest[open + 1..close]);
    let message = match &rest[close + 1..] {
        "" => "",
        rest => rest.strip_prefix(':')?.trim(),
    };
    let named = test.starts_with("test") && trace::is_type(class.trim_start_matches('<'));
    named.then_some((error, &rest[..=close], message))
}

/// `  => 8:     assert`: the source around the assertion.
fn is_source(start: &str) -> bool {
    let text = start.strip_prefix("=>").map_or(start, str::trim_start);
    leading_number(text).is_some_and(|(_, rest)| rest.starts_with(':'))
}

impl TestUnit {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, trace, _)) = self.open.take() else { return };
        if draft.found.message.is_empty() || trace.is_empty() {
            return;
        }
        draft.found.location = trace.own();
        draft.found.stack_trace = trace.into_frames();
        out.push(draft.done());
    }
}

impl Reader for TestUnit {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((draft, trace, said)) = &mut self.open {
            let start = line.start;
            let ends = start.starts_with("=====") || start.starts_with("diff:") || draft.lines() >= LINES;
            let goes_on = !ends && (!start.is_empty() || *said == 0);
            if !goes_on || heading(start).is_some() {
                self.close(out);
            } else {
                if let Some(frame) = trace::frame(line) {
                    trace.push(frame);
                } else if !start.is_empty() && !is_source(start) && *said < MESSAGE_LINES {
                    draft.say(start);
                    *said += 1;
                }
                draft.take(line);
                return;
            }
        }
        if let Some((error, test, message)) = heading(line.start) {
            let mut draft = Draft::new("test-unit", Kind::Test, line);
            draft.found.test = Some(test.to_owned());
            let (error_type, message) = trace::type_and_message(message)
                .unwrap_or((if error { "error" } else { "assertion" }, message));
            error_type.clone_into(&mut draft.found.error_type);
            if !message.is_empty() {
                draft.say(message);
            }
            let said = usize::from(!message.is_empty());
            self.open = Some((draft, Trace::default(), said));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
