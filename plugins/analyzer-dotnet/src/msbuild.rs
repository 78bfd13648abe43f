//! Findings in MSBuild's format: from compilers, analyzers, NuGet, the SDK, `dotnet format`.
//!
//! ```text
//! src/Pot.cs(12,5): error CS0103: The name 'lid' does not exist in the current context [/src/Pot.csproj]
//! /src/Pot.csproj : error NU1101: Unable to find package Kettle. [/src/Pot.sln]
//! CSC : error CS5001: Program does not contain a static 'Main' method [/src/Pot.csproj]
//! MSBUILD : error MSB1003: Specify a project or solution file.
//! error CS2008: No source files specified.
//! EXEC : error : the kettle is cold [/src/Pot.csproj]
//! ```
//!
//! A location within the SDK or a package is not the user's: the project is used instead.

use crate::{Record, Step, exception::thrown, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Characters, Context, Needle, extension, place_in_parentheses, trailing_group},
};

/// Maximum number of lines of a message.
const LINES: usize = 12;

/// A finding being read.
#[derive(Debug)]
pub(crate) struct Block {
    severity: Severity,
    code: Option<String>,
    message: String,
    location: Option<Location>,
    /// True if the location belongs to the SDK or a package.
    foreign: bool,
    project: Option<String>,
    /// True if more deeply indented lines may follow.
    goes_on: bool,
    indent: usize,
    lines: usize,
    context: Context,
    span: Span,
}

/// The parts of a line before it is judged.
struct Parts<'a> {
    origin: &'a str,
    location: Option<Location>,
    severity: Severity,
    code: &'a str,
    message: &'a str,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static WORDS: [Needle; 4] =
            [Needle::new("error"), Needle::new("warning"), Needle::new("Error"), Needle::new("Warning")];
        if !WORDS.iter().any(|word| word.find_among(text.characters, text.words).is_some()) {
            return None;
        }
        let line = text.words.strip_prefix("Error: ").unwrap_or(text.words);
        let parts = located(line).or_else(|| with_origin(line, text.characters)).or_else(|| bare(line))?;
        let (message, project) = split_project(parts.message);
        let is_native = is_native(parts.code) || project.is_some_and(|project| project.ends_with(".vcxproj"));
        let is_ours = is_code(parts.code)
            || project.is_some()
            || is_source(parts.origin)
            || matches!(
                parts.origin,
                "CSC" | "VBC" | "FSC" | "MSBUILD" | "EXEC" | "NuGet" | "ILLink" | "ILC"
            );
        if !is_ours
            || is_native && !parts.code.starts_with("MSB")
            || message.trim().is_empty() && parts.code.is_empty()
        {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let goes_on = project.is_none();
        Some(Self {
            severity: parts.severity,
            code: (!parts.code.is_empty()).then(|| parts.code.to_owned()),
            message: message.trim().to_owned(),
            foreign: parts.location.as_ref().is_some_and(|place| is_of_sdk(&place.path)),
            location: parts.location,
            project: project.map(str::to_owned),
            goes_on,
            indent: text.indent,
            lines: 0,
            context,
            span: text.span,
        })
    }
}

impl Block {
    /// Returns true if a task of MSBuild or MSBuild itself crashed: the exception follows.
    fn has_crashed(&self) -> bool {
        matches!(self.code.as_deref(), Some("MSB4017" | "MSB4018" | "MSB4166" | "MSB4014" | "MSB0001"))
    }

