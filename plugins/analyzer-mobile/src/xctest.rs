//! XCTest, Swift Testing, and the formats of xcpretty and xcbeautify:
//!
//! ```text
//! /app/Tests/PotTests.swift:12: error: -[KettleTests.PotTests testCups] : XCTAssertEqual failed: ("1") is not equal to ("2")
//! /app/Tests/PotTests.swift:12: error: PotTests.testCups : XCTAssertEqual failed: ("1") is not equal to ("2")
//! ✘ Test holdsTwo() recorded an issue at PotTests.swift:12:5: Expectation failed: (cups → 1) == 2
//!     ✖ testCups, XCTAssertEqual failed: ("1") is not equal to ("2")
//! ```

use crate::{
    panel::{Draft, Reader, Seen, single},
    swift,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{Needle, leading_number, place_at_start},
};

/// `-[KettleTests.PotTests testCups] : message`, `PotTests.testCups : message`.
fn assertion(text: &str) -> Option<(String, &str)> {
    let (name, message) = text.split_once(" : ")?;
    let name = match name
        .strip_prefix("-[")
        .or_else(|| name.strip_prefix("+["))
        .and_then(|name| name.strip_suffix(']'))
    {
        Some(name) => name.replacen(' ', ".", 1),
        None => name.to_owned(),
    };
    let shaped = name.contains('.') && !name.contains(' ') && name.len() < 300;
    shaped.then_some((name, message.trim()))
}

/// Assertions of XCTest.
pub(crate) fn failure(line: &Seen<'_>) -> Option<Diagnostic> {
    let place = place_at_start(line.start)?;
    let text = place.rest.trim_start().strip_prefix("error: ")?;
    let (test, message) = assertion(text)?;
    let mut found = single("xctest", Kind::Test, message, line);
    let name = message.split([' ', ':']).next().filter(|word| word.starts_with("XCT"));
    name.unwrap_or("assertion").clone_into(&mut found.error_type);
    found.location = Some(place.location()).filter(|place| place.path != "<unknown>");
    found.test = Some(test);
    Some(found)
}

/// Issues of Swift Testing; known issues are not failures. The comment follows after an arrow.
#[derive(Debug, Default)]
pub(crate) struct Issues {
    open: Option<Draft>,
}

