//! One-line findings: mypy, pyright, flake8, ruff, pylint, pydocstyle, bandit; `forms` has the rarer ones.

use grimoire_plugin_sdk::text::{
    Characters, Place, extension, leading_number, place_at_start, trailing_group, trim,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::finding::{finding, is_code, is_python, is_rule, without_fix_mark};
use crate::forms;

/// Maximum number of notes and excerpt lines attached to one finding.
const ATTACHED: u32 = 40;

/// Recognises one-line findings.
#[derive(Default)]
pub(crate) struct Lint {
    /// The last finding, to which notes, excerpts and wrapped text may be added.
    open: Option<Diagnostic>,
    attached: u32,
    /// The open finding is mypy's, and its message may continue in the next line.
    wrapped: bool,
    /// `path:line at module level:` of pydocstyle, whose message is in the next line.
    docstring: Option<(Location, Span)>,
    /// The file that sqlfluff's findings belong to.
    sql: Option<String>,
    /// Cython has reported that it cannot compile a file; its errors follow.
    cython: bool,
    /// `>> Issue: [B404:blacklist] message` of bandit, whose location follows some lines later.
    issue: Option<Diagnostic>,
}

impl Lint {
    pub(crate) fn line(&mut self, text: &str, among: Characters, span: Span, out: &mut Vec<Diagnostic>) {
        if self.attach(text, span) {
            return;
        }
        self.finish_open(out);
        self.bandit_line(text, span, out);
        if let Some((location, start)) = self.docstring.take()
            && let Some((code, _)) = text.trim().split_once(": ")
            && is_code(code)
        {
            self.open =
                Some(finding("pydocstyle", code, text.trim(), Severity::Warning, location, start.to(span)));
            return;
        }
        if let Some(path) = forms::sqlfluff_file(text) {
            self.sql = Some(path.to_owned());
            return;
        }
        if let Some(found) = self
            .sql
            .as_deref()
            .filter(|_| text.starts_with("L:"))
            .and_then(|path| forms::sqlfluff(path, text, span))
        {
            out.push(found);
            return;
        }
        self.cython |= text.starts_with("Error compiling Cython file:");
        let Some(place) = place_of(text) else {
            out.extend(forms::without_place(text, among, span));
            return;
        };
        let rest = place.rest.trim_start();
        if self.cython && is_python(place.path) && place.column.is_some() && !text.starts_with(' ') {
            let mut found = finding("cython", "", rest, Severity::Error, place.location(), span);
            "compile".clone_into(&mut found.error_type);
            found.kind = Kind::Compile;
            out.push(found);
        } else if let Some(found) = read(&place, rest, span) {
            self.wrapped = found.tool == "mypy" && found.code.is_none();
            self.attached = 0;
            self.open = Some(found);
        } else if is_python(place.path)
            && (rest.starts_with("at module level") || rest.starts_with("in "))
            && rest.ends_with(':')
        {
            self.docstring = Some((place.location(), span));
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.finish_open(out);
        out.extend(self.issue.take().filter(|issue| issue.location.is_some()));
    }

    fn finish_open(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take());
        self.wrapped = false;
    }

    /// Adds a line to the open finding if it belongs to it: a note at the same file, an indented
    /// excerpt, the rest of a wrapped message.
    fn attach(&mut self, text: &str, span: Span) -> bool {
        let Some(open) = &mut self.open else { return false };
        if self.attached >= ATTACHED || text.is_empty() {
            return false;
        }
        let mut belongs = false;
        if open.tool == "mypy" || open.tool == "pyright" {
            if text.starts_with([' ', '\t']) {
                // pyright indents everything; its next finding has its own location.
                belongs = place_of(text.trim_start()).is_none();
                self.wrapped &= !belongs;
                // The rule is at the end of the last line.
                if belongs && open.tool == "pyright" && open.code.is_none() {
                    let (words, rule) = with_rule(text.trim());
                    open.message.push('\n');
                    open.message.push_str(words);
                    open.code = rule.map(str::to_owned);
                    rule.unwrap_or_default().clone_into(&mut open.error_type);
                }
            } else if let Some(place) = place_at_start(text) {
                belongs = place.rest.trim_start().starts_with("note: ")
                    && open.severity > Severity::Info
                    && open.location.as_ref().is_some_and(|location| {
                        location.path == grimoire_plugin_sdk::text::normal_path(place.path)
                    });
            } else if self.wrapped
                && let Some((rest, code)) =
                    trailing_group(text, '[', ']').filter(|(_, code)| is_rule(code) || is_word(code))
            {
                open.message.push(' ');
                open.message.push_str(rest);
                open.code = Some(code.to_owned());
                code.clone_into(&mut open.error_type);
                self.wrapped = false;
                open.span = open.span.to(span);
                return true;
            }
        }
        if belongs {
            self.attached += 1;
            if !open.context.is_empty() {
                open.context.push('\n');
            }
            open.context.push_str(text);
            open.span = open.span.to(span);
        }
        belongs
    }

    /// bandit's default format, three lines of which are used.
    fn bandit_line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = text.strip_prefix(">> Issue: [") {
            let Some((name, message)) = rest.split_once("] ") else { return };
            let code = name.split(':').next().unwrap_or(name);
            out.extend(self.issue.take().filter(|issue| issue.location.is_some()));
            self.issue = Some(finding("bandit", code, message, Severity::Warning, Location::default(), span));
        } else if let Some(issue) = &mut self.issue {
            let trimmed = trim(text);
            if trimmed.starts_with("Severity: High") {
                issue.severity = Severity::Error;
            } else if let Some(place) = trimmed.strip_prefix("Location: ").and_then(place_at_start) {
                issue.location = Some(place.location());
                issue.span = issue.span.to(span);
                out.extend(self.issue.take());
            }
        }
    }
}

