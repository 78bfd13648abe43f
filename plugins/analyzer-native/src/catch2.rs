//! Catch2, doctest and Boost.Test: an assertion's location, its text, and its values.
//!
//! ```text
//! -------------------------------------------------------------------------------
//! Pot holds two cups
//! -------------------------------------------------------------------------------
//! tests/pot.cpp:12
//! ...............................................................................
//!
//! tests/pot.cpp:15: FAILED:
//!   REQUIRE( pot.cups() == 2 )
//! with expansion:
//!   1 == 2
//! ```

use crate::{inbox::Inbox, view::View, words::Class};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, Needle, place_at_start, place_in_parentheses},
};

/// Maximum number of lines of one failure.
const LINES: usize = 16;

static FAILED: Needle = Needle::new("FAILED");
static LOWER: Needle = Needle::new(": failed: ");
static IN: Needle = Needle::new("error: in \"");

/// Reads these frameworks' reports.
#[derive(Debug, Default)]
pub(crate) struct Catch2 {
    test: Option<String>,
    header: Header,
    open: Option<Failure>,
}

/// Catch2 prints the test's name between rules, doctest after `TEST CASE:`.
#[derive(Debug, Default)]
enum Header {
    #[default]
    None,
    /// After the first rule.
    Name,
    /// After the name.
    Rest,
}

/// A failure being read.
#[derive(Debug)]
struct Failure {
    tool: &'static str,
    location: Location,
    message: Vec<String>,
    test: Option<String>,
    context: Context,
    span: Span,
    /// True if lines of the message may follow a blank line.
    blank: bool,
}

impl Catch2 {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if self.header(view) {
            self.close(inbox);
            return;
        }
        if let Some(mut failure) = self.start(view) {
            self.close(inbox);
            inbox.fail(view.number);
            failure.context.push(text);
            self.open = Some(failure);
            return;
        }
        if let Some(open) = &mut self.open {
            if open.line(view) {
                return;
            }
            self.close(inbox);
        }
        if let Some(found) = summary(view) {
            inbox.push(found);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.header = Header::None;
    }

    fn header(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if let Some(name) = text.strip_prefix("TEST CASE:") {
            self.test = Some(name.trim().to_owned());
            return true;
        }
        let is_rule = text.len() >= 40 && text.bytes().all(|byte| byte == b'-');
        match (&self.header, is_rule) {
            (Header::None | Header::Rest, true) => {
                self.header = if matches!(self.header, Header::None) { Header::Name } else { Header::None }
            }
            (Header::Name, false) if !text.is_empty() => {
                // Other tools draw rules as well, but a name is short.
                self.test = (text.len() < 300).then(|| text.to_owned());
                self.header = Header::Rest;
            }
            (Header::Rest, false) if view.indent > 0 || text.is_empty() => {}
            (Header::Name, true) => self.header = Header::Name,
            _ => self.header = Header::None,
        }
        is_rule
    }