impl Reader for Issues {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static RECORDED: Needle = Needle::new(" recorded an issue ");
        if let Some(draft) = &mut self.open {
            if let Some((_, comment)) =
                line.start.split_once("↳ ").filter(|(before, _)| before.chars().count() < 6)
            {
                if draft.lines() < 8 {
                    draft.take(line);
                    draft.say(comment);
                }
                return;
            }
            out.extend(self.open.take().map(Draft::done));
        }
        let Some((before, rest)) = RECORDED.split_among(line.characters, line.start) else { return };
        let Some((_, test)) = before.split_once("Test ") else { return };
        let Some((arguments, place)) = rest.split_once("at ") else { return };
        let Some(place) = place_at_start(place) else { return };
        let mut draft = Draft::new("swift-testing", Kind::Test, line);
        let test = test.trim_matches('"');
        let arguments = arguments.trim();
        draft.found.test =
            Some(if arguments.is_empty() { test.to_owned() } else { format!("{test} {arguments}") });
        draft.found.location = Some(place.location());
        "issue".clone_into(&mut draft.found.error_type);
        draft.say(place.rest.trim());
        if !draft.found.message.is_empty() {
            self.open = Some(draft);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// Failed tests with a sign; xcpretty prints the location and the source below them, at the end.
///
/// ```text
/// KettleTests.PotTests
///   testCups, XCTAssertEqual failed: ("1") is not equal to ("2")
///   /app/Tests/PotTests.swift:12
/// ```
#[derive(Debug, Default)]
pub(crate) struct Pretty {
    suite: String,
    open: Option<Draft>,
    /// Failed tests without a location, which may be printed at the end.
    waiting: Vec<Draft>,
}

impl Pretty {
    /// Maximum number of waiting failures.
    const WAITING: usize = 256;

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(draft) = self.open.take() else { return };
        // xcpretty's final list always has locations; without one, only a sign shows that it failed.
        if draft.found.error_type == "listed" {
            return;
        }
        if self.waiting.len() < Self::WAITING {
            self.waiting.push(draft);
        } else {
            out.push(draft.done());
        }
    }

    /// The location of a listed test, which repeats an earlier failure.
    fn place(&mut self, mut draft: Draft, location: Location) -> Diagnostic {
        let method = |draft: &Draft| {
            let test = draft.found.test.as_deref().unwrap_or_default();
            test.rsplit('.').next().unwrap_or_default().to_owned()
        };
        let name = method(&draft);
        self.waiting.retain(|other| method(other) != name || other.found.message != draft.found.message);
        draft.found.location = Some(location);
        "assertion".clone_into(&mut draft.found.error_type);
        draft.done()
    }
}

/// `testCups, message`, `"Holds two" message`.
fn pretty(text: &str) -> Option<(&str, &str)> {
    let (name, message) = text.split_once(", ")?;
    let shaped = name.starts_with("test") && !name.contains(' ') && name.len() < 200 || name.ends_with("()");
    (shaped && message.len() > 3).then_some((name, message))
}

impl Reader for Pretty {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        let place =
            place_at_start(start).filter(|place| place.rest.is_empty() && swift::is_apple(place.path));
        if let Some(place) = place
            && let Some(mut draft) = self.open.take()
        {
            draft.take(line);
            out.push(self.place(draft, place.location()));
            return;
        }
        self.close(out);
        let signed =
            ["✖ ", "✗ ", "[x] ", "✘ "].iter().find_map(|sign| start.strip_prefix(sign)).map(str::trim_start);
        if let Some((test, message)) = pretty(signed.unwrap_or(start)) {
            if signed.is_none() && line.indent == 0 {
                return;
            }
            let mut draft = Draft::new("xctest", Kind::Test, line);
            let named =
                if self.suite.is_empty() { test.to_owned() } else { format!("{}.{test}", self.suite) };
            draft.found.test = Some(named);
            draft.say(message);
            if signed.is_some() { "assertion" } else { "listed" }.clone_into(&mut draft.found.error_type);
            self.open = Some(draft);
        } else if line.indent == 0
            && !start.contains(' ')
            && start.len() < 120
            && ["Tests", "Test", "Spec"].iter().any(|end| start.ends_with(end))
        {
            start.clone_into(&mut self.suite);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        out.extend(self.waiting.drain(..).map(Draft::done));
    }
}

/// A test that crashed its process.
pub(crate) fn crashed(line: &Seen<'_>) -> Option<Diagnostic> {
    static RESTARTING: Needle = Needle::new("Restarting after unexpected exit, crash, or test timeout");
    let (_, rest) = RESTARTING.split_among(line.characters, line.start)?;
    let test = rest.strip_prefix(" in ").and_then(|rest| rest.split([';', ' ']).next()).map(str::to_owned);
    let found = single("xctest", Kind::Test, line.start, line);
    Some(Diagnostic { test, error_type: "crash".to_owned(), role: Role::Consequence, ..found })
}

/// Lines that only say that tests failed.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    static SIGNS: [Needle; 3] = [Needle::new("Executed "), Needle::new("Test "), Needle::new("Test Case ")];
    let start = line.start;
    SIGNS.iter().find_map(|sign| sign.find_among(line.characters, start))?;
    let executed = start.strip_prefix("Executed ").is_some_and(|rest| {
        rest.split_once(", with ")
            .is_some_and(|(_, rest)| leading_number(rest).is_some_and(|(count, _)| count > 0))
    });
    let case = start.starts_with("Test Case ") && start.contains(" failed (")
        || start.starts_with("Test case ") && start.contains(" failed on ");
    let testing =
        start.contains("Test run with ") && start.contains(" failed after ") && start.contains(" issue")
            || start.contains(" failed after ")
                && start.contains("Test ")
                && start.contains(" with ")
                && start.contains(" issue");
    if !(executed || case || testing) {
        return None;
    }
    let mut found = single(if testing { "swift-testing" } else { "xctest" }, Kind::Test, start, line);
    found.role = Role::Summary;
    "failed-tests".clone_into(&mut found.error_type);
    if case && let Some((_, name)) = start.split_once('\'') {
        found.test =
            name.split('\'').next().map(|name| name.trim_matches(['-', '[', ']']).replacen(' ', ".", 1));
    }
    Some(found)
}

/// Tests that could not start: `PotTests.testCups() encountered an error (Failed to install …)`.
pub(crate) fn encountered(line: &Seen<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new(" encountered an error (");
    let (test, message) = SIGN.split_among(line.characters, line.start)?;
    let message = message.strip_suffix(')').unwrap_or(message);
    let mut found = single("xctest", Kind::Test, message, line);
    found.test = Some(test.to_owned()).filter(|test| !test.contains(' '));
    "error".clone_into(&mut found.error_type);
    Some(found)
}