/// The location at the start of a line, including linters' `stdin:6:6:` and pyright's indented lines.
fn place_of(text: &str) -> Option<Place<'_>> {
    if let Some(rest) = text.strip_prefix("stdin:") {
        let (line, rest) = leading_number(rest)?;
        let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
        return Some(Place {
            path: "stdin",
            line,
            column: Some(column),
            end: None,
            rest: rest.strip_prefix(':')?,
        });
    }
    place_at_start(text.trim_start()).or_else(|| without_extension(text))
}

/// `LICENSE:1:20: E0001: …`: pylint was given a file without an extension.
fn without_extension(text: &str) -> Option<Place<'_>> {
    let (path, rest) = text.split_once(':')?;
    let is_name = path.len() > 1
        && path.starts_with(|c: char| c.is_ascii_alphabetic())
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let (line, rest) = leading_number(rest).filter(|_| is_name)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let rest = rest.strip_prefix(':')?;
    let code = rest.trim_start().split(':').next()?;
    is_pylint_code(code).then_some(Place { path, line, column: Some(column), end: None, rest })
}

/// The text after a location, in the format of each tool.
fn read(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    if let Some(rest) = rest.strip_prefix("- ") {
        return pyright(place, rest, span);
    }
    if let Some(found) = mypy(place, rest, span) {
        return Some(found);
    }
    // pylint's parseable format and ruff's imitation of it: `[F401] message`, `[C0303(name), function] message`.
    if let Some((inside, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        let code = inside.split(['(', ',']).next().unwrap_or(inside).trim();
        if is_pylint_code(code) && inside.contains(['(', ',']) {
            return Some(pylint(place, code, message, span));
        }
        let is_flake8 =
            is_flake8_code(code) && !message.starts_with(|c: char| c.is_ascii_uppercase() || c == '`');
        let tool = if is_flake8 { "flake8" } else { "ruff" };
        if is_python(place.path) && (is_code(code) || is_rule(code)) {
            return Some(finding(tool, code, message, Severity::Error, place.location(), span));
        }
        return forms::read(place, rest, span);
    }
    let (first, message) = rest.split_once(' ')?;
    let code = first.trim_end_matches(':');
    if is_pylint_code(code)
        && (first.ends_with(':') || message.starts_with('('))
        && place.column.is_some()
        && (is_python(place.path) || may_be_linted(place.path))
    {
        return Some(pylint(place, code, message, span));
    }
    if let Some((code, _)) = code.split_once("[bandit]") {
        let (level, message) = message.split_once(": ").unwrap_or(("", message));
        let severity = if level == "HIGH" { Severity::Error } else { Severity::Warning };
        return Some(finding("bandit", code, message, severity, place.location(), span));
    }
    if is_code(code) && (is_python(place.path) || place.column.is_some() && may_be_linted(place.path)) {
        let message = without_fix_mark(message);
        let fixed = rest.contains(" [*] ");
        let tool = if code.starts_with("DEP") {
            "deptry"
        } else if fixed || message.contains('`') || !is_flake8_code(code) {
            "ruff"
        } else {
            "flake8"
        };
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        return Some(finding(tool, code, message, severity, place.location(), span));
    }
    if is_rule(code) && first.ends_with(':') && is_python(place.path) && place.column.is_some() {
        return Some(finding(
            "ruff",
            code,
            without_fix_mark(message),
            Severity::Error,
            place.location(),
            span,
        ));
    }
    forms::read(place, rest, span)
}

/// `error: message  [code]`, and notes without a preceding error.
fn mypy(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    if !is_python(place.path) {
        return None;
    }
    let (word, message) = rest.split_once(": ")?;
    let severity = match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "note" | "info" => Severity::Info,
        _ => return None,
    };
    if severity == Severity::Info && message.starts_with("In ") {
        return None;
    }
    let (message, code) = match trailing_group(message, '[', ']') {
        Some((text, code)) if message.contains("  [") && (is_rule(code) || is_word(code)) => (text, code),
        _ => (message, ""),
    };
    let mut found = finding("mypy", code, message, severity, place.location(), span);
    if code.is_empty() {
        "type-check".clone_into(&mut found.error_type);
    }
    Some(found)
}

