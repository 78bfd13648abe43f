//! Files mentioned in an error without a location.

use crate::tool;
use grimoire_plugin_sdk::text::looks_like_path;

/// The file that a line is about: its object, or the file at its start or at the end of its message.
pub(crate) fn file<'a>(line: &'a str, message: &'a str) -> Option<&'a str> {
    object_file(line).or_else(|| file_first(line)).or_else(|| file_last(message))
}

/// The file in `tea.desktop: error: message`.
fn file_first(text: &str) -> Option<&str> {
    let (path, _) = text.split_once(": ")?;
    is_file(path).then_some(path)
}

/// The file at the end of `could not resolve './kettle' in src/brew.js`, `… from "src/brew.js"`, `… for src/tea.css`.
fn file_last(message: &str) -> Option<&str> {
    let (before, name) = message.trim_end_matches('.').rsplit_once(' ')?;
    let name = name.trim_matches(['"', '\'', '`']);
    let is_announced = [" in", " from", " for", " by"].iter().any(|word| before.ends_with(word));
    (is_announced && name.contains('/') && is_file(name)).then_some(name)
}

/// Returns true if a word is the name of a source file.
pub(crate) fn is_file(name: &str) -> bool {
    looks_like_path(name) && tool::is_source(name)
}

/// The source in `main.c:(.text+0x5): undefined reference`.
fn object_file(text: &str) -> Option<&str> {
    let (before, _) = text.split_once(":(.")?;
    let name = before.rsplit(": ").next().unwrap_or_default();
    (name.contains('.') && !name.contains(' ')).then_some(name)
}
