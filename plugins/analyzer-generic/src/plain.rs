//! `error: message` without a place: what Git, package managers, Docker and linkers print, and any tool that
//! says `error` before it says what.

use crate::{Step, describe, prefix::Stripped, tool};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Location, Role, Severity, Span,
    text::{Beginnings, Characters, Context, Needle, kind_of, place_at_start},
};

/// Lines kept after an error.
const LINES: usize = 8;

/// An error being read, with the lines below that belong to it.
#[derive(Debug)]
pub(crate) struct Block {
    tool: String,
    error_type: String,
    code: Option<String>,
    message: String,
    /// The innermost of the causes that stand below: `Caused by: …`.
    cause: Option<String>,
    /// `Caused by:` stands alone: the cause is below it.
    awaits: bool,
    location: Option<Location>,
    context: Context,
    blank: bool,
    /// The stack trace of an exception follows at once, which says more.
    headline: bool,
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
    ("ERROR ~ ", "nextflow", "workflow"),
    ("Error executing process > ", "nextflow", "workflow"),
    ("Error! ", "log", "error"),
];

/// What a line says, by its shape.
struct Found<'a> {
    tool: &'a str,
    error_type: &'a str,
    code: Option<String>,
    message: &'a str,
}

impl<'a> Found<'a> {
    fn new(tool: &'a str, error_type: &'a str, message: &'a str) -> Self {
        Self { tool, error_type, code: None, message }
    }
}

/// Reads the shapes of an error without a place, most specific first.
fn read<'a>(line: &Stripped<'a>) -> Option<Found<'a>> {
    let text = line.text;
    if let Some((tool, error_type, message)) = linker(text, line.characters) {
        return Some(Found::new(tool, error_type, message));
    }
    // Deeper down a line belongs to something else: quoted output, a list, a trace.
    if line.indent > 2 {
        return None;
    }
    if let Some(rule) = text.strip_prefix("make: *** ").or_else(|| after_make(text)) {
        return Some(Found::new("make", "make", rule));
    }
    if let Some((tool, error_type, message)) = compiler(text) {
        return Some(Found {
            code: compiler_code(text).map(str::to_owned),
            ..Found::new(tool, error_type, message)
        });
    }
    let first = text.bytes().next()?;
    if let Some((start, tool, kind)) =
        STARTS.iter().find(|(start, ..)| start.as_bytes()[0] == first && text.starts_with(start))
    {
        // curl's number and what was executed belong to the message.
        let message = if *tool == "curl" || start.ends_with("> ") { text } else { &text[start.len()..] };
        return Some(Found::new(tool, kind, message));
    }
    level(text)
        .or_else(|| of_program(text, line.characters))
        .or_else(|| fields(text))
        .or_else(|| (line.level >= Some(Severity::Error)).then(|| of_logger(text)).flatten())
}

/// What stands after `[ERROR] `: a sentence, not the rest of a table, a help or a source line.
fn of_logger(text: &str) -> Option<Found<'_>> {
    static HELP: Beginnings = Beginnings::new(&[
        "-> [Help",
        "[Help",
        "For more information",
        "To see the full",
        "Re-run Maven",
        "After correcting",
        "Please refer to",
        "mvn ",
        "Tests run:",
        "Failures:",
        "Errors:",
        "There are test failures",
        "http",
    ]);
    let is_sentence = text.starts_with(|c: char| c.is_ascii_uppercase()) && text.split(' ').count() > 2;
    (is_sentence && !HELP.begin(text)).then(|| Found::new("log", "error", text))
}

/// `error: message`, `ERROR - message`, `fatal error[X1]: message`, `❌ message`.
fn level(text: &str) -> Option<Found<'_>> {
    static LEVELS: Beginnings = Beginnings::new(&[
        "error", "Error", "ERROR", "fatal", "Fatal", "FATAL", "critical", "Critical", "CRITICAL", "[error]:",
        "[ERROR]:", "[FATAL]:",
    ]);
    if let Some(rest) = text.strip_prefix('❌') {
        let message = rest.trim_start_matches('\u{fe0f}').trim();
        return Some(level(message).unwrap_or(Found::new("log", "error", message)));
    }
    if !LEVELS.begin(text) {
        return inspected(text);
    }
    if let Some(message) = text.strip_prefix("Error ").filter(|message| FAILS.begin(message)) {
        return Some(Found::new("log", "error", message));
    }
    let described = describe::leading(text);
    if let Some(found) = of_call(text).or_else(|| of_call(described.message)) {
        return Some(found);
    }
    // Some put the word before what begins with it.
    let message = match described.message.strip_prefix("Error: ") {
        Some(message) if described.code.is_none() => message,
        _ => described.message,
    };
    (described.severity >= Some(Severity::Error)).then(|| Found {
        tool: described.code.as_deref().map_or("log", |code| tool::name("", Some(code))),
        error_type: "error",
        code: described.code,
        message,
    })
}

/// What stands after `Error ` without a colon where it is a sentence of its own.
static FAILS: Beginnings = Beginnings::new(&[
    "failed to ",
    "Failed to ",
    "could not ",
    "Could not ",
    "couldn't ",
    "cannot ",
    "Cannot ",
    "unable to ",
    "Unable to ",
]);

/// `Error in pour(lid) : message`, which R prints; a long message stands below.
fn of_call(text: &str) -> Option<Found<'_>> {
    let (call, message) = text.strip_prefix("Error in ")?.split_once(" :")?;
    let is_call = call.contains('(') && call.ends_with([')', '}']) || !call.contains(' ');
    let message = if message.is_empty() { text } else { message.strip_prefix(' ')?.trim() };
    is_call.then(|| Found::new("r", "error", message))
}

