//! Go: failed tests with what they logged, panics with goroutine traces, `go test -json`.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Location, Severity, Span,
    json::Value,
    limits,
    text::{Context, extension, place_at_start, trim_start},
};

/// Log lines kept of a test whose result is not known yet.
const PENDING: usize = 64;
/// Lines of one message.
const MESSAGE_LINES: usize = 12;

/// What a test logged.
#[derive(Clone, Debug)]
struct Entry {
    message: String,
    lines: usize,
    location: Location,
    context: Context,
    indent: usize,
    /// The value of testify's `Error:`, which is the message.
    error: Option<String>,
    in_error: bool,
    span: Span,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Outside,
    /// `=== RUN`: what is logged counts if the test fails.
    Running,
    /// After `--- FAIL`: what is logged is why.
    Failed,
    /// After `--- PASS` or `--- SKIP`.
    Passed,
}

/// Follows the tests of `go test`.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    mode: Mode,
    test: String,
    pending: Vec<(String, Entry)>,
    open: Option<Entry>,
    /// A failed test that has said nothing yet.
    silent: Option<(String, Span)>,
}

impl Tests {
    /// Takes a line; whether it was of a test.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let start = trim_start(text);
        if let Some(rest) = start.strip_prefix("=== ") {
            let Some((verb, name)) = rest.split_once(' ') else { return false };
            if !matches!(verb, "RUN" | "CONT" | "PAUSE" | "NAME") {
                return false;
            }
            self.flush(out);
            self.say_silent(None, out);
            name.trim().clone_into(&mut self.test);
            self.mode = Mode::Running;
            return true;
        }
        if let Some(rest) = start.strip_prefix("--- ") {
            let Some((verb, rest)) = rest.split_once(": ") else { return false };
            let name = rest.split(" (").next().unwrap_or_default().trim();
            match verb {
                "FAIL" => self.failed(name, span, out),
                "PASS" | "SKIP" => {
                    self.flush(out);
                    self.say_silent(None, out);
                    self.pending.retain(|(test, _)| test != name);
                    self.mode = Mode::Passed;
                }
                _ => return false,
            }
            return true;
        }
        if self.mode == Mode::Outside {
            return false;
        }
        let indent = text.len() - start.len();
        if let Some(entry) = &mut self.open
            && (indent > entry.indent || start.is_empty())
        {
            entry.also(start, span);
            return true;
        }
        if indent >= 4
            && let Some(entry) = Entry::start(start, indent, span)
        {
            self.flush(out);
            if self.mode != Mode::Passed {
                self.silent = None;
                self.open = Some(entry);
            }
            return true;
        }
        if text == "FAIL" || text == "PASS" || start.starts_with("FAIL\t") || start.starts_with("ok  \t") {
            self.flush(out);
            self.say_silent(None, out);
            self.pending.clear();
            self.mode = Mode::Outside;
            return true;
        }
        self.flush(out);
        false
    }

    fn failed(&mut self, name: &str, span: Span, out: &mut Vec<Diagnostic>) {
        self.flush(out);
        // A parent fails with its subtests, and says nothing of its own.
        self.say_silent(Some(name), out);
        self.mode = Mode::Failed;
        name.clone_into(&mut self.test);
        let mut found = false;
        for (test, entry) in std::mem::take(&mut self.pending) {
            if test == name {
                found = true;
                out.push(entry.finish(&test));
            } else {
                self.pending.push((test, entry));
            }
        }
        if !found {
            self.silent = Some((name.to_owned(), span));
        }
    }

    /// Completes what is being logged.
    fn flush(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(entry) = self.open.take() else { return };
        match self.mode {
            Mode::Failed => out.push(entry.finish(&self.test)),
            Mode::Running => {
                if self.pending.len() == PENDING {
                    self.pending.remove(0);
                }
                self.pending.push((self.test.clone(), entry));
            }
            Mode::Outside | Mode::Passed => {}
        }
    }

    /// Reports a failed test that said nothing, unless it is the parent of `next` or `next`'s subtest
    /// was reported.
    fn say_silent(&mut self, next: Option<&str>, out: &mut Vec<Diagnostic>) {
        let Some((name, span)) = self.silent.take() else { return };
        let related =
            |other: &str| other.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if next.is_some_and(related)
            || out.iter().any(|found| found.context.contains(&format!("test: {name}/")))
        {
            return;
        }
        out.push(Diagnostic {
            tool: "go test".to_owned(),
            error_type: "test".to_owned(),
            message: format!("test {name} failed"),
            context: format!("test: {name}"),
            span,
            ..Diagnostic::default()
        });
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.flush(out);
        self.say_silent(None, out);
    }
}

impl Entry {
    /// `pass_test.go:9: message`.
    fn start(start: &str, indent: usize, span: Span) -> Option<Self> {
        let place = place_at_start(start)?;
        if extension(place.path) != "go" || !(place.rest.is_empty() || place.rest.starts_with([' ', '\t'])) {
            return None;
        }
        let mut context = Context::default();
        context.push(start);
        Some(Self {
            message: place.rest.trim().to_owned(),
            lines: 1,
            location: place.location(),
            context,
            indent,
            error: None,
            in_error: false,
            span,
        })
    }

