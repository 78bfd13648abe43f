//! `go test`: each failed test with its log entries, by location; log entries of passing tests are ignored.
//!
//! ```text
//! --- FAIL: TestPours (0.01s)
//!     pot_test.go:17: the pot holds 1, want 2
//! --- FAIL: TestSubtests (0.00s)
//!     --- FAIL: TestSubtests/empty (0.00s)
//!         pot_test.go:31:
//!                 Error Trace:    /src/pot_test.go:31
//!                 Error:          Not equal:
//!                                 expected: 1
//!                                 actual  : 2
//! FAIL    example.org/kettle      0.012s
//! ```

use crate::{entry::Entry, view::View};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Severity, Span, text::leading_number};

/// Maximum number of kept log entries of tests whose result is not known yet.
const PENDING: usize = 256;
/// Maximum number of failed tests kept until their package ends.
const FAILED: usize = 200;
/// Maximum number of reported locations per test.
const PLACES: usize = 6;

/// The position of a line in the output of a test.
#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Outside,
    /// After `=== RUN`: log entries count if the test fails.
    Running,
    /// After `--- FAIL`: log entries give the reason.
    Failed,
    /// After `--- PASS` or `--- SKIP`.
    Passed,
}

/// A failed test.
#[derive(Debug)]
struct Failed {
    name: String,
    entries: Vec<Entry>,
    /// The actual and the expected output of an example.
    example: Option<Example>,
    span: Span,
}

/// The output of an example.
#[derive(Debug, Default)]
struct Example {
    got: Vec<String>,
    want: Vec<String>,
    in_want: bool,
}

/// Follows the tests.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    mode: Mode,
    test: String,
    /// Log entries of running tests, by test.
    pending: Vec<(String, Entry)>,
    open: Option<Entry>,
    failed: Vec<Failed>,
    /// A framework within a test has reported the failures, so the test that runs it adds nothing.
    reported: bool,
}

impl Tests {
    /// Reads a line; returns whether it belongs to a test.
    pub(crate) fn line(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let text = view.text;
        if let Some(rest) = text.strip_prefix("=== ") {
            return self.header(rest, view, out);
        }
        if let Some(rest) = text.strip_prefix("--- ") {
            return self.result(rest, view);
        }
        let may_end = ["FAIL", "ok  ", "PASS", "?   "].iter().any(|start| text.starts_with(start));
        if may_end && self.package(text, view, out) {
            return true;
        }
        if text.starts_with("DONE ") && text.contains(" failure") {
            self.done(None, out);
            return true;
        }
        self.logged(view)
    }

    /// Returns true if a test is running, so that the output may be its own.
    pub(crate) fn is_running(&self) -> bool {
        self.mode == Mode::Running
    }

    /// Leaves the failures in running tests to another reader.
    pub(crate) fn leave_to_framework(&mut self) {
        self.reported = true;
    }

