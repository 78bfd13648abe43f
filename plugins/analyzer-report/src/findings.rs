//! Findings in JSON of any schema: objects with a line number and a message.

use crate::members::{code, counts_from_zero, member, number, severity_of, text, tool};
use crate::place::severity;
use crate::weakness;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Position, Severity, Span,
    json::Value,
    text::{looks_like_path, place_at_start},
};

/// Maximum number of findings of one report.
const MOST: usize = 10_000;

/// Names that tools give to the members, most specific first; matching ignores case, `_` and `-`.
const FILES: &[&str] = &[
    "filename",
    "filepath",
    "file",
    "path",
    "uri",
    "source",
    "target",
    "pos",
    "fileabspath",
    "component",
    "maineventfilepathname",
    "filepathname",
    "name",
];
const LINES: &[&str] = &[
    "line",
    "linenumber",
    "startline",
    "linestart",
    "linefrom",
    "fromline",
    "row",
    "lineno",
    "beginline",
    "begin",
    "startlineno",
    "lines",
    "filelinerange",
    "maineventlinenumber",
    "linenum",
];
const COLUMNS: &[&str] = &[
    "column",
    "col",
    "columnnumber",
    "startcolumn",
    "columnstart",
    "character",
    "coloffset",
    "columnfrom",
    "startingcolumn",
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
    "issuetype",
    "title",
    "checkname",
    "detail",
    "longdescription",
    "problemmessage",
    "issuetext",
    "displaytext",
    "descr",
    "hint",
    "details",
    "typo",
    "eventdescription",
    "subcategorylongdescription",
];
const CODES: &[&str] = &[
    "ruleid",
    "checkname",
    "code",
    "rulecode",
    "rule",
    "rulename",
    "checkid",
    "checkername",
    "check",
    "symbol",
    "fromlinter",
    "linter",
    "copname",
    "type",
    "id",
    "rulenames",
    "identifier",
    "testid",
    "errorcode",
    "errorcodes",
    "smelltype",
    "lintername",
    "key",
    "kind",
    "warningtype",
    "source",
    "cweid",
];
/// Members that may contain the location of a finding.
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
    "loc",
    "region",
    "textrange",
    "primarylocation",
    "elements",
    "sourcemapping",
    "files",
    "sourcefile",
    "labels",
    "span",
    "extra",
    "events",
];
/// Members whose text contains a location: `"posn": "main.go:14:8"`.
const PLACES_IN_WORDS: &[&str] = &["posn", "pos", "position", "location", "loc", "path", "file", "source"];
/// Members that name a file in the reports of tools that check whole files: Biome, kube-linter.
const WHOLE_FILES: &[&[&str]] = &[
    &["location", "path", "file"],
    &["object", "metadata", "filepath"],
    &["file"],
    &["filename"],
    &["filepath"],
];

/// Reads every finding of a report.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
    let first = out.len();
    walk(value, None, span, out, 0);
    out.truncate(first + MOST);
}

/// Descends into a value, with the enclosing file.
fn walk(value: &Value, file: Option<&str>, span: Span, out: &mut Vec<Diagnostic>, depth: usize) {
    if depth > 16 {
        return;
    }
    match value {
        Value::List(values) => values.iter().for_each(|value| walk(value, file, span, out, depth + 1)),
        Value::Object(members) => {
            let found = finding(value, file, span)
                .or_else(|| weakness::read(value, file, span))
                .or_else(|| whole_file(value, span));
            if let Some(found) = found {
                out.push(found);
                return;
            }
            let file = file_of(value, file).or(file);
            for (name, member) in members {
                // Some tools use file names as members of an object: `{"a.adoc": [findings]}`.
                let named = looks_like_path(name).then_some(name.as_str());
                walk(member, named.or(file), span, out, depth + 1);
            }
        }
        _ => {}
    }
}

