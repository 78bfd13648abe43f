//! Meson: errors with or without a location, and the test list of its runner.
//!
//! ```text
//! ../meson.build:12:7: ERROR: Dependency "lid" not found, tried pkgconfig and cmake
//! 2/7 pot:boils  FAIL  0.03s  exit status 1
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Context, Needle, extension, leading_number, place_at_start},
};

/// Number of lines after Meson's banner in which a line without a location counts as its own.
const NEAR: u64 = 3_000;
/// Maximum number of tests of the final list.
const LISTED: usize = 200;

static ERROR: Needle = Needle::new("ERROR: ");
static WARNING: Needle = Needle::new("WARNING: ");

/// Reads Meson's output.
#[derive(Debug, Default)]
pub(crate) struct Meson {
    seen: Option<u64>,
    /// An error without a location, held until the next line shows which tool printed it.
    held: Option<(Diagnostic, u64)>,
    tests: Vec<String>,
    summary: Option<(Vec<String>, Span)>,
}

impl Meson {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        self.resolve(text, view.number, inbox);
        if text.starts_with("The Meson build system")
            || text.starts_with("Program python3 found")
            || text.starts_with("ninja: Entering directory")
        {
            self.seen = Some(view.number);
        } else if text == "Summary of Failures:" {
            self.close(inbox);
            self.summary = Some((Vec::new(), view.span));
        } else if let Some((test, status)) = result(text) {
            self.result(test, status, view, inbox);
        } else if let Some(at) = ERROR.find_among(view.characters, text) {
            self.error(at, view, inbox);
        } else if let Some(at) = WARNING.find_among(view.characters, text) {
            if let Some(place) = place_at_start(&text[..at]).filter(|place| is_meson(place.path)) {
                inbox.push(Diagnostic {
                    severity: Severity::Warning,
                    location: Some(place.location()),
                    span: view.span,
                    ..found(&text[at + WARNING.text().len()..])
                });
            }
        } else if !text.is_empty() && self.summary.is_some() {
            self.close(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.held = None;
        self.close(inbox);
    }

    fn error(&mut self, at: usize, view: &View<'_>, inbox: &mut Inbox) {
        let (before, message) = (&view.text[..at], view.text[at + ERROR.text().len()..].trim());
        if message.is_empty() {
            return;
        }
        let mut context = Context::default();
        context.push(view.text);
        let diagnostic = Diagnostic { span: view.span, context: context.take(), ..found(message) };
        if let Some(place) = place_at_start(before) {
            if is_meson(place.path) {
                self.seen = Some(view.number);
                inbox.push(Diagnostic { location: Some(place.location()), ..diagnostic });
            }
        } else if before.is_empty() {
            let near = self.seen.is_some_and(|seen| view.number - seen < NEAR);
            let own = message.contains("meson")
                || message.starts_with("Unknown compiler(s)")
                || message.starts_with("Unknown options: ");
            if own {
                inbox.push(diagnostic);
            } else if near {
                self.held = Some((diagnostic, view.number));
            }
        }
    }

    /// An error without a location is Meson's if the next line names its log, or nothing follows at once.
    fn resolve(&mut self, text: &str, number: u64, inbox: &mut Inbox) {
        let Some((held, line)) = self.held.take() else { return };
        if text.starts_with("A full log can be found at ") {
            inbox.push(held);
        } else if number < line + 12 {
            self.held = Some((held, line));
        }
    }

    fn result(&mut self, test: &str, status: &str, view: &View<'_>, inbox: &mut Inbox) {
        if let Some((names, span)) = &mut self.summary {
            if names.len() < LISTED {
                names.push(test.to_owned());
            }
            *span = span.to(view.span);
            if self.tests.iter().any(|known| known == test) {
                return;
            }
        }
        if self.tests.len() < LISTED {
            self.tests.push(test.to_owned());
        }
        // Within the summary, the list is reported as a whole.
        if self.summary.is_none() {
            inbox.push(Diagnostic {
                test: Some(test.to_owned()),
                kind: if status.starts_with("TIMEOUT") { Kind::Timeout } else { Kind::Test },
                error_type: "test".to_owned(),
                context: view.text.to_owned(),
                span: view.span,
                ..found(&format!("test {test} failed: {status}"))
            });
        }
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some((names, span)) = self.summary.take() else { return };
        if !names.is_empty() {
            let message = format!("{} tests failed: {}", names.len(), names.join(", "));
            inbox.push(Diagnostic { role: Role::Summary, kind: Kind::Test, span, ..found(&message) });
        }
    }
}

fn is_meson(path: &str) -> bool {
    path.ends_with("meson.build")
        || path.ends_with("meson_options.txt")
        || path.ends_with("meson.options")
        || extension(path) == "wrap"
}

/// ` 2/7 pot:boils  FAIL  0.03s  exit status 1`: the test and its result.
fn result(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = leading_number(text)?;
    let (_, rest) = leading_number(rest.strip_prefix('/')?)?;
    let rest = rest.strip_prefix(' ')?.trim_start();
    let words = ["  FAIL ", "  ERROR ", "  TIMEOUT ", " FAIL ", " ERROR ", " TIMEOUT "];
    let (word, at) = words.iter().find_map(|word| Some((word, rest.find(word)?)))?;
    let (name, status) = (rest[..at].trim(), rest[at..].trim());
    let time = status[word.trim().len()..].trim_start();
    // `0.03s` must follow, or this is another list.
    let digits = time.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let good =
        digits > 0 && time[digits..].trim_start().starts_with('s') && !name.is_empty() && name.len() < 300;
    let status = if good { status } else { return None };
    let reason = time[digits..].trim_start().trim_start_matches('s').trim();
    Some((name, if reason.is_empty() { status } else { reason }))
}

fn found(message: &str) -> Diagnostic {
    let message = message.trim();
    let missing = message.starts_with("Dependency ")
        || message.starts_with("Program ")
        || message.contains("not found");
    Diagnostic {
        tool: "meson".to_owned(),
        error_type: "meson".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: if missing { Kind::Dependency } else { Kind::Configuration },
        ..Diagnostic::default()
    }
}
