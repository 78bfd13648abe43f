//! `error: message` without a location, as printed by Git, package managers, Docker and linkers, and any
//! tool that prints `error` before its message.

mod starts;

use crate::{
    Step,
    coded::{compiler, compiler_code},
    describe, linker, mentioned,
    prefix::Stripped,
    tool,
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Location, Role, Severity, Span,
    text::{Beginnings, Characters, Context, Needle, kind_of, leading_number, place_at_start},
};
use starts::STARTS;

/// Maximum number of lines of a headline and what it announces.
const ANNOUNCED: usize = 3;
/// Maximum number of lines kept after an error.
const LINES: usize = 8;

/// An error being read, with the lines below that belong to it.
#[derive(Debug)]
pub(crate) struct Block {
    tool: String,
    error_type: String,
    code: Option<String>,
    message: String,
    /// The innermost of the causes below: `Caused by: …`.
    cause: Option<String>,
    /// True after `Caused by:` alone: the cause is on the next line.
    awaits: bool,
    location: Option<Location>,
    context: Context,
    blank: bool,
    /// True if the stack trace of an exception follows, which says more.
    headline: bool,
    span: Span,
}

/// The content of a line, by its format.
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

/// Parses the formats of an error without a location, most specific first.
fn read<'a>(line: &Stripped<'a>) -> Option<Found<'a>> {
    let text = line.text;
    if let Some((tool, error_type, message)) = linker::read(text, line.characters) {
        return Some(Found::new(tool, error_type, message));
    }
    // More deeply indented lines belong to something else: quoted output, a list, a trace.
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
        // curl's number and the executed command belong to the message.
        let message = if *tool == "curl" || start.ends_with("> ") { text } else { &text[start.len()..] };
        return Some(Found::new(tool, kind, message));
    }
    level(text)
        .or_else(|| of_program(text, line.characters))
        .or_else(|| fields(text))
        .or_else(|| (line.level >= Some(Severity::Error)).then(|| of_logger(text)).flatten())
}

/// The text after `[ERROR] `: a sentence, not part of a table, a help text or a source line.
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
    // Some tools repeat the word.
    let again =
        ["Error: ", "error: ", "ERROR: "].iter().find_map(|word| described.message.strip_prefix(word));
    let message = again.filter(|_| described.code.is_none()).unwrap_or(described.message);
    (described.severity >= Some(Severity::Error)).then(|| Found {
        tool: described.code.as_deref().map_or("log", |code| tool::name("", Some(code))),
        error_type: "error",
        code: described.code,
        message,
    })
}

/// The text after `Error ` without a colon, if it is a sentence of its own.
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

/// `Error in pour(lid) : message`, printed by R; a long message is on the next line.
fn of_call(text: &str) -> Option<Found<'_>> {
    let (call, message) = text.strip_prefix("Error in ")?.split_once(" :")?;
    let is_call = call.contains('(') && call.ends_with([')', '}']) || !call.contains(' ');
    let message = if message.is_empty() { text } else { message.strip_prefix(' ')?.trim() };
    is_call.then(|| Found::new("r", "error", message))
}

/// `[Error: message] {`: an error that Node prints as an object.
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
        // Zig names the thing that it builds.
        if program.starts_with("zig ") && program.len() < 200 {
            return Some(Found::new("zig", "error", message));
        }
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
            // `tea.desktop: error: message`: a file, not a program.
            let tool = if mentioned::is_file(program) { tool::name(program, None) } else { program };
            return Some(Found::new(tool, "error", message));
        }
    }
    None
}

/// Removes the warnings of Kustomize, which precede its error on one line.
fn without_advice(message: &str) -> &str {
    static ADVICE: Needle = Needle::new("# Warning: '");
    if !ADVICE.is_in(message) {
        return message;
    }
    if let Some((_, error)) = message.rsplit_once(" Error: ") {
        return error;
    }
    let after = message.rsplit_once(" instead. ").map_or(message, |(_, rest)| rest);
    after
        .strip_prefix("Run 'kustomize edit fix' to update your Kustomization automatically. ")
        .unwrap_or(after)
}

/// `level=error msg="message"`, also with a time before it.
fn fields(text: &str) -> Option<Found<'_>> {
    static LEVELS: [Needle; 2] = [Needle::new("level=error "), Needle::new("level=fatal ")];
    let at = LEVELS.iter().find_map(|level| level.find(text))?;
    let (_, rest) = text[at..].split_once("msg=")?;
    let message = match rest.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.rfind('"').unwrap_or(quoted.len());
            // Further fields follow the message.
            quoted[..end].split("\" ").next().unwrap_or_default()
        }
        None => rest.split(' ').next().unwrap_or_default(),
    };
    Some(Found::new("log", "error", message))
}

impl Block {
    pub(crate) fn start(line: &Stripped<'_>, span: Span) -> Option<Self> {
        let found = read(line)?;
        let message = without_advice(found.message.trim());
        // A line that only says where to read on is not an error.
        let points = message.starts_with("Logfile of failure stored in")
            || message.starts_with("buildx failed with: Learn more at ")
            // R prints the word before a failed command's first output.
            || message.starts_with("--- re-building ")
            || matches!(message, "ERROR" | "FATAL" | "FAILED" | "FAILURE");
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
            location: mentioned::file(line.text, message).map(Location::file),
            context,
            blank: false,
            headline: false,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        // Task runners mark every line of a message.
        let start = start.strip_prefix("[FAILED]").map_or(start, str::trim_start);
        if start.is_empty() && self.context.lines() == 1 && !self.blank {
            // Some tools print the location or the reason below a blank line.
            self.blank = true;
            return Step::Taken;
        }
        // R ends like this after any error.
        if matches!(start, "Execution halted" | "Execution interrupted") || start.starts_with("Calls: ") {
            if self.tool == "log" {
                "r".clone_into(&mut self.tool);
            }
            return self.take(text, span);
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
        let numbered = leading_number(start).and_then(|(_, rest)| rest.strip_prefix(": "));
        // Of several causes the last one is the innermost.
        if !start.is_empty()
            && (self.awaits || self.cause.is_some() && text.starts_with(' ') && numbered.is_some())
        {
            self.awaits = false;
            self.cause = Some(numbered.unwrap_or(start).trim_end().to_owned());
            return self.take(text, span);
        }
        // What TOML's parser expected stands below its excerpt.
        if let Some(cause) =
            self.cause.as_mut().filter(|cause| cause.starts_with("TOML parse error") && !cause.contains(": "))
            && text.starts_with("  ")
            && !start.contains('|')
            && !start.is_empty()
        {
            *cause = format!("{cause}: {}", start.trim_end());
            return self.take(text, span);
        }
        // A headline that ends with a colon announces the next line, which may announce another one.
        if self.message.ends_with(':') && !start.is_empty() && self.context.lines() <= ANNOUNCED {
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

/// `test_pot (tests.PotTest)`, `tests.PotTest.test_pot`: the name of a test, whose error is below.
fn is_name(message: &str) -> bool {
    let name = message.split_once(" (").map_or(message, |(name, _)| name);
    let is_identifier = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    !name.contains(' ')
        && name.contains(['.', '_'])
        && name.chars().all(is_identifier)
        && !name.ends_with('.')
}

/// `make[2]: *** No rule to make target 'x'.  Stop.`
fn after_make(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("make[").or_else(|| text.strip_prefix("gmake["))?;
    rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("]: *** ")
}
