//! Sanitizers and Valgrind: the kind of error, and the innermost frame in the user's code.
//!
//! ```text
//! ==71==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x4 bp 0x7 sp 0x7
//! READ of size 4 at 0x602 thread T0
//!     #0 0x4f in boil /src/pot.c:12:5
//! SUMMARY: AddressSanitizer: heap-use-after-free /src/pot.c:12:5 in boil
//! src/pot.c:12:5: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'
//! ==71== Invalid read of size 4
//! ==71==    at 0x4: boil (pot.c:12)
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Severity, Span, limits,
    text::{Context, Needle, place_at_end, place_at_start},
};

/// Maximum number of lines of one report.
const LINES: usize = 300;

static SANITIZER: Needle = Needle::new("Sanitizer: ");
static RUNTIME: Needle = Needle::new(": runtime error: ");
static FUZZER: Needle = Needle::new("ERROR: libFuzzer: ");
static EQUALS: Needle = Needle::new("== ");

/// Reads these tools' reports.
#[derive(Debug, Default)]
pub(crate) struct Sanitizer {
    open: Option<Report>,
}

/// A report being read.
#[derive(Debug)]
struct Report {
    tool: &'static str,
    error_type: String,
    message: String,
    /// The process number that Valgrind prints before each line.
    process: Option<String>,
    /// The location in the headline.
    location: Option<Location>,
    frames: Vec<Frame>,
    /// True after the first stack, which is the error's; the others show where memory was allocated.
    stack_ended: bool,
    lines: usize,
    context: Context,
    span: Span,
}

impl Sanitizer {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(report) = &mut self.open {
            match report.line(view) {
                Step::Taken => return,
                Step::Last => return self.finish(inbox),
                Step::Foreign => self.finish(inbox),
            }
        }
        self.open = Report::start(view);
        if self.open.is_some() {
            inbox.fail(view.number);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some(report) = self.open.take() else { return };
        let test = inbox.test().map(str::to_owned);
        inbox.push(Diagnostic { test, ..report.finish() });
    }
}

enum Step {
    Taken,
    Last,
    Foreign,
}

impl Report {
    fn start(view: &View<'_>) -> Option<Self> {
        let text = view.text;
        let report = |tool, error_type: &str, message: &str, process: Option<&str>, location| {
            let mut context = Context::default();
            context.push(text);
            Self {
                tool,
                error_type: error_type.to_owned(),
                message: message.to_owned(),
                process: process.map(str::to_owned),
                location,
                frames: Vec::new(),
                stack_ended: false,
                lines: 0,
                context,
                span: view.span,
            }
        };
        if let Some(at) = SANITIZER.find_among(view.characters, text) {
            // `==71==ERROR: AddressSanitizer: …`, `WARNING: ThreadSanitizer: …`
            let level = ["ERROR: ", "WARNING: "]
                .iter()
                .find_map(|level| text[..at].find(level).map(|start| start + level.len()))?;
            let name = text.get(level..at)?;
            if name.contains(' ') {
                return None;
            }
            let name = format!("{name}Sanitizer");
            let message = plain(&text[at + SANITIZER.text().len()..]);
            return Some(report(tool(&name), &name, &format!("{name}: {message}"), None, None));
        }
        if let Some(at) = RUNTIME.find_among(view.characters, text) {
            let place = place_at_start(&text[..at])?;
            let message = &text[at + RUNTIME.text().len()..];
            return (place.rest.is_empty() && names::is_native_source(place.path)).then(|| {
                report(
                    "ubsan",
                    "UndefinedBehaviorSanitizer",
                    &format!("runtime error: {message}"),
                    None,
                    Some(place.location()),
                )
            });
        }
        if let Some(at) = FUZZER.find_among(view.characters, text) {
            let message = text[at + FUZZER.text().len()..].split(" (").next().unwrap_or_default();
            return Some(report("libfuzzer", "libFuzzer", &format!("libFuzzer: {message}"), None, None));
        }
        let (process, rest) = valgrind(view)?;
        is_valgrind_error(rest).then(|| report("valgrind", "valgrind", rest, Some(process), None))
    }