    /// The test in which a panic happens, which is then the reason of a failed test without log entries.
    pub(crate) fn test_of_panic(&mut self) -> Option<String> {
        self.flush();
        match self.mode {
            Mode::Outside | Mode::Passed => None,
            Mode::Running => Some(self.test.clone()),
            Mode::Failed => {
                let silent = self
                    .failed
                    .last()
                    .is_some_and(|failed| failed.entries.is_empty() && failed.example.is_none());
                let name = self.failed.last().map(|failed| failed.name.clone());
                if silent {
                    self.failed.pop();
                }
                name
            }
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.done(None, out);
    }

    /// `=== RUN   TestPours`, `=== NAME  TestPours`, gotestsum's `=== FAIL: kettle TestPours (0.00s)`.
    fn header(&mut self, rest: &str, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let Some((verb, name)) = rest.split_once(' ') else { return false };
        let name = name.trim();
        match verb {
            "RUN" | "CONT" | "PAUSE" | "NAME" => {
                self.flush();
                if verb == "RUN" && !name.contains('/') {
                    self.done(None, out);
                }
                name.clone_into(&mut self.test);
                self.mode = Mode::Running;
                true
            }
            "FAIL:" => {
                // The package precedes the test.
                let name = name.split(" (").next().unwrap_or(name);
                let name = name.rsplit(' ').next().unwrap_or(name);
                self.fail(name, view.span);
                true
            }
            "SKIP:" | "PASS:" => {
                self.flush();
                self.mode = Mode::Passed;
                true
            }
            _ => false,
        }
    }

    /// `--- FAIL: TestPours (0.01s)`.
    fn result(&mut self, rest: &str, view: &View<'_>) -> bool {
        let Some((verb, rest)) = rest.split_once(": ") else { return false };
        let name = rest.split(" (").next().unwrap_or_default().trim();
        match verb {
            "FAIL" => self.fail(name, view.span),
            "PASS" | "SKIP" | "BENCH" => {
                self.flush();
                self.pending.retain(|(test, _)| test != name);
                self.mode = Mode::Passed;
            }
            _ => return false,
        }
        true
    }

    fn fail(&mut self, name: &str, span: Span) {
        self.flush();
        self.mode = Mode::Failed;
        name.clone_into(&mut self.test);
        let mut entries = Vec::new();
        self.pending.retain_mut(|(test, entry)| {
            if test == name {
                entries.push(std::mem::take(entry));
            }
            test != name
        });
        if self.failed.len() < FAILED {
            self.failed.push(Failed { name: name.to_owned(), entries, example: None, span });
        }
    }

    /// A log entry of a test.
    fn logged(&mut self, view: &View<'_>) -> bool {
        if self.mode == Mode::Outside {
            return false;
        }
        let indent = view.indent();
        if let Some(entry) = &mut self.open
            && (indent > entry.indent || view.text.is_empty())
        {
            entry.also(view);
            return true;
        }
        // Copied lines may have lost their indentation.
        let least = if self.mode == Mode::Failed { 0 } else { 4 };
        if indent >= least
            && let Some(entry) = Entry::start(view)
            && (indent >= 4 || entry.is_of_test())
        {
            self.flush();
            if self.mode != Mode::Passed {
                self.open = Some(entry);
            }
            return true;
        }
        self.flush();
        self.example(view)
    }

    /// `got:` and `want:` of a failed example.
    fn example(&mut self, view: &View<'_>) -> bool {
        if self.mode != Mode::Failed || !self.test.starts_with("Example") {
            return false;
        }
        let Some(failed) = self.failed.last_mut() else { return false };
        if view.text == "got:" && failed.example.is_none() {
            failed.example = Some(Example::default());
        } else if let Some(example) = &mut failed.example {
            if view.text == "want:" {
                example.in_want = true;
            } else {
                let lines = if example.in_want { &mut example.want } else { &mut example.got };
                if lines.len() < 12 && !view.text.is_empty() {
                    lines.push(view.text.to_owned());
                }
            }
        } else {
            return false;
        }
        failed.span = failed.span.to(view.span);
        true
    }

    /// Completes the current log entry.
    fn flush(&mut self) {
        let Some(entry) = self.open.take() else { return };
        match self.mode {
            Mode::Failed => {
                if let Some(failed) = self.failed.iter_mut().rev().find(|failed| failed.name == self.test) {
                    failed.entries.push(entry);
                }
            }
            Mode::Running => {
                if self.pending.len() == PENDING {
                    self.pending.remove(0);
                }
                self.pending.push((self.test.clone(), entry));
            }
            Mode::Outside | Mode::Passed => {}
        }
    }

    /// `FAIL PACKAGE 0.012s`, `FAIL PACKAGE [build failed]`, `ok PACKAGE …`, `PASS`; returns whether it is one.
    fn package(&mut self, text: &str, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        if matches!(text, "FAIL" | "PASS") {
            self.flush();
            return true;
        }
        let mut words = text.split(['\t', ' ']).filter(|word| !word.is_empty());
        let (Some(verdict), Some(package)) = (words.next(), words.next()) else { return false };
        let rest = words.next().unwrap_or_default();
        // Other tools print `FAIL name` too: a package is followed by a time or a reason.
        let is_time = leading_number(rest).is_some_and(|(_, rest)| rest.starts_with(['.', 's']));
        if !matches!(verdict, "FAIL" | "ok" | "?") || !(is_time || rest.starts_with(['[', '('])) {
            return false;
        }
        self.done(Some(package), out);
        if verdict == "FAIL" {
            let message = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let built = rest != "[build" && rest != "[setup";
            out.push(Diagnostic {
                tool: "go test".to_owned(),
                error_type: "test".to_owned(),
                message,
                severity: Severity::Error,
                kind: if built { Kind::Test } else { Kind::Compile },
                role: if built { Role::Summary } else { Role::Consequence },
                context: view.text.to_owned(),
                span: view.span,
                ..Diagnostic::default()
            });
        }
        true
    }

    /// Ends the tests of a package.
    fn done(&mut self, package: Option<&str>, out: &mut Vec<Diagnostic>) {
        self.flush();
        let failed = std::mem::take(&mut self.failed);
        let reported = std::mem::take(&mut self.reported);
        for (at, test) in failed.iter().enumerate() {
            // A parent fails together with its subtests.
            let has_children = failed.iter().enumerate().any(|(other, failed)| {
                other != at
                    && failed
                        .name
                        .strip_prefix(test.name.as_str())
                        .is_some_and(|rest| rest.starts_with('/') || rest.is_empty() && other > at)
            });
            if !(reported && test.entries.is_empty()) {
                test.report(has_children, package, out);
            }
        }
        self.pending.clear();
        self.mode = Mode::Outside;
    }
}

impl Failed {
    fn report(&self, has_children: bool, package: Option<&str>, out: &mut Vec<Diagnostic>) {
        let context = |text: &str| {
            let package = package.map(|package| format!("package: {package}\n")).unwrap_or_default();
            format!("test: {}\n{package}{text}", self.name)
        };
        if let Some(example) = &self.example {
            let message = format!("got: {} want: {}", example.got.join("\n"), example.want.join("\n"));
            out.push(Diagnostic { span: self.span, context: context(""), ..self.found(message) });
            return;
        }
        let sure = self.entries.iter().filter(|entry| entry.is_assertion()).count();
        let telling = self.entries.iter().filter(|entry| entry.tells_failure()).count();
        let mut places = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let is_error = if sure > 0 {
                entry.is_assertion()
            } else if telling > 0 {
                entry.tells_failure()
            } else {
                // No entry sounds like a failure: the last one before the end is the best guess.
                !has_children && at + 1 == self.entries.len()
            };
            let place = entry.location();
            let again = places.contains(&place);
            if is_error && (again || places.len() >= PLACES) {
                continue;
            }
            let mut found = Diagnostic {
                span: entry.span,
                location: place.clone(),
                context: context(entry.context.as_str()),
                ..self.found(entry.message(&self.name))
            };
            if entry.is_assertion() {
                "assertion".clone_into(&mut found.error_type);
            }
            if entry.follows() {
                found.role = Role::Consequence;
            } else if is_error {
                places.push(place);
            } else {
                found.severity = Severity::Info;
            }
            out.push(found);
        }
        if self.entries.is_empty() && !has_children {
            out.push(Diagnostic {
                span: self.span,
                context: context(""),
                ..self.found(format!("test {} failed", self.name))
            });
        }
    }

    fn found(&self, message: String) -> Diagnostic {
        Diagnostic {
            tool: "go test".to_owned(),
            error_type: "test".to_owned(),
            message,
            severity: Severity::Error,
            kind: Kind::Test,
            test: Some(self.name.clone()),
            ..Diagnostic::default()
        }
    }
}
