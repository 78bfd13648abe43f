//! ESLint's stylish, compact and unix formats, and similar output of stylelint, tslint and prettier.

use grimoire_plugin_sdk::text::{
    Characters, Needle, leading_number, looks_like_path, place_at_start, trailing_group, trim,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::{failure, finding, is_script, summary};

/// Recognises the linters' findings.
#[derive(Default)]
pub(crate) struct Eslint {
    /// The file that stylish findings belong to.
    file: Option<String>,
    /// True if prettier's file list follows.
    prettier: bool,
    /// Files that prettier may have listed, if its first line is missing.
    held: Vec<Diagnostic>,
}

/// Maximum number of files that wait for prettier's last line.
const HELD: usize = 1_000;

impl Eslint {
    pub(crate) fn line(
        &mut self,
        text: &str,
        characters: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        if trim(text).is_empty() {
            return false;
        }
        // Next.js prints the same lines without indentation.
        let may_be_stylish = text.starts_with([' ', '\t'])
            || self.file.is_some() && text.starts_with(|c: char| c.is_ascii_digit());
        if may_be_stylish {
            let found = self.file.as_deref().and_then(|file| stylish(file, trim(text), span));
            let is_finding = found.is_some();
            out.extend(found);
            if is_finding || text.starts_with([' ', '\t']) {
                return is_finding;
            }
        }
        self.file = None;
        // All formats except prettier's contain numbers.
        let numbered = characters.may_have_digits().then(|| {
            compact(text, characters, span)
                .or_else(|| characters.may_have(b':').then(|| unix(text, characters, span)).flatten())
                .or_else(|| characters.may_have(b'[').then(|| tslint(text, span)).flatten())
        });
        let found = numbered.flatten().or_else(|| self.prettier(text, span));
        if let Some(found) = found {
            if found.tool == "prettier" {
                out.append(&mut self.held);
            }
            out.push(found);
            return true;
        }
        let may_be_path = characters.may_have(b'/')
            || characters.may_have(b'\\')
            // Without a folder, a path contains no spaces.
            || characters.may_have(b'.') && !text.contains(' ') && is_script(text);
        if may_be_path && looks_like_path(text) {
            self.file = Some(text.to_owned());
        }
        false
    }

    /// `[error] src/a.ts: SyntaxError: '}' expected. (3:1)`, and `[warn] src/a.ts` after `Checking formatting...`.
    fn prettier(&mut self, text: &str, span: Span) -> Option<Diagnostic> {
        if text.starts_with("Checking formatting...") {
            self.prettier = true;
            return None;
        }
        if let Some(rest) = text.strip_prefix("[error] ") {
            let refused = [
                "No files matching ",
                "Invalid configuration",
                "Cannot find package ",
                "No parser could be inferred",
                "Cannot find module ",
            ]
            .iter()
            .any(|start| rest.starts_with(start));
            if refused {
                return Some(failure("prettier", "configuration", Kind::Configuration, rest, span));
            }
            let (path, message) = rest.split_once(": ")?;
            // sbt's errors have a location.
            let is_place = path.ends_with(|c: char| c.is_ascii_digit()) && path.contains(':');
            if !looks_like_path(path) || path.starts_with('>') || is_place {
                return None;
            }
            let place =
                message.rsplit_once('(').and_then(|(_, place)| place.strip_suffix(')')?.split_once(':'));
            let (line, column) =
                place.map_or((0, None), |(line, column)| (line.parse().unwrap_or(0), column.parse().ok()));
            let kind = message.split(": ").next().filter(|kind| kind.ends_with("Error")).unwrap_or("format");
            let mut found = finding("prettier", kind, message, Some(Location::at(path, line, column)), span);
            found.code = None;
            return Some(found);
        }
        let path = text.strip_prefix("[warn] ")?;
        if path.starts_with("Code style issues found") || path.starts_with("Code style issues in ") {
            return Some(summary("prettier", Kind::Lint, path, span));
        }
        if !looks_like_path(path) || path.contains(' ') {
            return None;
        }
        let mut found =
            failure("prettier", "format", Kind::Lint, &format!("Code style issues found in {path}"), span);
        found.location = Some(Location::file(path));
        if self.prettier {
            return Some(found);
        }
        // In a fragment, only the last line shows that it is prettier's.
        if self.held.len() < HELD {
            self.held.push(found);
        }
        None
    }
}

/// `2:10  error  message  rule` below a line with the file; stylelint prints symbols instead of words.
fn stylish(file: &str, text: &str, span: Span) -> Option<Diagnostic> {
    let (line, rest) = leading_number(text)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let (word, rest) = rest.split_once(' ')?;
    let severity = severity(word)?;
    let rest = rest.trim();
    let (message, rule) = match rest.rsplit_once("  ") {
        Some((message, rule)) if !rule.trim().contains(' ') => (message.trim(), rule.trim()),
        _ => (rest, ""),
    };
    let tool = match word {
        _ if rule.contains('(') => "oxlint",
        "✖" | "×" | "x" | "⚠" | "‼" => "stylelint",
        _ => "eslint",
    };
    let kind = if rule.is_empty() && message.starts_with("Parsing error") { "parse-error" } else { rule };
    let mut found = finding(tool, kind, message, Some(Location::at(file, line, Some(column))), span);
    found.code = (!rule.is_empty()).then(|| rule.to_owned());
    found.severity = severity;
    Some(found)
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "error" | "Error" | "Error:" | "✖" | "×" | "x" => Some(Severity::Error),
        "warning" | "Warning" | "Warning:" | "warn" | "⚠" | "‼" => Some(Severity::Warning),
        _ => None,
    }
}

