//! The sentence in a line: without prefixes, and with the lines that continue it.

use std::borrow::Cow;

/// Minimum length in bytes of a line that may be wrapped.
const WIDTH: usize = 65;

/// Returns true if a line is the first part of a sentence that the next line continues.
pub(super) fn goes_on(text: &str, next: &str) -> bool {
    text.len() >= WIDTH
        && text.contains(' ')
        && text.ends_with(|c: char| c.is_ascii_alphabetic() || c == ',')
        && next.starts_with(|c: char| c.is_ascii_lowercase())
        && next.split(' ').next().is_some_and(|word| {
            word.trim_end_matches([':', ',', '.']).bytes().all(|byte| byte.is_ascii_lowercase())
        })
        && !next.contains('=')
}

/// The text of a line that only announces the next: `Compilation Error`, `The reasons are:`, `Error -----`.
pub(super) fn headline(text: &str) -> Option<&str> {
    if let Some(text) = text.strip_suffix(':') {
        return Some(text);
    }
    let words = text.trim_end_matches('-');
    if words.len() + 5 <= text.len() {
        return Some(words.trim_end()).filter(|words| !words.is_empty());
    }
    let last = text.rsplit(": ").next().unwrap_or(text);
    let is_title = last.starts_with(|c: char| c.is_ascii_uppercase()) && last.split(' ').count() <= 3;
    (is_title && (last.ends_with(" Error") || last.ends_with(" error"))).then_some(text)
}

/// A line without the prefixes of loggers: `[2026-03-06, 03:17:37 UTC] {run.py:93} INFO - `, `03:17:37  `.
pub(super) fn bare(text: &str) -> &str {
    let mut text = text;
    for _ in 0..3 {
        let rest = if let Some((_, rest)) = text
            .strip_prefix("[2")
            .and_then(|rest| rest.split_once(']'))
            .filter(|(time, _)| time.len() < 40 && time.contains(':'))
        {
            rest
        } else if let Some((_, rest)) = text
            .strip_prefix('{')
            .and_then(|rest| rest.split_once("} "))
            .filter(|(file, _)| file.contains(".py:"))
        {
            rest
        } else if let Some(rest) =
            ["INFO - ", "ERROR - ", "WARNING - "].iter().find_map(|level| text.strip_prefix(level))
        {
            rest
        } else if text.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && text.as_bytes().iter().take(8).filter(|byte| **byte == b':').count() == 2
            && let Some((_, rest)) = text.split_once(' ')
        {
            rest
        } else {
            break;
        };
        text = rest.trim_start();
    }
    text
}

/// The sentence of a line, without the level at its start.
pub(super) fn message(text: &str) -> &str {
    let mut message = text;
    for level in
        ["[ERROR]", "[error]", "[INFO]", "[FATAL]", "ERROR:", "Error:", "error:", "FATAL:", "fatal:", "ERROR"]
    {
        if let Some(rest) = message.strip_prefix(level)
            && !rest.trim().is_empty()
        {
            message = rest.trim_start_matches([':', ' ', '-', '~', '!']);
            break;
        }
    }
    if let Some(value) = message.strip_prefix("\"message\": \"") {
        message = value.trim_end_matches([',', '"']);
    }
    message.trim_end_matches([':', ' '])
}

/// The two columns of a table that dots connect: `spout ........ FAILURE [ 11.172 s]`.
pub(super) fn without_leader(message: &str) -> Cow<'_, str> {
    let columns = message.split_once(" ...").map(|(name, rest)| (name, rest.trim_start_matches('.')));
    match columns {
        Some((name, outcome)) if outcome.starts_with(' ') && !name.is_empty() => {
            let outcome = outcome.split_once(" [").map_or(outcome, |(outcome, _)| outcome);
            Cow::Owned(format!("{name}: {}", outcome.trim()))
        }
        _ => Cow::Borrowed(message),
    }
}