    fn start(&mut self, view: &View<'_>) -> Option<Failure> {
        let text = view.text;
        let failure = |tool, location, message: &str, test: Option<String>| Failure {
            tool,
            location,
            message: if message.is_empty() { Vec::new() } else { vec![message.to_owned()] },
            test,
            context: Context::default(),
            span: view.span,
            blank: false,
        };
        let place = || place_at_start(text).or_else(|| place_in_parentheses(text));
        if FAILED.find_among(view.characters, text).is_some()
            && (text.ends_with(": FAILED:") || text.ends_with(": FAILED - but was ok"))
        {
            let place = place()?;
            return place
                .rest
                .trim_start_matches([':', ' '])
                .starts_with("FAILED:")
                .then(|| failure("catch2", place.location(), "", self.test.clone()));
        }
        if LOWER.find_among(view.characters, text).is_some() {
            // The compact format is a single line.
            let place = place()?;
            let message = place.rest.trim_start_matches([':', ' ']).strip_prefix("failed: ")?;
            return Some(failure("catch2", place.location(), message, None));
        }
        if view.word.is_some_and(|word| word.class == Class::Loud) {
            let place = place()?;
            let rest = place.rest.trim_start_matches([':', ' ']);
            let message = rest.strip_prefix("ERROR: ").or_else(|| rest.strip_prefix("FATAL ERROR: "))?;
            let ours = ["CHECK", "REQUIRE", "WARN", "FAIL", "test case ", "DOCTEST_", "SUBCASE"]
                .iter()
                .any(|word| message.starts_with(word))
                || message.ends_with("is NOT correct!");
            return ours.then(|| failure("doctest", place.location(), message, self.test.clone()));
        }
        if let Some(at) = IN.find_among(view.characters, text) {
            // Boost.Test: `path(15): fatal error: in "Suite/case": critical check x has failed [1 != 2]`
            let (test, message) = text[at + IN.text().len()..].split_once("\": ")?;
            let before = text[..at].trim_end_matches("fatal ").trim_end().trim_end_matches(':');
            let location =
                place_in_parentheses(before).or_else(|| place_at_start(before)).map(|place| place.location());
            let location =
                location.filter(|place| !place.path.contains("unknown location")).unwrap_or_default();
            return Some(failure("boost.test", location, message, Some(test.to_owned())));
        }
        None
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut open) = self.open.take() else { return };
        // The words in between have no meaning of their own.
        let message = open.message.join(" ");
        if message.is_empty() {
            return;
        }
        let threw = message.contains("exception") || message.contains("THREW");
        inbox.push(Diagnostic {
            tool: open.tool.to_owned(),
            error_type: if threw { "exception" } else { "assertion" }.to_owned(),
            message,
            severity: Severity::Error,
            kind: Kind::Test,
            test: open.test,
            location: Some(open.location).filter(|place| !place.path.is_empty()),
            context: open.context.take(),
            span: open.span,
            ..Diagnostic::default()
        });
    }
}

impl Failure {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if text.is_empty() {
            // Catch2 sometimes prints `with messages:` after a blank line, doctest nothing.
            self.blank = true;
            return self.message.is_empty();
        }
        let is_label = matches!(
            text,
            "with expansion:"
                | "with message:"
                | "with messages:"
                | "explicitly with message:"
                | "explicitly with messages:"
        ) || text.starts_with("due to ")
            || text.starts_with("because ");
        let mine = match self.tool {
            "catch2" => is_label || view.indent > 0 || self.message.is_empty(),
            "doctest" => view.indent > 0,
            // The last checkpoint shows where the test was.
            _ => {
                text.contains(": last checkpoint")
                    || text.starts_with("Failure occurred in a following context:")
                    || view.indent >= 4
            }
        };
        if !mine || self.blank && self.tool != "catch2" || self.context.lines() > LINES {
            return false;
        }
        if self.tool == "boost.test" {
            if self.location.path.is_empty()
                && let Some(place) = place_in_parentheses(text).or_else(|| place_at_start(text))
            {
                self.location = place.location();
            }
        } else if !text.starts_with("...") && !text.starts_with("===") {
            self.message.push(text.to_owned());
        }
        self.context.push(view.body());
        self.span = self.span.to(view.span);
        true
    }
}

/// The counts at the end.
fn summary(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    let (tool, message) = if text.starts_with("test cases:") && text.ends_with(" failed") {
        ("catch2", text)
    } else if text == "[doctest] Status: FAILURE!" {
        ("doctest", text)
    } else if text.starts_with("*** ")
        && text.contains(" detected in the test ")
        && !text.starts_with("*** No ")
    {
        ("boost.test", text.trim_start_matches("*** "))
    } else {
        return None;
    };
    Some(Diagnostic {
        tool: tool.to_owned(),
        error_type: "test".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Test,
        role: Role::Summary,
        span: view.span,
        ..Diagnostic::default()
    })
}
