//! Panics, fatal errors of the runtime and data races, with the stacks of their goroutines.
//!
//! ```text
//! panic: runtime error: index out of range [5] with length 3 [recovered]
//!
//! goroutine 7 [running]:
//! example.org/kettle.pour(...)
//!         /src/pot.go:12 +0x1d
//! ```

use crate::view::View;
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Severity, Span, limits, path,
    text::{Context, Needle, extension, leading_number, place_at_start},
};

/// Maximum number of trace lines that are kept; further ones are skipped.
const KEPT: usize = 120;
/// Maximum number of message lines before the first goroutine.
const MESSAGE: usize = 40;
/// Maximum number of message lines that are reported.
const TOLD: usize = 10;

static GOROUTINE: Needle = Needle::new("goroutine ");

/// Fatal errors of the runtime that are recognised without a goroutine after them.
const FATAL: [&str; 9] = [
    "all goroutines are asleep",
    "concurrent map",
    "stack overflow",
    "unexpected signal",
    "runtime: out of memory",
    "sync: ",
    "checkptr: ",
    "found bad pointer",
    "all goroutines",
];

/// A trace being read.
#[derive(Debug)]
pub(crate) struct Panic {
    error_type: &'static str,
    message: String,
    test: Option<String>,
    /// The frames of the goroutine that failed.
    frames: Vec<Frame>,
    /// A location in the test's own goroutine, for tests that timed out.
    of_test: Option<Location>,
    last_is_of_test: bool,
    /// The last function of a goroutine other than the one that failed.
    other: Option<Frame>,
    /// The user's innermost call in the goroutines that wait: in a test, or else in the test's set-up.
    waiting: Option<(bool, Location)>,
    goroutines: usize,
    /// True if it is a panic even if no goroutine follows.
    known: bool,
    lines: usize,
    /// Number of message lines.
    told: usize,
    context: Context,
    span: Span,
}

impl Panic {
    /// `panic: message`, `fatal error: message`, `WARNING: DATA RACE`, `SIGSEGV: segmentation violation`.
    pub(crate) fn start(view: &View<'_>) -> Option<Self> {
        let text = view.text;
        let (error_type, message, known) =
            if let Some(message) = text.strip_prefix("panic: ").filter(|_| view.indent() < 4) {
                ("panic", message, true)
            } else if text == "panic:" {
                ("panic", "", false)
            } else if let Some(message) = text.strip_prefix("fatal error: ") {
                ("panic", message, FATAL.iter().any(|start| message.starts_with(start)))
            } else if text == "WARNING: DATA RACE" {
                ("race", "data race", true)
            } else if text.starts_with("SIG") && text.contains(": ") && text.len() < 60 {
                ("panic", text, false)
            } else {
                return None;
            };
        let mut context = Context::default();
        context.push(text);
        Some(Self {
            error_type,
            message: clean(message).to_owned(),
            test: None,
            frames: Vec::new(),
            of_test: None,
            last_is_of_test: false,
            other: None,
            waiting: None,
            goroutines: 0,
            known,
            lines: 0,
            told: 0,
            context,
            span: view.span,
        })
    }

    /// Sets the test in which it happened.
    pub(crate) fn set_test(&mut self, test: Option<String>) {
        self.test = test;
    }

