//! rustc's human-readable format: a headline, `-->` with the location, the excerpt, notes and helps.

use crate::{Step, linker, lint};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, extension, is_generic_closing_line, looks_like_path, place_at_start},
};

/// Maximum number of message lines before the location.
const MESSAGE_LINES: usize = 12;

/// A diagnostic being read.
#[derive(Debug)]
pub(crate) struct Block {
    severity: Severity,
    code: Option<String>,
    message: String,
    message_lines: usize,
    location: Option<Location>,
    lint: Option<String>,
    /// True if the location is in a box, as drawn by cargo-deny.
    boxed: bool,
    /// The last line of the excerpt after `the lint level is defined here`.
    lint_source: Option<String>,
    at_lint_level: bool,
    context: Context,
    span: Span,
}

/// The result of a block.
#[derive(Debug)]
pub(crate) enum Outcome {
    Found(Box<Diagnostic>),
    Nothing,
}

impl Block {
    /// Begins with `error[E0382]: message`, `warning: message`; indented if a test prints it.
    pub(crate) fn start(text: &str, span: Span) -> Option<Self> {
        let (severity, code, message) = headline(text.trim_start())?;
        if is_generic_closing_line(message) || message.contains(" generated ") && message.contains(" warning")
        {
            return None;
        }
        let mut context = Context::default();
        context.push(text);
        Some(Self {
            severity,
            code: code.map(str::to_owned),
            message: message.to_owned(),
            message_lines: 1,
            location: None,
            lint: None,
            boxed: false,
            lint_source: None,
            at_lint_level: false,
            context,
            span,
        })
    }

    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// The headline's message, if nothing else shows that the compiler printed it.
    pub(crate) fn headline_alone(&self) -> Option<&str> {
        (self.location.is_none()
            && self.code.is_none()
            && self.severity == Severity::Error
            && !self.is_linker()
            && !self.is_alone())
        .then_some(self.message.as_str())
    }

    fn is_linker(&self) -> bool {
        self.message.starts_with("linking with `") || self.message.starts_with("linker `")
    }

    /// Messages that the compiler prints without a location, whatever follows.
    fn is_alone(&self) -> bool {
        const ALONE: [&str; 14] = [
            "internal compiler error",
            "couldn't read ",
            "could not exec the linker",
            "crate `",
            "extern location for ",
            "cannot satisfy dependencies",
            "no global memory allocator found",
            "`#[panic_handler]` function required",
            "language item required, but not found",
            "unwinding panics are not supported",
            "error loading target specification",
            "Error loading target specification",
            "incorrect value `",
            "unknown lint",
        ];
        ALONE.iter().any(|start| self.message.starts_with(start))
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        // The linker's own lines are indented below the note.
        if self.is_linker() && !start.is_empty() && text.starts_with("  ") {
            self.take(text, span);
            return Step::Taken;
        }
        if start.is_empty() || headline(start).is_some() {
            return Step::Foreign;
        }
        if let Some(place) = arrow(start) {
            if self.location.is_none() {
                let Some(place) = place_at_start(place) else { return Step::Foreign };
                self.boxed = start.starts_with('┌');
                self.location = Some(place.location());
            }
            self.take(text, span);
            return Step::Taken;
        }
        if self.location.is_none() && !is_part(start) {
            // A message of several lines, unless something else begins.
            if self.message_lines >= MESSAGE_LINES
                || self.context.lines() > self.message_lines
                || is_other(start)
            {
                return Step::Foreign;
            }
            self.message.push('\n');
            self.message.push_str(start);
            self.message_lines += 1;
            self.take(text, span);
            return Step::Taken;
        }
        if !is_part(start) {
            return Step::Foreign;
        }
        if self.lint.is_none() {
            self.look_for_lint(text, start);
        }
        self.take(text, span);
        Step::Taken
    }

