//! Exception types with their messages, in the formats of test runners.

use grimoire_plugin_sdk::{
    Location,
    text::{Place, leading_number, place_at_end},
};

/// An exception.
#[derive(Debug, Default)]
pub(crate) struct Thrown {
    pub(crate) name: String,
    pub(crate) message: String,
}

/// The innermost message, else only the types.
pub(crate) fn words(thrown: &[Thrown]) -> String {
    if let Some(at) = thrown.iter().rposition(|thrown| !thrown.message.trim().is_empty()) {
        // `Cannot run program "till": error=2, No such file or directory` says more than its cause, which it ends with.
        let told = thrown[at].message.trim().lines().next().unwrap_or_default();
        let outer = thrown[..at].iter().rev().find(|outer| {
            let outer = outer.message.trim();
            told.starts_with("error=") && outer.len() > told.len() && outer.ends_with(told)
        });
        let thrown = outer.unwrap_or(&thrown[at]);
        let message = trimmed(&thrown.message);
        // A host, a class, `null`: a single word is meaningless without the type.
        let simple = thrown.name.rsplit(['.', '$']).next().unwrap_or_default();
        let is_word = !message.contains(char::is_whitespace) && !simple.is_empty();
        return if is_word { format!("{simple}: {message}") } else { message };
    }
    let names: Vec<_> =
        thrown.iter().map(|thrown| thrown.name.as_str()).filter(|name| !name.is_empty()).collect();
    match names.as_slice() {
        [] => "the test failed without a message".to_owned(),
        [name] => (*name).to_owned(),
        [first, .., last] => format!("{first} caused by {last}"),
    }
}

/// Errors that are never logged on purpose, with or without a stack.
pub(crate) fn is_fatal(thrown: &[Thrown]) -> bool {
    thrown.first().is_some_and(|thrown| {
        matches!(
            thrown.name.as_str(),
            "java.lang.OutOfMemoryError" | "java.lang.UnsupportedClassVersionError"
        ) || thrown.message.starts_with("Unsupported class file major version")
    })
}

/// A message without surrounding blank lines and trailing spaces.
fn trimmed(message: &str) -> String {
    let lines: Vec<_> = message.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines[first..].join("\n").trim().to_owned()
}

/// A type and the text after `: `. Qualified, unless the context shows that something was thrown.
pub(crate) fn thrown(text: &str, certain: bool) -> Option<(&str, &str)> {
    const ENDINGS: [&str; 11] = [
        "Exception",
        "Error",
        "Failure",
        "Throwable",
        "Failed",
        "Abort",
        "Interrupt",
        "Fault",
        "Violation",
        "Timeout",
        "ExceptionInInitializerError",
    ];
    let end = text.bytes().position(|byte| matches!(byte, b':' | b' ' | b'(' | b'\t')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let last = match name.rsplit_once('.') {
        Some((_, last)) => last,
        None if certain => name,
        None => return None,
    };
    let has_package = last.len() < name.len();
    let shaped = name.len() <= 200
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && name.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'-'))
        })
        // Packages are in lower case; a capital letter at the start means .NET.
        && name.starts_with(|c: char| if has_package { c.is_ascii_lowercase() } else { c.is_ascii_uppercase() });
    let named = ENDINGS.iter().any(|ending| last.ends_with(ending));
    if !shaped || !(named || certain && has_package) {
        return None;
    }
    let message = match rest.as_bytes() {
        [] => "",
        [b':', ..] => rest[1..].trim(),
        _ if after_at(text).is_some() => "",
        [b' ', b'(', ..] if has_package => rest.trim(),
        _ => return None,
    };
    Some((name, message))
}

/// The text after the type and `at` in Gradle's short format: file and line.
fn after_at(text: &str) -> Option<Place<'_>> {
    let (name, place) = text.split_once(" at ")?;
    if name.contains(' ') || place.contains(' ') {
        return None;
    }
    place_at_end(place)
}

/// The location in Gradle's short format; none for Kotlin's own sources, which are not the user's.
pub(crate) fn short_place(text: &str) -> Option<Location> {
    after_at(text)
        .filter(|place| !place.path.contains("/kotlin-native/runtime/"))
        .map(|place| place.location())
}

/// `1 did not equal 2 (PotSpec.scala:12)`.
pub(crate) fn scala_place(text: &str) -> Option<(&str, Location)> {
    let (message, place) = text.strip_suffix(')')?.rsplit_once(" (")?;
    let (file, line) = place.rsplit_once(':')?;
    let (line, rest) = leading_number(line)?;
    let is_source = [".scala", ".java", ".kt"].iter().any(|end| file.ends_with(end));
    (rest.is_empty() && is_source && !message.is_empty()).then(|| (message, Location::at(file, line, None)))
}
