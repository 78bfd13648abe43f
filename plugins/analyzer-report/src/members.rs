//! Members of JSON objects, under the various names and spellings of tools.

use crate::place::severity;
use crate::shapes;
use grimoire_plugin_sdk::{Severity, json::Value};

const SEVERITIES: &[&str] =
    &["severity", "level", "ruleseverity", "issueseverity", "messageseverity", "type", "priority", "impact"];

/// The member with this name, in any spelling.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Object(members) = value else { return None };
    let is = |key: &str| {
        let mut letters =
            key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
        name.bytes().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
    };
    members.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
}

pub(crate) fn number(value: &Value, names: &[&str]) -> Option<u32> {
    names.iter().find_map(|name| whole(member(value, name)?))
}

/// A number, a number in quotes, or the first one in a list.
pub(crate) fn whole(value: &Value) -> Option<u32> {
    value
        .as_number()
        .or_else(|| value.as_text()?.trim().parse().ok())
        .or_else(|| value.as_list().first()?.as_number())
}

/// A text, a text inside an object under such a name, or a list of pieces as Elm prints it.
pub(crate) fn text(value: &Value) -> Option<String> {
    if let Some(text) = value.as_text() {
        return Some(text.to_owned());
    }
    if value.as_list().first().is_some_and(|first| first.as_text().is_some()) {
        let pieces = value.as_list().iter();
        let whole: String =
            pieces.filter_map(|piece| piece.as_text().or_else(|| piece.text("string"))).collect();
        // The source is below the first paragraph.
        return whole.split("\n\n").find(|text| !text.trim().is_empty()).map(|text| text.trim().to_owned());
    }
    ["text", "body", "markdown"]
        .iter()
        .find_map(|name| member(value, name).and_then(Value::as_text))
        .map(str::to_owned)
}

/// A code: a text or a number; `{"value": …}` of rdjson, `{"name": …}`, or the first one in a list.
pub(crate) fn code(value: &Value) -> Option<String> {
    value
        .as_text()
        .or_else(|| {
            ["value", "name", "code", "id"]
                .iter()
                .find_map(|name| member(value, name).and_then(Value::as_text))
        })
        .or_else(|| value.as_list().first()?.as_text())
        .filter(|code| !code.is_empty())
        .map(str::to_owned)
        .or_else(|| value.as_number().map(|number| number.to_string()))
}

pub(crate) fn level(value: &Value) -> Option<Severity> {
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

pub(crate) fn severity_of(value: &Value) -> Option<Severity> {
    // Spectral and language servers number severities from the most severe.
    if counts_from_zero(value)
        && let Some(number) = value.number("severity")
    {
        let has_zero = value.get("path").is_some();
        return Some(match number + u32::from(has_zero) {
            0 | 1 => Severity::Error,
            2 => Severity::Warning,
            _ => Severity::Info,
        });
    }
    SEVERITIES
        .iter()
        .find_map(|name| level(member(value, name)?))
        .or_else(|| level(value.at(&["rule", "severity"])?))
        .or_else(|| level(value.at(&["extra", "severity"])?))
        // The form of unified's linters.
        .or_else(|| match member(value, "fatal")? {
            Value::Boolean(fatal) => Some(if *fatal { Severity::Error } else { Severity::Warning }),
            _ => None,
        })
}

/// `{"range": {"start": {"line": 13, "character": 8}}}`.
pub(crate) fn counts_from_zero(value: &Value) -> bool {
    value.at(&["range", "start", "character"]).is_some()
}

/// The tool, if the finding names it.
pub(crate) fn tool(value: &Value) -> Option<&str> {
    ["fromlinter", "tool", "enginename", "linter"]
        .iter()
        .find_map(|name| member(value, name).and_then(Value::as_text))
        .or_else(|| value.at(&["source", "name"])?.as_text())
        .filter(|name| !name.is_empty() && !name.contains(' '))
        .or_else(|| shapes::tool(|name| member(value, name).is_some()))
}
