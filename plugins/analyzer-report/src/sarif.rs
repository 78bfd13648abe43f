//! SARIF (OASIS): runs of tools with rules and results.

use crate::place::severity;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Position, Severity, Span, json::Value};

/// Reads a SARIF log; returns whether it is one.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    let runs = value.list("runs");
    if runs.is_empty() || value.get("version").is_none() {
        return false;
    }
    for run in runs {
        let driver = run.at(&["tool", "driver"]);
        let tool = driver.and_then(|driver| driver.text("name")).unwrap_or("sarif");
        let rules = driver.map(|driver| driver.list("rules")).unwrap_or_default();
        out.extend(run.list("results").iter().filter_map(|found| result(found, tool, rules, span)));
    }
    true
}

fn result(found: &Value, tool: &str, rules: &[Value], span: Span) -> Option<Diagnostic> {
    // A suppressed result, or one that only reports success.
    if !found.list("suppressions").is_empty() || matches!(found.text("kind"), Some("pass" | "notApplicable"))
    {
        return None;
    }
    let rule = found.get("ruleIndex").or_else(|| found.at(&["rule", "index"])).and_then(Value::as_number);
    let rule = rule.and_then(|index| rules.get(usize::try_from(index).ok()?)).or_else(|| {
        rules.iter().find(|rule| rule.text("id").is_some_and(|id| Some(id) == found.text("ruleId")))
    });
    let code =
        found.text("ruleId").or_else(|| found.at(&["rule", "id"])?.as_text()).or_else(|| rule?.text("id"));
    let message = message(found, rule)?;
    let level = found
        .text("level")
        .or_else(|| rule?.at(&["defaultConfiguration", "level"])?.as_text())
        .unwrap_or("warning");
    Some(Diagnostic {
        tool: tool.to_lowercase(),
        error_type: code.unwrap_or("finding").to_owned(),
        code: code.map(str::to_owned),
        message,
        severity: severity(level).unwrap_or(Severity::Warning),
        kind: Kind::Lint,
        location: found.list("locations").iter().find_map(location),
        span,
        ..Diagnostic::default()
    })
}

/// The text, or that of the rule with the result's arguments inserted.
fn message(found: &Value, rule: Option<&Value>) -> Option<String> {
    let message = found.get("message")?;
    if let Some(text) = message.text("text").or_else(|| message.text("markdown")) {
        return Some(fill(text, message.list("arguments")));
    }
    let id = message.text("id")?;
    let text = rule?.at(&["messageStrings", id, "text"])?.as_text()?;
    Some(fill(text, message.list("arguments")))
}

/// Replaces `{0}`, `{1}` by the arguments.
fn fill(text: &str, arguments: &[Value]) -> String {
    let mut filled = text.to_owned();
    for (index, argument) in arguments.iter().enumerate().take(16) {
        if let Some(argument) = argument.as_text() {
            filled = filled.replace(&format!("{{{index}}}"), argument);
        }
    }
    filled
}

fn location(value: &Value) -> Option<Location> {
    let physical = value.get("physicalLocation")?;
    let uri = physical.at(&["artifactLocation", "uri"])?.as_text()?;
    let region = physical.get("region");
    let number = |name: &str| region.and_then(|region| region.number(name));
    let start = number("startLine").unwrap_or_default();
    let mut location = Location::at(&unescaped(uri), start, number("startColumn"));
    location.end = number("endLine").map(|line| Position { line, column: number("endColumn") });
    Some(location)
}

/// Resolves a URI's escapes; invalid ones are kept.
fn unescaped(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code.filter(|_| byte == b'%') {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| uri.to_owned())
}
