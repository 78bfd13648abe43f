//! Cleans one raw line.

use crate::{clock, cut, reorders, words};
use memchr::{memchr, memchr3};

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Where a line is made that is not what the log has, kept from line to line.
#[derive(Default)]
pub(super) struct Scratch {
    plain: Vec<u8>,
    text: String,
}

/// Cleans `raw`, in `scratch` where anything has to be removed: the step that a column named, and the text,
/// which is valid UTF-8 without control characters.
pub(super) fn clean<'a>(raw: &'a [u8], limit: usize, scratch: &'a mut Scratch) -> (Option<&'a str>, &'a str) {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let text = match std::str::from_utf8(raw) {
        // As nearly all lines are.
        Ok(text) if is_printable(raw) => text,
        _ => {
            let Scratch { plain, text } = scratch;
            plain.clear();
            remove_escapes(raw, plain);
            match std::str::from_utf8(plain) {
                Ok(plain_text) if is_printable(plain) => plain_text,
                _ => {
                    text.clear();
                    text.extend(String::from_utf8_lossy(plain).chars().filter(|&c| is_kept(c)));
                    text
                }
            }
        }
    };
    let (column, text) = without_prefix(text);
    (column, cut(text, limit).trim_end())
}

/// Whether the first colour of a line is red, bright or not.
pub(super) fn is_red(raw: &[u8]) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr(ESCAPE, rest) {
        rest = &rest[at + 1..];
        let Some(inner) = rest.strip_prefix(b"[") else { continue };
        let length = inner.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if inner.get(length) != Some(&b'm') {
            continue;
        }
        // Attributes such as bold come before the colour.
        for attribute in inner[..length].split(|byte| *byte == b';') {
            match attribute {
                b"31" | b"91" | b"41" => return true,
                [b'3' | b'9', _] => return false,
                _ => {}
            }
        }
    }
    false
}

/// Whether a line is ASCII without control characters but tabs.
fn is_printable(raw: &[u8]) -> bool {
    // Two words in a round, because a sandbox looks at its clock in every round of a loop. The last two
    // may overlap those before them.
    let are_good = |pair: &[u8; 16]| pair.as_chunks::<8>().0.iter().all(|word| words::are_printable(*word));
    match raw.last_chunk::<16>() {
        Some(last) => raw.as_chunks::<16>().0.iter().all(are_good) && are_good(last),
        None => raw.iter().all(|&byte| byte == b'\t' || (0x20..0x7f).contains(&byte)),
    }
}

/// Whether a character may stand in a line: neither a control nor one that reorders text.
fn is_kept(c: char) -> bool {
    (!c.is_control() || c == '\t') && !reorders(c)
}

/// Copies all but escape sequences. Control characters stay for the caller.
fn remove_escapes(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    // Once a string sequence was found open, all later ones are too: searching again would make a line
    // of many openings quadratic.
    let mut strings_end = true;
    while let Some(position) = memchr(ESCAPE, rest) {
        out.extend_from_slice(&rest[..position]);
        rest = &rest[position + 1..];
        rest = match rest.first() {
            Some(b'[') => after_control_sequence(&rest[1..]),
            // Operating system command, device control, start of string, privacy message, application
            // command: text up to BEL or ESC \.
            Some(b']' | b'P' | b'X' | b'^' | b'_') if strings_end => {
                if let Some(end) = string_end(&rest[1..]) {
                    &rest[1 + end..]
                } else {
                    strings_end = false;
                    &rest[1..]
                }
            }
            // Character set selection takes one more byte.
            Some(b'(' | b')' | b'*' | b'+' | b'#' | b'%') => &rest[rest.len().min(2)..],
            Some(0x30..=0x7e) => &rest[1..],
            _ => rest,
        };
    }
    out.extend_from_slice(rest);
}

/// Skips the parameters, intermediates and the final byte of a control sequence.
fn after_control_sequence(rest: &[u8]) -> &[u8] {
    let length = rest.iter().take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
    match rest.get(length) {
        Some(0x40..=0x7e) => &rest[length + 1..],
        // Broken off: what was read is no text either.
        _ => &rest[length..],
    }
}

/// The length of a string sequence with its end.
fn string_end(rest: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr3(BELL, ESCAPE, 0x9c, &rest[from..]) {
        let at = from + found;
        match rest[at] {
            BELL => return Some(at + 1),
            ESCAPE if rest.get(at + 1) == Some(&b'\\') => return Some(at + 2),
            // An escape that does not end the string begins another sequence.
            ESCAPE => return Some(at),
            // 0x9c ends a string in 8-bit terminals and is a part of many UTF-8 characters.
            _ => from = at + 1,
        }
    }
    None
}

/// Removes what CI systems put before a line: job and step columns, clocks.
fn without_prefix(line: &str) -> (Option<&str>, &str) {
    let (column, text) = match columns(line) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, line),
    };
    (column, after_meter(clock::after_all(text)))
}

/// `  0     0    0     0 … --:--:-- --:--:-- --:--:--     0curl: (6) Could not resolve host`: curl ends its progress
/// with no line when it fails.
fn after_meter(text: &str) -> &str {
    const ERROR: &str = "curl: (";
    if !matches!(text.as_bytes().first(), Some(b' ' | b'0'..=b'9')) {
        return text;
    }
    match text.find(ERROR) {
        Some(at) if text[..at].contains("--:--") => &text[at..],
        _ => text,
    }
}

/// `job TAB step TAB clock`, as `gh run view --log` prints it: the step, and the rest from the clock on.
fn columns(text: &str) -> Option<(&str, &str)> {
    let first = memchr(b'\t', text.as_bytes())?;
    let second = first + 1 + memchr(b'\t', &text.as_bytes()[first + 1..])?;
    let rest = text[second + 1..].trim_start_matches('\u{feff}');
    (second < 512 && clock::after_timestamp(rest).is_some()).then(|| (&text[first + 1..second], rest))
}
