//! Crashes of programs: signals, failed assertions, uncaught exceptions, messages of the C library and the loader.
//!
//! ```text
//! pot: /src/pot.c:12: boil: Assertion `cups > 0' failed.
//! terminate called after throwing an instance of 'std::runtime_error'
//!   what():  no water
//! Segmentation fault (core dumped)
//! ./pot: error while loading shared libraries: liblid.so.1: cannot open shared object file: No such file or directory
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    text::{Beginnings, Context, Needle, leading_number, looks_like_path, place_at_start},
};

/// Maximum number of lines between a cause and the signal that follows from it.
const NEAR: u64 = 60;

static ASSERTION: Needle = Needle::new("ssertion ");
static TERMINATE: Needle = Needle::new("erminat");
static SIGNALS: [(Needle, &str); 9] = [
    (Needle::new("Killed"), "out-of-memory"),
    (Needle::new("Segmentation fault"), "segmentation-fault"),
    (Needle::new("Aborted"), "abort"),
    (Needle::new("Bus error"), "bus-error"),
    (Needle::new("Illegal instruction"), "illegal-instruction"),
    (Needle::new("Floating point exception"), "floating-point-exception"),
    (Needle::new("Trace/breakpoint trap"), "trap"),
    (Needle::new("uncaught target signal "), "signal"),
    (Needle::new("Abort trap"), "abort"),
];
static LOADER: [Needle; 6] = [
    Needle::new("error while loading shared libraries: "),
    Needle::new("Library not loaded: "),
    Needle::new("symbol lookup error: "),
    Needle::new("' not found (required by "),
    Needle::new("Error loading shared library "),
    Needle::new("Symbol not found: "),
];
static LIBRARY: [Needle; 3] = [Needle::new(".so"), Needle::new("lookup error: "), Needle::new("GLIBC")];
static CORE: Needle = Needle::new("core dumped");
static SHELL: Needle = Needle::new(": line ");
static STARTS: Beginnings = Beginnings::new(&[
    "Segmentation fault",
    "Aborted",
    "Bus error",
    "Illegal instruction",
    "Floating point exception",
    "Trace/breakpoint trap",
    "Abort trap",
    "qemu",
]);
static GLIBC: Beginnings = Beginnings::new(&[
    "*** stack smashing detected ***",
    "*** buffer overflow detected ***",
    "free(): ",
    "malloc(): ",
    "realloc(): ",
    "munmap_chunk(): ",
    "double free or corruption",
    "corrupted size vs. prev_size",
    "corrupted double-linked list",
    "malloc_consolidate(): ",
    "pure virtual method called",
    "Fatal glibc error: ",
    "*** Error in `",
]);

/// Reads crashes.
#[derive(Debug, Default)]
pub(crate) struct Crash {
    open: Option<Thrown>,
    /// The line of the last cause, and the test that was running.
    cause: Option<(u64, Option<String>)>,
}

/// An uncaught exception, whose message may follow, or a missing library, with the program that needs it.
#[derive(Debug)]
struct Thrown {
    found: Diagnostic,
    context: Context,
    lines: usize,
}

impl Crash {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(thrown) = &mut self.open {
            if thrown.line(view) {
                return;
            }
            self.finish(inbox);
        }
        let text = view.text;
        if text.len() > 4_000 {
            return;
        }
        let found = assertion(view).or_else(|| terminate(view)).or_else(|| loader(view)).or_else(|| {
            let is_glibc = GLIBC.begin(text);
            is_glibc.then(|| crash("glibc", "abort", text.trim_matches(['*', ' ']).to_owned(), Role::Root))
        });
        if let Some(mut found) = found {
            inbox.fail(view.number);
            self.cause = Some((view.number, inbox.test().map(str::to_owned)));
            found.span = view.span;
            found.test = inbox.test().map(str::to_owned);
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Thrown { found, context, lines: 0 });
        } else if let Some(mut found) = signal(view) {
            inbox.fail(view.number);
            let follows = |(line, test): &(u64, Option<String>)| {
                view.number <= line + NEAR && test.as_deref() == inbox.test()
            };
            if self.cause.as_ref().is_some_and(follows) {
                found.role = Role::Consequence;
            }
            found.span = view.span;
            found.test = inbox.test().map(str::to_owned);
            text.clone_into(&mut found.context);
            inbox.push(found);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let Some(mut thrown) = self.open.take() else { return };
        thrown.found.context = thrown.context.take();
        inbox.push(thrown.found);
    }
}

