//! Follows the tests of libtest and nextest: which test prints, which ones failed, and whether a panic counts
//! before its test's result is known.
//!
//! ```text
//! running 2 tests
//! test pot::tests::holds ... FAILED
//! ---- pot::tests::holds stdout ----
//! test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
//!         FAIL [   0.004s] kettle pot::tests::holds
//! ```

use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Severity, Span, text::leading_number};
use std::collections::VecDeque;

/// Maximum number of failed tests and held diagnostics.
const HELD: usize = 512;

/// The tests of one log.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// The test whose captured output is being read.
    captured: Option<String>,
    /// Between `running N tests` and the result.
    running: bool,
    /// Panics of tests whose result is not known yet.
    held: VecDeque<Diagnostic>,
    failed: Vec<(String, Span)>,
    told: Vec<String>,
    /// Inside the list of names after `failures:`.
    listing: Option<Vec<String>>,
    /// True after the start of nextest's final list.
    summary: bool,
}

impl Tests {
    /// The test that is printing.
    pub(crate) fn captured(&self) -> Option<&str> {
        self.captured.as_deref()
    }

    /// Returns true if threads are named after tests.
    pub(crate) fn are_running(&self) -> bool {
        self.running
    }

    /// Sets the test that the following output belongs to.
    pub(crate) fn set_captured(&mut self, name: Option<&str>) {
        self.captured = name.map(str::to_owned);
    }

    /// Returns true if a line is the runner's own, which ends the output of a test.
    pub(crate) fn are_told_by(start: &str) -> bool {
        start == "failures:"
            || start.starts_with("test ") && (start.contains(" ... ") || start.starts_with("test result: "))
            || start.starts_with("running ") && start.contains(" test")
            || start.starts_with("Summary [")
            || start.starts_with("--- ")
                && start.ends_with(" ---")
                && (start.contains("STDOUT:") || start.contains("STDERR:"))
            || captured_output_of(start).is_some()
            || nextest_status(start).is_some()
    }

    /// Reads a line; returns whether it was the runner's and no other recogniser needs to read it.
    pub(crate) fn line(&mut self, start: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(name) = captured_output_of(start) {
            self.listing = None;
            self.captured = Some(name.to_owned());
            return true;
        }
        if let Some(rest) = start.strip_prefix("test ") {
            if let Some(result) = rest.strip_prefix("result: ") {
                self.result(result, start, span, out);
                return true;
            }
            return self.verdict(rest, span);
        }
        if start == "failures:" {
            self.captured = None;
            self.listing = Some(Vec::new());
            return true;
        }
        if let Some(names) = &mut self.listing
            && !start.is_empty()
        {
            // Anything but a name ends the list: other tools print `failures:` too.
            if !start.contains(' ') || start.contains(" (line ") {
                if names.len() < HELD {
                    names.push(start.to_owned());
                }
                return true;
            }
            self.listing = None;
        }
        if let Some((_, rest)) = start.strip_prefix("running ").and_then(leading_number)
            && rest.starts_with(" test")
        {
            self.running = true;
            self.captured = None;
            return true;
        }
        self.nextest(start, span)
    }

    /// `pot::tests::holds ... FAILED`, `src/lib.rs - pot (line 3) ... ok`, `x - should panic ... ok`.
    fn verdict(&mut self, rest: &str, span: Span) -> bool {
        let Some((name, verdict)) = rest.rsplit_once(" ... ") else { return false };
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        match verdict.split([' ', '<', ',']).next().unwrap_or_default() {
            "ok" => self.passed(name),
            "FAILED" => self.fail(name, span),
            "ignored" => {}
            _ => return false,
        }
        true
    }

    fn passed(&mut self, name: &str) {
        self.held.retain(|found| found.test.as_deref() != Some(name));
    }

    fn fail(&mut self, name: &str, span: Span) {
        if self.failed.len() < HELD && !self.failed.iter().any(|(known, _)| known == name) {
            self.failed.push((name.to_owned(), span));
        }
    }

