//! CTest: each failed test with its output, and the list at the end.
//!
//! ```text
//! 2/2 Test #2: pot_test .........................***Failed    0.01 sec
//! the pot is empty
//!
//! The following tests FAILED:
//!           2 - pot_test (Failed)
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Context, Needle, leading_number},
};

/// Maximum number of output lines read per failed test.
const OUTPUT: usize = 400;
/// Maximum number of tests of the final list.
const LISTED: usize = 200;

static RESULT: Needle = Needle::new(" Test ");
static STARS: Needle = Needle::new("***");
/// Lines in which GoogleTest counts what it is going to run, and what passed.
const PROGRESS: [&str; 4] = ["[----------]", "[==========]", "[ RUN      ]", "[       OK ]"];

/// Reads CTest's output.
#[derive(Debug, Default)]
pub(crate) struct Ctest {
    open: Option<Failed>,
    list: Option<(Vec<String>, Span)>,
    /// Why the next test cannot run.
    missing: Option<String>,
}

/// A failed test whose output follows.
#[derive(Debug)]
struct Failed {
    name: String,
    status: String,
    /// Number of errors found before the test's output.
    roots: u64,
    lines: usize,
    reason: Option<String>,
    sure: bool,
    context: Context,
    span: Span,
}

impl Ctest {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some((names, span)) = &mut self.list {
            if let Some(name) = listed(text) {
                if names.len() < LISTED {
                    names.push(name.to_owned());
                }
                *span = span.to(view.span);
                return;
            }
            if !text.is_empty() {
                self.close_list(inbox);
            }
        }
        if text.starts_with("Start ") || described(view).is_some() || is_end(text) {
            self.close(inbox);
        }
        if text == "The following tests FAILED:" {
            inbox.fail(view.number);
            self.list = Some((Vec::new(), view.span));
        } else if let Some(missing) = text.strip_prefix("Unable to find executable: ") {
            self.missing = Some(format!("Unable to find executable: {missing}"));
        } else if let Some((name, status)) = result(view) {
            inbox.fail(view.number);
            let mut context = Context::default();
            context.push(text);
            let reason = self.missing.take();
            self.open = Some(Failed {
                name: name.to_owned(),
                status: status.to_owned(),
                roots: inbox.roots(),
                lines: 0,
                sure: reason.is_some(),
                reason,
                context,
                span: view.span,
            });
        } else if let Some(open) = &mut self.open
            && !open.line(view)
        {
            self.close(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.close_list(inbox);
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut open) = self.open.take() else { return };
        // The test's own report is more specific.
        let told = inbox.roots() > open.roots;
        let message = match open.reason.filter(|_| !told) {
            Some(reason) => format!("test {} failed: {reason}", open.name),
            None => format!("test {} failed: {}", open.name, open.status),
        };
        let is_timeout = open.status.starts_with("Timeout");
        inbox.push(Diagnostic {
            role: if told { Role::Consequence } else { Role::Root },
            kind: if is_timeout { Kind::Timeout } else { Kind::Test },
            test: Some(open.name),
            context: open.context.take(),
            span: open.span,
            ..found(message)
        });
    }

    fn close_list(&mut self, inbox: &mut Inbox) {
        let Some((names, span)) = self.list.take() else { return };
        if !names.is_empty() {
            inbox.push(Diagnostic {
                role: Role::Summary,
                span,
                ..found(format!("{} tests failed: {}", names.len(), names.join(", ")))
            });
        }
    }
}

impl Failed {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        if self.lines > OUTPUT {
            return false;
        }
        if text.is_empty() || text.starts_with("CMake Error") {
            return true;
        }
        if self.context.lines() < 60 {
            self.context.push(view.raw);
        }
        if !self.sure {
            let lower = text.to_ascii_lowercase();
            self.sure = [
                "error",
                "fail",
                "assert",
                "exception",
                "abort",
                "not found",
                "cannot",
                "unable",
                "mismatch",
            ]
            .iter()
            .any(|word| lower.contains(word));
            if !self.sure && PROGRESS.iter().any(|start| text.starts_with(start)) {
                return true;
            }
            self.reason = Some(text[..text.floor_char_boundary(400)].to_owned());
        }
        true
    }
}

/// The text after the number in `2/2 Test #2: `; the numbers are aligned.
fn described<'a>(view: &View<'a>) -> Option<&'a str> {
    let text = view.text;
    let at = RESULT
        .find_among(view.characters, text)
        .filter(|at| text.as_bytes()[0].is_ascii_digit() && *at < 24)?;
    let rest = text[at + RESULT.text().len()..].trim_start().strip_prefix('#')?;
    Some(leading_number(rest)?.1.strip_prefix(':')?.trim_start())
}

/// `2/2 Test #2: pot_test ....***Failed    0.01 sec`: the test and its status, if it failed.
fn result<'a>(view: &View<'a>) -> Option<(&'a str, &'a str)> {
    let rest = described(view)?;
    let stars = STARS.find(rest)?;
    let (name, status) = (&rest[..stars], &rest[stars + 3..]);
    // `Subprocess aborted***Exception:`
    let (name, status) = match name.rsplit_once("Subprocess ") {
        Some((name, status)) => (name, status),
        None => (name, status),
    };
    let name = name.trim_end_matches([' ', '.']);
    // `0.01 sec` ends the line; a regular expression that did not match may follow.
    let status = status.split("  ").next().unwrap_or(status).trim();
    let passed = status.starts_with("Skipped")
        || status.starts_with("Passed")
        || status.starts_with("Not Run (Disabled)");
    (!passed && !name.is_empty()).then_some((name, status))
}

/// `2 - pot_test (Failed)` of the final list.
fn listed(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text)?;
    let (name, status) = rest.strip_prefix(" - ")?.rsplit_once(" (")?;
    status.contains(')').then_some(name)
}

/// Lines that end the output of the last test.
fn is_end(text: &str) -> bool {
    text.contains("% tests passed, ")
        || text.starts_with("Total Test time")
        || text.starts_with("Errors while running CTest")
}

fn found(message: String) -> Diagnostic {
    Diagnostic {
        tool: "ctest".to_owned(),
        error_type: "test".to_owned(),
        message,
        severity: Severity::Error,
        kind: Kind::Test,
        ..Diagnostic::default()
    }
}
