//! Packages with a known vulnerability, identified by a public database, from dependency scanners.

use crate::members::{member, severity_of, text, tool};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span, json::Value};

/// A package with a known vulnerability, as reported by a dependency scanner: an identifier from a public database.
pub(crate) fn read(value: &Value, file: Option<&str>, span: Span) -> Option<Diagnostic> {
    const LISTS: [&str; 7] = ["CVE-", "GHSA-", "RUSTSEC-", "PYSEC-", "SNYK-", "GO-", "OSV-"];
    let named = |names: &[&str]| names.iter().find_map(|name| member(value, name)?.as_text());
    let id = named(&["vulnerabilityid", "id", "name", "cve"])
        .filter(|id| LISTS.iter().any(|list| id.starts_with(list)))
        // npm's advisories have their own numbers, and list the affected versions.
        .or_else(|| named(&["url"]).filter(|_| is_advisory(value))?.rsplit('/').next())?;
    let title = ["title", "description", "summary", "details", "message"]
        .iter()
        .find_map(|name| text(member(value, name)?))
        .filter(|title| !title.trim().is_empty())?;
    let package = named(&["pkgname", "packagename", "package", "modulename", "dependency"]);
    let version = named(&["installedversion", "version"]);
    let first = title.lines().next().unwrap_or(&title);
    let message = match (package, version) {
        (Some(package), Some(version)) => format!("{package} {version}: {first}"),
        (Some(package), None) => format!("{package}: {first}"),
        _ => first.to_owned(),
    };
    Some(Diagnostic {
        tool: tool(value).unwrap_or("audit").to_lowercase(),
        error_type: id.to_owned(),
        code: Some(id.to_owned()),
        message,
        severity: severity_of(value).unwrap_or(Severity::Error),
        kind: Kind::Dependency,
        location: file.map(Location::file),
        span,
        ..Diagnostic::default()
    })
}

/// Returns true for an npm advisory, in the reports of all npm versions.
fn is_advisory(value: &Value) -> bool {
    let has = |name: &str| member(value, name).is_some();
    has("title") && has("severity") && (has("vulnerableversions") || has("range") && has("dependency"))
}