/// `- error: message (rule)` of pyright.
fn pyright(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    if !is_python(place.path) {
        return None;
    }
    let (word, message) = rest.split_once(": ")?;
    let severity = match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "information" => Severity::Info,
        _ => return None,
    };
    let (message, rule) = with_rule(message);
    Some(finding("pyright", rule.unwrap_or_default(), message, severity, place.location(), span))
}

/// `message (reportAttributeAccessIssue)`.
fn with_rule(message: &str) -> (&str, Option<&str>) {
    match trailing_group(message, '(', ')') {
        Some((text, rule)) if rule.starts_with("report") && !rule.contains(' ') => (text, Some(rule)),
        _ => (message, None),
    }
}

/// pylint counts columns from 0; locations count them from 1.
fn pylint(place: &Place<'_>, code: &str, message: &str, span: Span) -> Diagnostic {
    let severity = match code.as_bytes().first() {
        Some(b'E') => Severity::Error,
        Some(b'F') => Severity::Fatal,
        Some(b'I') => Severity::Info,
        _ => Severity::Warning,
    };
    let location = Location::at(place.path, place.line, place.column.map(|column| column.saturating_add(1)));
    finding("pylint", code, message, severity, location, span)
}

/// Returns true if, by its name, a file that is not Python's may be checked by Python linters: scripts without an
/// extension, standard input, settings, documents. Linters of other languages have such codes, too.
fn may_be_linted(path: &str) -> bool {
    matches!(extension(path), "" | "toml" | "cfg" | "md" | "rst" | "txt")
}

/// pylint's codes: a category letter and four digits.
fn is_pylint_code(word: &str) -> bool {
    word.len() == 5 && is_code(word) && word.starts_with(['C', 'R', 'W', 'E', 'F', 'I'])
}

/// flake8's own codes: three digits after E, W, F or C.
fn is_flake8_code(code: &str) -> bool {
    code.len() == 4 && code.starts_with(['E', 'W', 'F', 'C'])
}

/// A mypy code without a hyphen: `misc`, `override`, `syntax`.
fn is_word(word: &str) -> bool {
    word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}
