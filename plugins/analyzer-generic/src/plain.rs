//! `error: message` without a place: what Git, package managers, Docker and linkers print.

use crate::{Step, prefix::Stripped, tool};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Characters, Context, Needle, place_at_start},
};

/// Lines kept after an error.
const LINES: usize = 8;

/// An error being read. Held for a line, because the next may show that it is another analyzer's.
#[derive(Debug)]
pub(crate) struct Block {
    tool: &'static str,
    error_type: &'static str,
    code: Option<String>,
    message: String,
    location: Option<Location>,
    severity: Severity,
    context: Context,
    dropped: bool,
    blank: bool,
    span: Span,
}

/// Beginnings of errors: what, by whom, what kind.
const STARTS: &[(&str, &str, &str)] = &[
    ("ERROR: failed to solve: ", "docker", "build"),
    ("error: failed to solve: ", "docker", "build"),
    ("failed to solve: ", "docker", "build"),
    ("ERROR: failed to build: failed to solve: ", "docker", "build"),
    ("Error response from daemon: ", "docker", "daemon"),
    ("docker: Error response from daemon: ", "docker", "daemon"),
    ("fatal: ", "git", "fatal"),
    ("E: ", "apt", "error"),
    ("curl: (", "curl", "transfer"),
    ("collect2: fatal error: ", "ld", "linker"),
    ("ld: error: ", "ld", "linker"),
    ("ld.lld: error: ", "ld", "linker"),
    ("wasm-ld: error: ", "ld", "linker"),
    ("lld: error: ", "ld", "linker"),
    ("lld-link: error: ", "ld", "linker"),
    ("clang: error: ", "clang", "driver"),
    ("clang++: error: ", "clang", "driver"),
    ("gcc: error: ", "gcc", "driver"),
    ("g++: error: ", "gcc", "driver"),
    ("cc1: error: ", "gcc", "driver"),
    ("cc1plus: error: ", "gcc", "driver"),
    ("gcc: fatal error: ", "gcc", "driver"),
    ("javac: error: ", "javac", "driver"),
    ("error: ", "log", "error"),
    ("Error: ", "log", "error"),
    ("ERROR: ", "log", "error"),
    ("FATAL: ", "log", "error"),
    ("fatal error: ", "log", "error"),
];

impl Block {
    pub(crate) fn start(line: &Stripped<'_>, span: Span) -> Option<Self> {
        let text = line.text;
        let (tool, error_type, message) = linker(text, line.characters).or_else(|| {
            if line.indent > 2 {
                return None;
            }
            if let Some(rule) = text.strip_prefix("make: *** ").or_else(|| after_make(text)) {
                return Some(("make", "make", rule));
            }
            if let Some(found) = compiler(text) {
                return Some(found);
            }
            let first = text.bytes().next()?;
            let (start, tool, kind) =
                STARTS.iter().find(|(start, ..)| start.as_bytes()[0] == first && text.starts_with(start))?;
            // curl's number belongs to the message.
            let message = if *tool == "curl" { text } else { &text[start.len()..] };
            Some((*tool, *kind, message))
        })?;
        let message = message.trim();
        if message.len() < 4 {
            return None;
        }
        let mut context = Context::default();
        context.push(text);
        Some(Self {
            tool,
            error_type,
            code: compiler_code(text).map(str::to_owned),
            message: message.to_owned(),
            location: object_file(text).map(Location::file),
            severity: Severity::Error,
            context,
            dropped: false,
            blank: false,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if start.is_empty() && self.context.lines() == 1 && !self.blank {
            // Nix puts the place below a blank line.
            self.blank = true;
            return Step::Taken;
        }
        // rustc, Node and Python print such a headline, too, and something of theirs below it.
        if self.context.lines() == 1
            && (start.starts_with("--> ")
                || start.starts_with("-----")
                || text.starts_with("    at ")
                || start.starts_with("Caused by:"))
        {
            self.dropped = true;
        }
        let goes_on = start.starts_with(">>> ") || text.starts_with("  ") && !start.is_empty();
        if !goes_on || self.context.lines() >= LINES {
            return Step::Foreign;
        }
        if let Some(place) = start.strip_prefix("at ").and_then(place_at_start)
            && self.location.is_none()
            && !tool::is_others(place.path)
        {
            self.location = Some(place.location());
            self.dropped = false;
        }
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.dropped {
            return None;
        }
        Some(Diagnostic {
            tool: self.tool.to_owned(),
            error_type: self.error_type.to_owned(),
            code: self.code,
            message: self.message,
            severity: self.severity,
            location: self.location,
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
        })
    }
}

/// The code in `error CS2008: message`.
fn compiler_code(text: &str) -> Option<&str> {
    compiler(text)?;
    text.split_once("error ")?.1.split_once(':').map(|(code, _)| code)
}

/// `error CS2008: No source files specified.`
fn compiler(text: &str) -> Option<(&'static str, &'static str, &str)> {
    let rest = text.strip_prefix("error ").or_else(|| text.strip_prefix("fatal error "))?;
    let (code, message) = rest.split_once(": ")?;
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let numbered = (1..=6).contains(&letters)
        && code.len() >= letters + 3
        && code[letters..].bytes().all(|byte| byte.is_ascii_digit());
    numbered.then(|| (tool::name("", Some(code)), "compiler", message))
}

/// `make[2]: *** No rule to make target 'x'.  Stop.`
fn after_make(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("make[").or_else(|| text.strip_prefix("gmake["))?;
    rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("]: *** ")
}

/// The linker's complaints, whatever stands before them: object, section, source.
fn linker(text: &str, characters: Characters) -> Option<(&'static str, &'static str, &str)> {
    static SIGNS: [Needle; 7] = [
        Needle::new("undefined reference to "),
        Needle::new("multiple definition of "),
        Needle::new("cannot find -l"),
        Needle::new("unable to find library -l"),
        Needle::new("library not found for -l"),
        Needle::new("symbol(s) not found for architecture"),
        Needle::new("Undefined symbols for architecture"),
    ];
    let at = SIGNS.iter().filter_map(|sign| sign.find_among(characters, text)).min()?;
    // In prose the sign stands after a word, in a linker's line at the start or after a colon.
    let before = text[..at].trim_end();
    (before.is_empty() || before.ends_with(':')).then(|| ("ld", "linker", &text[at..]))
}

/// The source in `main.c:(.text+0x5): undefined reference`.
fn object_file(text: &str) -> Option<&str> {
    let (before, _) = text.split_once(":(.")?;
    let name = before.rsplit(": ").next().unwrap_or_default();
    (name.contains('.') && !name.contains(' ')).then_some(name)
}
