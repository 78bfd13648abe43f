//! Tests of shells and of R, and linters that print TAP.
//!
//! ```text
//! not ok 2 pours                                        Bats
//! # (in test file tests/brew.bats, line 14)
//! #   `[ "$status" -eq 0 ]' failed
//!
//!  ✗ pours
//!    (in test file tests/brew.bats, line 14)
//!
//! ── Failure (test-brew.R:14:3): pours ──────           testthat
//! pour(1) not equal to 2.
//!
//! * checking examples ... ERROR                         R CMD check
//! Running examples in ‘brew-Ex.R’ failed
//! Error in pour(1) : object 'kettle' not found
//!
//! not ok 1 - /repo/src/brew.js                          ESLint, stylelint
//!   ---
//!   message: 'kettle is not defined.'
//!   data:
//!     line: 14
//!     ruleId: no-undef
//! ```

use crate::finding::lint;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::{leading_number, looks_like_path, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 40;

/// Reads failed tests of Bats, in TAP and in its pretty format.
#[derive(Debug, Default)]
pub(crate) struct Bats {
    open: Option<Draft>,
}

impl Bats {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        // Other tools print TAP too: only Bats prints such a location.
        let Some(mut draft) = self.open.take().filter(|draft| draft.found.location.is_some()) else { return };
        if draft.found.message.is_empty() {
            draft.found.message = draft.found.test.clone().unwrap_or_default();
        }
        out.push(draft.done());
    }
}

impl Reader for Bats {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let name = line
            .start
            .strip_prefix("✗ ")
            .or_else(|| leading_number(line.start.strip_prefix("not ok ")?).map(|(_, rest)| rest));
        if let Some(name) = name {
            self.close(out);
            let mut draft = Draft::new("bats", Kind::Test, line);
            draft.found.test = Some(name.trim_start_matches([' ', '-']).to_owned());
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        let is_tap = line.start.starts_with('#');
        let text = line.start.trim_start_matches('#').trim();
        if !is_tap && line.indent < 2 || draft.lines() > LINES {
            return self.close(out);
        }
        draft.take(line);
        let place = |text: &str| {
            let (path, rest) = text.rsplit_once(", line ")?;
            let (number, _) = leading_number(rest)?;
            Some(Location::at(path.trim_matches('`'), number, None))
        };
        if let Some(rest) = text.strip_prefix("(in test file ").or_else(|| text.strip_prefix("in test file "))
        {
            draft.found.location = place(rest);
        } else if text.starts_with("(from function ") || text.starts_with("(in file ") {
            // The failing line of the helper is printed before the test's call of it.
        } else if draft.found.message.is_empty() && draft.found.location.is_some() && !text.is_empty() {
            let message = text
                .strip_prefix('`')
                .map_or_else(|| text.to_owned(), |rest| rest.replacen("' failed", " failed", 1));
            draft.say(&message);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Reads linters that print each file as a test with its findings below.
#[derive(Debug, Default)]
pub(crate) struct Lint {
    path: Option<String>,
    /// A rule printed above its findings, as by stylelint.
    rule: String,
    open: Option<Diagnostic>,
}

impl Lint {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(
            self.open
                .take()
                .filter(|found| found.location.as_ref().is_some_and(|place| place.start.is_some())),
        );
    }
}

impl Reader for Lint {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = line.start.strip_prefix("not ok ") {
            self.close(out);
            let name = leading_number(rest).and_then(|(_, rest)| rest.strip_prefix(" - "));
            self.path = name.filter(|name| looks_like_path(name)).map(str::to_owned);
            self.rule.clear();
            return;
        }
        let Some(path) = &self.path else { return };
        if line.start.starts_with("ok ") || line.start == "..." {
            self.close(out);
            self.path = None;
            return;
        }
        let Some((key, value)) = line.start.trim_start_matches("- ").split_once(':') else { return };
        let value = unquoted(value.trim());
        if key == "message" {
            let path = path.clone();
            self.close(out);
            self.open =
                Some(lint("eslint", Severity::Error, &self.rule, &value, Location::file(&path), line));
            return;
        }
        if value.is_empty() && line.indent == 0 && key.contains('-') {
            key.clone_into(&mut self.rule);
        }
        let Some(found) = &mut self.open else { return };
        found.span = found.span.to(line.span);
        match key {
            "severity" if value == "warning" => found.severity = Severity::Warning,
            "line" => {
                let number = value.parse().unwrap_or(0);
                found.location = Some(Location::at(path, number, None));
            }
            "column" => {
                let place = found.location.as_mut().and_then(|place| place.start.as_mut());
                if let (Some(start), Ok(column)) = (place, value.parse()) {
                    start.column = Some(column);
                }
            }
            "ruleId" => {
                found.code = Some(value.clone());
                found.error_type = value;
            }
            _ => {}
        }
        if !self.rule.is_empty() {
            "stylelint".clone_into(&mut found.tool);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.path = None;
    }
}

/// A text unquoted by the rules of YAML.
fn unquoted(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.replace("''", "'");
    }
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value).replace("\\\"", "\"")
}

