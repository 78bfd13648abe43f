//! Findings in JSON of any schema: objects that name a line and say something about it.

use crate::place::severity;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Position, Severity, Span, json::Value, text::looks_like_path,
};

/// Findings of one report.
const MOST: usize = 10_000;

/// What tools call the members, most telling first; without regard to case, `_` and `-`.
const FILES: &[&str] =
    &["filename", "filepath", "file", "path", "uri", "name", "source", "target", "pos", "fileabspath"];
const LINES: &[&str] = &[
    "line",
    "linenumber",
    "startline",
    "linestart",
    "row",
    "lineno",
    "beginline",
    "begin",
    "startlineno",
    "lines",
    "filelinerange",
];
const COLUMNS: &[&str] = &[
    "column",
    "col",
    "columnnumber",
    "startcolumn",
    "columnstart",
    "character",
    "coloffset",
    "linepos",
    "startlinepos",
    "offset",
];
const MESSAGES: &[&str] = &[
    "message",
    "msg",
    "text",
    "description",
    "ruledescription",
    "failure",
    "reason",
    "content",
    "body",
    "title",
    "checkname",
    "detail",
    "longdescription",
];
const CODES: &[&str] = &[
    "ruleid",
    "code",
    "rulecode",
    "rule",
    "rulename",
    "checkid",
    "checkname",
    "check",
    "symbol",
    "fromlinter",
    "linter",
    "copname",
    "type",
    "id",
    "rulenames",
    "identifier",
];
const SEVERITIES: &[&str] = &["severity", "level", "ruleseverity", "type", "priority"];
/// Where some put the place of a finding.
const PLACES: &[&str] = &[
    "location",
    "pos",
    "position",
    "range",
    "start",
    "begin",
    "startposition",
    "lines",
    "positions",
    "positon",
    "causemetadata",
];

/// Reads every finding of a report.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
    let first = out.len();
    walk(value, None, span, out, 0);
    out.truncate(first + MOST);
}

/// Goes down, with the file that encloses.
fn walk(value: &Value, file: Option<&str>, span: Span, out: &mut Vec<Diagnostic>, depth: usize) {
    if depth > 16 {
        return;
    }
    match value {
        Value::List(values) => values.iter().for_each(|value| walk(value, file, span, out, depth + 1)),
        Value::Object(members) => {
            if let Some(found) = finding(value, file, span) {
                out.push(found);
                return;
            }
            let file = file_of(value).or(file);
            for (name, member) in members {
                // Some name the files by the members of an object: `{"a.adoc": [findings]}`.
                let named = looks_like_path(name).then_some(name.as_str());
                walk(member, named.or(file), span, out, depth + 1);
            }
        }
        _ => {}
    }
}

/// An object that says something about a line.
fn finding(value: &Value, enclosing: Option<&str>, span: Span) -> Option<Diagnostic> {
    let place = |names: &[&str]| {
        number(value, names)
            .or_else(|| PLACES.iter().find_map(|name| number_below(member(value, name)?, names)))
            .filter(|&number| number > 0)
    };
    let line = place(LINES)?;
    let message =
        MESSAGES.iter().find_map(|name| text(member(value, name)?)).filter(|text| !text.trim().is_empty())?;
    let file = file_of(value)
        .or_else(|| PLACES.iter().find_map(|name| file_of(member(value, name)?)))
        .or(enclosing)?;
    let code = CODES
        .iter()
        .find_map(|name| code(member(value, name)?))
        .filter(|code| !code.contains(' ') && *code != message && severity(code).is_none());
    let severity = SEVERITIES
        .iter()
        .find_map(|name| level(member(value, name)?))
        .or_else(|| level(value.at(&["rule", "severity"])?))
        .unwrap_or(Severity::Error);
    let end = number(value, &["endline", "lineend"]);
    let mut location = Location::at(file, line, place(COLUMNS));
    location.end = end.filter(|&end| end >= line).map(|line| Position { line, column: None });
    Some(Diagnostic {
        tool: tool(value).unwrap_or("report").to_lowercase(),
        error_type: code.unwrap_or("finding").to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        severity,
        kind: Kind::Lint,
        location: Some(location),
        span,
        ..Diagnostic::default()
    })
}

/// The file that an object names: a member that looks like a path.
fn file_of(value: &Value) -> Option<&str> {
    FILES.iter().find_map(|name| {
        let member = member(value, name)?;
        let path = member.as_text().or_else(|| file_of_nested(member))?;
        let is_named = !matches!(*name, "name" | "source" | "target" | "file");
        (!path.is_empty() && (is_named || looks_like_path(path))).then_some(path)
    })
}

/// `{"location": {"path": …}}`, `{"file": {"path": …}}`.
fn file_of_nested(value: &Value) -> Option<&str> {
    ["path", "filename", "name", "uri"].iter().find_map(|name| member(value, name).and_then(Value::as_text))
}

/// The member of a name, whatever its spelling.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Object(members) = value else { return None };
    let is = |key: &str| {
        let mut letters =
            key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
        name.bytes().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
    };
    members.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
}

fn number(value: &Value, names: &[&str]) -> Option<u32> {
    names.iter().find_map(|name| whole(member(value, name)?))
}

/// A number below a place: directly, or in its range, or in the start of that.
fn number_below(value: &Value, names: &[&str]) -> Option<u32> {
    below(value, names, 3)
}

fn below(value: &Value, names: &[&str], depth: u32) -> Option<u32> {
    let deeper = || PLACES.iter().find_map(|name| below(member(value, name)?, names, depth - 1));
    number(value, names).or_else(|| if depth > 0 { deeper() } else { None })
}

/// A number, one in quotes, the first of a list.
fn whole(value: &Value) -> Option<u32> {
    value
        .as_number()
        .or_else(|| value.as_text()?.trim().parse().ok())
        .or_else(|| value.as_list().first()?.as_number())
}

/// A text, one in an object that calls it so, the first of a list.
fn text(value: &Value) -> Option<&str> {
    value.as_text().or_else(|| {
        ["text", "body", "markdown"].iter().find_map(|name| member(value, name).and_then(Value::as_text))
    })
}

/// A code: a text, a number is none; `{"value": …}` of rdjson, `{"name": …}`, the first of a list.
fn code(value: &Value) -> Option<&str> {
    value
        .as_text()
        .or_else(|| {
            ["value", "name", "code", "id"]
                .iter()
                .find_map(|name| member(value, name).and_then(Value::as_text))
        })
        .or_else(|| value.as_list().first()?.as_text())
        .filter(|code| !code.is_empty())
}

fn level(value: &Value) -> Option<Severity> {
    match value {
        Value::Text(word) => severity(word),
        // ESLint counts 1 and 2.
        Value::Number(_) => match value.as_number()? {
            2 => Some(Severity::Error),
            1 => Some(Severity::Warning),
            _ => None,
        },
        _ => None,
    }
}

/// The tool, where the finding says so.
fn tool(value: &Value) -> Option<&str> {
    ["fromlinter", "tool", "enginename", "linter"]
        .iter()
        .find_map(|name| member(value, name).and_then(Value::as_text))
        .or_else(|| value.at(&["source", "name"])?.as_text())
        .filter(|name| !name.is_empty() && !name.contains(' '))
}
