//! Prefixes that build tools add to the lines of other tools: `[ERROR] `, `[javac] `, `3>`, clocks,
//! `+target | `.

use grimoire_plugin_sdk::{
    Severity,
    text::{Characters, trim, trim_start},
};

/// A line without such prefixes.
#[derive(Debug)]
pub(crate) struct Stripped<'a> {
    /// The text without surrounding white space.
    pub(crate) text: &'a str,
    /// The severity in a prefix.
    pub(crate) level: Option<Severity>,
    /// Number of leading white space characters after the prefixes.
    pub(crate) indent: usize,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub(crate) characters: Characters,
}

pub(crate) fn strip(line: &str) -> Stripped<'_> {
    let mut level = None;
    let mut text = line;
    let mut indent = 0;
    for _ in 0..6 {
        let start = trim_start(text);
        // A tab counts as several spaces.
        indent = text[..text.len() - start.len()].bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
        let Some(rest) = after_tag(start, &mut level)
            .or_else(|| after_logger(start, &mut level))
            .or_else(|| after_node(start))
            .or_else(|| after_clock(start))
            .or_else(|| after_target(start))
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
        "ERROR" | "error" | "FATAL" | "SEVERE" | "FAILED" => *level = Some(Severity::Error),
        "WARNING" | "WARN" | "warn" | "warning" => *level = Some(Severity::Warning),
        "INFO" | "info" | "DEBUG" | "debug" => *level = Some(Severity::Info),
        _ => {}
    }
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// `3>`, MSBuild's prefix for the output of a parallel project; `3:7>` includes its node.
fn after_node(start: &str) -> Option<&str> {
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    (rest.len() < start.len() && start.len() - rest.len() <= 8).then_some(rest)?.strip_prefix('>')
}

/// `[2026-03-06, 03:17:37 UTC] {subprocess.py:93} INFO - `, Airflow's prefix for the output of a task.
fn after_logger<'a>(start: &'a str, level: &mut Option<Severity>) -> Option<&'a str> {
    let (time, rest) = start.strip_prefix("[2")?.split_once("] {")?;
    let (_, rest) = rest.split_once("} ").filter(|(file, _)| time.len() < 40 && file.len() < 80)?;
    let (name, rest) = rest.split_once(" - ")?;
    *level = Some(match name {
        "ERROR" | "CRITICAL" => Severity::Error,
        "WARNING" => Severity::Warning,
        "INFO" | "DEBUG" => Severity::Info,
        _ => return None,
    });
    Some(rest)
}

/// `+build | ` and `./tea+build *failed* | `, Earthly's prefix for the output of a target.
fn after_target(start: &str) -> Option<&str> {
    let (head, rest) = start.split_once(" | ").filter(|(head, _)| head.len() <= 120)?;
    let target = head.split(" *").next().unwrap_or(head);
    let (_, name) = target.rsplit_once('+')?;
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let marked = target.len() == head.len() || head.ends_with('*');
    (is_name && marked && !target.contains(' ')).then_some(rest)
}

/// `14:57:50 `, `14:57:50.123 `, `14:57:50-0500 `; `2:57:50 PM: `, which Netlify prints.
fn after_clock(start: &str) -> Option<&str> {
    let bytes = start.as_bytes();
    let hour = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let clock = (1..=2).contains(&hour)
        && bytes.len() > hour + 6
        && bytes[hour..hour + 6]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at % 3 == 0 { *byte == b':' } else { byte.is_ascii_digit() });
    if !clock {
        return None;
    }
    let rest = &start[hour + 6..];
    if let Some(rest) = rest.strip_prefix(" AM: ").or_else(|| rest.strip_prefix(" PM: ")) {
        return Some(rest);
    }
    if hour == 1 {
        return None;
    }
    let rest = rest
        .strip_prefix(['.', ',', '+', '-'])
        .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.starts_with(' ').then_some(rest)
}
