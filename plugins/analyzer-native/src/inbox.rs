//! Collects the findings of the recognisers: of two about one line, the better one is kept.

use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Role, Severity, Span};
use std::collections::VecDeque;

/// Maximum number of diagnostics held back because the following lines may improve them.
const HELD: usize = 64;
/// Maximum number of warnings per log; more would leave no room for errors.
const WARNINGS: usize = 4_000;
/// Number of lines within which a failure makes a doubtful diagnostic count.
const NEAR: u64 = 400;
/// Maximum number of lines of a text without an end that counts as a pasted fragment.
const FRAGMENT: u64 = 80;

/// The findings of one log before they are reported.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    held: VecDeque<Diagnostic>,
    /// Diagnostics that are errors only if the run fails soon, with their line numbers.
    doubtful: VecDeque<(u64, Diagnostic)>,
    warnings: usize,
    found: u64,
    /// The running test, if a test runner named it.
    test: Option<String>,
}

impl Inbox {
    /// Adds a diagnostic. If it overlaps a held one, it replaces that one or is dropped.
    pub(crate) fn push(&mut self, mut found: Diagnostic) {
        if found.severity < Severity::Error {
            self.warnings += 1;
            if self.warnings > WARNINGS {
                return;
            }
            found.role = Role::Warning;
        } else if found.role == Role::Root {
            self.found += 1;
        }
        let overlaps = |held: &Diagnostic| overlap(held.span, found.span);
        let worse = |held: &Diagnostic| rank(held) < rank(&found);
        if self.held.iter().any(|held| overlaps(held) && !worse(held)) {
            return;
        }
        self.held.retain(|held| !overlaps(held));
        self.held.push_back(found);
    }

    /// Adds a diagnostic that counts only if a failure follows.
    pub(crate) fn push_doubtful(&mut self, line: u64, found: Diagnostic) {
        if self.doubtful.len() == HELD {
            self.doubtful.pop_front();
        }
        self.doubtful.push_back((line, found));
    }

    /// Records that the log shows a failure at this line.
    pub(crate) fn fail(&mut self, line: u64) {
        for (number, found) in std::mem::take(&mut self.doubtful) {
            if number + NEAR >= line {
                self.push(found);
            }
        }
    }

    /// Number of root errors so far.
    pub(crate) fn roots(&self) -> u64 {
        self.found
    }

    /// A test began.
    pub(crate) fn test_begins(&mut self, name: &str) {
        self.test = Some(name.to_owned());
    }

    /// Ends the test.
    pub(crate) fn test_ends(&mut self) {
        self.test = None;
    }

    /// Drops findings since this offset, because a passing test printed them.
    pub(crate) fn forget_since(&mut self, start: u64) {
        self.held.retain(|held| held.span.start < start);
        self.doubtful.retain(|(_, held)| held.span.start < start);
    }

    /// The running test.
    pub(crate) fn test(&self) -> Option<&str> {
        self.test.as_deref()
    }

    /// Releases diagnostics that nothing can improve any more.
    pub(crate) fn release(&mut self, out: &mut Vec<Diagnostic>) {
        // Output of a running test waits for its result, as far as there is room.
        while self.held.len() > HELD {
            out.extend(self.held.pop_front());
        }
    }

    /// Ends the log after this many lines.
    pub(crate) fn finish(&mut self, lines: u64, out: &mut Vec<Diagnostic>) {
        if lines <= FRAGMENT {
            self.fail(lines);
        }
        self.doubtful.clear();
        out.extend(self.held.drain(..));
    }
}

fn overlap(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

/// How good a diagnostic is, most important criterion first.
fn rank(found: &Diagnostic) -> (bool, u8, Confidence, bool, bool, bool, bool) {
    let role = match found.role {
        Role::Root => 3,
        Role::Consequence => 2,
        Role::Summary => 1,
        Role::Warning => 0,
    };
    (
        found.severity >= Severity::Error,
        role,
        found.confidence,
        found.kind == Kind::Test,
        found.location.as_ref().is_some_and(|place| place.start.is_some()),
        found.test.is_some(),
        found.code.is_some(),
    )
}
