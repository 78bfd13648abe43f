//! Test frameworks with their own reports: Ginkgo of both versions, gocheck, GoConvey.
//!
//! ```text
//! [FAILED] Expected
//!     <int>: 1
//! to equal
//!     <int>: 2
//! In [It] at: /src/pot_test.go:12 @ 01/02/24 03:04:05.678
//! Summarizing 1 Failure:
//!   [FAIL] Pot [It] holds two cups
//! ```

use crate::view::View;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, extension, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 40;
/// Maximum number of names of the final list.
const LISTED: usize = 100;

/// Reads these reports.
#[derive(Debug, Default)]
pub(crate) struct Ginkgo {
    open: Option<Failure>,
    list: Option<(Vec<String>, Span)>,
    /// The spec of `• [FAILED] [0.003 seconds]`, printed below it.
    spec: Option<String>,
    awaits_spec: bool,
    /// True after `[STARTED] task`: task runners print `[FAILED] ` as well.
    has_tasks: bool,
    /// The location of `[FAILED] in [It] - place`, which precedes the message in the timeline.
    place: Option<Location>,
}

/// A failure being read.
#[derive(Debug)]
struct Failure {
    form: Form,
    test: Option<String>,
    message: Vec<String>,
    location: Option<Location>,
    lines: usize,
    context: Context,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Until `In [It] at: place`.
    Second,
    /// Up to a rule of dashes; the last location is the assertion's.
    First,
    /// gocheck: place, expression, `... obtained`, `... expected`.
    Check,
    /// GoConvey: `* path`, `Line 12:`, `Expected:`, `Actual:`.
    Convey,
}

impl Ginkgo {
    /// Reads a line; returns whether it belongs to a report.
    pub(crate) fn line(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let text = view.text;
        if let Some(open) = &mut self.open {
            match open.line(view) {
                Step::Taken => return true,
                Step::Last => {
                    self.close(out);
                    return true;
                }
                Step::Foreign => self.close(out),
            }
        }
        if self.listed(view, out) {
            return true;
        }
        if std::mem::take(&mut self.awaits_spec) && !text.is_empty() {
            self.spec = Some(text.to_owned());
            return true;
        }
        let failure = |form, test: Option<String>, location, message: &str| {
            let mut context = Context::default();
            context.push(text);
            Failure {
                form,
                test,
                message: if message.is_empty() { Vec::new() } else { vec![message.to_owned()] },
                location,
                lines: 0,
                context,
                span: view.span,
            }
        };
        if text.starts_with("• [FAILED]")
            || text.starts_with("•! [PANICKED]")
            || text.starts_with("• [PANICKED]")
            || text.starts_with("• [TIMEDOUT]")
        {
            self.awaits_spec = true;
            return true;
        }
        self.has_tasks |= text.starts_with("[STARTED] ");
        if let Some(message) = text.strip_prefix("[FAILED] ").filter(|_| !self.has_tasks) {
            if let Some((_, place)) = message.split_once("] - ").filter(|_| message.starts_with("in [")) {
                self.place = place_at_start(place).map(|place| place.location());
            } else {
                self.open = Some(failure(Form::Second, self.spec.take(), self.place.take(), message));
            }
        } else if text.starts_with("• Failure [") || text.starts_with("• Failure in ") {
            self.open = Some(failure(Form::First, None, None, ""));
        } else if let Some(rest) = text.strip_prefix("FAIL: ").filter(|_| view.indent() == 0)
            && let Some(place) = place_at_start(rest).filter(|place| extension(place.path) == "go")
        {
            self.open =
                Some(failure(Form::Check, Some(place.rest.trim().to_owned()), Some(place.location()), ""));
        } else if let Some(path) =
            text.strip_prefix("* ").filter(|path| path.trim_end().ends_with("_test.go"))
        {
            self.open = Some(failure(Form::Convey, None, Some(Location::file(path.trim())), ""));
        } else if let Some(rest) = text.strip_prefix("Summarizing ").filter(|rest| rest.contains(" Failure"))
        {
            let _ = rest;
            self.list = Some((Vec::new(), view.span));
        } else {
            return false;
        }
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.close_list(out);
        self.awaits_spec = false;
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Failure::finish));
    }

    /// `[FAIL] Pot [It] holds two cups` of the final list, and the locations below.
    fn listed(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let Some((names, span)) = &mut self.list else { return false };
        let text = view.text;
        let name = text
            .strip_prefix("[FAIL] ")
            .or_else(|| text.strip_prefix("[Fail] "))
            .or_else(|| text.strip_prefix("[PANICKED!] "));
        if let Some(name) = name {
            if names.len() < LISTED {
                names.push(name.trim().to_owned());
            }
            *span = span.to(view.span);
            return true;
        }
        if text.is_empty() || place_at_start(text).is_some_and(|place| place.rest.is_empty()) {
            return true;
        }
        self.close_list(out);
        false
    }

    fn close_list(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((names, span)) = self.list.take() else { return };
        if !names.is_empty() {
            out.push(Diagnostic {
                role: Role::Summary,
                span,
                ..found("ginkgo", format!("{} specs failed: {}", names.len(), names.join(", ")))
            });
        }
    }
}

