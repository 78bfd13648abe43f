//! Findings of javac, javadoc and Error Prone, in all formats of build tools.
//!
//! ```text
//! Pot.java:12: error: cannot find symbol
//!     kettle.boil();
//!           ^
//!   symbol:   method boil()
//!   location: variable kettle of type Kettle
//!
//! [ERROR] /src/Pot.java:[12,15] cannot find symbol
//!   symbol:   method boil()
//!   location: variable kettle of type Kettle
//!
//! error: invalid source release: 21
//! ```

use crate::{
    Record, Step,
    session::Session,
    text::{Level, Text},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Beginnings, Context, Needle, extension, leading_number, place_at_start},
};

/// Maximum number of lines below a finding.
const LINES: usize = 24;

/// A finding being read.
#[derive(Debug)]
pub(crate) struct Block {
    tool: &'static str,
    severity: Severity,
    code: Option<String>,
    message: String,
    location: Option<Location>,
    /// True for Maven, which prints no source.
    is_maven: bool,
    /// True after the source with its caret: indented text after it is an explanation.
    has_caret: bool,
    /// The details that javac lists below: the symbol, the types.
    details: String,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static JAVA: Needle = Needle::new(".java:");
        let line = text.words;
        let at = JAVA.find_among(text.characters, line);
        let Some(at) = at else { return Self::without_place(text) };
        if line.starts_with("at ") {
            return None;
        }
        // `Exit code: 1 - /src/Pot.java:3: error: …` is javadoc's output in Maven.
        let line = match line.strip_prefix("Exit code: ").and_then(|rest| rest.split_once(" - ")) {
            Some((_, rest)) => rest,
            None => line,
        };
        let line = line.strip_prefix("error: ").unwrap_or(line);
        let after = &line[line.find(".java:").unwrap_or(at)..];
        let (location, rest, is_maven) = if after.starts_with(".java:[") {
            let (location, rest) = maven_place(line)?;
            (location, rest, true)
        } else {
            let place = place_at_start(line)?;
            if extension(place.path) != "java" {
                return None;
            }
            (place.location(), place.rest, false)
        };
        let (word, message) = severity_word(rest.trim_start());
        if word == Some(Severity::Info) {
            return None;
        }
        // An old compiler, or a location that only its level makes a finding.
        let severity = match (word, text.level) {
            (Some(severity), _) => severity,
            (None, Some(Level::Error)) => Severity::Error,
            (None, Some(Level::Warning)) => Severity::Warning,
            (None, _) if is_maven => Severity::Error,
            (None, _) if is_old(message) => Severity::Error,
            (None, _) => return None,
        };
        Some(Self { is_maven, ..Self::new(text, severity, message, Some(location)) })
    }

    /// `error: invalid source release: 21`, `javac: invalid target release: 21`.
    fn without_place(text: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings = Beginnings::new(&["error: ", "javac: ", "warning: ["]);
        // Messages that only javac prints without a location.
        const SAYS: [&str; 20] = [
            "invalid source release",
            "invalid target release",
            "release version ",
            "Source option ",
            "Target option ",
            "warnings found and -Werror specified",
            "file not found: ",
            "module not found",
            "no source files",
            "invalid flag: ",
            "cannot access ",
            "cannot find symbol",
            "Unable to find ",
            "Annotation processor '",
            "Class names, '",
            "error reading ",
            "plug-in not found: ",
            "Bad service configuration file",
            "An exception has occurred in the compiler",
            "option ",
        ];
        let line = text.words;
        let rest = match STARTS.position(line) {
            Some(0 | 1) => line.split_once(": ")?.1,
            // Maven prints it without the word.
            None if text.is_error() => line,
            _ => return None,
        };
        let found = SAYS.iter().position(|says| rest.starts_with(says))?;
        let plausible = match found {
            2 => rest.contains("not supported"),
            3 | 4 => rest.contains("no longer supported") || rest.contains("not supported"),
            19 => rest.contains("not allowed with") || rest.contains("cannot be used together"),
            _ => true,
        };
        plausible.then(|| Self::new(text, Severity::Error, rest, None))
    }

    fn new(text: &Text<'_>, severity: Severity, message: &str, location: Option<Location>) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        let (code, message) = split_code(message);
        Self {
            tool: if code.is_some_and(|code| code.starts_with(|c: char| c.is_ascii_uppercase())) {
                "errorprone"
            } else {
                "javac"
            },
            severity,
            code: code.map(str::to_owned),
            message: message.to_owned(),
            location,
            is_maven: false,
            has_caret: false,
            details: String::new(),
            lines: 0,
            context,
            span: text.span,
        }
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        static DETAILS: Beginnings = Beginnings::new(&[
            "symbol:",
            "symbol :",
            "symbol  :",
            "location:",
            "location :",
            "required:",
            "found:",
            "found :",
            "reason:",
            "bad class file:",
            "class file has wrong version",
            "class file contains",
            "missing return",
            "Please remove or make sure",
            "(see http",
            "Did you mean",
            "where ",
            "possible ",
            "(argument mismatch",
            "(actual and formal",
            "method ",
            "constructor ",
        ]);
        let line = text.words;
        if line.is_empty() || self.lines >= LINES || text.level == Some(Level::Info) {
            return Step::Over;
        }
        if line == "^" {
            self.has_caret = true;
            return self.take(text);
        }
        if let Some(detail) = DETAILS.position(line) {
            // The symbol and the types are the subject of the message.
            if detail < 11 || detail == 20 {
                let detail = line.split_whitespace().collect::<Vec<_>>().join(" ").replacen(" :", ":", 1);
                if self.details.len() < 500 {
                    self.details.push_str(if self.details.is_empty() { "" } else { ", " });
                    self.details.push_str(&detail);
                }
            }
            return self.take(text);
        }
        if self.has_caret && text.indent >= 2 && text.level.is_none() {
            return self.take(text);
        }
        Step::Foreign
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        // The source line above the caret.
        let is_source = !self.has_caret && self.lines == 0 && !self.is_maven && !text.is_blank();
        if is_source {
            self.take(text);
        }
        is_source
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let needs_details = [
            "cannot find symbol",
            "cannot be applied",
            "incompatible types",
            "cannot access",
            "cannot infer",
            "no suitable",
        ]
        .iter()
        .any(|words| block.message.contains(words));
        let mut message = block.message.trim().trim_end_matches(';').to_owned();
        if message.is_empty() {
            return;
        }
        let headline = message.clone();
        if needs_details && !block.details.is_empty() {
            let details = block.details.strip_prefix("symbol: ").unwrap_or(&block.details);
            message = format!("{}: {details}", message.trim_end_matches(':'));
        }
        let is_setting =
            block.location.is_none() && (message.contains("release") || message.contains("option"));
        let error_type = block.code.clone().unwrap_or_else(|| {
            if block.severity >= Severity::Error { "error" } else { "warning" }.to_owned()
        });
        let found = Diagnostic {
            tool: block.tool.to_owned(),
            error_type,
            code: block.code,
            message,
            severity: block.severity,
            kind: if is_setting { Kind::Configuration } else { Kind::Compile },
            location: block.location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_headline(&headline, found, out);
    }
}

