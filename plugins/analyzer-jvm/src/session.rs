//! State for the whole log: reported diagnostics, and those held until the end of their run.

use crate::{frames::class_and_method, text::Text};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Location, Marker, Role, Severity,
    text::{Beginnings, Deduplicator},
};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

/// A failed test that may prove irrelevant: its build succeeded, or it passed on a rerun.
#[derive(Debug)]
struct Held {
    key: u64,
    /// True if a build has succeeded since.
    tolerated: bool,
    found: Diagnostic,
}

/// The certainty that an exception is an error of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Only a line that names it: it counts if nothing else was found.
    Alone,
    /// It has a stack, but may have been logged on purpose.
    Logged,
    /// It ended the program.
    Strong,
}

/// State that recognisers share.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Failed tests and errors with locations that were reported, to recognise repeats.
    known: Deduplicator,
    tests: VecDeque<Held>,
    /// Findings of linters that are warnings unless the checking goal fails.
    rules: Vec<Diagnostic>,
    /// Linters whose goal or task has failed.
    failed_linters: Vec<&'static str>,
    /// Exceptions that may have been logged on purpose.
    exceptions: VecDeque<(Strength, Diagnostic)>,
    /// Number of reported causes.
    roots: u64,
    /// Number of reported causes, including repeats.
    told: u64,
    failed: bool,
    /// True for Jenkins, which reads the results: a build that succeeded despite failed tests is unstable.
    is_judged: bool,
    /// True if the log would report its outcome.
    would_tell: bool,
    /// The last counts of a class whose tests failed.
    counts: String,
    /// The extension of Kotlin, Groovy or Scala sources, if frames show it.
    extension: Option<&'static str>,
}

impl Session {
    /// Maximum number of held tests; then the oldest is reported.
    const TESTS: usize = 256;
    /// Maximum number of held warnings.
    const RULES: usize = 256;
    /// Maximum number of held exceptions; then the oldest is dropped.
    const EXCEPTIONS: usize = 16;

