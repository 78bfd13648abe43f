//! Reviewdog's diagnostic format in JSON.

use std::io::{self, Write};

use grimoire_domain::diagnostic::{Position, Role, Severity};
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;
use serde_json::{Value, json};

use super::{label, message_with_fixes, relative};

/// Writes the diagnostics that have a place: reviewdog shows no others.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let document = json!({
        "source": { "name": "grimoire" },
        "diagnostics": diagnosis.errors.iter().filter_map(diagnostic).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *output, &document)?;
    writeln!(output)
}

fn diagnostic(error: &DiagnosedError) -> Option<Value> {
    let diagnostic = &error.diagnostic;
    let place = diagnostic.location.as_ref()?;
    let mut location = json!({ "path": displayable(relative(&place.path)) });
    if let Some(start) = place.start {
        location["range"] = json!({ "start": position(start) });
        if let Some(end) = place.end {
            location["range"]["end"] = position(end);
        }
    }
    let mut value = json!({
        "message": message_with_fixes(error),
        "location": location,
        "severity": match diagnostic.severity {
            _ if diagnostic.role == Role::Consequence => "INFO",
            Severity::Fatal | Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info | Severity::Hint => "INFO",
        },
        "source": { "name": displayable(&diagnostic.tool) },
    });
    if let Some(label) = label(diagnostic) {
        value["code"] = json!({ "value": displayable(label) });
    }
    Some(value)
}

fn position(position: Position) -> Value {
    match position.column {
        Some(column) => json!({ "line": position.line, "column": column }),
        None => json!({ "line": position.line }),
    }
}
