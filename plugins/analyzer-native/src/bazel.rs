//! Bazel: errors of packages and actions, evaluation traces, failed tests; consequences are marked as such.
//!
//! ```text
//! ERROR: /src/lid/BUILD.bazel:12:11: no such package 'third_party/money': BUILD file not found …
//! ERROR: Analysis of target '//lid:core' failed; build aborted
//! //lid:core_test                                                 FAILED in 0.3s
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, extension, leading_number, place_at_start},
};

/// Maximum number of lines of an evaluation trace.
const TRACE: usize = 120;

/// Failed targets remembered.
const TESTS: usize = 200;

/// Reads Bazel's output.
#[derive(Debug, Default)]
pub(crate) struct Bazel {
    /// True after output of Bazel, so that lines without a file may be its own.
    seen: bool,
    /// Targets whose tests were reported as failed.
    failed: Vec<String>,
    trace: Option<Trace>,
    /// Why a repository could not be fetched, which all of its packages repeat.
    fetch: Option<String>,
}

/// A Starlark trace, whose last line is the message.
#[derive(Debug)]
struct Trace {
    headline: String,
    location: Option<Location>,
    /// The last location in a file of the user's.
    own: Option<Location>,
    cause: Option<String>,
    context: Context,
    span: Span,
}

impl Bazel {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(trace) = &mut self.trace {
            if trace.line(view) {
                return;
            }
            self.finish(inbox);
        }
        if let Some(rest) = text.strip_prefix("ERROR: ") {
            self.error(rest, view, inbox);
        } else if text.starts_with("INFO: ")
            || text.starts_with("Starting local Bazel server")
            || text.starts_with("Loading: ")
        {
            self.seen |= !text.starts_with("INFO: ")
                || [
                    "Analyzed ",
                    "Elapsed time:",
                    "Build option",
                    "Invocation ID:",
                    "Reading 'startup'",
                    "Found ",
                ]
                .iter()
                .any(|start| text[6..].starts_with(start));
        } else if text.starts_with("FAIL: //") || text.starts_with("TIMEOUT: //") {
            let label = text.split(' ').nth(1).unwrap_or_default();
            self.test(label, text, view, inbox);
        } else if text.starts_with("//") {
            self.result(view, inbox);
        } else if let Some(rest) = text
            .strip_prefix("Target ")
            .filter(|rest| rest.starts_with("//") && rest.ends_with("failed to build"))
        {
            inbox.push(Diagnostic { role: Role::Summary, ..found(rest, view) });
        } else if text.starts_with("FAILED: Build did NOT complete successfully")
            || text.starts_with("Server terminated abruptly")
        {
            let role = if text.starts_with("FAILED") { Role::Summary } else { Role::Root };
            inbox.push(Diagnostic {
                role,
                kind: if role == Role::Root { Kind::Resource } else { Kind::Unknown },
                ..found(text, view)
            });
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        if let Some(trace) = self.trace.take() {
            let again = self.fetch.is_some() && self.fetch == trace.cause;
            self.fetch = trace.cause.clone().or(self.fetch.take());
            let found = trace.finish();
            inbox.push(if again { Diagnostic { role: Role::Consequence, ..found } } else { found });
        }
    }

    /// `//lid:core_test   FAILED in 0.3s`, `… FAILED TO BUILD`, `… TIMEOUT in 300.1s`.
    fn result(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let Some((label, status)) = view.text.split_once(' ') else { return };
        let status = status.trim();
        if ["FAILED in ", "TIMEOUT in ", "REMOTE FAILURE"].iter().any(|start| status.starts_with(start)) {
            self.test(label, &format!("{label} {status}"), view, inbox);
        } else if status.starts_with("FAILED TO BUILD") {
            inbox.push(Diagnostic { role: Role::Summary, ..found(&format!("{label} {status}"), view) });
        }
    }

    /// A failed target; the output of its test is more specific, if it was printed.
    fn test(&mut self, label: &str, message: &str, view: &View<'_>, inbox: &mut Inbox) {
        if self.failed.iter().any(|known| known == label) {
            return;
        }
        if self.failed.len() < TESTS {
            self.failed.push(label.to_owned());
        }
        inbox.push(Diagnostic {
            error_type: "test".to_owned(),
            kind: if message.contains("TIMEOUT") { Kind::Timeout } else { Kind::Test },
            role: Role::Summary,
            test: Some(label.to_owned()),
            ..found(message, view)
        });
    }