    fn look_for_lint(&mut self, text: &str, start: &str) {
        if self.at_lint_level {
            if start.contains('^') {
                self.lint = self.lint_source.take().and_then(|source| lint::underlined(&source, text));
                self.at_lint_level = false;
            } else {
                self.lint_source = Some(text.to_owned());
            }
        } else if start.contains("the lint level is defined here") {
            self.at_lint_level = true;
        } else {
            self.lint = lint::named_in(start);
        }
    }

    fn take(&mut self, text: &str, span: Span) {
        // The linker's command line has thousands of characters and helps nobody.
        if !(text.len() > 1000 && text.contains("= note:")) {
            self.context.push(text);
        }
        self.span = self.span.to(span);
    }

    pub(crate) fn finish(mut self, lints: &mut lint::Known) -> Outcome {
        let lint = lints.resolve(&self.message, self.lint.take());
        let code = self.code.take().or(lint);
        let is_rust_code = code.as_deref().is_some_and(is_error_code);
        let linker = self.is_linker();
        let Some(tool) = self.tool(code.as_deref()) else { return Outcome::Nothing };
        if self.location.is_none() && !is_rust_code && !linker && !self.is_alone() {
            return Outcome::Nothing;
        }
        if linker && let Some(cause) = linker::cause(self.context.as_str()) {
            self.message = format!("{}: {cause}", self.message);
        }
        let is_internal = self.message.starts_with("internal compiler error");
        let is_lint = code.as_deref().is_some_and(|code| !is_error_code(code));
        let error_type = match &code {
            Some(code) => code.clone(),
            None if linker => "link".to_owned(),
            None if is_internal => "internal-compiler-error".to_owned(),
            None if self.severity == Severity::Warning => "lint".to_owned(),
            None => tool.to_owned(),
        };
        let (tool, code, message) = deny(tool, code, self.message, self.context.as_str());
        Outcome::Found(Box::new(Diagnostic {
            tool: tool.to_owned(),
            error_type,
            code,
            message,
            severity: if is_internal { Severity::Fatal } else { self.severity },
            kind: match tool {
                "cargo-deny" => Kind::Dependency,
                "miri" => Kind::Crash,
                "cargo" => Kind::Configuration,
                _ if is_lint => Kind::Lint,
                _ => Kind::Compile,
            },
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }))
    }

    /// The tool that prints this format for this kind of file; `None` for files with their own analyzer.
    fn tool(&self, code: Option<&str>) -> Option<&'static str> {
        if code.is_some_and(|code| code.starts_with("clippy::")) {
            return Some("clippy");
        }
        if code.is_some_and(|code| code.starts_with("rustdoc::")) {
            return Some("rustdoc");
        }
        if ["Undefined Behavior: ", "memory leaked: ", "unsupported operation: "]
            .iter()
            .any(|start| self.message.starts_with(start))
        {
            return Some("miri");
        }
        let Some(location) = &self.location else { return Some("rustc") };
        match extension(&location.path) {
            "toml" | "lock" if self.boxed => Some("cargo-deny"),
            "toml" | "lock" => Some("cargo"),
            "py" | "pyi" | "ipynb" | "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue"
            | "svelte" | "css" | "html" | "yml" | "yaml" | "json" => None,
            "gleam" => Some("gleam"),
            "typ" => Some("typst"),
            "sol" => Some("solc"),
            "move" => Some("move"),
            "wgsl" => Some("naga"),
            _ => Some("rustc"),
        }
    }
}

/// cargo-deny's words in brackets are kinds of checks rather than codes; an advisory has a number.
fn deny(
    tool: &'static str,
    code: Option<String>,
    message: String,
    context: &str,
) -> (&'static str, Option<String>, String) {
    if tool != "cargo-deny" {
        return (tool, code, message);
    }
    let advisory =
        context.lines().find_map(|line| line.split_once("ID: ")).map(|(_, id)| id.trim().to_owned());
    // `59 │ lid 0.1.45 registry+https://…` names the crate.
    let package = context
        .lines()
        .filter_map(|line| line.split_once('│'))
        .map(|(_, source)| source.trim())
        .find(|source| source.contains(" registry+") || source.contains(" git+"))
        .map(|source| source.split(' ').take(2).collect::<Vec<_>>().join(" "));
    let message = match package {
        Some(package) => format!("{package}: {message}"),
        None => message,
    };
    (tool, advisory, message)
}