impl Thrown {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        let what = text.strip_prefix("what():");
        let mine = what.is_some()
            || text.starts_with("Referenced from: ")
            || text.starts_with("Reason: ")
            || text.starts_with("Expected in: ");
        if !mine || self.lines > 4 {
            return false;
        }
        if let Some(what) = what {
            self.found.message = format!("{}: {}", self.found.error_type, what.trim());
        } else if let Some(reason) = text.strip_prefix("Reason: ") {
            self.found.message = format!("{} ({})", self.found.message, reason.trim());
        }
        self.context.push(text);
        self.found.span = self.found.span.to(view.span);
        true
    }
}

fn crash(tool: &str, error_type: &str, message: String, role: Role) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: error_type.to_owned(),
        message,
        severity: Severity::Fatal,
        kind: Kind::Crash,
        role,
        ..Diagnostic::default()
    }
}

/// glibc's `pot: pot.c:12: boil: Assertion `x' failed.`, macOS's `Assertion failed: (x), function boil, file pot.c,
/// line 12.`, musl's `Assertion failed: x (pot.c: boil: 12)`.
fn assertion(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    let at = ASSERTION.find_among(view.characters, text)?;
    if text[at..].starts_with("ssertion `") || text[at..].starts_with("ssertion '") {
        let message = text[at.checked_sub(1)?..].trim_end_matches('.');
        if !message.starts_with("Assertion") || !message.ends_with("failed") {
            return None;
        }
        let before = &text[..at - 1];
        let place = before
            .split_once(": ")
            .and_then(|(_, rest)| place_at_start(rest))
            .or_else(|| place_at_start(before))?;
        if !names::is_native_source(place.path) {
            return None;
        }
        let mut found = crash("assert", "assertion", message.to_owned(), Role::Root);
        found.location = Some(place.location());
        return Some(found);
    }
    let rest = text[at..].strip_prefix("ssertion failed: ").filter(|_| at == 1)?;
    let mut found = crash("assert", "assertion", text.trim_end_matches('.').to_owned(), Role::Root);
    if let Some((before, place)) = rest.rsplit_once(", file ")
        && let Some((path, line)) = place.split_once(", line ")
        && let Some((line, _)) = leading_number(line)
    {
        let expression = before.split(", function ").next().unwrap_or(before);
        found.message = format!("Assertion failed: {expression}");
        found.location = Some(Location::at(path, line, None)).filter(|place| looks_like_path(&place.path));
        return Some(found);
    }
    let (expression, place) = rest.strip_suffix(')')?.rsplit_once(" (")?;
    let (path, line) = (place.split(": ").next()?, place.rsplit(": ").next()?.parse().ok()?);
    found.message = format!("Assertion failed: {expression}");
    found.location =
        Some(Location::at(path, line, None)).filter(|place| names::is_native_source(&place.path));
    found.location.is_some().then_some(found)
}

