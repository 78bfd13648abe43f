//! What is known of the whole log: what was reported, what waits for the end of the run that it is part of.

use crate::{frames::class_and_method, text::Text};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Marker, Role, Severity,
    text::{Beginnings, Deduplicator},
};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

/// A failed test that may yet turn out not to matter: its build went well, or it passed when it ran again.
#[derive(Debug)]
struct Held {
    key: u64,
    /// A build has succeeded since.
    tolerated: bool,
    found: Diagnostic,
}

/// What recognisers share.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Failed tests and located errors that were reported, to tell repeats from news.
    known: Deduplicator,
    tests: VecDeque<Held>,
    /// Exceptions that may have been logged on purpose.
    exceptions: VecDeque<(bool, Diagnostic)>,
    /// Causes that were reported.
    roots: u64,
    failed: bool,
    /// The log is one that says how it ended.
    would_tell: bool,
    /// Whether sources are in Kotlin, Groovy or Scala, as far as frames told.
    extension: Option<&'static str>,
}

impl Session {
    /// Tests held at most; the oldest is reported then.
    const TESTS: usize = 256;
    /// Exceptions held at most; the oldest is forgotten then.
    const EXCEPTIONS: usize = 16;

    /// Looks for what tells how a run ended.
    pub(crate) fn see(&mut self, marker: Option<Marker>, text: &Text<'_>, out: &mut Vec<Diagnostic>) {
        static VERDICTS: Beginnings = Beginnings::new(&["BUILD SUCCESS", "BUILD FAIL"]);
        match marker {
            Some(Marker::Error) => self.failed = true,
            Some(Marker::Group) => self.would_tell = true,
            _ => {}
        }
        // Builds within tests print theirs indented.
        match VERDICTS.position(text.text) {
            Some(0) if text.raw.len() - text.raw.trim_start().len() == 0 => {
                self.would_tell = true;
                self.exceptions.clear();
                for test in &mut self.tests {
                    test.tolerated = true;
                }
            }
            Some(1) => {
                self.failed = true;
                self.release(|test| !test.tolerated, out);
            }
            _ => {}
        }
    }

    /// A build says that tests of it have failed: none was tolerated.
    pub(crate) fn tests_failed(&mut self, out: &mut Vec<Diagnostic>) {
        for test in &mut self.tests {
            test.tolerated = false;
        }
        self.release(|_| true, out);
    }

    /// How many causes were reported so far.
    pub(crate) fn roots(&self) -> u64 {
        self.roots
    }

    /// The extension of the sources that tests are in.
    pub(crate) fn extension(&self) -> &'static str {
        self.extension.unwrap_or("java")
    }

    /// Reports a diagnostic.
    pub(crate) fn report(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        if found.severity >= Severity::Error && found.role == Role::Root {
            self.roots += 1;
        }
        out.push(found);
    }

    /// Reports a diagnostic with a place, unless the same was said before; whether it was not.
    pub(crate) fn report_once(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) -> bool {
        let mut hasher = DefaultHasher::new();
        let headline = found.message.lines().next().unwrap_or_default();
        found.location.as_ref().map(|place| (&place.path, place.start)).hash(&mut hasher);
        headline.hash(&mut hasher);
        let first = self.known.is_first_key(hasher.finish());
        if first {
            self.report(found, out);
        }
        first
    }

    /// Whether a failed test was reported before, as far as its name tells.
    pub(crate) fn is_new_test(&mut self, test: &str) -> bool {
        self.known.is_first_key(test_key(test))
    }

    /// Takes a failed test whose name is new.
    pub(crate) fn hold_test(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let key = test_key(found.test.as_deref().unwrap_or_default());
        self.roots += 1;
        self.exceptions.retain(|(strong, _)| *strong);
        if let Some(place) = &found.location {
            self.extension = ["java", "kt", "groovy", "scala"]
                .into_iter()
                .find(|extension| grimoire_plugin_sdk::text::extension(&place.path) == *extension)
                .or(self.extension);
        }
        if self.tests.len() >= Self::TESTS
            && let Some(oldest) = self.tests.pop_front()
        {
            out.push(oldest.released());
        }
        self.tests.push_back(Held { key, tolerated: false, found });
    }

    /// A test that had failed has passed when it ran again.
    pub(crate) fn passed_again(&mut self, test: &str) {
        let key = test_key(test);
        self.tests.retain(|held| held.key != key);
    }

    /// Takes an exception that nothing but its stack trace says to be an error; a strong one ended a program.
    pub(crate) fn hold_exception(&mut self, strong: bool, mut found: Diagnostic) {
        if !strong {
            found.confidence = Confidence::Likely;
        }
        let same = |held: &Diagnostic| held.message == found.message && held.error_type == found.error_type;
        if self.exceptions.iter().any(|(_, held)| same(held)) {
            return;
        }
        if self.exceptions.len() == Self::EXCEPTIONS {
            self.exceptions.pop_front();
        }
        self.exceptions.push_back((strong, found));
    }

    /// The log has ended.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.release(|_| true, out);
        if !self.failed && self.would_tell {
            return;
        }
        let explained = self.roots > 0;
        out.extend(self.exceptions.drain(..).filter(|(strong, _)| *strong || !explained).map(|(_, found)| found));
    }

    fn release(&mut self, good: impl Fn(&Held) -> bool, out: &mut Vec<Diagnostic>) {
        let mut rest = VecDeque::new();
        for held in self.tests.drain(..) {
            if good(&held) {
                out.push(held.released());
            } else {
                rest.push_back(held);
            }
        }
        self.tests = rest;
    }
}

impl Held {
    fn released(mut self) -> Diagnostic {
        if self.tolerated {
            self.found.severity = Severity::Warning;
        }
        self.found
    }
}

/// The same for all forms of a test's name: its simple class and its method with what tells repetitions apart.
fn test_key(test: &str) -> u64 {
    let (class, method) = class_and_method(test);
    let index = test.rfind('[').map_or("", |at| &test[at..]);
    let mut hasher = DefaultHasher::new();
    (class, method, index, "test").hash(&mut hasher);
    hasher.finish()
}