/// `[Error: message] {`: an error as Node prints it when it prints an object.
fn inspected(text: &str) -> Option<Found<'_>> {
    let inner = text.strip_prefix("[Error: ")?;
    let message = inner.strip_suffix("] {").or_else(|| inner.strip_suffix(']'))?;
    Some(Found::new("node", "error", message))
}

/// `program: error: message`, `program: fatal: message`, `program error: message`: the program is one word.
fn of_program(text: &str, characters: Characters) -> Option<Found<'_>> {
    static SIGNS: [Needle; 6] = [
        Needle::new(": error: "),
        Needle::new(": fatal: "),
        Needle::new(": fatal error: "),
        Needle::new(": ERROR: "),
        Needle::new(": Error: "),
        Needle::new(" error: "),
    ];
    for sign in &SIGNS {
        let Some((program, message)) = sign.split_among(characters, text) else { continue };
        let is_program = (2..=24).contains(&program.len())
            && program.starts_with(|c: char| c.is_ascii_alphabetic())
            && program
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.'))
            && !matches!(
                program,
                "no" | "an" | "the" | "this" | "unknown" | "info" | "warning" | "debug" | "ui"
            );
        if is_program {
            return Some(Found::new(program, "error", message));
        }
    }
    None
}

/// `level=error msg="message"`, also with a time before it.
fn fields(text: &str) -> Option<Found<'_>> {
    static LEVELS: [Needle; 2] = [Needle::new("level=error "), Needle::new("level=fatal ")];
    let at = LEVELS.iter().find_map(|level| level.find(text))?;
    let (_, rest) = text[at..].split_once("msg=")?;
    let message = match rest.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.rfind('"').unwrap_or(quoted.len());
            // What follows the message are further fields.
            quoted[..end].split("\" ").next().unwrap_or_default()
        }
        None => rest.split(' ').next().unwrap_or_default(),
    };
    Some(Found::new("log", "error", message))
}

impl Block {
    pub(crate) fn start(line: &Stripped<'_>, span: Span) -> Option<Self> {
        let found = read(line)?;
        let message = found.message.trim();
        // What only says where to read on is no error.
        let points = message.starts_with("Logfile of failure stored in")
            || message.starts_with("buildx failed with: Learn more at ")
            // R puts the word before whatever a failed command printed first.
            || message.starts_with("--- re-building ");
        if message.len() < 4 || !message.contains(|c: char| c.is_alphabetic()) || is_name(message) || points {
            return None;
        }
        let mut context = Context::default();
        context.push(line.text);
        Some(Self {
            tool: found.tool.to_lowercase(),
            error_type: found.code.clone().unwrap_or_else(|| found.error_type.to_owned()),
            code: found.code,
            message: message.to_owned(),
            cause: None,
            awaits: false,
            location: object_file(line.text).map(Location::file),
            context,
            blank: false,
            headline: false,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if start.is_empty() && self.context.lines() == 1 && !self.blank {
            // Some put the place or the reason below a blank line.
            self.blank = true;
            return Step::Taken;
        }
        if self.context.lines() == 1 && begins_trace(text) {
            self.headline = true;
            return Step::Foreign;
        }
        if let Some(cause) = start.strip_prefix("Caused by:").or_else(|| start.strip_prefix("caused by:")) {
            let cause = cause.trim();
            self.awaits = cause.is_empty();
            if !cause.is_empty() {
                self.cause = Some(cause.to_owned());
            }
            return self.take(text, span);
        }
        if self.awaits && !start.is_empty() {
            self.awaits = false;
            self.cause = Some(start.trim_end().to_owned());
            return self.take(text, span);
        }
        // A headline that ends with a colon announces what comes.
        if self.message.ends_with(':') && !start.is_empty() && self.context.lines() == 1 {
            self.message = format!("{} {start}", self.message);
            return self.take(text, span);
        }
        let goes_on = start.starts_with(">>> ") || text.starts_with("  ") && !start.is_empty();
        if !goes_on || self.context.lines() >= LINES {
            return Step::Foreign;
        }
        if let Some(place) = start.strip_prefix("at ").and_then(place_at_start)
            && self.location.is_none()
        {
            self.location = Some(place.location());
        }
        self.take(text, span)
    }

    fn take(&mut self, text: &str, span: Span) -> Step {
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        if let Some(cause) = self.cause.filter(|cause| !self.message.contains(cause.as_str())) {
            self.message = format!("{}: {cause}", self.message.trim_end_matches(':'));
        }
        Diagnostic {
            tool: self.tool,
            error_type: self.error_type,
            code: self.code,
            kind: kind_of(&self.message),
            message: self.message,
            severity: Severity::Error,
            role: if self.headline { Role::Summary } else { Role::Root },
            confidence: Confidence::Likely,
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// `Traceback (most recent call last):` and `org.tea.PotException: message` at the left edge.
fn begins_trace(text: &str) -> bool {
    if text.starts_with("Traceback (most recent call last)") {
        return true;
    }
    let (name, _) = text.split_once(": ").unwrap_or((text, ""));
    name.ends_with("Exception")
        && name.contains('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
}

/// `test_pot (tests.PotTest)`, `tests.PotTest.test_pot`: the name of a test, whose error stands below.
fn is_name(message: &str) -> bool {
    let name = message.split_once(" (").map_or(message, |(name, _)| name);
    let is_identifier = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    !name.contains(' ')
        && name.contains(['.', '_'])
        && name.chars().all(is_identifier)
        && !name.ends_with('.')
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
