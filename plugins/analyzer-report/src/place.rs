//! Locations in the messages of failed tests, and names of severities.

use grimoire_plugin_sdk::{
    Frame, Location, Severity, path,
    text::{leading_number, place_at_start},
};

/// Maximum number of frames read from one failure.
const FRAMES: usize = 64;

/// The lines of a text with a location, innermost first as printed.
pub(crate) fn frames(text: &str) -> Vec<Frame> {
    text.lines().filter_map(frame).take(FRAMES).collect()
}

/// The user's first own location among frames.
pub(crate) fn own(frames: &[Frame]) -> Option<Location> {
    frames.iter().filter_map(|frame| frame.location.as_ref()).find(|place| path::is_own(&place.path)).cloned()
}

fn frame(line: &str) -> Option<Frame> {
    let text = line.trim();
    let is_jvm =
        text.starts_with("at ") && text.ends_with(')') && !text.contains('/') && !text.contains('\\');
    if is_jvm {
        let location = in_parentheses(text)?;
        return Some(Frame { function: None, location: Some(location), text: text.to_owned() });
    }
    let location = in_words(text).or_else(|| text.split([' ', '(', '[', '"', '\'']).find_map(at_start))?;
    Some(Frame { function: None, location: Some(location), text: text.to_owned() })
}

fn at_start(word: &str) -> Option<Location> {
    let place = place_at_start(word)?;
    (place.line > 0).then(|| place.location())
}

/// `File "a.py", line 3`, `in C:\a.cs:line 3`, `/a.php:3`.
fn in_words(text: &str) -> Option<Location> {
    if let Some(rest) = text.strip_prefix("File \"") {
        let (path, rest) = rest.split_once("\", line ")?;
        return Some(Location::at(path, leading_number(rest)?.0, None));
    }
    let (before, rest) = text.rsplit_once(":line ")?;
    let (_, path) = before.rsplit_once(" in ")?;
    Some(Location::at(path, leading_number(rest)?.0, None))
}

/// Packages of runtimes and test frameworks.
const FOREIGN: [&str; 10] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "org.junit.",
    "org.testng.",
    "org.hamcrest.",
    "org.assertj.",
    "kotlin.",
    "org.gradle.",
];

/// `at org.example.Pot.boil(Pot.java:14)`: only the file is named.
fn in_parentheses(text: &str) -> Option<Location> {
    let inner = text.strip_suffix(')')?.rsplit_once('(')?.1;
    let place = place_at_start(inner)?;
    let function = text.strip_prefix("at ")?;
    if FOREIGN.iter().any(|package| function.starts_with(package)) {
        return None;
    }
    Some(place.location())
}

/// The severity that a tool's word means.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "error" | "err" | "fatal" | "high" | "critical" | "blocker" | "failure" | "e" | "f" | "2"
        | "severe" => Severity::Error,
        "warning" | "warn" | "major" | "medium" | "moderate" | "style" | "performance" | "portability"
        | "w" | "low" | "minor" | "1" | "convention" | "refactor" | "c" | "r" => Severity::Warning,
        "info" | "information" | "note" | "notice" | "suggestion" | "i" | "none" => Severity::Info,
        "hint" | "help" => Severity::Hint,
        _ => return None,
    })
}
