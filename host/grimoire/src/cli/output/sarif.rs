//! SARIF 2.1.0 (OASIS), for code scanning and editors.

use std::collections::BTreeMap;
use std::io::{self, Write};

use grimoire_domain::diagnostic::{Diagnostic, Location, Role, Severity};
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;
use serde_json::{Value, json};

use super::{label, message_with_fixes, relative};

/// Writes one run per tool that reported something.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let mut runs: BTreeMap<&str, Vec<&DiagnosedError>> = BTreeMap::new();
    for error in &diagnosis.errors {
        runs.entry(&error.diagnostic.tool).or_default().push(error);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs.into_iter().map(|(tool, errors)| run(tool, &errors)).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *output, &document)?;
    writeln!(output)
}

fn run(tool: &str, errors: &[&DiagnosedError]) -> Value {
    let mut rules: Vec<&str> = errors.iter().filter_map(|error| label(&error.diagnostic)).collect();
    rules.sort_unstable();
    rules.dedup();
    json!({
        "tool": { "driver": {
            "name": displayable(tool),
            "rules": rules.iter().map(|rule| json!({ "id": displayable(rule) })).collect::<Vec<_>>(),
        } },
        "columnKind": "unicodeCodePoints",
        "results": errors.iter().map(|error| result(error, &rules)).collect::<Vec<_>>(),
    })
}

/// The fixes of an error, or the hints about it.
fn listed(error: &DiagnosedError, hints: bool) -> Vec<Value> {
    let listed = error.spells.iter().filter(|spell| spell.hint == hints);
    listed
        .map(|spell| json!({ "id": spell.id.0, "title": displayable(&spell.title), "score": spell.score }))
        .collect()
}

fn result(error: &DiagnosedError, rules: &[&str]) -> Value {
    let diagnostic = &error.diagnostic;
    let mut result = json!({
        "level": match diagnostic.severity {
            _ if diagnostic.role == Role::Consequence => "note",
            Severity::Error | Severity::Fatal => "error",
            Severity::Warning => "warning",
            Severity::Info | Severity::Hint => "note",
        },
        "message": { "text": message_with_fixes(error) },
        "occurrenceCount": error.count,
        "properties": {
            "spells": listed(error, false),
            "hints": listed(error, true),
        },
    });
    if let Some(rule) = label(diagnostic) {
        result["ruleId"] = json!(displayable(rule));
        result["ruleIndex"] = json!(rules.binary_search(&rule).ok());
    }
    if let Some(location) = &diagnostic.location {
        result["locations"] = json!([physical(location)]);
    }
    if !diagnostic.stack_trace.is_empty() {
        result["stacks"] = json!([stack(diagnostic)]);
    }
    result
}

fn physical(location: &Location) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&location.path) } });
    if let Some(start) = location.start {
        let mut region = json!({ "startLine": start.line });
        if let Some(column) = start.column {
            region["startColumn"] = json!(column);
        }
        if let Some(end) = location.end {
            region["endLine"] = json!(end.line);
            if let Some(column) = end.column {
                region["endColumn"] = json!(column);
            }
        }
        physical["region"] = region;
    }
    json!({ "physicalLocation": physical })
}

fn stack(diagnostic: &Diagnostic) -> Value {
    let frames = diagnostic.stack_trace.iter().map(|frame| {
        let mut location = frame.location.as_ref().map_or_else(|| json!({}), physical);
        location["message"] = json!({ "text": displayable(&frame.text) });
        json!({ "location": location })
    });
    json!({ "frames": frames.collect::<Vec<_>>() })
}

/// A path as a URI reference: everything except unreserved characters and slashes is escaped. Two slashes at the start
/// would denote a host.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    let path = relative(path);
    let path = if path.starts_with("//") { path.trim_start_matches('/') } else { path };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("./src/a b.rs"), "src/a%20b.rs");
        assert_eq!(uri("C:/x/é.rs"), "C%3A/x/%C3%A9.rs");
        assert_eq!(uri("//host.example/x"), "host.example/x");
        assert_eq!(uri(".////host.example/x"), "host.example/x");
    }
}