/// An object with a message about a line.
fn finding(value: &Value, enclosing: Option<&str>, span: Span) -> Option<Diagnostic> {
    let place = |names: &[&str]| {
        number(value, names)
            .or_else(|| PLACES.iter().find_map(|name| number_below(member(value, name)?, names)))
    };
    let said = |value: &Value| {
        // One of several events is the finding.
        let events = value.as_list().iter();
        let value = events
            .rev()
            .max_by_key(|event| member(event, "main").is_some_and(Value::is_true))
            .unwrap_or(value);
        MESSAGES.iter().find_map(|name| text(member(value, name)?).filter(|text| !text.trim().is_empty()))
    };
    let in_words = PLACES_IN_WORDS.iter().find_map(|name| place_at_start(member(value, name)?.as_text()?));
    let in_words = in_words.filter(|place| place.rest.is_empty() && place.line > 0);
    // Editors' positions are 0-based, and use characters.
    let from_zero = u32::from(counts_from_zero(value));
    let line = place(LINES).map(|line| line + from_zero).filter(|&line| line > 0);
    let line = line.or_else(|| in_words.map(|place| place.line))?;
    let column = place(COLUMNS).map(|column| column + from_zero).or_else(|| in_words?.column);
    let message = said(value).or_else(|| PLACES.iter().find_map(|name| said(member(value, name)?)))?;
    // Brakeman's message does not contain the type of the warning.
    let message = match member(value, "warningtype").and_then(Value::as_text) {
        Some(kind) if !message.contains(kind) => format!("{kind}: {message}"),
        _ => message,
    };
    let code = CODES.iter().find_map(|name| {
        let is_rule =
            |code: &String| is_code(code) && *code != message && (*name != "source" || !code.contains('/'));
        code(member(value, name)?).filter(is_rule)
    });
    let severity = severity_of(value);
    let file = in_words
        .map(|place| place.path)
        .or_else(|| file_of(value, enclosing))
        .or_else(|| PLACES.iter().find_map(|name| file_below(member(value, name)?, 3)))
        .or(enclosing)
        // The input was standard input.
        .or_else(|| (code.is_some() && severity.is_some() && column.is_some()).then_some("-"))?;
    let end = number(value, &["endline", "lineend"]);
    let mut location = Location::at(file, line, column);
    location.end = end.filter(|&end| end >= line).map(|line| Position { line, column: None });
    let tool = tool(value).unwrap_or("report").to_lowercase();
    // ShellCheck omits the letters.
    let code = code.map(|code| if tool == "shellcheck" { format!("SC{code}") } else { code });
    Some(Diagnostic {
        kind: if tool == "elm" { Kind::Compile } else { Kind::Lint },
        tool,
        error_type: code.clone().unwrap_or_else(|| "finding".to_owned()),
        code,
        message,
        severity: severity.unwrap_or(Severity::Error),
        location: Some(location),
        span,
        ..Diagnostic::default()
    })
}

/// A finding about a whole file: a rule, a message, and a file without a line.
fn whole_file(value: &Value, span: Span) -> Option<Diagnostic> {
    let at = |path: &[&str]| path.iter().try_fold(value, |value, name| member(value, name))?.as_text();
    // PHP CS Fixer names the fixers that would change the file.
    if let (Some(path), Some(fixers)) = (at(&["name"]), member(value, "appliedfixers")) {
        let fixers: Vec<&str> = fixers.as_list().iter().filter_map(Value::as_text).collect();
        return (!fixers.is_empty())
            .then(|| about_file("php-cs-fixer", None, &fixers.join(", "), path, span));
    }
    let path = WHOLE_FILES.iter().find_map(|path| at(path).filter(|path| looks_like_path(path)))?;
    let code = ["ruleid", "rule", "check", "checkid", "category"].iter().find_map(|name| at(&[name]))?;
    let message =
        at(&["message"]).or_else(|| at(&["description"])).or_else(|| at(&["diagnostic", "message"]))?;
    let mut found = about_file(tool(value).unwrap_or("report"), Some(code), message, path, span);
    found.severity = severity_of(value).unwrap_or(Severity::Error);
    is_code(code).then_some(found)
}

fn about_file(tool: &str, code: Option<&str>, message: &str, path: &str, span: Span) -> Diagnostic {
    Diagnostic {
        tool: tool.to_lowercase(),
        error_type: code.unwrap_or("finding").to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        kind: Kind::Lint,
        location: Some(Location::file(path)),
        span,
        ..Diagnostic::default()
    }
}

fn is_code(code: &str) -> bool {
    !code.contains(' ') && severity(code).is_none()
}

/// The file that an object names: a member that looks like a path. A `name` or `source` may be something else if
/// the file is known from outside.
fn file_of<'v>(value: &'v Value, enclosing: Option<&str>) -> Option<&'v str> {
    FILES.iter().find_map(|name| {
        if enclosing.is_some() && matches!(*name, "name" | "source") {
            return None;
        }
        let member = member(value, name)?;
        let path = member.as_text().or_else(|| file_of_nested(member))?;
        // SonarQube prints the project before it.
        let path =
            if *name == "component" { path.split_once(':').map_or(path, |(_, path)| path) } else { path };
        let is_named = !matches!(*name, "name" | "source" | "target" | "file" | "component");
        (!path.is_empty() && (is_named || looks_like_path(path))).then_some(path)
    })
}

/// A file named in a location, possibly nested.
fn file_below(value: &Value, depth: u32) -> Option<&str> {
    let value = value.as_list().first().unwrap_or(value);
    let relative = value.text("filename_relative");
    relative.or_else(|| file_of(value, None)).or_else(|| {
        let deeper = || PLACES.iter().find_map(|name| file_below(member(value, name)?, depth - 1));
        if depth > 0 { deeper() } else { None }
    })
}

/// `{"location": {"path": …}}`, `{"file": {"path": …}}`.
fn file_of_nested(value: &Value) -> Option<&str> {
    ["path", "filename", "name", "uri"].iter().find_map(|name| member(value, name).and_then(Value::as_text))
}

/// A number in a location: directly, or in its range, or in the start of the range.
fn number_below(value: &Value, names: &[&str]) -> Option<u32> {
    below(value, names, 3)
}

fn below(value: &Value, names: &[&str], depth: u32) -> Option<u32> {
    let value = value.as_list().iter().find(|value| matches!(value, Value::Object(_))).unwrap_or(value);
    let deeper = || PLACES.iter().find_map(|name| below(member(value, name)?, names, depth - 1));
    number(value, names).or_else(|| if depth > 0 { deeper() } else { None })
}
