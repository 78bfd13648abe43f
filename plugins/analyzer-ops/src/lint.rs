//! Linters whose findings are below the file that they are in: yamllint, Vale, Spectral, SQLFluff,
//! ShellCheck, Semgrep, editorconfig-checker; and one-line findings of markdownlint and commitlint.
//!
//! ```text
//! ./config/till.yml
//!   3:5       error    wrong indentation: expected 4 but found 2  (indentation)
//!
//!  docs/till.md
//!  3:5  error  Did you really mean 'tilll'?  Vale.Spelling
//!
//! In build.sh line 3:
//! echo $till
//!      ^---^ SC2086 (info): Double quote to prevent globbing and word splitting.
//!
//! == [queries/till.sql] FAIL
//! L:   3 | P:   5 | LT01 | Expected only single space.
//!
//! ✖   subject may not be empty [subject-empty]
//! ```

use crate::{
    sink::{Recogniser, Sink},
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Needle, extension, leading_number, looks_like_path, place_at_start, trailing_group},
};

/// Reads findings below the line that names their file.
#[derive(Debug, Default)]
pub(crate) struct Lint {
    heading: Option<Heading>,
    /// A finding whose message may continue.
    open: Option<Diagnostic>,
    /// Number of lines for which the heading still counts.
    left: u8,
}

/// Maximum number of lines from a heading, or a finding, to the next finding.
const LEFT: u8 = 40;

/// The heading that the lines below belong to.
#[derive(Debug)]
enum Heading {
    /// A path alone.
    File(String),
    /// `In build.sh line 3:` of ShellCheck.
    Shell(Location),
    /// `== [queries/till.sql] FAIL` of SQLFluff.
    Sql(String),
    /// A path with a colon, of editorconfig-checker.
    Editor(String),
}

impl Recogniser for Lint {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        let text = line.line.trim();
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.heading = None;
        }
        if text.is_empty() {
            self.finish(sink);
            // ShellCheck prints a blank line between findings at one location.
            if !matches!(self.heading, Some(Heading::Sql(_) | Heading::Shell(_))) {
                self.heading = None;
            }
            return;
        }
        if let Some(heading) = &self.heading {
            if let Some(found) = finding(heading, line) {
                self.finish(sink);
                self.open = Some(found);
                self.left = LEFT;
                return;
            }
            if self.goes_on(line) {
                return;
            }
        }
        self.finish(sink);
        if let Some(heading) = heading(line) {
            self.heading = Some(heading);
            self.left = LEFT;
        } else if line.line.starts_with(|c: char| c.is_alphanumeric())
            && !matches!(self.heading, Some(Heading::Shell(_)))
        {
            self.heading = None;
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        if let Some(found) = self.open.take() {
            sink.block(found);
        }
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }

    fn is_open(&self) -> bool {
        self.open.is_some() || self.heading.is_some()
    }
}

impl Lint {
    /// Returns true if the line continues a wrapped message.
    fn goes_on(&mut self, line: &Text<'_>) -> bool {
        let (Some(found), Some(heading)) = (&mut self.open, &self.heading) else { return false };
        let text = line.line.trim();
        let rest = match heading {
            Heading::Sql(_) => text.strip_prefix("| ").map(str::trim),
            Heading::File(_) if found.tool == "vale" && line.line.starts_with("    ") => Some(text),
            _ => None,
        };
        let Some(rest) = rest else { return false };
        // SQLFluff ends with the rule's name in brackets.
        if !(rest.starts_with('[') && rest.ends_with(']')) && found.message.len() < 2000 {
            found.message.push(' ');
            found.message.push_str(rest);
        }
        found.span = found.span.to(line.span);
        true
    }
}

fn heading(line: &Text<'_>) -> Option<Heading> {
    let text = line.line.trim();
    if let Some(rest) = text.strip_prefix("In ")
        && let Some((path, rest)) = rest.rsplit_once(" line ")
        && let Some((number, ":")) = leading_number(rest)
    {
        return Some(Heading::Shell(Location::at(path, number, None)));
    }
    if let Some(rest) = text.strip_prefix("== [") {
        let (path, state) = rest.split_once(']')?;
        return (state.trim() == "FAIL").then(|| Heading::Sql(path.to_owned()));
    }
    if line.head.is_some() || line.line.starts_with("  ") || text.len() > 400 || !text.contains(['.', '/']) {
        return None;
    }
    if let Some(path) = text.strip_suffix(':') {
        return looks_like_path(path).then(|| Heading::Editor(path.to_owned()));
    }
    (!text.contains(' ') && looks_like_path(text)).then(|| Heading::File(text.to_owned()))
}

