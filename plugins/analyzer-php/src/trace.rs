//! PHP's locations and types, and the choice of the user's own code.

use grimoire_plugin_sdk::{
    Frame, Kind, Location,
    text::{Place, extension, leading_number, looks_like_path, place_at_start},
};

/// Returns true if a file belongs neither to a package nor to the interpreter or a tool.
pub(crate) fn is_own(path: &str) -> bool {
    const FOREIGN: [&str; 8] = [
        "/vendor/",
        "phar://",
        "/usr/share/php",
        "/usr/local/bin/",
        "/usr/bin/",
        ".phar",
        "/.composer/",
        "/pear/",
    ];
    !path.is_empty() && !path.starts_with("vendor/") && !FOREIGN.iter().any(|part| path.contains(part))
}

/// `/app/tests/PotTest.php:12` and nothing else.
pub(crate) fn place(start: &str) -> Option<Place<'_>> {
    if !start.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    place_at_start(start).filter(|place| place.rest.is_empty() && is_php(place.path))
}

/// Returns true for PHP files.
pub(crate) fn is_php(path: &str) -> bool {
    matches!(
        extension(path),
        "php" | "phpt" | "inc" | "phtml" | "module" | "install" | "phps" | "php5" | "theme"
    )
}

/// `message in /app/pot.php on line 3`.
pub(crate) fn on_line(text: &str) -> Option<(&str, Location)> {
    let (before, number) = text.rsplit_once(" on line ")?;
    let (number, rest) = leading_number(number)?;
    let (message, path) = before.rsplit_once(" in ")?;
    (rest.trim_matches(['.', ' ', ')']).is_empty() && path.len() < 1024)
        .then(|| (message, Location::at(path, number, None)))
}

/// `message in /app/pot.php:3`.
pub(crate) fn with_colon(text: &str) -> Option<(&str, Location)> {
    let (message, place) = text.rsplit_once(" in ")?;
    let place = place_at_start(place.trim()).filter(|place| place.rest.is_empty())?;
    Some((message, place.location()))
}

/// `#0 /app/pot.php(12): Pot->fill()`, `#1 [internal function]: f()`, `#2 {main}`.
pub(crate) fn frame(start: &str) -> Option<Frame> {
    let (_, rest) = leading_number(start.strip_prefix('#')?)?;
    let rest = rest.strip_prefix(' ')?;
    let text = start.to_owned();
    let Some((place, function)) = rest.split_once("): ") else {
        let known = rest == "{main}" || rest.starts_with("[internal function]");
        return known.then_some(Frame { function: None, location: None, text });
    };
    let (path, number) = place.rsplit_once('(')?;
    let (number, _) = leading_number(number)?;
    let location = looks_like_path(path).then(|| Location::at(path, number, None));
    Some(Frame { function: Some(function.to_owned()), location, text })
}

/// `App\PotException: message`: the class's own name and the message.
pub(crate) fn type_and_message(text: &str) -> Option<(&str, &str)> {
    let (name, message) = text.split_once(':')?;
    if !(message.is_empty() || message.starts_with(' ')) {
        return None;
    }
    Some((class(name)?, message.trim()))
}

/// The last part of a class name, if exceptions may have such a name.
pub(crate) fn class(name: &str) -> Option<&str> {
    let name = name.strip_prefix('\\').unwrap_or(name);
    let last = name.rsplit('\\').next()?;
    let shaped = name.len() <= 200
        && name.split('\\').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
    let named = ["Exception", "Error", "Failure", "Failed", "NotFound", "Interrupt"]
        .iter()
        .any(|end| last.ends_with(end));
    (shaped && (named || name.contains('\\'))).then_some(last)
}

/// The kind of failure, by type and message.
pub(crate) fn kind(error_type: &str, message: &str, otherwise: Kind) -> Kind {
    if message.contains("Connection refused")
        || message.contains("getaddrinfo")
        || message.contains("could not be downloaded")
    {
        Kind::Network
    } else if message.starts_with("Allowed memory size") || message.contains("Cannot allocate memory") {
        Kind::Resource
    } else if message.starts_with("Maximum execution time") || error_type == "ProcessTimedOutException" {
        Kind::Timeout
    } else if message.contains("Access denied for user") || message.contains("Permission denied") {
        Kind::Permission
    } else if error_type == "ParseError" {
        Kind::Compile
    } else {
        otherwise
    }
}
