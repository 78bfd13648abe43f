//! The names in pytest's rules, headers and summary lines.

use grimoire_plugin_sdk::text::trim;

use crate::finding::is_python;
use crate::found::{exception_kind, is_surely_exception};

/// The text after the outcome of a failed test in the summary, or of a part of a test.
pub(super) fn after_outcome(text: &str) -> Option<&str> {
    let text = trim(text);
    if let Some(rest) = text.strip_prefix("FAILED ").or_else(|| text.strip_prefix("ERROR ")) {
        return Some(rest);
    }
    if let Some(rest) = text.strip_prefix("SUBFAIL") {
        // `SUBFAILED(i=0) path::test - …`, `SUBFAIL path::test - …`
        return rest.split_once(' ').map(|(_, rest)| {
            rest.split_once(") ").filter(|_| rest.starts_with(['(', '['])).map_or(rest, |(_, rest)| rest)
        });
    }
    None
}

/// The test's id and its message. Parameters in brackets may contain ` - `.
pub(super) fn split_id(rest: &str) -> (&str, &str) {
    let rest = rest.trim();
    let from = match rest.find('[') {
        Some(open) if !rest[..open].contains(" - ") => {
            rest[open..].find("] - ").map_or(open, |close| open + close)
        }
        _ => 0,
    };
    match rest[from..].find(" - ") {
        Some(at) => (rest[..from + at].trim(), rest[from + at + 3..].trim()),
        None => (rest, ""),
    }
}

/// Returns true if an id of the summary is a file or a test in a file.
pub(super) fn names_a_file(id: &str) -> bool {
    let path = id.split("::").next().unwrap_or(id);
    is_python(path) && !path.contains([' ', ':'])
}

/// The exception's type, if a message starts with one.
pub(super) fn kind_of(message: &str) -> Option<&str> {
    exception_kind(message.lines().next()?).filter(|kind| is_surely_exception(kind) || kind.contains('.'))
}

/// `E   ` and the error.
pub(super) fn is_error_line(text: &str) -> bool {
    text.strip_prefix("E   ").is_some_and(|rest| !rest.trim().is_empty())
}

/// The title of a line like `==== title ====`; `None` if there is none, empty for a bare rule.
#[inline]
pub(super) fn ruled(text: &str, rule: char) -> Option<&str> {
    // Nearly all lines end here: comparing a byte is faster than comparing a character.
    if text.as_bytes().first() != rule.encode_utf8(&mut [0; 4]).as_bytes().first() {
        return None;
    }
    let text = text.trim_end();
    if !text.starts_with(rule) || !text.ends_with(rule) || text.len() < 8 {
        return None;
    }
    let title = text.trim_matches(rule);
    if title.is_empty() {
        return Some("");
    }
    // `_ _ _ _` divides the frames of one failure.
    let title = title.strip_prefix(' ')?.strip_suffix(' ')?;
    title.contains(|c: char| c != rule && c != ' ').then_some(title)
}

/// Returns true if a title between underscores can be a test's name.
pub(super) fn is_test_name(title: &str) -> bool {
    title.starts_with("ERROR ")
        || title.starts_with("[doctest]")
        || !title.split('[').next().unwrap_or(title).contains(' ') && title.to_lowercase().contains("test")
}

/// `2 failed, 1 passed in 0.12s`: the report's end.
pub(super) fn is_totals(title: &str) -> bool {
    (title.starts_with(|c: char| c.is_ascii_digit())
        && title.contains(" in ")
        && title.ends_with(['s', ')'])
        && ["failed", "passed", "error", "skipped", "deselected", "xfailed", "warning"]
            .iter()
            .any(|word| title.contains(word)))
        || title.starts_with("no tests ran")
}

/// The test's name in a header: `ERROR at setup of test_x` is about `test_x`.
pub(super) fn plain_name(header: &str) -> &str {
    for start in ["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting "] {
        if let Some(name) = header.strip_prefix(start) {
            return name;
        }
    }
    if let Some(name) = header.strip_prefix("[doctest]") {
        return name.trim();
    }
    // Parts of a test are distinguished by their values: `test_x [message] (i=1)`.
    match header.split_once(' ') {
        Some((name, rest)) if rest.starts_with(['(', '[', '<']) && !name.contains('[') => name,
        _ => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_from_separators() {
        assert_eq!(ruled("==== FAILURES ====", '='), Some("FAILURES"));
        assert_eq!(
            ruled("_ ERROR collecting tests/test_x.py _", '_'),
            Some("ERROR collecting tests/test_x.py")
        );
        assert_eq!(ruled("_ _ _ _ _ _ _ _ _ _", '_'), None);
        assert_eq!(ruled("==========", '='), Some(""));
        assert_eq!(ruled("= x =", '='), None);
        assert_eq!(ruled("__init__.py", '_'), None);
    }

    #[test]
    fn ids_end_before_messages() {
        assert_eq!(split_id("a.py::f - x - y"), ("a.py::f", "x - y"));
        assert_eq!(split_id("a.py::f[a - b] - x"), ("a.py::f[a - b]", "x"));
        assert_eq!(split_id("a.py::f"), ("a.py::f", ""));
        assert_eq!(plain_name("test_x (i=1)"), "test_x");
    }
}
