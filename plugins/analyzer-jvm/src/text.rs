//! Prefixes that build tools and CI systems add to the lines of other tools: `[ERROR] `, `[javac] `,
//! clocks, dates.

use grimoire_plugin_sdk::{
    Line, Span,
    text::{Characters, trim, trim_start},
};

/// The level given by a line's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Info,
}

/// A line without such prefixes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// The original line.
    pub(crate) raw: &'a str,
    /// The text without prefixes, with the spaces after them.
    pub(crate) body: &'a str,
    /// The text without surrounding white space.
    pub(crate) words: &'a str,
    /// Number of leading spaces after the prefixes.
    pub(crate) indent: usize,
    /// The level in a prefix.
    pub(crate) level: Option<Level>,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
    pub(crate) span: Span,
}

impl<'a> Text<'a> {
    pub(crate) fn of(line: &'a Line<'_>) -> Self {
        Self::new(&line.text, line.span)
    }

    fn new(raw: &'a str, span: Span) -> Self {
        let mut level = None;
        // Markdown in a pasted line.
        let mut rest = match raw.strip_prefix('`') {
            Some(inner) if !inner.starts_with('`') => inner.trim_end_matches('`'),
            _ => raw,
        };
        for _ in 0..6 {
            let start = trim_start(rest);
            // A prefix begins with one of these; nearly all lines do not.
            if !start.as_bytes().first().is_some_and(|byte| {
                matches!(byte, b'[' | b'(' | b'E' | b'W' | b'b' | b'e' | b's') || byte.is_ascii_digit()
            }) {
                break;
            }
            let after = after_tag(start, &mut level)
                .or_else(|| after_word(start, &mut level))
                .or_else(|| after_date(start))
                .or_else(|| after_clock(start))
                .or_else(|| after_bamboo(start))
                .or_else(|| after_mill(start));
            let Some(after) = after else { break };
            rest = after;
        }
        let words = trim(rest);
        let indent = rest.len() - trim_start(rest).len();
        Self { raw, body: rest, words, indent, level, characters: Characters::of(raw), span }
    }

    /// The same line without a quotation mark, if it has one.
    pub(crate) fn unquoted(&self) -> Option<Self> {
        let body = self.words.strip_prefix('>')?;
        let body = body.strip_prefix(' ').unwrap_or(body);
        let words = trim(body);
        let indent = body.len() - trim_start(body).len();
        Some(Self { body, words, indent, ..*self })
    }

    /// Returns true if the line contains only prefixes.
    pub(crate) fn is_blank(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns true if a prefix says that it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.level == Some(Level::Error)
    }
}

/// `[ERROR] `, `[javac] `, `[ant:checkstyle] `, `[  +12 ms] `, `[13:22:11] `, `21786 [ERROR] `.
fn after_tag<'a>(start: &'a str, level: &mut Option<Level>) -> Option<&'a str> {
    const LONGEST: usize = 48;
    let digits = start.bytes().take_while(u8::is_ascii_digit).count();
    let tag = if digits > 0 { start[digits..].strip_prefix(' ')? } else { start };
    let inner = tag.strip_prefix('[')?;
    let end = inner.as_bytes().iter().take(LONGEST).position(|&byte| byte == b']')?;
    let (name, rest) = (&inner[..end], &inner[end + 1..]);
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) || !is_tag(name) {
        return None;
    }
    match name.trim() {
        "ERROR" | "error" | "FATAL" | "SEVERE" | "Fatal Error" => *level = Some(Level::Error),
        "WARNING" | "WARN" | "warn" | "warning" => *level = Some(Level::Warning),
        "INFO" | "info" | "DEBUG" | "debug" | "LIFECYCLE" | "QUIET" => *level = Some(Level::Info),
        _ => {}
    }
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// Returns true if a text in brackets is the prefix of a tool: not a code such as `CXX1101`, and not a location.
fn is_tag(name: &str) -> bool {
    let is_code = name.len() > 3
        && name.ends_with(|c: char| c.is_ascii_digit())
        && name.starts_with(|c: char| c.is_ascii_uppercase());
    // `X` marks a failed test in a tree.
    !name.is_empty()
        && name != "X"
        && !is_code
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b':' | b'-' | b'_' | b'%' | b' ' | b'+' | b',' | b'.' | b'$')
        })
}

/// `Error:  `, which GitHub's web page shows for `[ERROR] `, and `Error: ` before a path, for its marker.
fn after_word<'a>(start: &'a str, level: &mut Option<Level>) -> Option<&'a str> {
    let (rest, found) = match start.strip_prefix("Error:") {
        Some(rest) => (rest, Level::Error),
        None => (start.strip_prefix("Warning:")?, Level::Warning),
    };
    let inner = rest.strip_prefix(' ').unwrap_or(rest);
    let is_marker = rest.is_empty() || inner.starts_with(' ') || begins_with_path(inner);
    if !is_marker {
        return None;
    }
    *level = Some(found);
    Some(inner.strip_prefix(' ').unwrap_or(inner))
}

