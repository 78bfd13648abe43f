//! PHPUnit in all versions, and Codeception, which is based on it:
//!
//! ```text
//! There was 1 failure:
//!
//! 1) Tests\PotTest::testHolds with data set #0 (2)
//! Failed asserting that two strings are identical.
//! --- Expected
//! +++ Actual
//! @@ @@
//! -'two'
//! +'one'
//!
//! /app/tests/PotTest.php:12
//! ```
//!
//! The heading says what is listed: failures and errors, warnings and risky tests, or no failures at
//! all. With `--testdox` the same text has bars before it, below `✘ Holds`.

use crate::{
    panel::{Draft, Reader, Seen, single},
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Role, Severity, limits,
    text::{Needle, leading_number},
};

/// Maximum number of lines of one failure.
const LINES: usize = 160;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 14;

/// PHPUnit's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// Before any heading.
    #[default]
    Unknown,
    Failures,
    /// Warnings and risky tests.
    Warnings,
    /// Skipped, incomplete, deprecated.
    Other,
}

/// The details of a failed test: message, difference, frames. Shared with testdox and Pest.
#[derive(Debug, Default)]
pub(crate) struct Told {
    lines: Vec<String>,
    expected: Vec<String>,
    actual: Vec<String>,
    in_difference: bool,
    pub(crate) frames: Vec<Frame>,
    cause: bool,
    causes: Vec<String>,
}

impl Told {
    /// Reads a line that is not a frame.
    pub(crate) fn line(&mut self, start: &str) {
        if start.starts_with("--- Expected") || start.starts_with("--- ·") {
            self.in_difference = true;
        } else if self.in_difference {
            let side = match start.as_bytes().first() {
                Some(b'-') => &mut self.expected,
                Some(b'+') if !start.starts_with("+++") => &mut self.actual,
                _ => return,
            };
            if side.len() < 6 {
                side.push(start[1..].to_owned());
            }
        } else if start == "Caused by" {
            self.cause = true;
        } else if self.cause {
            self.cause = false;
            self.causes.push(start.to_owned());
        } else if self.frames.is_empty() && self.lines.len() < MESSAGE_LINES {
            self.lines.push(start.to_owned());
        }
    }

    /// Reads a frame; returns whether the line is one.
    pub(crate) fn frame(&mut self, start: &str) -> bool {
        let Some(place) = trace::place(start) else { return false };
        self.in_difference = false;
        if self.frames.len() < limits::FRAMES {
            let location = Some(place.location());
            self.frames.push(Frame { function: None, location, text: start.to_owned() });
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Sets message, type, location and frames.
    pub(crate) fn tell(mut self, found: &mut Diagnostic) {
        if let Some(first) = self.lines.first_mut()
            && let Some((name, message)) = trace::type_and_message(first)
        {
            name.clone_into(&mut found.error_type);
            *first = message.to_owned();
        }
        let mut lines: Vec<&str> =
            self.lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
        let (expected, actual) = (self.expected.join(" "), self.actual.join(" "));
        let (expected, actual) = (format!("expected: {expected}"), format!("actual: {actual}"));
        if !self.expected.is_empty() {
            lines.push(&expected);
        }
        if !self.actual.is_empty() {
            lines.push(&actual);
        }
        let causes: Vec<String> = self.causes.iter().map(|cause| format!("Caused by: {cause}")).collect();
        lines.extend(causes.iter().map(String::as_str));
        found.message = lines.join("\n");
        if found.error_type.is_empty() {
            "assertion".clone_into(&mut found.error_type);
        }
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        let places = self.frames.iter().filter_map(|frame| frame.location.as_ref());
        let own = places.clone().find(|place| trace::is_own(&place.path));
        found.location = own.cloned().or(found.location.take());
        found.stack_trace = self.frames;
    }
}

/// Reads the numbered list.
#[derive(Debug, Default)]
pub(crate) struct Phpunit {
    section: Section,
    open: Option<(Draft, Told)>,
}

/// The list that a heading announces.
fn section(start: &str) -> Option<Section> {
    if !start.ends_with(':') {
        return None;
    }
    let rest =
        start.strip_prefix("There was ").or_else(|| start.strip_prefix("There were ")).or_else(|| {
            let (_, rest) = leading_number(start)?;
            let (_, rest) = rest.split_once(" triggered ")?;
            rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest)
        })?;
    let (_, what) = leading_number(rest)?;
    Some(if what.contains("failure") || what.contains("error") {
        Section::Failures
    } else if what.contains("warning") || what.contains("risky") {
        Section::Warnings
    } else {
        Section::Other
    })
}

/// The test in `1) Tests\PotTest::testHolds`, `2) PotCest: Holds two`, `3) tests/pot.phpt`.
fn heading(start: &str, known: bool) -> Option<&str> {
    let (_, rest) = leading_number(start)?;
    let test = rest.strip_prefix(") ")?.trim();
    let named = test.contains("::") || trace::is_php(test) || test.contains("Cest: ") || known;
    (named && !test.is_empty() && !test.ends_with(':') && test.len() < 2000).then_some(test)
}

impl Phpunit {
    fn begin(&mut self, line: &Seen<'_>) {
        let start = line.start;
        if let Some(section) = section(start) {
            self.section = section;
        } else if start.starts_with("PHPUnit ") && start.contains(" by Sebastian Bergmann") {
            self.section = Section::Unknown;
        } else if let Some(test) = heading(start, self.section != Section::Unknown)
            && self.section != Section::Other
        {
            let mut draft = Draft::new("phpunit", Kind::Test, line);
            draft.found.test = Some(test.to_owned());
            if self.section == Section::Warnings {
                draft.found.severity = Severity::Warning;
            }
            if test.contains("Cest: ") {
                "codeception".clone_into(&mut draft.found.tool);
            }
            self.open = Some((draft, Told::default()));
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, told)) = self.open.take() else { return };
        // Other tools number their lists too: without a heading, only a location in PHP is accepted.
        let known =
            self.section != Section::Unknown || !told.frames.is_empty() || draft.found.location.is_some();
        if told.is_empty() || !known {
            return;
        }
        told.tell(&mut draft.found);
        out.push(draft.done());
    }
}

