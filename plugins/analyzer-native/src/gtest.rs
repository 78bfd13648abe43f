//! GoogleTest and frameworks with the same output (cmocka): expected and actual values, by test.
//!
//! ```text
//! [ RUN      ] Tariff.RoundsUp
//! tests/tariff_test.cpp:44: Failure
//! Expected equality of these values:
//!   tariff.price(3)
//!     Which is: 299
//!   300
//! [  FAILED  ] Tariff.RoundsUp (0 ms)
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, place_at_start, place_in_parentheses},
};

/// Maximum number of lines of one failure's message.
const LINES: usize = 14;
/// Maximum number of failures reported per test.
const PER_TEST: usize = 8;
/// Maximum number of names of the final list.
const LISTED: usize = 200;

/// Follows the tests.
#[derive(Debug, Default)]
pub(crate) struct Gtest {
    running: Option<Running>,
    open: Option<Failure>,
    listing: Option<Listing>,
}

/// The running test.
#[derive(Debug)]
struct Running {
    name: String,
    start: u64,
    failures: usize,
}

/// A failure being read.
#[derive(Debug)]
struct Failure {
    location: Option<Location>,
    message: Vec<String>,
    /// True if the following lines give the location rather than the message.
    traced: bool,
    tool: &'static str,
    context: Context,
    span: Span,
}

/// The list of failed tests at the end.
#[derive(Debug)]
struct Listing {
    headline: String,
    names: Vec<String>,
    span: Span,
}

impl Gtest {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if text.starts_with("[ ") || text.starts_with("[--") || text.starts_with("[==") {
            if let Some((tag, rest)) = tag(text) {
                self.tagged(tag, rest, view, inbox);
            }
            return;
        }
        if let Some((location, message)) = failure(text) {
            self.close(inbox);
            let mut context = Context::default();
            context.push(text);
            let message = message.into_iter().map(str::to_owned).collect();
            self.open = Some(Failure {
                location,
                message,
                traced: false,
                tool: "googletest",
                context,
                span: view.span,
            });
            return;
        }
        if let Some(open) = &mut self.open
            && !open.line(view)
        {
            self.close(inbox);
        }
        if !text.is_empty() && self.listing.is_some() {
            self.close_listing(inbox);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.close_listing(inbox);
    }

    fn tagged(&mut self, tag: &str, rest: &str, view: &View<'_>, inbox: &mut Inbox) {
        match tag {
            "RUN" => {
                self.finish(inbox);
                self.running = Some(Running { name: rest.to_owned(), start: view.span.start, failures: 0 });
                inbox.test_begins(rest);
            }
            "OK" | "PASSED" | "SKIPPED" if !rest.contains(" tests") => {
                self.open = None;
                if let Some(running) = self.running.take() {
                    inbox.forget_since(running.start);
                }
                inbox.test_ends();
            }
            "FAILED" => self.failed(rest, view, inbox),
            // cmocka prints the reason first and then the location.
            "ERROR" => {
                self.close(inbox);
                let mut context = Context::default();
                context.push(view.text);
                let message = vec![rest.trim_start_matches("--- ").to_owned()];
                self.open = Some(Failure {
                    location: None,
                    message,
                    traced: false,
                    tool: "cmocka",
                    context,
                    span: view.span,
                });
            }
            "LINE" => {
                if let Some(open) = &mut self.open {
                    open.location =
                        place_at_start(rest.trim_start_matches("--- ")).map(|place| place.location());
                    open.context.push(view.text);
                    open.span = open.span.to(view.span);
                }
            }
            _ => self.finish(inbox),
        }
    }

