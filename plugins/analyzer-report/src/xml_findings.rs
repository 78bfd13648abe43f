//! Findings in XML of any schema: elements that name a line and say something about it.

use crate::place::severity;
use crate::xml::Element;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span, text::looks_like_path};

const FILES: &[&str] =
    &["file", "path", "filename", "sourcefile", "sourcepath", "file_name", "name", "id", "href"];
const LINES: &[&str] =
    &["line", "beginline", "linenumber", "startline", "start", "line_number", "row", "begin"];
const COLUMNS: &[&str] =
    &["column", "begincolumn", "columnnumber", "startcolumn", "col", "char", "colnumber"];
const MESSAGES: &[&str] = &["message", "msg", "reason", "description", "text", "title", "summary", "verbose"];
const CODES: &[&str] =
    &["id", "rule", "ruleid", "typeid", "type", "source", "check", "checkid", "code", "linter", "evidence"];
const SEVERITIES: &[&str] = &["severity", "level", "priority", "type"];

/// Reads every finding of a document.
pub(crate) fn read(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    let tool = match root.name.as_str() {
        "results" => "cppcheck",
        "issues" => "lint",
        "BugCollection" => "spotbugs",
        name => name,
    };
    walk(root, None, &tool.to_lowercase(), span, out);
}

fn walk(element: &Element, file: Option<&str>, tool: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let file = file_of(element).or(file);
    if let Some(found) = finding(element, file, tool, span) {
        out.push(found);
        return;
    }
    for child in &element.children {
        walk(child, file, tool, span, out);
    }
}

fn file_of(element: &Element) -> Option<&str> {
    FILES.iter().find_map(|name| element.get(name)).filter(|path| looks_like_path(path) || path.contains('/'))
}

/// An element with a line, its own or that of a place in it, and words.
fn finding(element: &Element, file: Option<&str>, tool: &str, span: Span) -> Option<Diagnostic> {
    let at = std::iter::once(element)
        // A place in it, that says nothing by itself.
        .chain(element.children.iter().filter(|child| child.first(MESSAGES).is_none()))
        .find(|candidate| number(candidate, LINES).is_some())?;
    let line = number(at, LINES)?;
    let says = element.first(MESSAGES).is_some() || !element.text.trim().is_empty();
    if !std::ptr::eq(at, element) && !says && element.child_text("LongMessage").is_none() {
        return None;
    }
    let words = element
        .first(MESSAGES)
        .or_else(|| {
            ["LongMessage", "Message", "ShortMessage", "message"]
                .iter()
                .find_map(|name| element.child_text(name))
        })
        .or_else(|| at.first(MESSAGES))
        .or_else(|| Some(element.text.trim()).filter(|text| !text.is_empty()))?;
    let file = file_of(at).or(file)?;
    let code = element
        .first(CODES)
        .filter(|code| !code.contains(' ') && severity(code).is_none() && !looks_like_path(code))
        // Checkstyle names the class of the check.
        .map(|code| if code.starts_with("com.puppycrawl.") { last_part(code) } else { code });
    let level = SEVERITIES.iter().find_map(|name| grade(element.get(name)?, name)).unwrap_or(Severity::Error);
    Some(Diagnostic {
        tool: tool.to_owned(),
        error_type: code.unwrap_or("finding").to_owned(),
        code: code.map(str::to_owned),
        message: words.to_owned(),
        severity: level,
        kind: Kind::Lint,
        location: Some(Location::at(file, line, number(at, COLUMNS))),
        span,
        ..Diagnostic::default()
    })
}

/// A severity in words; a priority counts from 1, the gravest.
fn grade(value: &str, name: &str) -> Option<Severity> {
    if name == "priority" {
        return match value.parse::<u32>().ok()? {
            0..=2 => Some(Severity::Error),
            3 => Some(Severity::Warning),
            _ => Some(Severity::Info),
        };
    }
    severity(value)
}

fn last_part(code: &str) -> &str {
    let name = code.rsplit('.').next().unwrap_or(code);
    name.strip_suffix("Check").unwrap_or(name)
}

fn number(element: &Element, names: &[&str]) -> Option<u32> {
    names.iter().find_map(|name| element.get(name)?.trim().parse().ok()).filter(|&number: &u32| number > 0)
}
