//! Errors of the interpreter itself, and of programs about their arguments.
//!
//! ```text
//! python: can't open file '/app/lid.py': [Errno 2] No such file or directory
//! /usr/bin/python3: No module named jar
//! Fatal Python error: Segmentation fault
//! lid.py: error: unrecognized arguments: --jar
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Context, Needle, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::finding;
use crate::own::is_own;

/// Maximum number of lines of threads after a crash.
const LINES: u32 = 200;

/// Recognises the interpreter's messages.
#[derive(Default)]
pub(crate) struct Interpreter {
    /// A crash, whose threads follow.
    crash: Option<(Diagnostic, u32, Context)>,
    /// `Usage: lid [OPTIONS]`: an error about the arguments may follow.
    usage: Option<(String, u32)>,
}

/// `The virtual environment was not created successfully because ensurepip is not`, wrapped before its last word.
fn no_environment(text: &str, span: Span) -> Option<Diagnostic> {
    const WRAPPED: &str = "The virtual environment was not created successfully because ensurepip is not";
    text.starts_with(WRAPPED).then(|| {
        let message = format!("{WRAPPED} available.");
        finding("python", "ensurepip", Kind::Configuration, &message, span)
    })
}

impl Interpreter {
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if self.thread(text, trimmed, span) {
            return true;
        }
        self.finish(out);
        if let Some(reason) = trimmed.strip_prefix("Fatal Python error: ") {
            let mut found =
                finding("python", "fatal-error", Kind::Crash, &format!("Fatal Python error: {reason}"), span);
            found.severity = Severity::Fatal;
            let mut context = Context::default();
            context.push(text);
            self.crash = Some((found, LINES, context));
            return true;
        }
        let found = no_environment(trimmed, span)
            .or_else(|| missing_module(trimmed, among, span))
            .or_else(|| cannot_open(trimmed, among, span))
            .or_else(|| self.arguments(trimmed, among, span));
        let is_found = found.is_some();
        out.extend(found);
        is_found
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((mut found, _, mut context)) = self.crash.take() {
            found.context = context.take();
            out.push(found);
        }
    }

    /// `Current thread 0x… (most recent call first):`, `  File "a.py", line 3 in f`.
    fn thread(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        let Some((found, left, context)) = &mut self.crash else { return false };
        *left -= 1;
        let belongs = *left > 0
            && (trimmed.is_empty()
                || trimmed.starts_with("Current thread 0x")
                || trimmed.starts_with("Thread 0x")
                || trimmed.starts_with("Python runtime state")
                || trimmed.starts_with("Extension modules: ")
                || text.starts_with("  File \"")
                || trimmed.starts_with("<no Python frame>"));
        if !belongs {
            return false;
        }
        context.push(text);
        if !trimmed.is_empty() {
            found.span = found.span.to(span);
        }
        if let Some((path, rest)) =
            trimmed.strip_prefix("File \"").and_then(|rest| rest.split_once("\", line "))
            && let Some((line, _)) = grimoire_plugin_sdk::text::leading_number(rest)
            && found.location.is_none()
            && is_own(path)
        {
            found.location = Some(Location::at(path, line, None));
        }
        true
    }

    /// argparse's `prog: error: …` and click's `Error: …` after its usage.
    fn arguments(&mut self, text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
        static ERROR: Needle = Needle::new(": error: ");
        static ARGUMENTS: Beginnings = Beginnings::new(&[
            "unrecognized arguments",
            "the following arguments are required",
            "argument ",
            "invalid choice",
            "ambiguous option",
            "too few arguments",
            "one of the arguments ",
            "expected ",
        ]);
        if let Some((program, message)) = ERROR.split_among(among, text) {
            let named = !program.is_empty() && !program.contains([' ', ':', '(']) && ARGUMENTS.begin(message);
            return named.then(|| finding(&tool_of(program), "usage", Kind::Configuration, message, span));
        }
        if let Some(rest) = text.strip_prefix("Usage: ") {
            let words = rest.split(" [").next().unwrap_or(rest);
            self.usage = Some((tool_of(words.split(' ').next().unwrap_or(words)), 8));
            return None;
        }
        let (tool, left) = self.usage.take()?;
        let message = text
            .strip_prefix("Error: ")
            .or_else(|| text.strip_prefix("│ ").and_then(|rest| rest.strip_suffix('│')).map(str::trim));
        match message {
            Some(message) if !message.is_empty() => {
                Some(finding(&tool, "usage", Kind::Configuration, message, span))
            }
            _ => {
                self.usage = (left > 1).then(|| (tool, left - 1));
                None
            }
        }
    }
}

/// The name of a program without its folder and extension.
fn tool_of(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.trim_end_matches(".py").trim_end_matches(".exe").to_lowercase()
}

fn is_python(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    (name.starts_with("python") || name.starts_with("pypy")) && !program.contains(' ')
}

/// `/usr/bin/python3: No module named pytest`, or an import error on a line of its own.
fn missing_module(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static MISSING: Needle = Needle::new(": No module named ");
    if text.starts_with("ModuleNotFoundError: No module named ")
        || text.starts_with("ImportError: cannot import name ")
    {
        let error_type = text.split(':').next().unwrap_or_default();
        let kind = if error_type == "ImportError" { Kind::Crash } else { Kind::Dependency };
        return Some(finding("python", error_type, kind, text, span));
    }
    let (program, _) = MISSING.split_among(among, text)?;
    is_python(program)
        .then(|| finding("python", "ModuleNotFoundError", Kind::Dependency, &text[program.len() + 2..], span))
}

/// `python: can't open file 'lid.py': [Errno 2] No such file or directory`.
fn cannot_open(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static CANNOT: Needle = Needle::new(": can't open file ");
    static MAIN: Needle = Needle::new(": can't find '__main__' module in ");
    let (program, _) = CANNOT.split_among(among, text).or_else(|| MAIN.split_among(among, text))?;
    is_python(program)
        .then(|| finding("python", "file-not-found", Kind::Configuration, &text[program.len() + 2..], span))
}
