//! Julia: failed tests, and errors that ended a program.
//!
//! ```text
//! Pots: Test Failed at /src/test/runtests.jl:12
//!   Expression: lids(pot) == 1
//!    Evaluated: 0 == 1
//!
//! ERROR: LoadError: UndefVarError: `lid` not defined
//! Stacktrace:
//!  [1] top-level scope
//!    @ /src/run.jl:3
//! in expression starting at /src/run.jl:3
//! ```

use crate::panel::{Draft, Reader, Seen, single};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{Crash, Dependency, Permission, Test},
    Role,
    text::{Beginnings, Needle, place_at_start},
};

/// Maximum number of lines of a message, and of a stack.
const LINES: usize = 80;

/// Beginnings of exceptions that only Julia prints after `ERROR: `.
static OWN: Beginnings = Beginnings::new(&[
    "UndefVarError: ",
    "UndefKeywordError: ",
    "MethodError: no method matching ",
    "ArgumentError: Package ",
    "InitError: ",
    "BoundsError: attempt to access ",
    "TypeError: in ",
    "DimensionMismatch",
    "SystemError: opening file ",
    "Unsatisfiable requirements detected for package ",
]);

/// Message lines without information of their own.
const LEADS: [&str; 4] =
    ["Test threw exception", "Got exception outside", "Closest candidates", "The applicable method"];

/// Reads Julia's tests and errors.
#[derive(Debug, Default)]
pub(crate) struct Julia {
    open: Option<Open>,
    /// The test set named in an earlier line, or the first one in the summary table.
    set: Option<String>,
    in_table: bool,
    /// True after a reported failed test.
    has_told: bool,
}

#[derive(Debug)]
struct Open {
    draft: Draft,
    /// True for a test, which ends with its stack; false for an error, whose location is below the stack.
    is_test: bool,
    in_stack: bool,
}

impl Reader for Julia {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(open) = &mut self.open {
            if open.line(line) {
                return;
            }
            self.finish(out);
        }
        if let Some(mut open) = test(line) {
            self.has_told = true;
            open.draft.found.test = open.draft.found.test.take().or_else(|| self.set.take());
            self.open = Some(open);
        } else if let Some(name) = start.strip_prefix("Error in testset ") {
            self.set = name.strip_suffix(':').map(str::to_owned);
        } else if start.starts_with("Cannot open cache file \"") {
            // The runtime prints the reason before the exception.
            let found = single("julia", Permission, start, line);
            out.push(Diagnostic { error_type: "precompile".to_owned(), ..found });
        } else if let Some(message) = start.strip_prefix("ERROR: ") {
            self.open = error(message, self.set.take(), self.has_told, line);
        } else if start.starts_with("Test Summary:") {
            self.in_table = true;
        } else if self.in_table {
            self.in_table = false;
            self.set = start.split_once(" | ").map(|(name, _)| name.trim().to_owned());
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Open { draft, .. }) = self.open.take() else { return };
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }
}

impl Open {
    /// Reads a line; returns false if the record has ended.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if self.draft.lines() > LINES || start.starts_with("ERROR: ") || is_test(start) {
            return false;
        }
        if let Some(place) = start.strip_prefix("in expression starting at ").and_then(place_at_start) {
            // The innermost file comes first, then the files that include it.
            self.draft.found.location.get_or_insert_with(|| place.location());
            self.draft.take(line);
            self.in_stack = true;
            return true;
        }
        if start.starts_with("Stacktrace:") {
            self.in_stack = true;
            return !self.is_test;
        }
        if self.in_stack {
            let is_frame = start.starts_with(['[', '@']) || line.indent > 0;
            return is_frame || start.is_empty();
        }
        if self.is_test && (line.indent == 0 || start.is_empty()) || !self.is_test && start.is_empty() {
            return start.is_empty() && !self.is_test;
        }
        let says = !LEADS.iter().any(|lead| start.starts_with(lead)) && self.draft.found.message.len() < 600;
        if says {
            self.draft.say(start.trim_start_matches("LoadError: "));
        }
        self.draft.take(line);
        true
    }
}

static SIGNS: [Needle; 2] = [Needle::new("Test Failed at "), Needle::new("Error During Test at ")];

fn is_test(start: &str) -> bool {
    SIGNS.iter().any(|sign| sign.is_in(start))
}

/// `Pots: Test Failed at FILE:LINE`, `Pots: Error During Test at FILE:LINE`; the name may be missing.
fn test(line: &Seen<'_>) -> Option<Open> {
    let (name, rest) = SIGNS.iter().find_map(|sign| sign.split_among(line.characters, line.start))?;
    let name = match name.strip_suffix(": ") {
        Some(name) => Some(name),
        None if name.is_empty() => None,
        None => return None,
    };
    let place = place_at_start(rest).filter(|place| place.rest.is_empty())?;
    let mut draft = Draft::new("julia", Test, line);
    draft.found.location = Some(place.location());
    draft.found.test = name.map(str::to_owned);
    "test".clone_into(&mut draft.found.error_type);
    Some(Open { draft, is_test: true, in_stack: false })
}

/// `ERROR: LoadError: message`, `ERROR: Some tests did not pass: …`.
fn error(message: &str, set: Option<String>, has_told: bool, line: &Seen<'_>) -> Option<Open> {
    let is_loading = message.starts_with("LoadError: ");
    let message = message.trim_start_matches("LoadError: ");
    let sums_up = message.starts_with("Some tests did not pass: ");
    // The package's own exception was printed before.
    let follows = message.starts_with("Failed to precompile ");
    if !is_loading && !sums_up && !follows && !OWN.begin(message) {
        return None;
    }
    let mut draft = Draft::new("julia", if sums_up { Test } else { Crash }, line);
    draft.say(message);
    if sums_up {
        draft.found.role = if has_told { Role::Summary } else { Role::Root };
        draft.found.test = set;
        "test".clone_into(&mut draft.found.error_type);
    } else if follows {
        draft.found.role = Role::Consequence;
        "precompile".clone_into(&mut draft.found.error_type);
    } else if message.starts_with("Unsatisfiable requirements") {
        draft.found.kind = Dependency;
        "unsatisfiable".clone_into(&mut draft.found.error_type);
    } else if let Some((name, _)) = message.split_once(": ").filter(|(name, _)| is_exception(name)) {
        name.clone_into(&mut draft.found.error_type);
    }
    Some(Open { draft, is_test: false, in_stack: false })
}

fn is_exception(name: &str) -> bool {
    (name.ends_with("Error") || name.ends_with("Exception"))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}
