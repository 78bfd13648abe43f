//! State for the whole log: the reported diagnostics, and those held until the end.

use grimoire_plugin_sdk::{Confidence, Diagnostic, Marker, Role, Severity, text::Deduplicator};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

/// State that recognisers share.
#[derive(Debug, Default)]
pub(crate) struct Session {
    known: Deduplicator,
    /// Exceptions that may have been logged on purpose.
    exceptions: VecDeque<Diagnostic>,
    /// Number of reported causes.
    roots: u64,
    failed: bool,
    /// True if the log would report its outcome.
    would_tell: bool,
}

impl Session {
    /// Maximum number of held exceptions; the oldest is dropped.
    const EXCEPTIONS: usize = 16;

    /// Checks whether a line reports the outcome of the run.
    pub(crate) fn see(&mut self, marker: Option<Marker>, text: &str) {
        match marker {
            Some(Marker::Error) => self.failed = true,
            Some(Marker::Group) => self.would_tell = true,
            _ => {
                self.failed |= text.starts_with("Build FAILED")
                    || text.starts_with("Failed!  - ")
                    || text == "Test Run Failed.";
                if text.starts_with("Build succeeded")
                    || text == "Test Run Successful."
                    || text.starts_with("Passed!  - ")
                {
                    self.would_tell = true;
                    self.exceptions.clear();
                }
            }
        }
    }

    /// Reports a diagnostic, unless it was reported before.
    pub(crate) fn report(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let mut hasher = DefaultHasher::new();
        let Diagnostic { code, message, location, test, .. } = &found;
        (code, message, location.as_ref().map(|place| (&place.path, place.start)), test).hash(&mut hasher);
        if !self.known.is_first_key(hasher.finish()) {
            return;
        }
        if found.severity >= Severity::Error && found.role == Role::Root {
            self.roots += 1;
        }
        out.push(found);
    }

    /// Returns true if a failed test was not reported before.
    pub(crate) fn is_new_test(&mut self, test: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (test, "test").hash(&mut hasher);
        self.known.is_first_key(hasher.finish())
    }

    /// Holds an exception that only its stack shows to be an error.
    pub(crate) fn hold(&mut self, mut found: Diagnostic) {
        found.confidence = Confidence::Likely;
        let same = |held: &Diagnostic| held.message == found.message && held.error_type == found.error_type;
        if self.exceptions.iter().any(same) {
            return;
        }
        if self.exceptions.len() == Self::EXCEPTIONS {
            self.exceptions.pop_front();
        }
        self.exceptions.push_back(found);
    }

    /// Ends the log.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if (self.failed || !self.would_tell) && self.roots == 0 {
            out.extend(self.exceptions.drain(..));
        }
    }
}