fn finding(heading: &Heading, line: &Text<'_>) -> Option<Diagnostic> {
    let text = line.line.trim();
    match heading {
        Heading::File(path) => row(path, text, line),
        Heading::Shell(location) => shellcheck(location, text, line),
        Heading::Sql(path) => sqlfluff(path, text, line),
        Heading::Editor(path) => editor(path, text, line),
    }
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "info" | "information" | "suggestion" => Severity::Info,
        "style" | "hint" => Severity::Hint,
        _ => return None,
    })
}

fn found(
    tool: &str,
    code: &str,
    message: &str,
    location: Location,
    severity: Severity,
    line: &Text<'_>,
) -> Diagnostic {
    Diagnostic {
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        location: Some(location),
        severity,
        ..line.found(tool, if code.is_empty() { "lint" } else { code }, Kind::Lint, message)
    }
}

/// `3:5  error  message  (rule)` of yamllint, `… Vale.Rule`, `3:5  error  rule  message  path` of Spectral.
fn row(path: &str, text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let (number, rest) = leading_number(text)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let (word, rest) = rest.strip_prefix([' ', '\t'])?.trim_start().split_once([' ', '\t'])?;
    let severity = severity(word)?;
    let rest = rest.trim();
    let location = Location::at(path, number, Some(column));
    let kind = extension(path);
    if let Some((message, rule)) = trailing_group(rest, '(', ')')
        && matches!(kind, "yml" | "yaml" | "yamllint" | "clang-format")
        && !rule.contains(' ')
    {
        return Some(found("yamllint", rule, message, location, severity, line));
    }
    if let Some((message, rule)) = rest.rsplit_once("  ")
        && rule.contains('.')
        && !rule.contains(' ')
        && rule.starts_with(|c: char| c.is_alphabetic())
        && rule.rsplit('.').next().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
    {
        return Some(found("vale", rule, message, location, severity, line));
    }
    // Spectral: rule first, in its own column.
    let (rule, message) = rest.split_once("  ")?;
    let is_rule = rule.contains('-') && rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_rule || !matches!(kind, "yml" | "yaml" | "json") {
        return None;
    }
    let message = message.trim();
    let message = message.split_once("  ").map_or(message, |(message, _)| message);
    Some(found("spectral", rule, message, location, severity, line))
}

/// `     ^---^ SC2086 (info): message`, `^-- SC2086: message`.
fn shellcheck(location: &Location, text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let rest = text.strip_prefix('^')?.trim_start_matches(['-', '^']).trim_start();
    let rest = rest.strip_prefix("SC")?;
    let (number, rest) = leading_number(rest)?;
    let (severity, message) = match rest.strip_prefix(" (") {
        Some(rest) => {
            let (word, message) = rest.split_once("): ")?;
            (severity(word)?, message)
        }
        None => (Severity::Warning, rest.strip_prefix(": ")?),
    };
    Some(found("shellcheck", &format!("SC{number}"), message, location.clone(), severity, line))
}

/// `L:   3 | P:   5 | LT01 | message`.
fn sqlfluff(path: &str, text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let mut cells = text.split('|').map(str::trim);
    let (number, "") = leading_number(cells.next()?.strip_prefix("L:")?.trim())? else { return None };
    let (column, "") = leading_number(cells.next()?.strip_prefix("P:")?.trim())? else { return None };
    let code = cells.next()?;
    let message = cells.next()?;
    let location = Location::at(path, number, Some(column));
    Some(found("sqlfluff", code, message, location, Severity::Error, line))
}

/// `12: Wrong indent style found (tabs instead of spaces)` after a tab.
fn editor(path: &str, text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let (number, message) = leading_number(text)?;
    let message = message.strip_prefix(": ")?;
    let known = message.starts_with("Wrong ")
        || message.starts_with("Trailing whitespace")
        || message.starts_with("Line too long")
        || message.starts_with("Not all lines have the correct");
    let location = Location::at(path, number, None);
    known.then(|| found("editorconfig-checker", "", message, location, Severity::Error, line))
}

