//! What is known of the whole log: what was reported, what waits for the end of the run that it is part of.

use crate::{frames::class_and_method, text::Text};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Location, Marker, Role, Severity,
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

/// How sure it is that an exception is an error of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Nothing but a line that names it: it counts where nothing else does.
    Alone,
    /// It has a stack, and may have been logged on purpose.
    Logged,
    /// It ended the program.
    Strong,
}

/// What recognisers share.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Failed tests and located errors that were reported, to tell repeats from news.
    known: Deduplicator,
    tests: VecDeque<Held>,
    /// Findings of linters that are warnings unless the goal that checks them fails.
    rules: Vec<Diagnostic>,
    /// Linters whose goal or task has failed.
    failed_linters: Vec<&'static str>,
    /// Exceptions that may have been logged on purpose.
    exceptions: VecDeque<(Strength, Diagnostic)>,
    /// Causes that were reported.
    roots: u64,
    /// Causes that were told of, repeats among them.
    told: u64,
    failed: bool,
    /// Jenkins reads the results: a build that went well in spite of failed tests is unstable.
    is_judged: bool,
    /// The log is one that says how it ended.
    would_tell: bool,
    /// Whether sources are in Kotlin, Groovy or Scala, as far as frames told.
    extension: Option<&'static str>,
}

impl Session {
    /// Tests held at most; the oldest is reported then.
    const TESTS: usize = 256;
    /// Warnings held at most.
    const RULES: usize = 256;
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
        // Builds within tests print theirs with an indent.
        if text.raw.starts_with([' ', '\t']) {
            return;
        }
        if text.words.starts_with("Finished: UNSTABLE") || text.raw.starts_with("[JENKINS] ") {
            self.is_judged = true;
        }
        match VERDICTS.position(text.words) {
            // Whoever reads the results takes them as they are.
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

    /// A build says that tests of it have failed: none was tolerated.
    pub(crate) fn tests_failed(&mut self, out: &mut Vec<Diagnostic>) {
        for test in &mut self.tests {
            test.tolerated = false;
        }
        self.release(|_| true, out);
    }

    /// Whether the log says that all went well.
    pub(crate) fn has_passed(&self) -> bool {
        self.would_tell && !self.failed
    }

    /// How many causes were told of so far, repeats among them.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// The extension of the sources that tests are in.
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

    /// Reports a diagnostic with a place, unless the same was said before.
    pub(crate) fn report_once(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let headline = found.message.lines().next().unwrap_or_default().to_owned();
        self.report_headline(&headline, found, out);
    }

    /// The same for a message that was made of a headline and details, which a repeat may lack.
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

    /// The same, where a compiler may have named the same line in other words.
    pub(crate) fn report_line(&mut self, found: Diagnostic, out: &mut Vec<Diagnostic>) {
        let key = found.location.as_ref().map(line_key);
        if key.is_none_or(|key| self.known.is_first_key(key)) {
            self.report_once(found, out);
        }
    }

    /// Takes a finding of a linter; a warning waits for the verdict of the goal.
    pub(crate) fn rule(&mut self, mut found: Diagnostic, is_warning: bool, out: &mut Vec<Diagnostic>) {
        // Threads of Gradle may print the findings after the verdict.
        let has_failed = self.failed_linters.iter().any(|tool| found.tool == *tool);
        if !is_warning || has_failed && found.severity >= Severity::Error {
            found.severity = Severity::Error;
            self.report_once(found, out);
        } else if self.rules.len() < Self::RULES {
            self.rules.push(found);
        }
    }

    /// What checks has failed, as the message of a goal or task says: its warnings are why.
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

    /// Whether a failed test was reported before, as far as its name tells.
    pub(crate) fn is_new_test(&mut self, test: &str) -> bool {
        self.known.is_first_key(test_key(test))
    }

    /// Takes a failed test whose name is new.
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

    /// A test that had failed has passed when it ran again.
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

    /// The log has ended.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if self.is_judged {
            self.tests_failed(out);
        }
        self.release(|_| true, out);
        // A few lines without an end: what a linter says there is what they are about.
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

/// The same for all columns of a line.
fn line_key(place: &Location) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&place.path, place.line(), "line").hash(&mut hasher);
    hasher.finish()
}

/// The same for all forms of a test's name: its simple class and its method with what tells repetitions apart.
fn test_key(test: &str) -> u64 {
    let (class, method) = class_and_method(test);
    let index = test.rfind('[').map_or("", |at| &test[at..]);
    let mut hasher = DefaultHasher::new();
    (class, method, index, "test").hash(&mut hasher);
    hasher.finish()
}
