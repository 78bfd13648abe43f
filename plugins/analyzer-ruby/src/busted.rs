//! busted, Lua's test runner: one diagnostic per failed test.
//!
//! ```text
//! Failure → spec/pot_spec.lua @ 17
//! pot holds two cups
//! spec/pot_spec.lua:17: Expected objects to be equal.
//! Passed in:
//! (number) 1
//! Expected:
//! (number) 2
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location,
    text::{leading_number, place_at_start},
};

/// Maximum number of message lines.
const LINES: usize = 16;

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct Busted {
    open: Option<Draft>,
}

/// `Failure → spec/pot_spec.lua @ 17`.
fn header(start: &str) -> Option<(&str, u32)> {
    let place = start.strip_prefix("Failure ").or_else(|| start.strip_prefix("Error "))?;
    let place = place.strip_prefix("→ ").or_else(|| place.strip_prefix("-> "))?;
    let (path, line) = place.rsplit_once(" @ ")?;
    Some((path, leading_number(line)?.0))
}

impl Reader for Busted {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((path, number)) = header(line.start) {
            self.finish(out);
            let mut draft = Draft::new("busted", Kind::Test, line);
            "failure".clone_into(&mut draft.found.error_type);
            draft.found.location = Some(Location::at(path, number, None));
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        let ends =
            line.start.is_empty() || line.start == "stack traceback:" || line.start.contains(": *** [");
        if ends || draft.lines() >= LINES {
            self.finish(out);
            return;
        }
        draft.take(line);
        if draft.found.test.is_none() {
            draft.found.test = Some(line.start.to_owned());
        } else if draft.found.message.is_empty() {
            let place = place_at_start(line.start);
            draft.say(place.map_or(line.start, |place| place.rest.trim_start_matches(':')));
            if let Some(place) = place {
                draft.found.location = Some(place.location());
            }
        } else if draft.found.message.ends_with(':') {
            // `Passed in:`, followed by the value.
            draft.go_on(line.start);
        } else {
            draft.say(line.start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}