    fn failed(&mut self, rest: &str, view: &View<'_>, inbox: &mut Inbox) {
        self.close(inbox);
        inbox.fail(view.number);
        if rest.contains(", listed below") || rest.contains(" tests failed") {
            self.listing = Some(Listing {
                headline: rest.trim_end_matches(", listed below:").trim_end_matches(':').to_owned(),
                names: Vec::new(),
                span: view.span,
            });
            return;
        }
        let name = rest.split(" (").next().unwrap_or(rest);
        let name = name.split(", where ").next().unwrap_or(name).trim();
        if let Some(listing) = &mut self.listing {
            if listing.names.len() < LISTED {
                listing.names.push(name.to_owned());
            }
            listing.span = listing.span.to(view.span);
            return;
        }
        let running = self.running.take().filter(|running| running.name == name);
        if running.is_none_or(|running| running.failures == 0) && !name.is_empty() {
            // It failed without readable output, or the log begins here.
            inbox.push(Diagnostic {
                span: view.span,
                test: Some(name.to_owned()),
                context: view.text.to_owned(),
                ..found(format!("test {name} failed"))
            });
        }
        inbox.test_ends();
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut open) = self.open.take() else { return };
        let test = self.running.as_ref().map(|running| running.name.clone());
        if let Some(running) = &mut self.running {
            running.failures += 1;
            if running.failures > PER_TEST {
                return;
            }
        }
        let message = open.message.join("\n");
        if message.is_empty() && open.location.is_none() {
            return;
        }
        let is_exception = message.starts_with("C++ exception") || message.starts_with("SEH exception");
        inbox.push(Diagnostic {
            error_type: if is_exception { "exception" } else { "assertion" }.to_owned(),
            tool: open.tool.to_owned(),
            test,
            location: open.location,
            context: open.context.take(),
            span: open.span,
            ..found(if message.is_empty() { "Failure".to_owned() } else { message })
        });
    }

    fn close_listing(&mut self, inbox: &mut Inbox) {
        let Some(listing) = self.listing.take() else { return };
        let message = if listing.names.is_empty() {
            format!("{} failed", listing.headline)
        } else {
            format!("{} failed: {}", listing.headline, listing.names.join(", "))
        };
        inbox.push(Diagnostic { role: Role::Summary, span: listing.span, ..found(message) });
    }
}

impl Failure {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if text.is_empty() {
            // Streamed text may contain blank lines, but a blank one ends nearly every failure.
            return self.message.is_empty();
        }
        if self.context.lines() > LINES {
            return false;
        }
        self.context.push(view.body());
        self.span = self.span.to(view.span);
        self.traced |= text.starts_with("Google Test trace:") || text.starts_with("Stack trace:");
        if !self.traced {
            self.message.push(text.to_owned());
        }
        true
    }
}

/// `[  FAILED  ] rest`: the word and the rest.
fn tag(text: &str) -> Option<(&str, &str)> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    (inner.len() == 10).then(|| (inner.trim(), rest.trim()))
}

/// `path:44: Failure`, `unknown file: Failure`, and Visual Studio's `path(44): error: Value of: x`: the
/// location and the message's first line, if there are any.
fn failure(text: &str) -> Option<(Option<Location>, Option<&str>)> {
    const STARTS: [&str; 8] = [
        "Expected equality of these values:",
        "Value of: ",
        "Expected: ",
        "The difference between ",
        "Death test: ",
        "Failed",
        "Actual function call count ",
        "C++ exception with description ",
    ];
    if text.ends_with(": Failure") {
        let place = place_at_start(text).filter(|place| place.rest.trim() == "Failure");
        return (place.is_some() || text == "unknown file: Failure")
            .then(|| (place.map(|place| place.location()), None));
    }
    let (before, message) = text.split_once(": error: ")?;
    if !STARTS.iter().any(|start| message.starts_with(start)) {
        return None;
    }
    let place =
        place_in_parentheses(before).filter(|place| place.rest.is_empty()).map(|place| place.location());
    (place.is_some() || before == "unknown file").then_some((place, Some(message)))
}

fn found(message: String) -> Diagnostic {
    Diagnostic {
        tool: "googletest".to_owned(),
        error_type: "test".to_owned(),
        message,
        severity: Severity::Error,
        kind: Kind::Test,
        ..Diagnostic::default()
    }
}