    fn also(&mut self, start: &str, span: Span) {
        let start = start.trim();
        if start.is_empty() {
            return;
        }
        self.span = self.span.to(span);
        self.context.push(start);
        // testify prints a table: `Error Trace:`, `Error:`, `Test:`.
        if let Some(value) = start.strip_prefix("Error:") {
            self.error = Some(value.trim().to_owned());
            self.in_error = true;
        } else if ["Error Trace:", "Test:", "Messages:", "Diff:"].iter().any(|label| start.starts_with(label))
        {
            self.in_error = false;
        } else if let Some(error) = self.error.as_mut().filter(|_| self.in_error) {
            if self.lines < MESSAGE_LINES {
                error.push(' ');
                error.push_str(start);
                self.lines += 1;
            }
        } else if self.lines < MESSAGE_LINES {
            if !self.message.is_empty() {
                self.message.push('\n');
            }
            self.message.push_str(start);
            self.lines += 1;
        }
    }

    fn finish(mut self, test: &str) -> Diagnostic {
        let is_assertion = self.error.is_some();
        let message = self.error.take().filter(|error| !error.is_empty()).unwrap_or(self.message);
        let message = if message.is_empty() { format!("test {test} failed") } else { message };
        Diagnostic {
            tool: "go test".to_owned(),
            error_type: if is_assertion { "assertion" } else { "test" }.to_owned(),
            code: None,
            message,
            severity: Severity::Error,
            location: Some(self.location),
            stack_trace: Vec::new(),
            context: format!("test: {test}\n{}", self.context.take()),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// The output in a line of `go test -json`.
pub(crate) fn json_output(start: &str) -> Option<String> {
    if !start.contains("\"Action\"") {
        return None;
    }
    let value = Value::parse(start)?;
    match value.text("Action")? {
        "output" | "build-output" => Some(value.text("Output")?.to_owned()),
        _ => Some(String::new()),
    }
}

/// A panic or fatal error of the runtime being read.
#[derive(Debug)]
pub(crate) struct Panic {
    message: String,
    error_type: &'static str,
    frames: Vec<Frame>,
    context: Context,
    /// Only the first goroutine's frames are the panic's.
    goroutines: usize,
    span: Span,
}

impl Panic {
    /// `panic: message`, `fatal error: all goroutines are asleep`, `WARNING: DATA RACE`.
    pub(crate) fn start(start: &str, span: Span) -> Option<Self> {
        let (error_type, message) = if let Some(message) = start.strip_prefix("panic: ") {
            ("panic", message)
        } else if let Some(message) = start.strip_prefix("fatal error: ").filter(|message| {
            message.starts_with("all goroutines are asleep")
                || message.starts_with("concurrent map")
                || message.starts_with("stack overflow")
                || message.starts_with("unexpected signal")
        }) {
            ("fatal-error", message)
        } else if start == "WARNING: DATA RACE" {
            ("data-race", "data race detected")
        } else {
            return None;
        };
        let mut context = Context::default();
        context.push(start);
        Some(Self {
            message: message.trim_end_matches(" [recovered]").to_owned(),
            error_type,
            frames: Vec::new(),
            context,
            goroutines: 0,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if start.starts_with("goroutine ") && start.ends_with(':') {
            self.goroutines += 1;
        } else if let Some(place) = start.contains(".go:").then(|| place_at_start(start)).flatten() {
            if self.goroutines <= 1
                && let Some(last) = self.frames.last_mut()
                && last.location.is_none()
            {
                last.location = Some(place.location());
                last.text.push(' ');
                last.text.push_str(start);
            }
        } else if let Some(name) = function_name(start) {
            if self.goroutines <= 1 && self.frames.len() < limits::FRAMES {
                self.frames.push(Frame {
                    function: Some(name.to_owned()),
                    location: None,
                    text: start.to_owned(),
                });
            }
        } else if self.context.lines() > 120 || self.is_end(start) {
            return Step::Foreign;
        }
        if !start.is_empty() {
            self.context.push(text);
            self.span = self.span.to(span);
        }
        Step::Taken
    }

    /// Whether a line that is no frame ends the trace.
    fn is_end(&self, start: &str) -> bool {
        let closes =
            ["exit status ", "FAIL\t", "=== ", "--- ", "====="].iter().any(|end| start.starts_with(end));
        let after_frames = self.goroutines > 0 && !start.is_empty() && self.error_type != "data-race";
        closes || after_frames && !start.starts_with("...")
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        let own = |frame: &&Frame| {
            let function = frame.function.as_deref().unwrap_or_default();
            let path = frame.location.as_ref().map_or("", |location| location.path.as_str());
            !path.is_empty()
                && !["runtime.", "testing.", "panic", "created by", "sync.", "reflect."]
                    .iter()
                    .any(|name| function.starts_with(name))
                && !["/go/src/", "/pkg/mod/", "/hostedtoolcache/go/", "/libexec/src/"]
                    .iter()
                    .any(|folder| path.contains(folder))
        };
        let location = self.frames.iter().find(own).and_then(|frame| frame.location.clone());
        Diagnostic {
            tool: "go".to_owned(),
            error_type: self.error_type.to_owned(),
            code: None,
            message: self.message,
            severity: if self.error_type == "data-race" { Severity::Error } else { Severity::Fatal },
            location,
            stack_trace: self.frames,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// The function of a trace's line: `main.f(0x1, …)`, `created by main.g in goroutine 1`.
fn function_name(start: &str) -> Option<&str> {
    if start.starts_with("created by ") {
        return Some(start);
    }
    let (name, _) = start.strip_suffix(')')?.rsplit_once('(')?;
    (!name.is_empty() && !name.contains(' ')).then_some(name)
}