/// Reads failures of testthat.
#[derive(Debug, Default)]
pub(crate) struct TestThat {
    open: Option<Draft>,
}

impl TestThat {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}

/// `── Failure (test-brew.R:14:3): pours ──────`, `── 1. Error: pours (@test-brew.R#14)  ─────`.
fn testthat(start: &str) -> Option<(&str, Option<Location>, &str)> {
    let rest = start.strip_prefix(['─', '-', '━'])?.trim_start_matches(['─', '-', '━', ' ']);
    let rest = leading_number(rest).and_then(|(_, rest)| rest.strip_prefix(". ")).unwrap_or(rest);
    let word = ["Failure", "Error"].into_iter().find(|word| rest.starts_with(word))?;
    let rest = rest[word.len()..].trim_end_matches(['─', '-', '━', ' ']);
    if let Some((inner, name)) = rest.strip_prefix(" (").and_then(|rest| rest.split_once("): ")) {
        return Some((word, place_at_start(inner).map(|place| place.location()), name));
    }
    let (name, place) = rest.strip_prefix(": ")?.rsplit_once(" (@")?;
    let (path, number) = place.trim_end_matches(')').split_once('#')?;
    Some((word, Some(Location::at(path, number.parse().ok()?, None)), name))
}

impl Reader for TestThat {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((word, location, name)) = testthat(line.start) {
            self.close(out);
            let mut draft = Draft::new("testthat", Kind::Test, line);
            draft.found.error_type = word.to_lowercase();
            draft.found.location = location;
            draft.found.test = Some(name.to_owned());
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if line.start.starts_with("[ FAIL ") || line.start.starts_with("══") || draft.lines() > LINES {
            return self.close(out);
        }
        if line.start.is_empty() || line.start == "Backtrace:" {
            if !draft.found.message.is_empty() {
                self.close(out);
            }
            return;
        }
        draft.take(line);
        if draft.found.message.lines().count() < 6 {
            draft.say(line.start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Reads checks of `R CMD check` that ended with an error: the reason is below.
#[derive(Debug, Default)]
pub(crate) struct Check {
    open: Option<Draft>,
}

impl Check {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut draft) = self.open.take() else { return };
        if draft.found.message.is_empty() {
            draft.found.role = Role::Summary;
            let name = draft.found.test.take().unwrap_or_default();
            draft.say(&format!("{name}: ERROR"));
        }
        draft.found.test = None;
        out.push(draft.done());
    }
}

impl Reader for Check {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = line.start.strip_prefix("* ") {
            if self.open.is_some() {
                self.close(out);
            }
            if let Some(name) = rest.strip_suffix(" ... ERROR").or_else(|| rest.strip_suffix(" ...ERROR")) {
                let mut draft = Draft::new("r-cmd-check", Kind::Unknown, line);
                draft.found.test = Some(name.to_owned());
                self.open = Some(draft);
            }
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if draft.lines() > LINES {
            return self.close(out);
        }
        draft.take(line);
        let message = &draft.found.message;
        let says = line.start.starts_with("Error in ")
            || line.start.starts_with("Error: ")
            || line.start.starts_with("ERROR: ");
        if message.is_empty() && says
            || message.ends_with(':') && message.lines().count() < 3 && !line.start.is_empty()
        {
            draft.go_on(line.start.trim_start_matches("Error: ").trim_start_matches("ERROR: "));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if self.open.is_some() {
            self.close(out);
        }
    }
}