    fn error(&mut self, rest: &str, view: &View<'_>, inbox: &mut Inbox) {
        let place = place_at_start(rest).filter(|place| is_bazel(place.path));
        let (message, location) = match place {
            Some(place) => (place.rest.trim(), Some(place.location())),
            None => match rest.split_once(": ") {
                // `ERROR: /src/lid/BUILD: no such target '//x'` has no line.
                Some((path, message)) if is_bazel(path) => (message, Some(Location::file(path))),
                _ => (rest, None),
            },
        };
        // Other tools print `ERROR: ` too: a label, a Bazel file or earlier output identifies Bazel.
        let own = location.is_some()
            || message.contains("'//")
            || message.contains(" //")
            || message.contains("'@")
            || message.starts_with("Build did NOT complete")
            || message.starts_with("An error occurred during the fetch of repository");
        if !own && !self.seen {
            return;
        }
        self.seen = true;
        inbox.fail(view.number);
        let traced = message.ends_with("Traceback (most recent call last):")
            || message.starts_with("An error occurred during the fetch of repository")
            || message.ends_with("during the fetch of repository");
        if traced {
            let mut context = Context::default();
            context.push(view.text);
            let headline = message
                .trim_end_matches("Traceback (most recent call last):")
                .trim()
                .trim_end_matches(':')
                .to_owned();
            self.trace = Some(Trace { headline, location, own: None, cause: None, context, span: view.span });
            return;
        }
        let again = self.fetch.as_ref().is_some_and(|fetch| message.contains(fetch.as_str()));
        let role = if again { Role::Consequence } else { role(message) };
        inbox.push(Diagnostic { role, location, kind: kind(message, role), ..found(message, view) });
    }
}

impl Trace {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let is_told = self.cause.as_ref().is_some_and(|cause| !cause.ends_with(':'));
        if self.context.lines() > TRACE
            || is_told
            || text.starts_with("ERROR: ")
            || text.starts_with("INFO: ")
        {
            return false;
        }
        if let Some(cause) = &mut self.cause {
            // `fail` may be called with several lines, of which the first announces the others.
            if !text.trim().is_empty() {
                cause.push(' ');
                cause.push_str(text.trim());
            }
        } else if let Some(cause) = text.strip_prefix("java.io.IOException: ") {
            self.cause = Some(cause.to_owned());
        } else if let Some(rest) = text.strip_prefix("File \"")
            && let Some((path, rest)) = rest.split_once("\", line ")
            && let Some((line, rest)) = leading_number(rest)
        {
            let column = rest.strip_prefix(", column ").and_then(leading_number).map(|(column, _)| column);
            if !path.contains("/external/") && !path.starts_with("/virtual") {
                self.own = Some(Location::at(path, line, column));
            }
        } else if text.starts_with("Error in ") || text.starts_with("Error: ") {
            let cause = text
                .strip_prefix("Error in ")
                .and_then(|rest| rest.split_once(": "))
                .map_or(&text["Error".len()..], |(_, cause)| cause);
            let cause = cause.trim_start_matches([':', ' ']).trim_start_matches("java.io.IOException: ");
            self.cause = Some(cause.trim_end().to_owned());
        } else if text.is_empty() && self.context.lines() > 3 {
            return false;
        }
        self.context.push(view.body());
        self.span = self.span.to(view.span);
        true
    }

    fn finish(mut self) -> Diagnostic {
        let message = match (&self.cause, self.headline.is_empty()) {
            (Some(cause), true) => cause.clone(),
            (Some(cause), false) => format!("{}: {cause}", self.headline),
            (None, _) => self.headline,
        };
        Diagnostic {
            tool: "bazel".to_owned(),
            error_type: "bazel".to_owned(),
            kind: kind(&message, Role::Root),
            message: if message.is_empty() { "evaluation failed".to_owned() } else { message },
            severity: Severity::Error,
            location: self.own.or(self.location),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

fn is_bazel(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "BUILD" | "BUILD.bazel" | "WORKSPACE" | "WORKSPACE.bazel" | "MODULE.bazel" | ".bazelrc")
        || extension(name) == "bzl"
}

/// The role of an error that follows from one printed before, or later by the action's tool.
fn role(message: &str) -> Role {
    const FOLLOWS: [&str; 7] = [
        "Error computing the main repository mapping: ",
        "Analysis of target '",
        "Analysis of aspect",
        "command succeeded, but ",
        "Couldn't start the build",
        "Cannot compute config conditions",
        "no such target '@@",
    ];
    if message.starts_with("Build did NOT complete") || message.starts_with("Couldn't start") {
        return Role::Summary;
    }
    let ran = message.contains(" failed: (Exit ")
        || message.contains(" failed (Exit ")
        || message.contains(" failed: (Aborted)")
        || message.contains(" failed: (Segmentation fault)")
        || message.contains(" failed: I/O exception") && message.contains("missing input");
    // `WORKSPACE` was not read, which an error in it explains.
    let unread = message.contains("Could not load //external package");
    // The file was loaded with an error, which was printed before.
    let unloaded =
        message.starts_with("error loading package") && message.contains(": initialization of module '");
    if ran || unread || unloaded || FOLLOWS.iter().any(|start| message.starts_with(start)) {
        Role::Consequence
    } else {
        Role::Root
    }
}

fn kind(message: &str, role: Role) -> Kind {
    if role != Role::Root {
        Kind::Unknown
    } else if message.contains("Error downloading")
        || message.contains("GET returned")
        || message.contains("Unknown host")
        || message.contains("onnect timed out")
    {
        Kind::Network
    } else if message.contains("no such package '@") || message.contains("Checksum was") {
        Kind::Dependency
    } else {
        Kind::Configuration
    }
}

fn found(message: &str, view: &View<'_>) -> Diagnostic {
    Diagnostic {
        tool: "bazel".to_owned(),
        error_type: "bazel".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        context: view.text.to_owned(),
        span: view.span,
        ..Diagnostic::default()
    }
}
