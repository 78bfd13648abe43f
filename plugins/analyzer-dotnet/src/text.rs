//! Prefixes of build tools and CI systems before the lines of .NET's tools: the node of a parallel build,
//! clocks, the name of a task.

use grimoire_plugin_sdk::{
    Line, Span,
    text::{Characters, trim, trim_start},
};

/// A line without such prefixes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// The original line.
    pub(crate) raw: &'a str,
    /// The text without surrounding white space.
    pub(crate) words: &'a str,
    /// Number of leading white space characters after the prefixes.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
    pub(crate) span: Span,
}

impl<'a> Text<'a> {
    pub(crate) fn of(line: &'a Line<'_>) -> Self {
        Self::new(&line.text, line.span)
    }

    fn new(raw: &'a str, span: Span) -> Self {
        // A quotation in a message.
        let mut rest = raw.strip_prefix("> ").unwrap_or(raw);
        for _ in 0..4 {
            let start = trim_start(rest);
            if !start.as_bytes().first().is_some_and(|byte| *byte == b'[' || byte.is_ascii_digit()) {
                break;
            }
            let Some(after) = after_tag(start).or_else(|| after_clock(start)).or_else(|| after_node(start))
            else {
                break;
            };
            rest = after;
        }
        let words = trim(rest);
        let indent = rest.len() - trim_start(rest).len();
        Self { raw, words, indent, characters: Characters::of(raw), span }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.words.is_empty()
    }
}

/// `[exec] `, `[xUnit.net 00:00:01.23] `, `[12:03:04 ERR] `.
fn after_tag(start: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let inner = start.strip_prefix('[')?;
    let end = inner.as_bytes().iter().take(LONGEST).position(|&byte| byte == b']')?;
    let (name, rest) = (&inner[..end], &inner[end + 1..]);
    let is_name = !name.is_empty()
        && name != "FAIL"
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b':' | b'.' | b'-' | b'_' | b'+')
        });
    match rest.as_bytes().first() {
        None if is_name => Some(rest),
        Some(b' ' | b'\t') if is_name => Some(&rest[1..]),
        _ => None,
    }
}

/// `14:57:50 `, `14:57:50.123 `.
fn after_clock(start: &str) -> Option<&str> {
    let clock = start.as_bytes().get(..8)?;
    let is_clock = clock
        .iter()
        .enumerate()
        .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    if !is_clock {
        return None;
    }
    let rest = &start[8..];
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(after) => after.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    rest.strip_prefix(' ')
}

/// `3>`, MSBuild's prefix for the output of a parallel project; `3:7>` includes its node.
fn after_node(start: &str) -> Option<&str> {
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    (rest.len() < start.len() && start.len() - rest.len() <= 8).then_some(rest)?.strip_prefix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_removed() {
        let table = [
            ("  3>a.cs(1,2): error CS1: x", "a.cs(1,2): error CS1: x", 0),
            ("14:57:50       [exec] 1>a.cs(1,2): error CS1: x", "a.cs(1,2): error CS1: x", 0),
            ("[xUnit.net 00:00:01.23]     A.B.C [FAIL]", "A.B.C [FAIL]", 4),
            ("    3:7>x", "x", 0),
            ("1) Failed : A.B.C", "1) Failed : A.B.C", 0),
            ("> a.cs(1,2): error CS1: x", "a.cs(1,2): error CS1: x", 0),
            ("  Failed A.B.C [1 ms]", "Failed A.B.C [1 ms]", 2),
        ];
        for (raw, text, indent) in table {
            let found = Text::new(raw, Span::default());
            assert_eq!((found.words, found.indent), (text, indent), "{raw}");
        }
    }
}