/// `path: line 2, col 10, Error - message (rule)`.
fn compact(text: &str, characters: Characters, span: Span) -> Option<Diagnostic> {
    static LINE: Needle = Needle::new(": line ");
    let (path, rest) = LINE.split_among(characters, text)?;
    let (line, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(", col ")?)?;
    let (word, message) = rest.strip_prefix(", ")?.split_once(" - ")?;
    let severity = severity(word)?;
    let (message, rule) = match trailing_group(message, '(', ')') {
        Some((text, rule)) if !rule.contains(' ') => (text, rule),
        _ => (message, ""),
    };
    // stylelint prints the word in lower case.
    let tool = if word.starts_with(|c: char| c.is_ascii_lowercase()) { "stylelint" } else { "eslint" };
    let mut found = finding(tool, rule, message, Some(Location::at(path, line, Some(column))), span);
    found.severity = severity;
    Some(found)
}

/// `path:2:10: message [Error/rule]`.
fn unix(text: &str, characters: Characters, span: Span) -> Option<Diagnostic> {
    static PARSING: Needle = Needle::new("Parsing error");
    if !text.ends_with(']') && PARSING.find_among(characters, text).is_none() {
        return None;
    }
    let place = place_at_start(text)?;
    let rest = place.rest.trim_start();
    let column = place.column?;
    let (message, word, rule) = match trailing_group(rest, '[', ']') {
        Some((message, inside)) => {
            let (word, rule) = inside.split_once('/').unwrap_or((inside, ""));
            (message, word, rule)
        }
        None if rest.starts_with("Parsing error") && is_script(place.path) => (rest, "Error", ""),
        None => return None,
    };
    if !matches!(word, "Error" | "Warning") {
        return None;
    }
    let kind = if rule.is_empty() && message.starts_with("Parsing error") { "parse-error" } else { rule };
    let tool = if rule.contains('(') { "oxlint" } else { "eslint" };
    let mut found =
        finding(tool, kind, message, Some(Location::at(place.path, place.line, Some(column))), span);
    found.code = (!rule.is_empty()).then(|| rule.to_owned());
    found.severity = severity(word)?;
    Some(found)
}

/// `path[418, 38]: message`, `ERROR: path:1:2 - message`, `ERROR: path[1, 2]: message` of tslint.
fn tslint(text: &str, span: Span) -> Option<Diagnostic> {
    let (severity, text) = match text.strip_prefix("WARNING: ") {
        Some(rest) => (Severity::Warning, rest),
        None => (Severity::Error, text.strip_prefix("ERROR: ").unwrap_or(text)),
    };
    let open = text.find('[')?;
    let path = &text[..open];
    if !is_script(path) || path.contains(": ") {
        return None;
    }
    let (line, rest) = leading_number(&text[open + 1..])?;
    let (column, rest) = leading_number(rest.strip_prefix(',')?.trim_start())?;
    let message = rest.strip_prefix("]: ")?;
    let mut found = finding("tslint", "", message, Some(Location::at(path, line, Some(column))), span);
    "lint".clone_into(&mut found.error_type);
    found.severity = severity;
    Some(found)
}