    /// Checks whether a line reports the outcome of a run.
    pub(crate) fn see(&mut self, marker: Option<Marker>, text: &Text<'_>, out: &mut Vec<Diagnostic>) {
        static VERDICTS: Beginnings = Beginnings::new(&["BUILD SUCCESS", "BUILD FAIL"]);
        match marker {
            Some(Marker::Error) => self.failed = true,
            Some(Marker::Group) => self.would_tell = true,
            _ => {}
        }
        // Builds within tests print their outcome indented.
        if text.raw.starts_with([' ', '\t']) {
            return;
        }
        if text.words.starts_with("Finished: UNSTABLE") || text.raw.starts_with("[JENKINS] ") {
            self.is_judged = true;
        }
        match VERDICTS.position(text.words) {
            // Jenkins uses the results as they are.
            _ if text.words.starts_with("Finished: SUCCESS") => self.is_judged = false,
            Some(0) => {
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

    /// A build reports that its tests failed: none was tolerated.
    pub(crate) fn tests_failed(&mut self, out: &mut Vec<Diagnostic>) {
        for test in &mut self.tests {
            test.tolerated = false;
        }
        self.release(|_| true, out);
    }

    /// Remembers the counts of a class whose tests failed.
    pub(crate) fn counted(&mut self, counts: &str) {
        counts.clone_into(&mut self.counts);
    }

    /// Completes a build's report that tests failed: if none was named, it is the reason itself.
    pub(crate) fn tests_unnamed(&self, found: &mut Diagnostic) {
        if self.roots > 0 {
            return;
        }
        found.role = Role::Root;
        // Other tools' tests may have run within the build.
        found.confidence = Confidence::Likely;
        if !self.counts.is_empty() {
            found.message.push('\n');
            found.message.push_str(&self.counts);
        }
    }

    /// Returns true if the log says that everything passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.would_tell && !self.failed
    }

    /// Number of causes reported so far, including repeats.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// The extension of the tests' sources.
    pub(crate) fn extension(&self) -> &'static str {
        self.extension.unwrap_or("java")
    }

    /// Reports a diagnostic.
    pub(crate) fn report(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        if found.severity >= Severity::Error && found.role == Role::Root {
            self.roots += 1;
            self.told += 1;
        }
        out.push(found);
    }

    /// Reports a diagnostic with a location, unless it was reported before.
    pub(crate) fn report_once(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let headline = found.message.lines().next().unwrap_or_default().to_owned();
        self.report_headline(&headline, found, out);
    }

    /// The same for a message made of a headline and details, which a repeat may lack.
    pub(crate) fn report_headline(&mut self, headline: &str, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let mut hasher = DefaultHasher::new();
        found.location.as_ref().map(|place| (&place.path, place.start)).hash(&mut hasher);
        headline.hash(&mut hasher);
        if self.known.is_first_key(hasher.finish()) {
            if let Some(place) = &found.location {
                self.known.is_first_key(line_key(place));
            }
            self.report(found, out);
        } else if found.severity >= Severity::Error && found.role == Role::Root {
            self.told += 1;
        }
    }

    /// The same for a line that a compiler may have reported in other words.
    pub(crate) fn report_line(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let key = found.location.as_ref().map(line_key);
        if key.is_none_or(|key| self.known.is_first_key(key)) {
            self.report_once(found, out);
        }
    }

    /// Adds a finding of a linter; a warning waits for the outcome of the goal.
    pub(crate) fn rule(&mut self, mut found: Diagnostic, is_warning: bool, out: &mut Vec<Diagnostic>) {
        // Gradle's threads may print the findings after the outcome.
        let has_failed = self.failed_linters.iter().any(|tool| found.tool == *tool);
        if !is_warning || has_failed && found.severity >= Severity::Error {
            found.severity = Severity::Error;
            self.report_once(found, out);
        } else if self.rules.len() < Self::RULES {
            self.rules.push(found);
        }
    }

    /// A goal's or task's message says that a check failed: its warnings are the reason.
    pub(crate) fn linters_failed(&mut self, message: &str, out: &mut Vec<Diagnostic>) {
        const LINTERS: [(&str, &str); 9] = [
            ("heckstyle", "checkstyle"),
            ("PMD", "pmd"),
            ("CPD", "pmd"),
            ("Coverage", "jacoco"),
            ("Enforcer", "maven"),
            ("SpotBugs", "spotbugs"),
            (" bugs", "spotbugs"),
            ("KtLint", "ktlint"),
            ("weighted issues", "detekt"),
        ];
        for (_, tool) in LINTERS.iter().filter(|(word, _)| message.contains(word)) {
            if !self.failed_linters.contains(tool) {
                self.failed_linters.push(tool);
            }
            let (failed, rest) =
                std::mem::take(&mut self.rules).into_iter().partition(|rule| rule.tool == *tool);
            self.rules = rest;
            for found in failed {
                self.rule(found, false, out);
            }
        }
    }

    /// Returns true if a failed test was not reported before, judging by its name.
    pub(crate) fn is_new_test(&mut self, test: &str) -> bool {
        self.known.is_first_key(test_key(test))
    }

    /// Adds a failed test with a new name.
    pub(crate) fn hold_test(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let key = test_key(found.test.as_deref().unwrap_or_default());
        self.roots += 1;
        self.exceptions.retain(|(strength, _)| *strength == Strength::Strong);
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

    /// A failed test has passed on a rerun.
    pub(crate) fn passed_again(&mut self, test: &str) {
        let key = test_key(test);
        self.tests.retain(|held| held.key != key);
    }

    /// Takes an exception.
    pub(crate) fn hold_exception(&mut self, strength: Strength, mut found: Diagnostic) {
        if strength != Strength::Strong {
            found.confidence = Confidence::Likely;
        }
        let same = |held: &Diagnostic| held.message == found.message && held.error_type == found.error_type;
        if self.exceptions.iter().any(|(_, held)| same(held)) {
            return;
        }
        if self.exceptions.len() == Self::EXCEPTIONS {
            self.exceptions.pop_front();
        }
        self.exceptions.push_back((strength, found));
    }

    /// Ends the log.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if self.is_judged {
            self.tests_failed(out);
        }
        self.release(|_| true, out);
        // A short excerpt without an end: a linter's findings are its subject.
        let is_part = !self.failed && !self.would_tell;
        for mut found in std::mem::take(&mut self.rules) {
            found.severity = if is_part { found.severity } else { Severity::Warning };
            self.report_once(found, out);
        }
        if self.has_passed() {
            return;
        }
        let explained = self.roots > 0;
        let has_stacks = self.exceptions.iter().any(|(strength, _)| *strength != Strength::Alone);
        let counts = |strength: Strength| match strength {
            Strength::Strong => true,
            Strength::Logged => !explained,
            Strength::Alone => !explained && !has_stacks,
        };
        out.extend(
            self.exceptions.drain(..).filter(|(strength, _)| counts(*strength)).map(|(_, found)| found),
        );
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

/// One key for all columns of a line.
fn line_key(place: &Location) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&place.path, place.line(), "line").hash(&mut hasher);
    hasher.finish()
}

/// One key for all forms of a test's name: simple class, and method with the part that marks repetitions.
fn test_key(test: &str) -> u64 {
    let (class, method) = class_and_method(test);
    let index = test.rfind('[').map_or("", |at| &test[at..]);
    let mut hasher = DefaultHasher::new();
    (class, method, index, "test").hash(&mut hasher);
    hasher.finish()
}
