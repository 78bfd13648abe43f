//! Test suites that list their tests: Automake's, LLVM's lit.
//!
//! ```text
//! FAIL: test_pot
//! # FAIL:  1
//! See ./test-suite.log
//! FAIL: Kettle :: lid/open.ll (3 of 40)
//! ******************** TEST 'Kettle :: lid/open.ll' FAILED ********************
//! lid/open.ll:4:10: error: CHECK: expected string not found in input
//! ********************
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, Needle, place_at_start},
};

/// Maximum number of failed tests remembered until the suite is recognised.
const HELD: usize = 200;
/// Maximum number of lines of one test's report.
const LINES: usize = 400;

static STARRED: Needle = Needle::new("******************** TEST '");
static ERROR: Needle = Needle::new(": error: ");

/// Reads these lists.
#[derive(Debug, Default)]
pub(crate) struct Suites {
    held: Vec<(String, Span)>,
    passes: bool,
    open: Option<Report>,
}

/// lit's report of a failed test.
#[derive(Debug)]
struct Report {
    test: String,
    reason: Option<(String, Option<Location>)>,
    last: Option<String>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Suites {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(report) = &mut self.open {
            if report.line(view) {
                return;
            }
            self.close(inbox);
        }
        if let Some(at) = STARRED.find_among(view.characters, text) {
            if let Some((test, rest)) = text[at + STARRED.text().len()..].split_once('\'')
                && rest.starts_with(" FAILED ")
            {
                let mut context = Context::default();
                context.push(text);
                self.open = Some(Report {
                    test: test.to_owned(),
                    reason: None,
                    last: None,
                    lines: 0,
                    context,
                    span: view.span,
                });
            }
        } else if let Some(name) = text
            .strip_prefix("FAIL: ")
            .or_else(|| text.strip_prefix("ERROR: "))
            .or_else(|| text.strip_prefix("XPASS: "))
        {
            // unittest prints the same words, followed by the test's class.
            let name = name.trim();
            if view.indent == 0
                && !name.is_empty()
                && name.len() < 200
                && !name.contains(" (")
                && !name.contains(": ")
                && self.held.len() < HELD
            {
                self.held.push((name.to_owned(), view.span));
            }
        } else if text.starts_with("PASS: ") {
            self.passes = true;
        } else if (text.starts_with("# FAIL:")
            || text.starts_with("# ERROR:")
            || text.starts_with("See ") && text.contains("test-suite.log"))
            && !text.ends_with(" 0")
        {
            inbox.fail(view.number);
            for (name, span) in std::mem::take(&mut self.held) {
                inbox.push(Diagnostic {
                    test: Some(name.clone()),
                    span,
                    ..found("automake", format!("test {name} failed"))
                });
            }
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut report) = self.open.take() else { return };
        let (message, location) = match (report.reason, report.last) {
            (Some((reason, location)), _) => (reason, location),
            (None, Some(last)) => (format!("test {} failed: {last}", report.test), None),
            (None, None) => (format!("test {} failed", report.test), None),
        };
        inbox.push(Diagnostic {
            test: Some(report.test),
            location,
            context: report.context.take(),
            span: report.span,
            ..found("lit", message)
        });
    }
}

impl Report {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        if self.lines > LINES || text.starts_with("****") {
            return false;
        }
        if self.context.lines() < 60 {
            self.context.push(view.raw);
        }
        self.span = self.span.to(view.span);
        if self.reason.is_none()
            && let Some(at) = ERROR.find_among(view.characters, text)
        {
            let location = place_at_start(&text[..=at]).map(|place| place.location());
            self.reason = Some((text[at + ERROR.text().len()..].to_owned(), location));
        } else if !text.is_empty() && text != "--" && !text.starts_with("error: command failed") {
            self.last = Some(text[..text.floor_char_boundary(300)].to_owned());
        }
        true
    }
}

fn found(tool: &str, message: String) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: "test".to_owned(),
        message,
        severity: Severity::Error,
        kind: Kind::Test,
        role: Role::Root,
        ..Diagnostic::default()
    }
}