/// `error`, an optional `[code]`, and the message after the colon.
fn headline(text: &str) -> Option<(Severity, Option<&str>, &str)> {
    let (severity, rest) = if let Some(rest) = text.strip_prefix("error") {
        (Severity::Error, rest)
    } else {
        (Severity::Warning, text.strip_prefix("warning")?)
    };
    let (code, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (code, rest) = rest.split_once(']')?;
            let named = !code.is_empty()
                && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte));
            (Some(named.then_some(code)?), rest)
        }
        None => (None, rest),
    };
    let message = rest.strip_prefix(": ")?.trim();
    (!message.is_empty()).then_some((severity, code, message))
}

/// The location after `-->` or, in the format of other Rust tools, `┌─`.
fn arrow(start: &str) -> Option<&str> {
    start.strip_prefix("--> ").or_else(|| start.strip_prefix("┌─ ")).map(str::trim)
}

/// Returns true if a line after the headline belongs to a diagnostic: margin, excerpt, note, help.
fn is_part(start: &str) -> bool {
    if ["|", "= ", "::: ", "note: ", "help: ", "...", "│", "└", "├", "┌", "╭", "╰", "·"]
        .iter()
        .any(|part| start.starts_with(part))
    {
        return true;
    }
    // `12 |`, `12 + `, `LL ~ `: a line of source or of a suggestion.
    let rest =
        start.strip_prefix("LL").unwrap_or_else(|| start.trim_start_matches(|c: char| c.is_ascii_digit()));
    let has_number = rest.len() < start.len();
    let rest = rest.trim_start();
    (has_number && ["|", "+", "-", "~", "│"].iter().any(|margin| rest.starts_with(margin)))
        || ["+ ", "- ", "~ "].iter().any(|margin| start.starts_with(margin))
        || matches!(start, "+" | "-" | "~")
}

/// Returns true if a line that may continue a message begins something else.
fn is_other(start: &str) -> bool {
    start.starts_with("thread '")
        || start.starts_with("Caused by:")
        || start.starts_with("---- ")
        || is_status(start)
}

/// Cargo's progress: a capitalised verb and its object.
pub(crate) fn is_status(start: &str) -> bool {
    const VERBS: [&str; 16] = [
        "Compiling ",
        "Checking ",
        "Finished ",
        "Running ",
        "Downloading ",
        "Downloaded ",
        "Updating ",
        "Documenting ",
        "Building ",
        "Blocking ",
        "Fresh ",
        "Doc-tests ",
        "Locking ",
        "Adding ",
        "Installing ",
        "Packaging ",
    ];
    VERBS.iter().any(|verb| start.starts_with(verb))
}

/// `E` and four digits.
fn is_error_code(code: &str) -> bool {
    matches!(code.as_bytes(), [b'E', digits @ ..] if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit))
}

/// `path:line:column: error[E0425]: message`, one line of `--error-format short`.
pub(crate) fn short_form(start: &str, span: Span) -> Option<Diagnostic> {
    let place = place_at_start(start)?;
    let (severity, code, message) = headline(place.rest.trim_start())?;
    let ours = extension(place.path) == "rs" || code.is_some_and(is_error_code);
    if !ours || place.column.is_none() || !looks_like_path(place.path) || is_generic_closing_line(message) {
        return None;
    }
    Some(Diagnostic {
        tool: "rustc".to_owned(),
        error_type: code.unwrap_or(if severity == Severity::Error { "rustc" } else { "lint" }).to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        severity,
        kind: Kind::Compile,
        location: Some(place.location()),
        context: start.to_owned(),
        span,
        ..Diagnostic::default()
    })
}