/// `terminate called after throwing an instance of 'T'`, `libc++abi: terminating due to uncaught exception of type T: x`.
fn terminate(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    TERMINATE.find_among(view.characters, text)?;
    if let Some(name) = text.strip_prefix("terminate called after throwing an instance of '") {
        let name = name.trim_end_matches('\'');
        return Some(crash("c++", name, format!("uncaught exception of type {name}"), Role::Root));
    }
    if text == "terminate called without an active exception" || text == "terminate called recursively" {
        return Some(crash("c++", "abort", text.to_owned(), Role::Root));
    }
    let rest = text.strip_prefix("libc++abi")?.trim_start_matches(".dylib").strip_prefix(": ")?;
    let rest = rest.strip_prefix("terminating ")?;
    let (_, thrown) = rest.split_once("exception of type ")?;
    let name = match thrown.split_once(": ") {
        Some((name, _)) => name,
        None => thrown,
    };
    Some(crash("c++", name, thrown.to_owned(), Role::Root))
}

/// The loader did not find a library, a symbol or a version.
fn loader(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    // All of them name a library, a version or the loader itself.
    let wanted = LIBRARY.iter().any(|needle| needle.find_among(view.characters, text).is_some())
        || text.starts_with("dyld")
        || text.starts_with("Error loading");
    if !wanted {
        return None;
    }
    let (needle, at) =
        LOADER.iter().find_map(|needle| Some((needle, needle.find_among(view.characters, text)?)))?;
    let message = match needle.text() {
        "error while loading shared libraries: " | "symbol lookup error: " => &text[at..],
        "Library not loaded: " | "Symbol not found: " => {
            if !text.starts_with("dyld") {
                return None;
            }
            &text[at..]
        }
        "Error loading shared library " => text.get(at..).filter(|_| at == 0)?,
        // `pot: /lib/libc.so.6: version `GLIBC_2.34' not found (required by ./pot)`
        _ => &text[text.find("version ")?..],
    };
    let mut found = crash("ld.so", "link", message.to_owned(), Role::Root);
    found.kind = Kind::Dependency;
    found.severity = Severity::Error;
    Some(found)
}

/// A shell's message for the signal that ended a program: the whole line, or with location, process and command.
fn signal(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    // The whole line, or one after a program's name, or a shell's message with the position in its script.
    let wanted = STARTS.begin(text)
        || CORE.find_among(view.characters, text).is_some()
        || SHELL.find_among(view.characters, text).is_some()
        || SIGNALS.iter().any(|(needle, _)| text.ends_with(needle.text()));
    if !wanted {
        return None;
    }
    let (needle, error_type, at) = SIGNALS
        .iter()
        .find_map(|(needle, name)| Some((needle, *name, needle.find_among(view.characters, text)?)))?;
    let rest = &text[at + needle.text().len()..];
    let before = text[..at].trim_end();
    if needle.text() == "uncaught target signal " {
        return text.starts_with("qemu").then(|| crash("qemu", error_type, text.to_owned(), Role::Root));
    }
    // Prose continues in words, and begins with them.
    let ends = rest.is_empty()
        || rest.starts_with(" (core dumped)")
        || rest.starts_with(": 11")
        || rest.starts_with(": 6")
        || rest.starts_with("  ")
        || rest.starts_with('.') && rest.len() == 1;
    let process = before.rsplit(' ').next().unwrap_or_default();
    let is_shell = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole =
        before.is_empty() || before.ends_with(':') && before.len() < 200 && !before.contains("error");
    if !(ends && (is_whole || is_shell) || is_shell && rest.starts_with(' ')) {
        return None;
    }
    let command = rest.trim().trim_start_matches("(core dumped)").trim();
    let core = if rest.contains("core dumped") { " (core dumped)" } else { "" };
    let message = if command.len() > 2 && is_shell {
        format!("{}{core}: {}", needle.text(), &command[..command.floor_char_boundary(200)])
    } else {
        format!("{}{core}", needle.text())
    };
    let mut found = crash("shell", error_type, message, Role::Root);
    if error_type == "out-of-memory" {
        // A shell prints it for a process that it ran; alone, the word may come from any program.
        found.kind = Kind::Resource;
        return is_shell.then_some(found);
    }
    Some(found)
}
