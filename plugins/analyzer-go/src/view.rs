//! A line without the prefixes of task runners, clocks and people.

use grimoire_plugin_sdk::{
    Line, Span,
    text::{Characters, extension, place_at_start, trim_start},
};

/// Maximum number of prefixes removed from one line.
const PREFIXES: usize = 4;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The text without prefixes, with its indentation.
    pub(crate) body: &'a str,
    /// The text without leading white space.
    pub(crate) text: &'a str,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
    pub(crate) span: Span,
    /// The number of the line.
    pub(crate) number: u64,
}

impl<'a> View<'a> {
    /// A line, or one of the lines in an annotation.
    pub(crate) fn new(raw: &'a str, line: &Line<'_>) -> Self {
        let body = strip(raw.trim_end());
        Self {
            body,
            text: trim_start(body),
            characters: Characters::of(body),
            span: line.span,
            number: line.number,
        }
    }

    /// Number of leading spaces; a tab counts as four, as in the output of old versions of Go.
    pub(crate) fn indent(&self) -> usize {
        let blanks = &self.body[..self.body.len() - self.text.len()];
        blanks.bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum()
    }
}

fn strip(line: &str) -> &str {
    let mut body = line;
    for _ in 0..PREFIXES {
        let Some(rest) = after_prefix(trim_start(body)) else { break };
        body = rest;
    }
    body
}

fn after_prefix(start: &str) -> Option<&str> {
    match start.as_bytes().first()? {
        b'[' => after_tag(&start[1..]),
        b'(' => after_clock(&start[1..])?.strip_prefix(") "),
        b'>' | b'|' => start[1..].strip_prefix(' '),
        b'E' => {
            // GitHub's page prints this before an annotation.
            let rest = start.strip_prefix("Error: ")?;
            place_at_start(rest).filter(|place| extension(place.path) == "go").map(|_| rest)
        }
        b'0'..=b'9' => after_clock(start)?.strip_prefix(' '),
        _ => None,
    }
}

/// `[lint] `, `[pot:test] `, `[09:14:02] `. Ginkgo's `[FAILED]` and `[It]` are not prefixes.
fn after_tag(inner: &str) -> Option<&str> {
    if let Some(rest) = after_clock(inner) {
        return rest.strip_prefix("] ");
    }
    let length = inner
        .bytes()
        .take(40)
        .take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'-' | b'_' | b'/')
        })
        .count();
    inner[..length]
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic())
        .then(|| inner[length..].strip_prefix("] "))
        .flatten()
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
