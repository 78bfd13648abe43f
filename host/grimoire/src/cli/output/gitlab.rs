//! GitLab's Code Quality report: a list of issues, each with a fingerprint that identifies it in the next pipeline.

use std::collections::HashMap;
use std::io::{self, Write};

use grimoire_domain::diagnostic::{Role, Severity};
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{label, message_with_fixes, relative};

/// Writes the issues that have a place: GitLab accepts no others.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let issues: Vec<Value> = diagnosis.errors.iter().filter_map(|error| issue(error, &mut seen)).collect();
    serde_json::to_writer_pretty(&mut *output, &issues)?;
    writeln!(output)
}

fn issue(error: &DiagnosedError, seen: &mut HashMap<String, usize>) -> Option<Value> {
    let diagnostic = &error.diagnostic;
    let location = diagnostic.location.as_ref()?;
    let path = displayable(relative(&location.path)).into_owned();
    let line = location.start.map_or(1, |start| start.line);
    let check = label(diagnostic).unwrap_or(&diagnostic.tool);
    // Without the line number, which changes when a line is added above.
    let base = format!("{}\0{check}\0{path}\0{}", diagnostic.tool, diagnostic.message);
    let again = seen.entry(base.clone()).or_default();
    let fingerprint = hex::encode(&Sha256::digest(format!("{base}\0{again}"))[..16]);
    *again += 1;
    Some(json!({
        "type": "issue",
        "check_name": displayable(check),
        "description": message_with_fixes(error),
        "fingerprint": fingerprint,
        "severity": match diagnostic.severity {
            _ if diagnostic.role == Role::Consequence => "info",
            Severity::Fatal => "blocker",
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info | Severity::Hint => "info",
        },
        "location": { "path": path, "lines": { "begin": line } },
    }))
}