    /// `FAILED. 1 passed; 1 failed; …`, `ok. …`.
    fn result(&mut self, result: &str, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        let names = self.listing.take().unwrap_or_default();
        self.flush(out);
        self.running = false;
        self.captured = None;
        if result.starts_with("FAILED") {
            let list = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            out.push(Diagnostic { role: Role::Summary, span, ..failed_test(&format!("{text}{list}")) });
        }
    }

    /// `FAIL [   0.004s] (1/3) kettle pot::tests::holds`, `--- STDERR: kettle pot::tests::holds ---`.
    fn nextest(&mut self, start: &str, span: Span) -> bool {
        if let Some(rest) = start.strip_prefix("--- ").and_then(|rest| rest.strip_suffix(" ---")) {
            let Some((stream, name)) = rest.split_once(": ") else { return false };
            if !(stream.ends_with("STDOUT") || stream.ends_with("STDERR")) {
                return false;
            }
            self.captured = name.split_whitespace().next_back().map(str::to_owned);
            return true;
        }
        if start.starts_with("Summary [") {
            self.summary = true;
            self.captured = None;
            return true;
        }
        let Some((status, name)) = nextest_status(start) else { return false };
        let (attempt, status) = match status.strip_prefix("TRY ").and_then(leading_number) {
            Some((_, status)) => (true, status.trim()),
            None => (false, status),
        };
        match status {
            "PASS" | "LEAK" => self.passed(name),
            "FAIL" | "TIMEOUT" | "ABORT" | "LEAK-FAIL" | "FAIL + LEAK" | "TMT" | "EXECFAIL" | "XFAIL" => {
                self.failed_in_nextest(name, attempt, span);
            }
            _ if status.starts_with("SIG") => self.failed_in_nextest(name, attempt, span),
            _ if status.starts_with("FLAKY") => {
                self.passed(name);
                self.failed.retain(|(known, _)| known != name);
            }
            _ => return false,
        }
        true
    }

    /// A failed attempt counts only if the final list repeats it.
    fn failed_in_nextest(&mut self, name: &str, attempt: bool, span: Span) {
        if !attempt || self.summary {
            self.fail(name, span);
        }
        if !self.summary {
            self.captured = Some(name.to_owned());
        }
    }

    /// Holds a test's output until the result is known.
    pub(crate) fn hold(&mut self, mut found: Diagnostic, out: &mut Vec<Diagnostic>) {
        if let Some(name) = found.test.clone() {
            // Later errors of the same test are consequences.
            if self.told.contains(&name) && found.role == Role::Root {
                found.role = Role::Consequence;
            } else if self.told.len() < HELD {
                self.told.push(name);
            }
        }
        if self.held.len() == HELD {
            out.extend(self.held.pop_front());
        }
        self.held.push_back(found);
    }

    /// A test program has ended: held diagnostics count, and failed tests without output are reported.
    pub(crate) fn flush(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.held.drain(..));
        for (name, span) in std::mem::take(&mut self.failed) {
            if !self.told.contains(&name) {
                out.push(Diagnostic {
                    test: Some(name.clone()),
                    span,
                    ..failed_test(&format!("test {name} failed"))
                });
            }
        }
        self.told.clear();
    }
}

/// `FAIL [   0.004s] (1/3) kettle pot::tests::holds`: the status and the test.
fn nextest_status(start: &str) -> Option<(&str, &str)> {
    let (status, rest) = start.split_once(" [").filter(|(status, _)| status.len() < 20)?;
    let (time, name) = rest.split_once("] ")?;
    let time = time.trim().trim_start_matches('>').trim_end_matches('s');
    let is_time = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_word = status.starts_with(|c: char| c.is_ascii_uppercase());
    (is_time && is_word).then(|| Some((status.trim(), name.split_whitespace().next_back()?))).flatten()
}

/// The test in `---- NAME stdout ----`.
pub(crate) fn captured_output_of(start: &str) -> Option<&str> {
    let inner = start.strip_prefix("---- ")?.strip_suffix(" ----")?;
    inner.strip_suffix(" stdout").or_else(|| inner.strip_suffix(" stderr"))
}

fn failed_test(message: &str) -> Diagnostic {
    Diagnostic {
        tool: "cargo-test".to_owned(),
        error_type: "test".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Test,
        ..Diagnostic::default()
    }
}
