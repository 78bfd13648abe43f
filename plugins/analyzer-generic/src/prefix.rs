//! What build tools put before the lines of the tools that they run: `[ERROR] `, `[javac] `, `3>`,
//! clocks.

use grimoire_plugin_sdk::{
    Severity,
    text::{Characters, trim, trim_start},
};

/// A line without such prefixes.
#[derive(Debug)]
pub(crate) struct Stripped<'a> {
    /// Without blanks around it.
    pub(crate) text: &'a str,
    /// The severity that a prefix named.
    pub(crate) level: Option<Severity>,
    /// Leading blanks of the line, after the prefixes.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack what most recognisers look for.
    pub(crate) characters: Characters,
}

pub(crate) fn strip(line: &str) -> Stripped<'_> {
    let mut level = None;
    let mut text = line;
    let mut indent = 0;
    for _ in 0..6 {
        let start = trim_start(text);
        // A tab stands for several blanks.
        indent = text[..text.len() - start.len()].bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
        let Some(rest) =
            after_tag(start, &mut level).or_else(|| after_node(start)).or_else(|| after_clock(start))
        else {
            break;
        };
        text = rest;
    }
    Stripped { text: trim(text), level, indent, characters: Characters::of(line) }
}

/// `[ERROR] `, `[javac] `, `[ant:checkstyle] `, `21786 [ERROR] `.
fn after_tag<'a>(start: &'a str, level: &mut Option<Severity>) -> Option<&'a str> {
    let tag = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let tag = if tag.len() < start.len() { tag.strip_prefix(' ')? } else { tag };
    let (name, rest) = tag.strip_prefix('[')?.split_once(']')?;
    let good = !name.is_empty()
        && name.len() <= 20
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b':' | b'-' | b'_' | b'%' | b' '))
        || name.ends_with('%');
    if !good || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    match name {
        "ERROR" | "error" | "FATAL" | "SEVERE" => *level = Some(Severity::Error),
        "WARNING" | "WARN" | "warn" | "warning" => *level = Some(Severity::Warning),
        "INFO" | "info" | "DEBUG" | "debug" => *level = Some(Severity::Info),
        _ => {}
    }
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// `3>`, which MSBuild puts before the output of a parallel project; `3:7>` with its node.
fn after_node(start: &str) -> Option<&str> {
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    (rest.len() < start.len() && start.len() - rest.len() <= 8).then_some(rest)?.strip_prefix('>')
}

/// `14:57:50 ` or `14:57:50.123 `.
fn after_clock(start: &str) -> Option<&str> {
    let bytes = start.as_bytes();
    let clock = bytes.len() > 8
        && bytes[..8]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    if !clock {
        return None;
    }
    let rest = &start[8..];
    let rest = rest
        .strip_prefix(['.', ','])
        .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.starts_with(' ').then_some(rest)
}
