//! A line as the recognisers see it: without what build tools and people put before it.

use grimoire_plugin_sdk::{
    Line, Marker, Span,
    text::{Characters, trim, trim_start},
};

/// Prefixes taken off one line at most.
const PREFIXES: usize = 4;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// As the scan gave it.
    pub(crate) raw: &'a str,
    /// Without prefixes and without blanks around it.
    pub(crate) text: &'a str,
    /// Leading blanks after the prefixes; a tab counts as one.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack what most recognisers look for.
    pub(crate) characters: Characters,
    pub(crate) span: Span,
    pub(crate) marker: Option<Marker>,
    /// The number of the line.
    pub(crate) number: u64,
}

impl<'a> View<'a> {
    /// A line, or one of those that an annotation encodes in one.
    pub(crate) fn new(raw: &'a str, line: &Line<'_>) -> Self {
        let (text, indent) = strip(raw);
        Self {
            raw,
            text,
            indent,
            characters: Characters::of(raw),
            span: line.span,
            marker: line.marker,
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
        self.raw.get(from..end).unwrap_or(self.text)
    }
}

/// The text without prefixes and blanks, and the blanks before it.
fn strip(line: &str) -> (&str, usize) {
    let mut text = line;
    let mut start = trim_start(text);
    for _ in 0..PREFIXES {
        let Some(rest) = after_prefix(start) else { break };
        text = rest;
        start = trim_start(text);
    }
    (trim(start), text.len() - start.len())
}

fn after_prefix(start: &str) -> Option<&str> {
    match start.as_bytes().first()? {
        b'[' => after_tag(start),
        b'(' => after_clock(&start[1..]).and_then(|rest| rest.strip_prefix(") ")),
        b'>' | b'|' => start[1..].strip_prefix(' '),
        b'0'..=b'9' => after_number(start),
        b'r' => start.strip_prefix("remote: "),
        _ => None,
    }
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
    Some(rest.strip_prefix(['.', ',']).map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit())))
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
        ] {
            assert_eq!(strip(line), (text, indent), "{line}");
        }
    }
}