    fn line(&mut self, view: &View<'_>) -> Step {
        self.lines += 1;
        if self.lines > LINES {
            return Step::Foreign;
        }
        if let Some(process) = &self.process {
            let Some((number, rest)) = valgrind(view) else { return Step::Foreign };
            if number != process || rest.is_empty() {
                return Step::Foreign;
            }
            if !self.valgrind_line(rest) {
                return Step::Foreign;
            }
            self.take(view);
            return Step::Taken;
        }
        let text = view.text;
        if text.starts_with("SUMMARY: ") && text.contains("Sanitizer: ") {
            self.take(view);
            if self.location.is_none() && self.frames.is_empty() {
                self.location = summary_place(text);
            }
            return Step::Last;
        }
        if self.tool == "ubsan" && !text.starts_with('#') && !is_excerpt(text) {
            return Step::Foreign;
        }
        if let Some(frame) = frame(text) {
            if !self.stack_ended && self.frames.len() < limits::FRAMES {
                self.frames.push(frame);
            }
        } else if !self.frames.is_empty() {
            self.stack_ended = true;
        } else if self.message.ends_with("detected memory leaks")
            && (text.starts_with("Direct leak of ") || text.starts_with("Indirect leak of "))
        {
            self.message = format!("{}: {}", self.message, text.trim_end_matches(" allocated from:"));
        } else if (text.starts_with("READ of size ") || text.starts_with("WRITE of size "))
            && !self.message.contains(" of size ")
        {
            let access = text.split(" at 0x").next().unwrap_or(text);
            self.message = format!("{}, {access}", self.message);
        } else if text.starts_with("Hint: ") || text.starts_with("==") && text.contains("Hint: ") {
            // The hint gives the cause of a segmentation fault.
            self.context.push(text);
        }
        if text.contains("==ABORTING") {
            return Step::Last;
        }
        self.take(view);
        Step::Taken
    }

    /// `at 0x4: boil (pot.c:12)`, `by 0x5: main (main.c:7)`, `Address 0x… is …`.
    fn valgrind_line(&mut self, rest: &str) -> bool {
        let start = rest.trim_start();
        let is_frame = start.starts_with("at 0x") || start.starts_with("by 0x");
        if is_frame {
            if !self.stack_ended && self.frames.len() < limits::FRAMES {
                let (_, function) = start.split_once(": ").unwrap_or(("", start));
                let location = place_at_end(function).map(|place| place.location());
                let name = function.split(" (").next().unwrap_or(function);
                self.frames.push(Frame { function: Some(name.to_owned()), location, text: start.to_owned() });
            }
            return true;
        }
        self.stack_ended |= !self.frames.is_empty();
        rest.starts_with(' ')
    }

    fn take(&mut self, view: &View<'_>) {
        if self.context.lines() < 60 {
            self.context.push(view.raw);
        }
        self.span = self.span.to(view.span);
    }