    /// Returns true if a finding continues the previous one: the same file and code, and an indented message.
    fn is_rest_of(&self, before: &Self, text: &Text<'_>) -> bool {
        let Some(code) = &self.code else { return false };
        if before.code.as_ref() != Some(code) || before.location != self.location {
            return false;
        }
        is_of_stack(&self.message)
            || self.has_crashed()
            || code.starts_with("NU")
                && text
                    .words
                    .split_once(&format!("{code}:"))
                    .is_some_and(|(_, message)| message.starts_with("  "))
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if text.is_blank() || self.lines >= LINES {
            return Step::Over;
        }
        let (message, project) = match Self::start(text) {
            // Each line repeats the file and the code.
            Some(next) if next.is_rest_of(self, text) => {
                // A stack adds nothing, however long it is.
                let is_frame = is_of_stack(&next.message);
                self.lines -= usize::from(is_frame && self.lines > 0);
                (if is_frame { String::new() } else { next.message }, next.project)
            }
            None if self.goes_on && text.indent > self.indent && !text.words.starts_with("at ") => {
                let (message, project) = split_project(text.words);
                self.goes_on = project.is_none();
                (message.trim().to_owned(), project.map(str::to_owned))
            }
            // The exception of a task, and its stack.
            None if self.has_crashed() && thrown(text.words, false).is_some() && self.lines == 0 => {
                (text.words.to_owned(), None)
            }
            None if self.has_crashed() && text.words.starts_with("at ") => (String::new(), None),
            _ => return Step::Over,
        };
        if !message.is_empty() {
            self.message.push_str(if self.message.is_empty() { "" } else { "\n" });
        }
        self.message.push_str(&message);
        self.project = project.or(self.project.take());
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let code = block.code.as_deref().unwrap_or_default();
        if block.message.is_empty() {
            return;
        }
        // In a package or the SDK, an error concerns the project; a warning keeps its location.
        let location = if block.foreign && block.severity >= Severity::Error {
            block.project.as_deref().map(Location::file)
        } else {
            block.location.or_else(|| {
                block.project.as_deref().filter(|_| code.starts_with("NETSDK")).map(Location::file)
            })
        };
        let kind = kind_of(code, &block.message);
        let found = Diagnostic {
            // MSBuild forwards messages of the TypeScript compiler.
            tool: if code.starts_with("TS") { "tsc" } else { "dotnet" }.to_owned(),
            error_type: match (&block.code, block.severity >= Severity::Error) {
                (Some(code), _) => code.clone(),
                (None, true) => "error".to_owned(),
                (None, false) => "warning".to_owned(),
            },
            role: role_of(code, &block.message),
            code: block.code,
            message: block.message,
            severity: block.severity,
            kind,
            location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report(found, out);
    }
}

/// A line of a task's stack trace, which MSBuild prints with the file and code of the first line.
fn is_of_stack(message: &str) -> bool {
    message.starts_with("at ") && message.contains('(')
        || message.starts_with("---> ")
        || message.starts_with("--- End of ")
}

/// `path(12,5): error CS0103: message`.
fn located(line: &str) -> Option<Parts<'_>> {
    let place = place_in_parentheses(line)?;
    let (severity, code, message) = described(place.rest.trim_start_matches([':', ' ']))?;
    Some(Parts { origin: place.path, location: Some(place.location()), severity, code, message })
}

/// `path : error NU1101: message`, `CSC : error CS5001: message`, `path: error NU1101: message`.
fn with_origin(line: &str, characters: Characters) -> Option<Parts<'_>> {
    static DIVIDERS: [Needle; 2] = [Needle::new(" : "), Needle::new(": ")];
    for divider in &DIVIDERS {
        for at in divider.find_all(line).take(3) {
            let (origin, rest) = (&line[..at], &line[at + divider.text().len()..]);
            if let Some((severity, code, message)) = described(rest) {
                let is_file = !extension(origin).is_empty() && !origin.contains(": ");
                let is_tool = origin.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if !(is_file || is_tool) || origin.len() > 500 {
                    return None;
                }
                let location = is_file.then(|| Location::file(origin));
                return Some(Parts { origin, location, severity, code, message });
            }
        }
        if !characters.may_contain(divider) {
            break;
        }
    }
    None
}

/// `error CS2008: message`: only with a code.
fn bare(line: &str) -> Option<Parts<'_>> {
    let (severity, code, message) = described(line)?;
    is_code(code).then_some(Parts { origin: "", location: None, severity, code, message })
}

/// `[category ]error CODE: message`, `error : message`, `warning : SA1210: message`.
fn described(rest: &str) -> Option<(Severity, &str, &str)> {
    const WORDS: [(&str, Severity); 3] =
        [("error", Severity::Error), ("warning", Severity::Warning), ("info", Severity::Info)];
    let mut text = rest;
    // One word may precede the severity: `fatal error`, `Hint warning`.
    for _ in 0..2 {
        let found = WORDS.iter().find(|(word, _)| {
            text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                && text[word.len()..].starts_with([' ', ':'])
        });
        if let Some((word, severity)) = found {
            let after = text[word.len()..].trim_start();
            let (code, message) = after.split_once(':')?;
            let code = code.trim_end();
            if code.contains(' ') || code.len() > 24 {
                return None;
            }
            // The code may follow a second colon.
            if code.is_empty()
                && let Some((later, message)) = message.trim_start().split_once(':')
                && is_code(later.trim_end())
            {
                // Old versions of code analysis print their category.
                let message = match message.split_once(" : ") {
                    Some((category, message)) if category.trim_start().starts_with("Microsoft.") => message,
                    _ => message,
                };
                return Some((*severity, later.trim_end(), message));
            }
            return Some((*severity, code, message));
        }
        let (word, after) = text.split_once(' ')?;
        if !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        text = after;
    }
    None
}