enum Step {
    Taken,
    Last,
    Foreign,
}

impl Failure {
    fn line(&mut self, view: &View<'_>) -> Step {
        let text = view.text;
        self.lines += 1;
        if self.lines > LINES {
            return Step::Foreign;
        }
        self.context.push(view.body);
        self.span = self.span.to(view.span);
        match self.form {
            Form::Second => {
                if let Some((test, place)) =
                    text.strip_prefix("In [").and_then(|rest| rest.split_once("] at: "))
                {
                    self.location =
                        place_at_start(place).map(|place| place.location()).or(self.location.take());
                    if self.test.is_none() {
                        self.test = Some(format!("[{test}]"));
                    }
                    return Step::Last;
                }
                if text.starts_with("Full Stack Trace") || text.starts_with("----") {
                    return Step::Last;
                }
                let ends = ["Summarizing ", "Ran ", "<< Timeline", "• ", "[FAILED]", "STEP: "];
                if ends.iter().any(|end| text.starts_with(end)) {
                    return Step::Foreign;
                }
                self.say(text);
            }
            Form::First => {
                if text.starts_with("----") {
                    return Step::Last;
                }
                if let Some(place) = place_at_start(text).filter(|place| place.rest.is_empty()) {
                    self.location = Some(place.location());
                } else if self.location.is_none() || text.ends_with(" [It]") {
                    // The names of the containers and of the spec are above their locations.
                    let name = text.trim_end_matches(" [It]");
                    self.test = Some(
                        self.test.take().map_or_else(|| name.to_owned(), |test| format!("{test} {name}")),
                    );
                } else {
                    self.say(text);
                }
            }
            Form::Check => {
                if text.starts_with("OOPS: ") || text.starts_with("----") {
                    return Step::Last;
                }
                if let Some(place) = place_at_start(text).filter(|place| place.rest.trim().is_empty()) {
                    self.location = Some(place.location());
                } else {
                    self.say(text.trim_start_matches("... "));
                }
                if text.starts_with("... expected ") {
                    return Step::Last;
                }
            }
            Form::Convey => {
                if let Some(line) = text
                    .strip_prefix("Line ")
                    .and_then(|rest| rest.trim_end_matches([':', ' ', '-']).parse().ok())
                {
                    if let Some(location) = &self.location {
                        self.location = Some(Location::at(&location.path, line, None));
                    }
                } else if text.is_empty() && !self.message.is_empty() {
                    return Step::Last;
                } else {
                    self.say(text);
                }
            }
        }
        Step::Taken
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() && self.message.len() < 14 {
            self.message.push(text.to_owned());
        }
    }

    fn finish(mut self) -> Option<Diagnostic> {
        if self.message.is_empty() {
            return None;
        }
        let tool = match self.form {
            Form::Second | Form::First => "ginkgo",
            Form::Check => "gocheck",
            Form::Convey => "goconvey",
        };
        Some(Diagnostic {
            error_type: "assertion".to_owned(),
            test: self.test,
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..found(tool, self.message.join(" "))
        })
    }
}

fn found(tool: &str, message: String) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: "test".to_owned(),
        message,
        severity: Severity::Error,
        kind: Kind::Test,
        ..Diagnostic::default()
    }
}
