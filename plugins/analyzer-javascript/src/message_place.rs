//! Locations inside of messages.

use grimoire_plugin_sdk::Location;
use grimoire_plugin_sdk::text::{place_at_start, place_in_parentheses};

use crate::found::{is_own, is_script};

/// The location in a bundler's or compiler's message: `SyntaxError: /app/a.js: Unexpected token (3:1)`,
/// `RollupError: src/a.js (3:9): …`.
pub(crate) fn place_in_message(message: &str) -> Option<Location> {
    let first = message.lines().next()?;
    let (start, rest) = first.split_once(": ")?;
    if let Some(place) = place_in_parentheses(rest).filter(|place| is_script(place.path)) {
        return Some(place.location());
    }
    if let Some(place) = place_at_start(rest).filter(|place| is_script(place.path)) {
        return Some(place.location());
    }
    let (path, rest) = if is_script(start) { (start, rest) } else { rest.split_once(": ")? };
    let (line, column) = rest.rsplit_once('(')?.1.split_once(')')?.0.split_once(':')?;
    is_script(path).then(|| Some(Location::at(path, line.parse().ok()?, column.parse().ok())))?
}

/// `Timeout of 100ms exceeded. … (/app/test/lid.js)`, `SyntaxError[ @/app/lid.mjs ]: …`,
/// `Cannot find package 'jar' imported from /app/lid.mjs`.
pub(crate) fn file_in_message(message: &str) -> Option<Location> {
    let first = message.lines().next()?;
    let path = if let Some(rest) = first.strip_suffix(')') {
        rest.rsplit_once('(')?.1
    } else if let Some((_, importer)) = first.split_once(" imported from ") {
        importer.trim_matches(['\'', '"'])
    } else {
        first.split_once("[ @")?.1.split_once(" ]")?.0
    };
    (is_script(path) && is_own(path) && !path.contains(' ')).then(|| Location::file(path))
}
