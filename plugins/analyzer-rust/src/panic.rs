//! Panics in both formats, with assertion values and backtraces; tests that return an error.

use crate::Step;
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Severity, Span, limits, path,
    text::{Context, cut, leading_number, place_at_end, place_at_start},
};

/// Maximum number of message lines of a panic.
const MESSAGE_LINES: usize = 60;
/// Maximum length of an assertion's value.
const VALUE: usize = 200;

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Old format: the message continues until `', PLACE`.
    Quoted,
    /// The message's first paragraph.
    Message,
    /// After the message: differences and values.
    Details,
    Backtrace,
}

/// A panic being read.
#[derive(Debug)]
pub(crate) struct Block {
    part: Part,
    test: Option<String>,
    message: String,
    lines: usize,
    location: Option<Location>,
    frames: Vec<Frame>,
    context: Context,
    thread: String,
    /// `left: …` and `right: …` of an assertion.
    values: Vec<String>,
    span: Span,
}

impl Block {
    /// Begins with `thread 'NAME' panicked at`.
    pub(crate) fn start(start: &str, span: Span, test: Option<&str>) -> Option<Self> {
        let rest = start.strip_prefix("thread ")?;
        let (thread, rest) = rest.split_once(" panicked at ")?;
        if thread.len() > 600 || !(thread.starts_with('\'') || thread.starts_with('<')) {
            return None;
        }
        let name = thread.split('\'').nth(1).unwrap_or_default();
        // Tests run in threads named after them; `main` and the runtime's workers are not tests.
        let test = test.or_else(|| name.contains("::").then_some(name)).map(str::to_owned);
        let mut context = Context::default();
        context.push(start);
        let mut block = Self {
            part: Part::Message,
            test,
            message: String::new(),
            lines: 0,
            location: None,
            frames: Vec::new(),
            context,
            thread: name.to_owned(),
            values: Vec::new(),
            span,
        };
        if let Some(quoted) = rest.strip_prefix('\'') {
            block.quoted(quoted);
        } else if let Some(place) = place_at_start(rest) {
            block.location = Some(place.location());
        } else {
            // A message without quotes and location, as other runtimes print it.
            rest.trim_end_matches(':').clone_into(&mut block.message);
            block.part = Part::Details;
        }
        Some(block)
    }

    /// Threads of tests are named after them.
    pub(crate) fn is_thread_of_test(&self) -> bool {
        self.test.is_none()
            && !matches!(self.thread.as_str(), "main" | "" | "rustc")
            && !self.thread.starts_with('<')
            && !self.thread.starts_with("tokio-")
            && !self.thread.contains(' ')
    }

    /// Sets the test that panicked from the thread's name.
    pub(crate) fn name_test(&mut self) {
        self.test = Some(self.thread.clone());
    }

    /// A line of a quoted message; the last one ends in `', src/lib.rs:3:5`.
    fn quoted(&mut self, text: &str) {
        if let Some(at) = text.rfind("', ")
            && let Some(place) = place_at_start(&text[at + 3..])
        {
            self.location = Some(place.location());
            self.add_to_message(&text[..at]);
            self.part = Part::Details;
        } else {
            self.add_to_message(text);
            self.part = if self.lines < MESSAGE_LINES { Part::Quoted } else { Part::Details };
        }
    }

