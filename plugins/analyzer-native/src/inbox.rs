//! Where the recognisers put what they find: of two about one line the better one stays.

use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Role, Severity, Span};
use std::collections::VecDeque;

/// Diagnostics held back, because what follows may improve on them.
const HELD: usize = 64;
/// Warnings of one log; more would leave no room for errors.
const WARNINGS: usize = 4_000;
/// Lines within which a failure makes a doubtful diagnostic count.
const NEAR: u64 = 400;
/// A text without any sign of an end that is no longer is a fragment that somebody pasted.
const FRAGMENT: u64 = 80;

/// The findings of one log on their way out.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    held: VecDeque<Diagnostic>,
    /// What is an error only if the run fails soon: number of its line, and the diagnostic.
    doubtful: VecDeque<(u64, Diagnostic)>,
    warnings: usize,
    found: u64,
    /// The test that is running, where a test runner said so.
    test: Option<String>,
}

impl Inbox {
    /// Takes a diagnostic. One that overlaps a held one replaces it or is dropped.
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

    /// Takes what counts only if a failure follows.
    pub(crate) fn push_doubtful(&mut self, line: u64, found: Diagnostic) {
        if self.doubtful.len() == HELD {
            self.doubtful.pop_front();
        }
        self.doubtful.push_back((line, found));
    }

    /// The log shows at this line that something failed.
    pub(crate) fn fail(&mut self, line: u64) {
        for (number, found) in std::mem::take(&mut self.doubtful) {
            if number + NEAR >= line {
                self.push(found);
            }
        }
    }

    /// How many root errors were taken so far.
    pub(crate) fn roots(&self) -> u64 {
        self.found
    }

    /// A test began.
    pub(crate) fn test_begins(&mut self, name: &str) {
        self.test = Some(name.to_owned());
    }

    /// The test has ended.
    pub(crate) fn test_ends(&mut self) {
        self.test = None;
    }

    /// What was found since this place of the log was printed by a test that passed.
    pub(crate) fn forget_since(&mut self, start: u64) {
        self.held.retain(|held| held.span.start < start);
        self.doubtful.retain(|(_, held)| held.span.start < start);
    }

    /// The test that is running.
    pub(crate) fn test(&self) -> Option<&str> {
        self.test.as_deref()
    }

    /// Hands out what nothing can improve on any more.
    pub(crate) fn release(&mut self, out: &mut Vec<Diagnostic>) {
        // What a running test prints waits for its result, as far as there is room.
        while self.held.len() > HELD {
            out.extend(self.held.pop_front());
        }
    }

    /// The log has ended after so many lines.
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

/// How good a diagnostic is, most important first.
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