/// `/src/Pot.java:[12,15]` and what follows.
fn maven_place(line: &str) -> Option<(Location, &str)> {
    let (path, rest) = line.split_once(":[")?;
    // `/C:/src/Pot.java`, the path of a URL.
    let path = match path.as_bytes() {
        [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => &path[1..],
        _ => path,
    };
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = match rest.strip_prefix(',').and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    Some((Location::at(path, number, column), rest.strip_prefix(']')?))
}

/// `error: `, `warning: `, `warning - ` before a message.
fn severity_word(rest: &str) -> (Option<Severity>, &str) {
    const WORDS: [(&str, Severity); 7] = [
        ("error: ", Severity::Error),
        ("error - ", Severity::Error),
        ("warning: ", Severity::Warning),
        ("warning - ", Severity::Warning),
        ("warning ", Severity::Warning),
        ("note: ", Severity::Info),
        ("mandatory warning: ", Severity::Warning),
    ];
    WORDS
        .iter()
        .find_map(|(word, severity)| rest.strip_prefix(word).map(|message| (Some(*severity), message)))
        .unwrap_or((None, rest))
}

/// Messages that compilers before Java 7 printed without the word `error`.
fn is_old(message: &str) -> bool {
    static OLD: Beginnings = Beginnings::new(&[
        "cannot find symbol",
        "package ",
        "incompatible types",
        "class ",
        "illegal start",
        "';' expected",
        "unreported exception",
        "')' expected",
        "not a statement",
        "cannot resolve symbol",
        "reached end of file",
        "<identifier> expected",
    ]);
    let plausible = !message.starts_with("package ") || message.ends_with("does not exist");
    OLD.begin(message)
        && plausible
        && (!message.starts_with("class ") || message.contains("expected") || message.contains("public"))
}

/// `[deprecation] message`, `[StringSplitter] message`.
fn split_code(message: &str) -> (Option<&str>, &str) {
    if let Some((code, rest)) = message.strip_prefix('[').and_then(|rest| rest.split_once("] "))
        && !code.is_empty()
        && code.len() < 60
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
    {
        return (Some(code), rest);
    }
    (None, message)
}
