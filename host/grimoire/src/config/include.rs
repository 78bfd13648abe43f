//! JSON files that are part of a plugin's configuration: `include = ["../.github/problem-matcher.json"]`.
//!
//! A plugin reads no files, and a team has its problem matchers in one. So the host reads it: the members of its object are
//! those of the table, and lists that are in both are joined.

use std::path::Path;

use serde_json::{Map, Value};

use super::file;

/// The key that is the host's own in every plugin's table.
const KEY: &str = "include";
/// Most files of one table.
const MOST_FILES: usize = 32;

/// The paths of a table, as they are written.
pub(super) fn paths(table: &Map<String, Value>) -> Result<Vec<&str>, String> {
    let Some(value) = table.get(KEY) else { return Ok(Vec::new()) };
    let list = value.as_array().map(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    match list.flatten() {
        Some(paths) if paths.len() <= MOST_FILES => Ok(paths),
        Some(paths) => Err(format!("{KEY}: names {} files, may name at most {MOST_FILES}", paths.len())),
        None => Err(format!("{KEY}: must be a list of JSON files")),
    }
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    file::found(path).map_err(|error| format!("{KEY}: {} cannot be read: {error}", path.display()))
}

/// Adds the members of a file's object to a table.
pub(super) fn add(table: &mut Map<String, Value>, path: &Path, text: &str) -> Result<(), String> {
    let shown = path.display();
    // The library's message may quote the text, but not its place.
    let members = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(format!("{KEY}: {shown} must have one JSON object")),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            return Err(format!("{KEY}: {shown} is no JSON at line {line}, column {column}"));
        }
    };
    for (name, value) in members {
        match (table.get_mut(&name), value) {
            (None, value) => {
                table.insert(name, value);
            }
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(_), _) => {
                return Err(format!("{KEY}: {shown} sets {name:?}, which is set already and is no list"));
            }
        }
    }
    Ok(())
}

/// Removes the key, which is not the plugin's.
pub(super) fn remove_key(table: &mut Map<String, Value>) {
    table.remove(KEY);
}
