//! JSON lines of `cargo --message-format=json`, `rustc --error-format=json` and libtest.

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Position, Severity,
    json::Value,
    text::{Context, is_generic_closing_line},
};

/// The report in a line.
#[derive(Debug)]
pub(crate) enum Report {
    Diagnostic(Box<Diagnostic>),
    FailedTest { name: String, output: String },
}

/// Reads one line that begins with `{`.
pub(crate) fn read(text: &str) -> Option<Report> {
    if !text.contains("\"message\"") && !text.contains("\"stdout\"") {
        return None;
    }
    let value = Value::parse(text)?;
    if value.text("type") == Some("test") {
        if value.text("event") != Some("failed") {
            return None;
        }
        let name = value.text("name")?.to_owned();
        return Some(Report::FailedTest { name, output: value.text("stdout")?.to_owned() });
    }
    // Cargo wraps rustc's object.
    let message = match value.get("message")? {
        wrapped @ Value::Object(_) => wrapped,
        _ => &value,
    };
    diagnostic(message).map(|found| Report::Diagnostic(Box::new(found)))
}

fn diagnostic(value: &Value) -> Option<Diagnostic> {
    let message = value.text("message")?;
    let severity = match value.text("level")? {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        level if level.starts_with("error: internal compiler error") => Severity::Fatal,
        _ => return None,
    };
    // All formats of rustc have this list, even if empty; other tools' objects do not.
    value.get("spans")?;
    if is_generic_closing_line(message)
        || message.ends_with("warnings emitted")
        || message.ends_with("warning emitted")
    {
        return None;
    }
    let code = value.get("code").and_then(|code| code.text("code")).map(str::to_owned);
    let location = value
        .list("spans")
        .iter()
        .find(|span| span.get("is_primary").is_some_and(Value::is_true))
        .and_then(place);
    let mut context = Context::default();
    if let Some(rendered) = value.text("rendered") {
        for line in rendered.lines() {
            context.push(&without_colour(line));
        }
    } else {
        for child in value.list("children") {
            if let (Some(level), Some(text)) = (child.text("level"), child.text("message")) {
                context.push(&format!("{level}: {text}"));
            }
        }
    }
    let is_clippy = code.as_deref().is_some_and(|code| code.starts_with("clippy::"));
    Some(Diagnostic {
        tool: if is_clippy { "clippy" } else { "rustc" }.to_owned(),
        error_type: code
            .clone()
            .unwrap_or_else(|| if severity == Severity::Warning { "lint" } else { "rustc" }.to_owned()),
        kind: if is_clippy { Kind::Lint } else { Kind::Compile },
        code,
        message: message.to_owned(),
        severity,
        location,
        context: context.take(),
        ..Diagnostic::default()
    })
}

/// The location of a span, or of the macro call that it was expanded from if the span is in a library.
fn place(span: &Value) -> Option<Location> {
    let mut span = span;
    for _ in 0..64 {
        let path = span.text("file_name")?;
        let outside = path.starts_with("/rustc/") || path.starts_with('<') && path.ends_with("macros>");
        match span.at(&["expansion", "span"]) {
            Some(caller) if outside => span = caller,
            _ => break,
        }
    }
    let position = |line: &str, column: &str| {
        span.number(line).map(|line| Position { line, column: span.number(column) })
    };
    let mut location = Location::file(span.text("file_name")?);
    location.start = position("line_start", "column_start");
    location.end = position("line_end", "column_end");
    Some(location)
}

/// Rendered text may be coloured, with escape codes encoded in the JSON.
fn without_colour(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest =
            after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.retain(|c| !c.is_control() || c == '\t');
    out
}