impl Reader for Phpunit {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, told)) = &mut self.open {
            let ends = draft.lines() >= LINES
                || matches!(start, "FAILURES!" | "ERRORS!" | "WARNINGS!" | "--" | "---------")
                || start.starts_with("OK, but ")
                || start.starts_with("Tests: ")
                || section(start).is_some()
                || heading(start, self.section != Section::Unknown).is_some();
            if !ends {
                if start.is_empty() {
                    return;
                }
                // Codeception prints words before its message.
                if let Some(path) = start.strip_prefix("Test  ") {
                    let path = path.split(':').next().unwrap_or(path);
                    draft.found.location = Some(Location::file(path));
                } else if let Some((_, place)) =
                    start.rsplit_once(" at ").filter(|_| leading_number(start).is_some())
                    && told.frame(place)
                {
                } else if told.frame(
                    start.strip_prefix('#').map_or(start, |rest| {
                        rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
                    }),
                ) {
                } else {
                    let text = start.strip_prefix("Fail  ").unwrap_or(start);
                    if !start.starts_with("Step  ") && !start.starts_with("Scenario Steps:") {
                        told.line(text);
                    }
                }
                draft.take(line);
                return;
            }
            self.close(out);
        }
        if !start.is_empty() {
            self.begin(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.section = Section::Unknown;
    }
}

/// Reads `--testdox`: `✘ Holds two` and bars below it.
#[derive(Debug, Default)]
pub(crate) struct Testdox {
    class: String,
    open: Option<(Draft, Told)>,
}

impl Testdox {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, told)) = self.open.take() else { return };
        if told.is_empty() || told.frames.is_empty() {
            return;
        }
        told.tell(&mut draft.found);
        out.push(draft.done());
    }
}

impl Reader for Testdox {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, told)) = &mut self.open {
            if start.starts_with(['│', '├', '┐', '┴', '┊', '╵', '╷', '|']) && draft.lines() < LINES
            {
                let text = start.trim_start_matches(['│', '├', '┐', '┴', '┊', '╵', '╷', '|', ' ']);
                if !text.is_empty() && !told.frame(text) {
                    told.line(text);
                }
                draft.take(line);
                return;
            }
            self.close(out);
        }
        if let Some(name) = start.strip_prefix("✘ ").or_else(|| start.strip_prefix("✖ ")) {
            // `Holds two  2 ms`, `Holds two [2.00 ms]`
            let name = name.split("  ").next().unwrap_or(name);
            let name = name.rsplit_once(" [").map_or(name, |(name, _)| name).trim();
            let mut draft = Draft::new("phpunit", Kind::Test, line);
            let test =
                if self.class.is_empty() { name.to_owned() } else { format!("{}::{name}", self.class) };
            draft.found.test = Some(test);
            self.open = Some((draft, Told::default()));
        } else if let Some((_, class)) = start.strip_suffix(')').and_then(|text| text.rsplit_once(" ("))
            && class.contains('\\')
            && !class.contains(' ')
        {
            class.clone_into(&mut self.class);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.class.clear();
    }
}

/// `Tests: 5, Assertions: 3, Failures: 3.`, Pest's `Tests:    1 failed, 1 passed (2 assertions)`.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    static FAILED: [Needle; 3] = [Needle::new("Failures: "), Needle::new("Errors: "), Needle::new(" failed")];
    let rest = line.start.strip_prefix("Tests: ")?;
    let pest = rest.trim_start();
    let failed = leading_number(pest).is_some_and(|(count, rest)| count > 0 && rest.starts_with(" failed"));
    let counted = rest.contains("Assertions: ") && FAILED[..2].iter().any(|sign| sign.is_in(rest));
    let words = pest.contains(" assertions)") || pest.contains(" passed") || pest.ends_with(" failed");
    if !(counted || failed && words) {
        return None;
    }
    let tool = if failed { "pest" } else { "phpunit" };
    let found = single(tool, Kind::Test, line.start, line);
    Some(Diagnostic { role: Role::Summary, error_type: "failed-tests".to_owned(), ..found })
}

/// `An error occurred inside PHPUnit.` with message and location below it.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    open: Option<Draft>,
}

impl Reader for Inside {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if line.start.starts_with("An error occurred inside PHPUnit.") {
            self.open = Some(Draft::new("phpunit", Kind::Test, line));
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if let Some(message) = line.start.strip_prefix("Message:") {
            draft.say(message);
        } else if let Some(place) = line.start.strip_prefix("Location:") {
            draft.found.location = trace::place(place.trim())
                .map(|place| place.location())
                .filter(|place| trace::is_own(&place.path));
        } else if !line.start.is_empty() {
            return self.finish(out);
        }
        draft.take(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}