fn begins_with_path(text: &str) -> bool {
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    text.starts_with('/')
        || text.starts_with("file:/")
        || text.starts_with("e: ")
        || text.starts_with("Exception in thread ")
        || matches!(text.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
        || [".java:", ".kt:", ".kts:", ".scala:", ".groovy:"].iter().any(|end| word.contains(end))
}

/// `2024-09-15 07:40:01,123 `, `2024-09-15T07:40:01.123+0200 `.
fn after_date(start: &str) -> Option<&str> {
    let bytes = start.as_bytes();
    let date = bytes.get(..10)?;
    let is_date = date.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_date || !matches!(bytes.get(10), Some(b' ' | b'T')) {
        return None;
    }
    let rest = after_time(start.get(11..)?)?;
    let rest = match rest.as_bytes() {
        [b'Z', ..] => &rest[1..],
        [b'+' | b'-', zone @ ..] => {
            let length = zone.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b':').count();
            &rest[1 + length..]
        }
        _ => rest,
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `14:57:50`, `14:57:50.123` and what follows.
fn after_time(start: &str) -> Option<&str> {
    let clock = start.as_bytes().get(..8)?;
    let is_clock = clock
        .iter()
        .enumerate()
        .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    if !is_clock {
        return None;
    }
    let rest = &start[8..];
    Some(match rest.strip_prefix(['.', ',']) {
        Some(after) => after.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    })
}

/// `14:57:50 `, `14:57:50.123 `, `(14:57:50) `.
fn after_clock(start: &str) -> Option<&str> {
    if let Some(inner) = start.strip_prefix('(') {
        return after_time(inner)?.strip_prefix(") ");
    }
    let rest = after_time(start)?;
    rest.strip_prefix(' ')
}

/// `build<TAB>15-Jan-2024 10:20:30<TAB>`, as printed by Bamboo.
fn after_bamboo(start: &str) -> Option<&str> {
    let (kind, rest) = start.split_once('\t')?;
    if !matches!(kind, "build" | "error" | "simple") {
        return None;
    }
    let (date, rest) = rest.split_once('\t')?;
    let (_, time) = date.split_once(' ')?;
    after_time(time)?.is_empty().then_some(rest)
}

/// `build.mill-68] `, `68] `: the number of a task of Mill, which its lines repeat.
fn after_mill(start: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let end = start.as_bytes().iter().take(LONGEST).position(|&byte| byte == b']')?;
    let (name, number) = match start[..end].rsplit_once('-') {
        Some((name, number)) => (name, number),
        None => ("", &start[..end]),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !(name.is_empty() || name.starts_with("build.mill")) {
        return None;
    }
    start[end + 1..].strip_prefix(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_removed() {
        let table = [
            ("[ERROR]   PotTest.holds:12 x", "PotTest.holds:12 x", 2, Some(Level::Error)),
            ("Error:    PotTest.holds:12 x", "PotTest.holds:12 x", 2, Some(Level::Error)),
            ("    [javac] a.java:1: error: x", "a.java:1: error: x", 0, None),
            ("21786 [ERROR] x", "x", 0, Some(Level::Error)),
            ("[14:02:33] > Task :a", "> Task :a", 0, None),
            ("[  +12 ms] > Task :a", "> Task :a", 0, None),
            ("14:57:50.123 [WARN] x", "x", 0, Some(Level::Warning)),
            ("2024-09-15 07:40:01,123 [INFO] x", "x", 0, Some(Level::Info)),
            (
                "2024-09-15T07:40:01.123+0200 [ERROR] [org.gradle.a.B] * Where:",
                "* Where:",
                0,
                Some(Level::Error),
            ),
            ("build\t15-Jan-2024 10:20:30\t[ERROR] x", "x", 0, Some(Level::Error)),
            ("Error: /a/B.java:[1,2] x", "/a/B.java:[1,2] x", 0, Some(Level::Error)),
            (
                "Error: Could not find or load main class X",
                "Error: Could not find or load main class X",
                0,
                None,
            ),
            ("[CXX1101] NDK at x", "[CXX1101] NDK at x", 0, None),
            ("   | x", "| x", 3, None),
            ("68] [error] x", "x", 0, Some(Level::Error)),
            ("build.mill.yaml-68]   x", "x", 2, None),
            ("68]x", "68]x", 0, None),
            ("[ERROR]", "", 0, Some(Level::Error)),
            ("`> Class too large`", "> Class too large", 0, None),
            ("[", "[", 0, None),
        ];
        for (raw, text, indent, level) in table {
            let found = Text::new(raw, Span::default());
            assert_eq!((found.words, found.indent, found.level), (text, indent, level), "{raw}");
        }
    }
}