    fn add_to_message(&mut self, text: &str) {
        self.lines += 1;
        let start = text.trim_start();
        let value = ["left: ", "right: "].iter().find_map(|side| Some((side, start.strip_prefix(side)?)));
        if let Some((side, value)) = value.filter(|_| self.message.starts_with("assertion")) {
            // Old format: the author's message follows the values.
            let (value, words) = match value.rsplit_once("`: ") {
                Some((_, words)) => (&value[..=value.len() - words.len() - 3], Some(words)),
                None => (value, None),
            };
            if let Some(words) = words {
                self.message.push_str(": ");
                self.message.push_str(words);
            }
            self.values.push(format!("{side}{}", cut(value.trim_end_matches(','), VALUE)));
            return;
        }
        if !self.message.is_empty() {
            self.message.push('\n');
        }
        self.message.push_str(text.trim_end());
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        let begins_other = start.starts_with("thread '") && start.contains(" panicked at ")
            || crate::tests::captured_output_of(start).is_some()
            || start == "failures:"
            || start.starts_with("test result: ")
            || start.starts_with("error: ")
            || start.starts_with("error[");
        if begins_other {
            return Step::Foreign;
        }
        if start.starts_with("note: run with `RUST_BACKTRACE")
            || start.starts_with("note: Some details are omitted")
        {
            self.span = self.span.to(span);
            return Step::Last;
        }
        if start == "stack backtrace:" {
            self.part = Part::Backtrace;
            self.span = self.span.to(span);
            return Step::Taken;
        }
        match self.part {
            Part::Quoted => self.quoted(text),
            // A message may begin with blank lines; the first one after it ends it.
            Part::Message if start.is_empty() => {
                self.lines += 1;
                if !self.message.is_empty() || self.lines > 4 {
                    self.part = Part::Details;
                }
                return Step::Taken;
            }
            Part::Message => {
                self.add_to_message(text);
                if self.lines >= MESSAGE_LINES {
                    self.part = Part::Details;
                }
            }
            Part::Details => {
                self.lines += 1;
                if self.lines > MESSAGE_LINES
                    || crate::compiler::is_status(start)
                    || start.starts_with("test ")
                {
                    return Step::Foreign;
                }
                if start.is_empty() {
                    return Step::Taken;
                }
            }
            Part::Backtrace => {
                if !self.frame(start) {
                    return Step::Foreign;
                }
                self.span = self.span.to(span);
                return Step::Taken;
            }
        }
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    /// `3: function` or `at place`; returns whether the line is one.
    fn frame(&mut self, start: &str) -> bool {
        if let Some(place) = start.strip_prefix("at ") {
            if let Some(last) = self.frames.last_mut() {
                last.location = place_at_start(place).map(|place| place.location());
                last.text.push(' ');
                last.text.push_str(start);
            }
            return true;
        }
        let Some((_, rest)) = leading_number(start) else { return false };
        let Some(function) = rest.strip_prefix(':') else { return false };
        let function = function.trim_start();
        // `0x61e6da135fe5 - name` with full backtraces.
        let function = match function.split_once(" - ") {
            Some((address, name)) if address.starts_with("0x") => name,
            _ => function,
        };
        if self.frames.len() < limits::FRAMES {
            self.frames.push(Frame {
                function: Some(function.to_owned()),
                location: None,
                text: start.to_owned(),
            });
        }
        true
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        if self.location.as_ref().is_none_or(is_foreign) {
            self.location = None;
            let own = self
                .frames
                .iter()
                .filter_map(|frame| frame.location.as_ref())
                .find(|place| !is_foreign(place));
            if let Some(own) = own {
                self.location = Some(own.clone());
            }
        }
        let mut message = self.message.trim().to_owned();
        if message.is_empty() {
            "explicit panic".clone_into(&mut message);
        }
        if !self.values.is_empty() {
            message = format!("{message} ({})", self.values.join(", "));
        }
        let mut context = self.context.take();
        if let Some(test) = &self.test {
            context = format!("test: {test}\n{context}");
        }
        let internal = self.thread == "rustc";
        Diagnostic {
            tool: if internal {
                "rustc"
            } else if self.test.is_some() {
                "cargo-test"
            } else {
                "rust"
            }
            .to_owned(),
            error_type: if internal {
                "internal-compiler-error"
            } else if message.starts_with("assertion") {
                "assertion"
            } else {
                "panic"
            }
            .to_owned(),
            message,
            severity: if self.test.is_some() { Severity::Error } else { Severity::Fatal },
            kind: if self.test.is_some() { Kind::Test } else { Kind::Crash },
            test: self.test,
            // Without own frames, the location in the standard library or a dependency is kept as it is.
            location: self.location,
            stack_trace: self.frames,
            context,
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// Returns true if a location is in the standard library or a dependency.
pub(crate) fn is_foreign(location: &Location) -> bool {
    let path = location.path.as_str();
    !path::is_own(path)
        || path.starts_with("compiler/rustc_")
        || ["src/libcore/", "src/libstd/", "src/liballoc/", "src/libtest/"]
            .iter()
            .any(|part| path.contains(part))
        || ["libcore/", "libstd/", "liballoc/"].iter().any(|start| path.starts_with(start))
        || path.contains("/lib/rustlib/src/")
        || path.starts_with("library/")
        || path.starts_with('<')
}

/// `Error: "text"` or `Error: Kind { … }`: the return value of a test or `main`, in Rust's debug format.
pub(crate) fn returned_error(start: &str, span: Span, test: Option<&str>) -> Option<Diagnostic> {
    let value = start.strip_prefix("Error: ")?;
    let name_length = value.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let (name, rest) = value.split_at(name_length);
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase());
    let is_debug_form = value.starts_with('"') && value.len() > 2 && value.ends_with('"')
        || is_type
            && (rest.starts_with(" { ") && rest.ends_with('}')
                || rest.starts_with('(') && rest.ends_with(')'));
    if !is_debug_form && (test.is_none() || value.is_empty()) {
        return None;
    }
    Some(Diagnostic {
        tool: if test.is_some() { "cargo-test" } else { "rust" }.to_owned(),
        error_type: if is_debug_form && is_type { name } else { "error" }.to_owned(),
        message: start.to_owned(),
        severity: Severity::Error,
        kind: if test.is_some() { Kind::Test } else { Kind::Crash },
        test: test.map(str::to_owned),
        context: test.map(|test| format!("test: {test}")).unwrap_or_default(),
        span,
        ..Diagnostic::default()
    })
}

/// The runtime's message when it cannot even panic.
pub(crate) fn runtime_error(start: &str, span: Span) -> Option<Diagnostic> {
    let (error_type, message) = if let Some(rest) = start.strip_prefix("fatal runtime error: ") {
        (if rest.starts_with("stack overflow") { "stack-overflow" } else { "abort" }, start)
    } else if start.starts_with("memory allocation of ") && start.contains(" bytes failed") {
        ("out-of-memory", start)
    } else if start.starts_with("process didn't exit successfully: ") && start.contains("(signal: ") {
        ("signal", start)
    } else {
        return None;
    };
    Some(Diagnostic {
        tool: "rust".to_owned(),
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        severity: Severity::Fatal,
        kind: if error_type == "out-of-memory" { Kind::Resource } else { Kind::Crash },
        location: place_at_end(message).map(|place| place.location()),
        span,
        ..Diagnostic::default()
    })
}