    fn finish(mut self) -> Diagnostic {
        let own = self.frames.iter().filter(|frame| is_own(frame)).find_map(|frame| frame.location.clone());
        Diagnostic {
            tool: self.tool.to_owned(),
            error_type: self.error_type,
            message: self.message,
            severity: Severity::Error,
            kind: Kind::Crash,
            location: own.or(self.location),
            stack_trace: self.frames,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

fn tool(name: &str) -> &'static str {
    match name {
        "ThreadSanitizer" => "tsan",
        "MemorySanitizer" => "msan",
        "LeakSanitizer" => "lsan",
        "UndefinedBehaviorSanitizer" => "ubsan",
        _ => "asan",
    }
}

/// The headline without the parts that vary between runs.
fn plain(message: &str) -> &str {
    let end = [" on address ", " on unknown address ", " (pid=", " (pc ", ": thread ", " on 0x"]
        .iter()
        .filter_map(|part| message.find(part))
        .min();
    message[..end.unwrap_or(message.len())].trim()
}

/// `#0 0x4f in boil /src/pot.c:12:5`, `#0 boil /src/pot.c:12:5 (pot+0x4)`.
fn frame(text: &str) -> Option<Frame> {
    let rest = text
        .strip_prefix('#')?
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .strip_prefix(' ')?
        .trim_start();
    let rest = match rest.split_once(" in ") {
        Some((address, rest)) if address.starts_with("0x") => rest,
        _ => rest,
    };
    // The module is in parentheses at the end.
    let place_text = match rest.rsplit_once(" (") {
        Some((before, module)) if module.contains("+0x") || module.starts_with("BuildId") => before,
        _ => rest,
    };
    let place_text = place_text
        .rsplit_once(" (")
        .filter(|(_, module)| module.contains("+0x"))
        .map_or(place_text, |(before, _)| before);
    // A function's name may contain spaces, a path seldom does.
    let place = place_at_end(place_text);
    let function = match &place {
        Some(place) => place.rest,
        None => place_text.split(" /").next().unwrap_or(place_text),
    };
    Some(Frame {
        function: Some(function.to_owned()),
        location: place.map(|place| place.location()),
        text: text.to_owned(),
    })
}

/// Returns true if a frame is the user's, not that of the sanitizer, the allocator or the library.
fn is_own(frame: &Frame) -> bool {
    let Some(place) = &frame.location else { return false };
    let function = frame.function.as_deref().unwrap_or_default();
    let of_runtime = [
        "__asan",
        "__interceptor_",
        "__tsan",
        "__msan",
        "__ubsan",
        "__sanitizer",
        "operator new",
        "operator delete",
        "std::",
        "__gnu_cxx::",
        "testing::",
        "Catch::",
        "doctest::",
    ]
    .iter()
    .any(|start| function.starts_with(start));
    let runtime_path = [
        "/compiler-rt/",
        "/libsanitizer/",
        "/sanitizer_common/",
        "/glibc",
        "/sysdeps/",
        "vg_replace_malloc.c",
        "/googletest/",
        "/gtest/",
        "/catch2/",
        "/catch.hpp",
        "/doctest.h",
        "/csu/",
    ];
    !of_runtime
        && !names::is_system(&place.path)
        && !runtime_path.iter().any(|part| place.path.contains(part))
        && !matches!(
            function,
            "malloc" | "free" | "calloc" | "realloc" | "memcpy" | "strlen" | "memset" | "strcpy"
        )
}

/// The place in `SUMMARY: AddressSanitizer: heap-use-after-free /src/pot.c:12:5 in boil`.
fn summary_place(text: &str) -> Option<Location> {
    text.split(' ')
        .filter_map(place_at_start)
        .find(|place| place.path.contains(['.', '/']))
        .map(|place| place.location())
}

/// UBSan shows the source below its message: `x + 1;`, `  ^`, or a note.
fn is_excerpt(text: &str) -> bool {
    text.contains(": note: ")
        || text.bytes().all(|byte| matches!(byte, b'^' | b'~' | b' ')) && !text.is_empty()
}

/// `==71== rest`: the process, and the rest with its indentation.
fn valgrind<'a>(view: &View<'a>) -> Option<(&'a str, &'a str)> {
    EQUALS.find_among(view.characters, view.text).or_else(|| view.text.ends_with("==").then_some(0))?;
    let rest = view.text.strip_prefix("==")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (process, rest) = rest.split_at(digits);
    let rest = rest.strip_prefix("==")?;
    (!process.is_empty() && (rest.is_empty() || rest.starts_with(' ')))
        .then(|| (process, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn is_valgrind_error(rest: &str) -> bool {
    const STARTS: [&str; 14] = [
        "Invalid read of size",
        "Invalid write of size",
        "Invalid free()",
        "Mismatched free()",
        "Conditional jump or move depends on uninitialised",
        "Use of uninitialised value",
        "Syscall param ",
        "Source and destination overlap",
        "Argument '",
        "Process terminating with default action of signal",
        "Jump to the invalid address",
        "Possible data race during",
        "Illegal memory pool address",
        "Uninitialised byte(s) found",
    ];
    STARTS.iter().any(|start| rest.starts_with(start))
        || rest.contains(" are definitely lost in loss record ")
        || rest.contains(" bytes in ") && rest.contains(" are indirectly lost in loss record")
}
