//! Locations in the files that describe pipelines.
//!
//! ```text
//! The workflow is not valid. .github/workflows/till.yml (Line: 12, Col: 9): Unexpected value 'stepz'
//! Invalid workflow file: .github/workflows/till.yml#L12
//! /azure-pipelines.yml (Line: 3, Col: 5): Unexpected value 'stepz'
//! Unable to process file command 'output' successfully.
//! Invalid format 'till'
//! ```

use crate::text::Text;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{Needle, extension, leading_number, looks_like_path},
};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    placed(line).or_else(|| invalid(line)).or_else(|| command(line))
}

/// `… PATH (Line: 12, Col: 9): message`.
fn placed(line: &Text<'_>) -> Option<Diagnostic> {
    static PLACE: Needle = Needle::new(" (Line: ");
    let at = PLACE.find_among(line.characters, line.bare)?;
    let (number, rest) = leading_number(&line.bare[at + PLACE.text().len()..])?;
    let (column, rest) = leading_number(rest.strip_prefix(", Col: ")?)?;
    let message = rest.strip_prefix("): ")?.trim();
    // In such paths, spaces only occur before the file.
    let before = &line.bare[..at];
    let path = before.rsplit([' ', ':', '\n']).next().unwrap_or(before);
    if !looks_like_path(path) || !matches!(extension(path), "yml" | "yaml") {
        return None;
    }
    let tool = if path.contains(".github/") { "github-actions" } else { "azure-pipelines" };
    Some(Diagnostic {
        location: Some(Location::at(path.trim_start_matches('/'), number, Some(column))),
        ..line.found(tool, "workflow", Kind::Configuration, message)
    })
}

/// `Invalid workflow file: .github/workflows/till.yml#L12`, followed by the reason.
fn invalid(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("Invalid workflow file")?;
    let place = rest.trim_start_matches([':', ' ']);
    let location = match place.split_once("#L") {
        Some((path, number)) => {
            let number = leading_number(number).map_or(0, |(number, _)| number);
            Some(Location::at(path, number, None))
        }
        None => looks_like_path(place).then(|| Location::file(place)),
    };
    let found = line.found("github-actions", "workflow", Kind::Configuration, line.bare);
    Some(Diagnostic { location, role: Role::Summary, ..found })
}

/// `Invalid format 'till'` of a file command.
fn command(line: &Text<'_>) -> Option<Diagnostic> {
    let known = line.bare.starts_with("Invalid format '")
        || line.bare.starts_with("Invalid value. Matching delimiter");
    (known && line.is_error())
        .then(|| line.found("github-actions", "file-command", Kind::Configuration, line.bare))
}
