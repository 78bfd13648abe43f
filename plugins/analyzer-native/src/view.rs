//! A line without the prefixes of build tools and people.

use crate::words::{self, Word};
use grimoire_plugin_sdk::{
    Line, Span,
    text::{Characters, place_at_start, place_in_parentheses, trim, trim_start},
};

/// Maximum number of prefixes removed from one line.
const PREFIXES: usize = 4;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The original line.
    pub(crate) raw: &'a str,
    /// The text without prefixes and surrounding white space.
    pub(crate) text: &'a str,
    /// Number of leading white space characters after the prefixes; a tab counts as one.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
    /// The first severity word after a colon.
    pub(crate) word: Option<Word>,
    pub(crate) span: Span,
    /// The number of the line.
    pub(crate) number: u64,
}

impl<'a> View<'a> {
    /// A line, or one of the lines in an annotation.
    pub(crate) fn new(raw: &'a str, line: &Line<'_>) -> Self {
        let (text, indent) = strip(raw);
        Self {
            raw,
            text,
            indent,
            word: words::first(text),
            characters: Characters::of(raw),
            span: line.span,
            number: line.number,
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// The line with its indentation, without prefixes.
    pub(crate) fn body(&self) -> &'a str {
        let end = self.raw.trim_end().len();
        let from = end.saturating_sub(self.text.len() + self.indent);
        let body = self.raw.get(from..end).unwrap_or(self.text);
        if body.len() == self.text.len() || body.starts_with([' ', '\t']) { body } else { self.text }
    }
}

/// The text without prefixes and white space, and the number of characters before it.
fn strip(line: &str) -> (&str, usize) {
    let mut text = line;
    let mut start = trim_start(text);
    // Indented text may look like a prefix.
    let before = text.len() - start.len();
    for _ in 0..PREFIXES {
        let Some(rest) = after_prefix(start) else { break };
        text = rest;
        start = trim_start(text);
    }
    (trim(start), before.max(text.len() - start.len()))
}

fn after_prefix(start: &str) -> Option<&str> {
    match start.as_bytes().first()? {
        b'[' => after_tag(start),
        b'(' => after_clock(&start[1..]).and_then(|rest| rest.strip_prefix(") ")),
        b'>' | b'|' => start[1..].strip_prefix(' '),
        b'0'..=b'9' => after_number(start),
        b'r' => start.strip_prefix("remote: "),
        // Cargo forwards the output of a build script's compiler.
        b'E' | b'W' | b'e' => after_annotation(start),
        b'c' => start.strip_prefix("cargo:warning=").or_else(|| start.strip_prefix("cargo::warning=")),
        b'w' => after_package(start.strip_prefix("warning: ")?),
        b'`' => start[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/').then(|| &start[1..]),
        _ => None,
    }
}

/// `Error: ` and `Warning: ` of GitHub's page before a location.
fn after_annotation(start: &str) -> Option<&str> {
    let rest = ["Error: ", "Warning: ", "error: "].iter().find_map(|word| start.strip_prefix(word))?;
    (place_at_start(rest).is_some() || place_in_parentheses(rest).is_some()).then_some(rest)
}

/// `lid-sys@1.2.3: `.
fn after_package(text: &str) -> Option<&str> {
    let (package, rest) = text.split_once(": ")?;
    let (name, version) = package.split_once('@')?;
    let good =
        !name.contains(' ') && version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(' ');
    good.then_some(rest)
}

/// `[exec] `, `[pot:build] `, `[09:14:02] `; never a test runner's `[ RUN      ]` or a progress `[ 50%]`.
fn after_tag(start: &str) -> Option<&str> {
    let inner = &start[1..];
    if let Some(rest) = after_clock(inner) {
        return rest.strip_prefix("] ");
    }
    let length = inner
        .bytes()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.' | b'/'))
        .count();
    let name = &inner[..length];
    // `[doctest]` begins that library's own lines.
    let good = name.bytes().any(|byte| byte.is_ascii_alphabetic()) && name != "doctest";
    good.then(|| inner[length..].strip_prefix("] ")).flatten()
}

/// `14:57:50` or `14:57:50.123`.
fn after_clock(text: &str) -> Option<&str> {
    let clock = text.as_bytes().first_chunk::<8>()?;
    let good = clock
        .iter()
        .enumerate()
        .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    let rest = good.then(|| &text[8..])?;
    Some(
        rest.strip_prefix(['.', ','])
            .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit())),
    )
}

/// `14:57:50 `, CTest's `12: `, MSBuild's `3>`, a builder's seconds `70.51 `.
fn after_number(start: &str) -> Option<&str> {
    if let Some(rest) = after_clock(start) {
        return rest.strip_prefix(' ');
    }
    let digits = start.bytes().take_while(u8::is_ascii_digit).count();
    let rest = (digits <= 6).then(|| &start[digits..])?;
    if let Some(rest) = rest.strip_prefix(": ").or_else(|| rest.strip_prefix('>')) {
        return (digits <= 4).then_some(rest);
    }
    let rest = rest.strip_prefix('.')?;
    let fraction = rest.bytes().take_while(u8::is_ascii_digit).count();
    ((1..=4).contains(&fraction)).then(|| rest[fraction..].strip_prefix(' ')).flatten()
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn takes_prefixes_off() {
        for (line, text, indent) in [
            ("make: x", "make: x", 0),
            ("  a.c:1: x ", "a.c:1: x", 2),
            ("[exec]   a.c:1: x", "a.c:1: x", 2),
            ("(09:14:02) ERROR: x", "ERROR: x", 0),
            ("[09:14:02.5] [lint] x", "x", 0),
            ("12:   x", "x", 2),
            ("3>pot.c(1): x", "pot.c(1): x", 0),
            ("> 70.51 x", "x", 0),
            ("[ RUN      ] A.B", "[ RUN      ] A.B", 0),
            ("[ 50%] x", "[ 50%] x", 0),
            ("[12/30] x", "[12/30] x", 0),
            ("1.2.3 x", "1.2.3 x", 0),
            ("    [http] x", "x", 4),
            ("warning: lid-sys@1.2.3: lid.c:1:2: x", "lid.c:1:2: x", 0),
            ("warning: lid@x: y", "warning: lid@x: y", 0),
        ] {
            assert_eq!(strip(line), (text, indent), "{line}");
        }
    }
}
