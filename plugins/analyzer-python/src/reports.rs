//! Reports in JSON: ruff, pylint, mypy, pyright, bandit, prospector, sqlfluff.

use grimoire_plugin_sdk::json::Value;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Position, Severity, Span};

/// Maximum number of findings read from one object.
const MOST: usize = 5_000;

/// Reads one item in a tool's list.
type ReadItem = fn(&Value) -> Option<Diagnostic>;

/// Reports the findings in one JSON object of any of these tools.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
    let found = ruff(value).or_else(|| pylint(value)).or_else(|| mypy(value)).or_else(|| sqlfluff("", value));
    if let Some(found) = found {
        out.push(Diagnostic { span, ..found });
        return;
    }
    let path = value.text("filepath").unwrap_or_default();
    for item in value.list("violations").iter().take(MOST) {
        out.extend(sqlfluff(path, item).map(|found| Diagnostic { span, ..found }));
    }
    let lists: [(&str, ReadItem); 3] =
        [("generalDiagnostics", pyright), ("results", bandit), ("messages", prospector)];
    for (name, read) in lists {
        for item in value.list(name).iter().take(MOST) {
            out.extend(read(item).or_else(|| pylint(item)).map(|found| Diagnostic { span, ..found }));
        }
    }
}

fn finding(tool: &str, code: &str, message: &str, severity: Severity, location: Location) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: message.to_owned(),
        severity,
        kind: Kind::Lint,
        location: Some(location).filter(|location| !location.path.is_empty()),
        ..Diagnostic::default()
    }
}

/// `{"code","location":{"row","column"},"end_location":{…},"filename","message"}`.
fn ruff(value: &Value) -> Option<Diagnostic> {
    let (path, message) = (value.text("filename")?, value.text("message")?);
    let start = value.get("location")?;
    let line = start.number("row")?;
    let code = value.text("code").or_else(|| value.text("name")).unwrap_or_default();
    let mut location = Location::at(path, line, start.number("column"));
    if let Some(end) = value.get("end_location")
        && let Some(line) = end.number("row")
    {
        location.end = Some(Position { line, column: end.number("column") });
    }
    let severity = match value.text("severity") {
        Some("warning") => Severity::Warning,
        Some("info") => Severity::Info,
        _ => Severity::Error,
    };
    let mut found = finding("ruff", code, message, severity, location);
    if let Some(fix) = value.get("fix").and_then(|fix| fix.text("message")) {
        found.context = format!("help: {fix}");
    }
    Some(found)
}

/// `{"type","path","line","column","symbol","message","message-id"}`; columns from 0.
fn pylint(value: &Value) -> Option<Diagnostic> {
    let code = value.text("message-id").or_else(|| value.text("messageId"))?;
    let severity = match value.text("type") {
        Some("error") => Severity::Error,
        Some("fatal") => Severity::Fatal,
        Some("info") => Severity::Info,
        _ => Severity::Warning,
    };
    let column = value.number("column").map(|column| column.saturating_add(1));
    let location = Location::at(value.text("path")?, value.number("line")?, column);
    let symbol = value.text("symbol").unwrap_or_default();
    Some(finding("pylint", code, &format!("{} ({symbol})", value.text("message")?), severity, location))
}

/// `{"file","line","column","message","hint","code","severity"}`; columns from 0.
fn mypy(value: &Value) -> Option<Diagnostic> {
    let (path, message, code) =
        (value.text("file")?, value.text("message")?, value.text("code").unwrap_or_default());
    let severity = match value.text("severity")? {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    };
    if !crate::finding::is_python(path) {
        return None;
    }
    let column = value.number("column").map(|column| column.saturating_add(1));
    let mut found =
        finding("mypy", code, message, severity, Location::at(path, value.number("line")?, column));
    value.text("hint").unwrap_or_default().clone_into(&mut found.context);
    Some(found)
}

/// Lines and columns count from 0.
fn pyright(value: &Value) -> Option<Diagnostic> {
    let start = value.at(&["range", "start"])?;
    let from_one = |name| start.number(name).map(|number: u32| number.saturating_add(1));
    let severity = match value.text("severity") {
        Some("warning") => Severity::Warning,
        Some("information") => Severity::Info,
        _ => Severity::Error,
    };
    let location = Location::at(value.text("file")?, from_one("line")?, from_one("character"));
    Some(finding(
        "pyright",
        value.text("rule").unwrap_or_default(),
        value.text("message")?,
        severity,
        location,
    ))
}

fn bandit(value: &Value) -> Option<Diagnostic> {
    let severity =
        if value.text("issue_severity") == Some("HIGH") { Severity::Error } else { Severity::Warning };
    let column = value.number("col_offset").map(|column| column.saturating_add(1));
    let location = Location::at(value.text("filename")?, value.number("line_number")?, column);
    Some(finding("bandit", value.text("test_id")?, value.text("issue_text")?, severity, location))
}

/// prospector collects the findings of other tools; `character` counts from 0.
fn prospector(value: &Value) -> Option<Diagnostic> {
    let place = value.get("location")?;
    let column = place.number("character").map(|column| column.saturating_add(1));
    let line = place.number("line")?;
    let location = Location::at(place.text("path").unwrap_or("-"), line, column);
    Some(finding(
        value.text("source")?,
        value.text("code")?,
        value.text("message")?,
        Severity::Error,
        location,
    ))
}

/// `{"code","description","start_line_no","start_line_pos"}` below a file, or older names with the path.
fn sqlfluff(file: &str, value: &Value) -> Option<Diagnostic> {
    let text =
        |names: [&str; 3]| names.iter().find_map(|name| value.text(name).filter(|text| !text.is_empty()));
    let code = text(["rule_code", "code", "code"])?;
    let path = value.text("path").filter(|path| !path.is_empty()).unwrap_or(file);
    let old = value.text("rule_code").is_some();
    if path.is_empty() || !old && value.number("start_line_no").or_else(|| value.number("line_no")).is_none()
    {
        return None;
    }
    let message = text(["description", "rule_description", "rule_name"]).unwrap_or(code);
    let line = value.number("start_line_no").or_else(|| value.number("line_no")).unwrap_or(0);
    let column = value.number("start_line_pos").or_else(|| value.number("line_pos"));
    let severity = if value.get("warning").is_some() || old { Severity::Warning } else { Severity::Error };
    Some(finding("sqlfluff", code, message, severity, Location::at(path, line, column)))
}