    /// Reads a line; returns false if the trace has ended before it.
    pub(crate) fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        if text.is_empty() {
            return true;
        }
        if Self::ends(text) {
            return false;
        }
        if self.error_type == "race" {
            return self.race(view);
        }
        if is_goroutine(view) {
            self.goroutines += 1;
            self.last_is_of_test = false;
        } else if let Some(place) =
            place_at_start(text).filter(|_| self.goroutines > 0 && !self.frames.is_empty())
        {
            self.place(&place.location(), text);
        } else if let Some(name) = function_name(text) {
            if self.goroutines == 0 && self.lines > MESSAGE {
                return false;
            }
            self.function(name, text);
        } else if self.goroutines == 0 {
            if !self.before(view) {
                return false;
            }
        } else if !is_detail(text) {
            return false;
        }
        self.take(view);
        true
    }

    /// A line between the message and the first goroutine.
    fn before(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if self.lines > MESSAGE {
            return false;
        }
        if let Some(message) = text.strip_prefix("panic: ") {
            // A recovered panic is thrown again by a deferred function.
            self.known = true;
            if self.message.is_empty() {
                clean(message).clone_into(&mut self.message);
            }
        } else if self.message.starts_with("test timed out after ") {
            // `running tests:`, with their names indented below.
            if self.test.is_none() || text != "running tests:" {
                let name = text.split(' ').next().unwrap_or_default();
                if name.starts_with("Test") || name.starts_with("Fuzz") || name.starts_with("Example") {
                    self.test = Some(name.to_owned());
                }
            }
        } else if text.starts_with("Error Trace:")
            || place_at_start(text).is_some_and(|place| place.rest.is_empty())
        {
            // A mock or an assertion prints its location before its message.
        } else if text.starts_with("Diff:") || text.starts_with("Test:") {
            self.told = TOLD;
        } else if self.message.is_empty() {
            text.strip_prefix("Error:").unwrap_or(text).trim().clone_into(&mut self.message);
        } else if !text.starts_with('[') && !text.starts_with("runtime: ") && !is_detail(text) {
            // A message of several lines, until something shows that the program continued.
            if !view.body.starts_with(['\t', ' ']) && self.lines > 4 {
                return false;
            }
            self.told += 1;
            if self.told <= TOLD {
                self.message.push('\n');
                self.message.push_str(text.strip_prefix("Error:").unwrap_or(text).trim());
            }
        }
        true
    }

    /// The accesses of a data race, up to its final rule.
    fn race(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        let is_access = [" at 0x", "Goroutine ", "Previous "].iter().any(|part| text.contains(part));
        if is_access {
            self.goroutines += 1;
        } else if let Some(place) = place_at_start(text).filter(|_| !self.frames.is_empty()) {
            self.place(&place.location(), text);
        } else if let Some(name) = function_name(text) {
            self.function(name, text);
        } else if self.lines > 400 || !view.body.starts_with(' ') && !text.starts_with("[failed to restore") {
            return false;
        }
        self.take(view);
        true
    }

    fn function(&mut self, name: &str, text: &str) {
        if let Some(test) = &self.test {
            let function = test.split('/').next().unwrap_or(test);
            self.last_is_of_test =
                name.ends_with(&format!(".{function}")) || name.contains(&format!(".{function}."));
        }
        let frame = Frame { function: Some(name.to_owned()), location: None, text: text.to_owned() };
        if self.goroutines > 1 {
            self.other = Some(frame);
        } else if self.frames.len() < limits::FRAMES {
            self.frames.push(frame);
        }
    }

    fn place(&mut self, location: &Location, text: &str) {
        if self.last_is_of_test && self.of_test.is_none() {
            self.of_test = Some(location.clone());
        }
        if let Some(frame) = self.other.take() {
            self.wait(frame, location);
        }
        if self.goroutines <= 1
            && let Some(last) = self.frames.last_mut()
            && last.location.is_none()
        {
            last.location = Some(location.clone());
            last.text.push(' ');
            last.text.push_str(text);
        }
    }

    /// A call in a goroutine that waits while the time runs out.
    fn wait(&mut self, frame: Frame, location: &Location) {
        let function = frame.function.as_deref().unwrap_or_default();
        let name = function.rsplit('/').next().unwrap_or_default();
        let in_test = name.contains(".Test") && !name.ends_with(".TestMain");
        let is_better = self.waiting.as_ref().is_none_or(|(best, _)| in_test && !best);
        let is_call = !function.starts_with("created by ");
        let frame = Frame { location: Some(location.clone()), ..frame };
        if is_better && is_call && is_own(&frame) {
            self.waiting = Some((in_test, location.clone()));
        }
    }

    fn take(&mut self, view: &View<'_>) {
        if self.context.lines() < KEPT {
            self.context.push(view.body);
        }
        self.span = self.span.to(view.span);
    }

    /// Returns true if a line ends any trace.
    fn ends(text: &str) -> bool {
        [
            "exit status ",
            "FAIL\t",
            "FAIL ",
            "ok  \t",
            "=== ",
            "--- FAIL",
            "--- PASS",
            "--- SKIP",
            "=====",
            "##[",
            "Found ",
        ]
        .iter()
        .any(|end| text.starts_with(end))
            || text == "FAIL"
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if !self.known && self.goroutines == 0 || self.message.is_empty() {
            return None;
        }
        let location =
            self.frames.iter().find(|frame| is_own(frame)).and_then(|frame| frame.location.clone());
        // A log entry after the end of a test names the test.
        if let Some((_, rest)) = self.message.split_once("goroutine after ")
            && let Some((test, _)) = rest.split_once(" has completed")
        {
            self.test = Some(test.to_owned());
        }
        let timed_out = self.message.starts_with("test timed out after ");
        let memory = self.message.contains("out of memory");
        Some(Diagnostic {
            tool: "go".to_owned(),
            error_type: self.error_type.to_owned(),
            severity: if self.error_type == "race" { Severity::Error } else { Severity::Fatal },
            kind: if timed_out {
                Kind::Timeout
            } else if memory {
                Kind::Resource
            } else {
                Kind::Crash
            },
            message: if self.error_type == "race" { "WARNING: DATA RACE".to_owned() } else { self.message },
            test: self.test,
            location: location
                .or(self.of_test)
                .or(self.waiting.filter(|_| timed_out).map(|(_, location)| location)),
            stack_trace: self.frames,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// A panic's message without the note about its recovery.
fn clean(message: &str) -> &str {
    let message = message.trim();
    [" [recovered, repanicked]", " [recovered]"]
        .iter()
        .find_map(|end| message.strip_suffix(end))
        .unwrap_or(message)
}

/// `goroutine 34 [running]:`, `goroutine 1 gp=0xc0 m=0 mp=0x1 [running, locked to thread]:`, `runtime stack:`.
fn is_goroutine(view: &View<'_>) -> bool {
    let text = view.text;
    GOROUTINE.find_among(view.characters, text) == Some(0)
        && text.ends_with(':')
        && leading_number(&text[GOROUTINE.text().len()..]).is_some()
        || text == "runtime stack:"
}

/// Text between frames: registers, counts, signals.
fn is_detail(text: &str) -> bool {
    text.starts_with("...")
        || text.starts_with("[signal ")
        || text.starts_with("created by ")
        || text.starts_with("goroutine running on other thread")
        || text.starts_with("PC=")
        || text.starts_with("signal arrived")
        || text
            .split_once(' ')
            .is_some_and(|(name, value)| name.len() <= 6 && value.trim_start().starts_with("0x"))
        || text == "\t"
}

/// The function in a line of a trace: `main.f(0x1, …)`, `created by main.g in goroutine 1`.
fn function_name(text: &str) -> Option<&str> {
    if text.starts_with("created by ") {
        return Some(text);
    }
    let (name, _) = text.strip_suffix(')')?.rsplit_once('(')?;
    // A method's receiver is in parentheses as well: `pkg.(*T).Run(...)`.
    let name = if name.is_empty() { text } else { name };
    (!name.contains(' ') && name.contains('.') || matches!(name, "panic" | "main.main")).then_some(name)
}

/// Returns true if a frame is the user's: neither Go's nor a dependency's.
fn is_own(frame: &Frame) -> bool {
    let Some(location) = &frame.location else { return false };
    let path = location.path.as_str();
    let function = frame.function.as_deref().unwrap_or_default();
    let function =
        function.strip_prefix("created by ").map_or(function, |rest| rest.split(' ').next().unwrap_or(rest));
    // The package ends at the first dot after the last slash.
    let folder_end = function.rfind('/').map_or(0, |slash| slash + 1);
    let package = match function[folder_end..].find('.') {
        Some(dot) => &function[..folder_end + dot],
        None => function,
    };
    let runtime = matches!(
        package,
        "runtime" | "testing" | "panic" | "reflect" | "sync" | "syscall" | "internal/runtime/maps"
    );
    // Only Go's own packages have no dot in their first element and are in a folder `src`.
    let of_go = !package.split('/').next().unwrap_or_default().contains('.')
        && package != "main"
        && path.contains(&format!("/src/{package}/"));
    let library = [
        "github.com/stretchr/testify",
        "github.com/onsi/",
        "go.uber.org/",
        "google.golang.org/",
        "k8s.io/klog",
        "github.com/golang/mock",
    ];
    let of_library = library.iter().any(|start| function.starts_with(start));
    let foreign = of_library || !path::is_own(path) || path.contains("<autogenerated>");
    !(runtime || of_go || foreign || extension(path) == "s")
}