/// Single lines: markdownlint, commitlint.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    markdown(line).or_else(|| commit(line))
}

/// `README.md:3:81 error MD013/line-length Line length [Expected: 80; Actual: 100]`.
fn markdown(line: &Text<'_>) -> Option<Diagnostic> {
    static CODE: Needle = Needle::new(" MD0");
    CODE.find_among(line.characters, line.text)?;
    let place = place_at_start(line.text)?;
    let rest = place.rest.trim_start();
    let (word, rest) = match rest.split_once(' ') {
        Some((word @ ("error" | "warning"), rest)) => (word, rest),
        _ => ("error", rest),
    };
    let (code, message) = rest.split_once(' ')?;
    let number = code.strip_prefix("MD")?.split('/').next()?;
    if number.len() != 3 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(found("markdownlint", code, message, place.location(), severity(word)?, line))
}

/// `✖   subject may not be empty [subject-empty]` of commitlint.
fn commit(line: &Text<'_>) -> Option<Diagnostic> {
    let text = line.text;
    let severity = if text.starts_with('✖') {
        Severity::Error
    } else if text.starts_with('⚠') {
        Severity::Warning
    } else {
        return None;
    };
    let rest = text.trim_start_matches(['✖', '⚠', '\u{fe0f}']);
    // The sign is in its own column.
    let message = rest.strip_prefix("   ")?.trim();
    let (message, rule) = trailing_group(message, '[', ']')?;
    let is_rule = rule.contains('-') && rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_rule.then(|| Diagnostic {
        code: Some(rule.to_owned()),
        severity,
        ..line.found("commitlint", rule, Kind::Lint, message)
    })
}

/// Findings of Semgrep: a file, rules with their messages, lines of source.
#[derive(Debug, Default)]
pub(crate) struct Semgrep {
    file: String,
    open: Option<Diagnostic>,
    is_source: bool,
    begins: Span,
}

impl Recogniser for Semgrep {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        static SIGN: Needle = Needle::new("❱ ");
        static NUMBER: Needle = Needle::new("┆");
        let text = line.line.trim();
        if let Some((marks, rule)) = SIGN.split_among(line.characters, text)
            && marks.chars().all(|c| matches!(c, '❯' | '❱' | ' '))
            && rule.contains(['.', '-'])
            && !rule.trim().contains(' ')
        {
            self.finish(sink);
            let severity = match marks.chars().filter(|&c| c != ' ').count() {
                2.. => Severity::Error,
                1 => Severity::Warning,
                _ => Severity::Info,
            };
            let location = Location::file(&self.file);
            let mut found = found("semgrep", rule.trim(), "", location, severity, line);
            found.message = String::new();
            self.begins = line.span;
            self.is_source = false;
            self.open = Some(found);
            return;
        }
        let Some(found) = &mut self.open else {
            if line.indent >= 2 && !text.contains(' ') && looks_like_path(text) {
                text.clone_into(&mut self.file);
            }
            return;
        };
        if text.starts_with("⋮┆") {
            // Another location of the same rule.
            if self.is_source && !found.message.is_empty() {
                sink.block(found.clone());
            }
            self.is_source = false;
        } else if let Some((number, _)) = NUMBER.split(text).or_else(|| text.split_once('│'))
            && let Some((number, "")) = leading_number(number.trim())
        {
            if !self.is_source {
                found.location = Some(Location::at(&self.file, number, None));
                found.span = found.span.to(line.span);
            }
            self.is_source = true;
        } else if self.is_source || text.starts_with('❯') {
            self.finish(sink);
            if !text.contains(' ') && looks_like_path(text) {
                text.clone_into(&mut self.file);
            }
        } else if !text.is_empty()
            && !text.starts_with("Details: ")
            && !text.starts_with('❰')
            && found.message.len() < 2000
        {
            found.message.push_str(if found.message.is_empty() { "" } else { " " });
            found.message.push_str(text);
            found.span = found.span.to(line.span);
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        if let Some(found) = self.open.take().filter(|found| !found.message.is_empty() && self.is_source) {
            sink.block(found);
        }
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|_| self.begins.start)
    }
}