/// The message and the project at its end: `message [/src/Pot.csproj::TargetFramework=net8.0]`.
fn split_project(message: &str) -> (&str, Option<&str>) {
    let Some((before, inner)) = trailing_group(message, '[', ']') else { return (message, None) };
    let path = inner.split("::").next().unwrap_or_default();
    let kind = extension(path);
    let is_project = kind.len() > 4 && kind.ends_with("proj")
        || matches!(kind, "sln" | "slnx" | "slnf" | "metaproj" | "cs" | "proj");
    if is_project { (before, Some(path)) } else { (message, None) }
}

/// `CS0103`, `NETSDK1045`, `xUnit1031`, `S1118`, and the words of `dotnet format`.
fn is_code(code: &str) -> bool {
    let letters = code.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = code.len() - letters;
    let numbered = (1..=12).contains(&letters)
        && (2..=6).contains(&digits)
        && code.starts_with(|c: char| c.is_ascii_uppercase() || code.starts_with("xUnit") || c == 'n')
        && code[letters..].bytes().all(|byte| byte.is_ascii_digit());
    numbered && code.len() >= 4
        || matches!(
            code,
            "WHITESPACE"
                | "IMPORTS"
                | "FINALNEWLINE"
                | "CHARSET"
                | "ENDOFLINE"
                | "TESTERROR"
                | "TESTRUNABORT"
        )
}

/// Codes of the C and C++ compiler and of others that build with MSBuild.
fn is_native(code: &str) -> bool {
    let letters = code.bytes().take_while(u8::is_ascii_alphabetic).count();
    matches!(&code[..letters], "C" | "LNK" | "D" | "RC" | "CVT" | "BK" | "PRJ" | "NMAKE" | "U" | "A" | "TRK")
        && letters < code.len()
}

fn is_source(path: &str) -> bool {
    let kind = extension(path);
    matches!(
        kind,
        "cs" | "fs"
            | "fsx"
            | "fsi"
            | "vb"
            | "razor"
            | "cshtml"
            | "xaml"
            | "axaml"
            | "resx"
            | "props"
            | "targets"
            | "sln"
            | "slnx"
            | "vbhtml"
    ) || kind.len() > 4 && kind.ends_with("proj") && kind != "vcxproj"
}

/// Returns true if a file belongs to the SDK, to MSBuild or to a package.
fn is_of_sdk(path: &str) -> bool {
    let path = path.replace('\\', "/");
    [
        "/sdk/",
        "/.nuget/packages/",
        "/MSBuild/",
        "/dotnet/",
        "/Microsoft.NET.Sdk",
        "/.dotnet/",
        "/packs/",
        "/nuget/packages/",
    ]
    .iter()
    .any(|part| path.contains(part))
        || path.starts_with("/_/")
}

fn kind_of(code: &str, message: &str) -> Kind {
    let letters = code.bytes().take_while(u8::is_ascii_alphabetic).count();
    match &code[..letters] {
        "CS" | "FS" | "BC" | "RZ" | "XLS" | "XC" | "AVLN" | "XAMLC" | "WMC" => Kind::Compile,
        "TESTERROR" | "TESTRUNABORT" => Kind::Test,
        "NU" | "PAKET" => {
            if message.contains("Unable to load the service index") || message.contains("timed out") {
                Kind::Network
            } else {
                Kind::Dependency
            }
        }
        "MSB" | "NETSDK" | "XA" | "MT" | "APT" | "CTC" | "" => {
            if message.contains("does not exist in the namespace") {
                Kind::Compile
            } else {
                Kind::Configuration
            }
        }
        _ => Kind::Lint,
    }
}

/// Codes that only say that another program or target failed.
fn role_of(code: &str, message: &str) -> Role {
    let is_summary = matches!(code, "MSB3073" | "MSB6006" | "MSB4181" | "MSB3721")
        || code.starts_with("MSB") && message.contains(" exited with code")
        || message.starts_with("The command \"") && message.contains(" exited with code")
        || message.starts_with("The build failed")
        || message.starts_with("Tests failed:")
        || message.starts_with("One or more tests failed");
    if is_summary { Role::Summary } else { Role::Root }
}
