//! Test frameworks with failures of one or two lines: Check, Unity, CppUTest, CppUnit, Qt Test.
//!
//! ```text
//! pot_test.c:15:F:Core:test_pot:0: Assertion 'cups == 2' failed: cups == 1
//! test/test_pot.c:15:test_pot:FAIL: Expected 2 Was 1
//! pot_test.cpp:15: error: Failure in TEST(Pot, Holds)
//!         expected <2>
//! FAIL!  : TestPot::holds() Compared values are not the same
//!    Loc: [pot_test.cpp(15)]
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, Needle, place_at_start, place_in_parentheses},
};

/// Maximum number of lines of one failure.
const LINES: usize = 8;

static FAIL: Needle = Needle::new(":FAIL");
static CHECK: [Needle; 2] = [Needle::new(":F:"), Needle::new(":E:")];
static CPPUTEST: Needle = Needle::new(": error: Failure in TEST(");
static CPPUNIT: Needle = Needle::new(") line: ");
static QT: Needle = Needle::new("FAIL!  : ");

/// Reads these frameworks' reports.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    open: Option<Failure>,
}

/// A failure whose values follow.
#[derive(Debug)]
struct Failure {
    tool: &'static str,
    test: String,
    location: Option<Location>,
    message: Vec<String>,
    context: Context,
    span: Span,
}

impl Unit {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(open) = &mut self.open {
            if open.line(view) {
                return;
            }
            self.finish(inbox);
        }
        let Some(mut failure) = start(view) else { return };
        inbox.fail(view.number);
        failure.context.push(view.text);
        let done = matches!(failure.tool, "check" | "unity");
        self.open = Some(failure);
        if done {
            self.finish(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some(mut open) = self.open.take() else { return };
        let message = open.message.join(" ");
        inbox.push(Diagnostic {
            tool: open.tool.to_owned(),
            error_type: "assertion".to_owned(),
            message: if message.is_empty() { format!("test {} failed", open.test) } else { message },
            severity: Severity::Error,
            kind: Kind::Test,
            test: Some(open.test),
            location: open.location,
            context: open.context.take(),
            span: open.span,
            ..Diagnostic::default()
        });
    }
}

impl Failure {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let mine = match self.tool {
            "cpputest" => view.indent > 0,
            "cppunit" => text.starts_with("- ") || self.message.is_empty() || text == "assertion failed",
            _ => {
                text.starts_with("Actual ")
                    || text.starts_with("Expected ")
                    || text.starts_with("Loc: ")
                    || text.starts_with("Baseline ")
                    || text.starts_with("Computed ")
            }
        };
        if text.is_empty() || !mine || self.context.lines() > LINES {
            return false;
        }
        if let Some(place) = text.strip_prefix("Loc: [") {
            let place = place.trim_end_matches(']');
            self.location =
                place_in_parentheses(place).or_else(|| place_at_start(place)).map(|place| place.location());
        } else {
            self.message.push(text.trim_start_matches("- ").to_owned());
        }
        self.context.push(view.body());
        self.span = self.span.to(view.span);
        true
    }
}

fn start(view: &View<'_>) -> Option<Failure> {
    let text = view.text;
    let failure = |tool, test: &str, location, message: &str| Failure {
        tool,
        test: test.to_owned(),
        location,
        message: if message.is_empty() { Vec::new() } else { vec![message.to_owned()] },
        context: Context::default(),
        span: view.span,
    };
    if let Some(at) = CHECK.iter().find_map(|needle| needle.find_among(view.characters, text)) {
        // `path:15:F:CASE:TEST:ITERATION: message`
        let place = place_at_start(&text[..at])?;
        let mut parts = text[at + 3..].splitn(4, ':');
        let (case, test, number, message) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let good = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty();
        return good
            .then(|| failure("check", &format!("{case}:{test}"), Some(place.location()), message.trim()));
    }
    if let Some(at) = FAIL.find_among(view.characters, text) {
        // `path:15:test_pot:FAIL: message`
        let (before, rest) = (&text[..at], &text[at + FAIL.text().len()..]);
        let (place, test) = before.rsplit_once(':')?;
        let place = place_at_start(place).filter(|place| place.rest.is_empty())?;
        let is_name =
            !test.is_empty() && test.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return (is_name && (rest.is_empty() || rest.starts_with(':')))
            .then(|| failure("unity", test, Some(place.location()), rest.trim_start_matches(':').trim()));
    }
    if let Some(at) = CPPUTEST.find_among(view.characters, text) {
        let place = place_at_start(&text[..at]).or_else(|| place_in_parentheses(&text[..at]))?;
        let name = text[at + CPPUTEST.text().len()..].split(')').next()?;
        return Some(failure("cpputest", &name.replace(", ", "."), Some(place.location()), ""));
    }
    if let Some(at) = CPPUNIT.find_among(view.characters, text) {
        // `1) test: Pot::holds (F) line: 15 pot_test.cpp`
        let (_, name) = text[..at].split_once(") test: ")?;
        let name = name.rsplit_once(" (")?.0;
        let (line, path) = text[at + CPPUNIT.text().len()..].split_once(' ')?;
        return Some(failure("cppunit", name, Some(Location::at(path, line.parse().ok()?, None)), ""));
    }
    if QT.find_among(view.characters, text) == Some(0) {
        let rest = &text[QT.text().len()..];
        let end = rest.find(") ")? + 1;
        return Some(failure("qttest", rest[..end].trim_end_matches("()"), None, rest[end..].trim()));
    }
    None
}
