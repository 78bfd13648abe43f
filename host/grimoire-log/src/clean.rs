//! Cleans one raw line.

use crate::{clock, cut, reorders, words};
use memchr::{memchr, memchr3};

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Reusable buffers for the text of changed lines.
#[derive(Default)]
pub(super) struct Scratch {
    plain: Vec<u8>,
    text: String,
}

/// Cleans `raw`, using `scratch` if anything has to be removed. Returns the step named by a column, and the
/// text, which is valid UTF-8 without control characters.
pub(super) fn clean<'a>(raw: &'a [u8], limit: usize, scratch: &'a mut Scratch) -> (Option<&'a str>, &'a str) {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let text = match std::str::from_utf8(raw) {
        // The common case.
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

/// Returns true if the first colour of a line is red, bright or not.
pub(super) fn is_red(raw: &[u8]) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr(ESCAPE, rest) {
        rest = &rest[at + 1..];
        let Some(inner) = rest.strip_prefix(b"[") else { continue };
        let length = inner.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if inner.get(length) != Some(&b'm') {
            continue;
        }
        // Attributes such as bold precede the colour.
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

/// Returns true if a line is ASCII without control characters other than tabs.
fn is_printable(raw: &[u8]) -> bool {
    // Two words per iteration, because a sandbox checks its clock in every iteration of a loop. The
    // last two may overlap those before them.
    let are_good = |pair: &[u8; 16]| pair.as_chunks::<8>().0.iter().all(|word| words::are_printable(*word));
    match raw.last_chunk::<16>() {
        Some(last) => raw.as_chunks::<16>().0.iter().all(are_good) && are_good(last),
        None => raw.iter().all(|&byte| byte == b'\t' || (0x20..0x7f).contains(&byte)),
    }
}

/// Returns true if a line may contain the character: neither a control character nor one that reorders text.
fn is_kept(c: char) -> bool {
    (!c.is_control() || c == '\t') && !reorders(c)
}

/// Copies everything but escape sequences. The caller removes control characters.
fn remove_escapes(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    // Once a string sequence has no end, later ones have none either. Searching again would make a
    // line with many openings quadratic.
    let mut strings_end = true;
    while let Some(position) = memchr(ESCAPE, rest) {
        out.extend_from_slice(&rest[..position]);
        rest = &rest[position + 1..];
        rest = match rest.first() {
            Some(b'[') => after_control_sequence(&rest[1..]),
            // Operating system command, device control, start of string, privacy message, application
            // command: the text up to BEL or ESC \.
            Some(b']' | b'P' | b'X' | b'^' | b'_') if strings_end => {
                if let Some(end) = string_end(&rest[1..]) {
                    &rest[1 + end..]
                } else {
                    strings_end = false;
                    &rest[1..]
                }
            }
            // Character set selection has one more byte.
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
        // An incomplete sequence: what was read is no text either.
        _ => &rest[length..],
    }
}

/// The length of a string sequence, including its terminator.
fn string_end(rest: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr3(BELL, ESCAPE, 0x9c, &rest[from..]) {
        let at = from + found;
        match rest[at] {
            BELL => return Some(at + 1),
            ESCAPE if rest.get(at + 1) == Some(&b'\\') => return Some(at + 2),
            // An escape that does not end the string begins another sequence.
            ESCAPE => return Some(at),
            // 0x9c ends a string in 8-bit terminals, but is part of many UTF-8 characters.
            _ => from = at + 1,
        }
    }
    None
}

/// Removes the prefixes that CI systems add to a line: job and step columns, clocks.
fn without_prefix(line: &str) -> (Option<&str>, &str) {
    let (column, text) = match columns(line) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, line),
    };
    (column, after_meter(after_builder(clock::after_all(after_stream(text)))))
}

/// Removes the prefix that a builder puts before each line of a program that it runs: `:: ` of Launchpad, `C/C++: ` of
/// Gradle, `Step #1 - "name": ` of Cloud Build, which may be nested.
fn after_builder(text: &str) -> &str {
    match text.as_bytes() {
        [b':', b':', b' ', ..] => &text[3..],
        [b'C', b'/', ..] => text.strip_prefix("C/C++: ").unwrap_or(text),
        [b'S', b't', b'e', b'p', b' ', b'#', ..] => after_step(text).map_or(text, after_builder),
        _ => text,
    }
}

/// The text after `Step #1: ` and `Step #1 - "name": `.
fn after_step(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Step #")?;
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let named = match number.strip_prefix(" - \"") {
        Some(name) => name.split_once('"')?.1,
        None => number,
    };
    let text = named.strip_prefix(':').filter(|_| number.len() < rest.len())?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// Removes `build TAB 10-Jan-2020 21:51:10 TAB `, the stream and the time in front of each line in Bamboo's logs.
fn after_stream(text: &str) -> &str {
    const CLOCK: &[u8; 20] = b"00-Aaa-0000 00:00:00";
    let Some(rest) = (match text.as_bytes().first() {
        Some(b'b') => text.strip_prefix("build\t"),
        Some(b'c') => text.strip_prefix("command\t"),
        Some(b'e') => text.strip_prefix("error\t"),
        Some(b's') => text.strip_prefix("simple\t"),
        _ => None,
    }) else {
        return text;
    };
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'A' | b'a' => byte.is_ascii_alphabetic(),
        shape => byte == shape,
    };
    let is_clock = rest.as_bytes().first_chunk::<20>().is_some_and(|clock| clock.iter().zip(CLOCK).all(fits));
    if is_clock { rest[CLOCK.len()..].trim_start_matches('\t') } else { text }
}

/// `  0     0    0     0 … --:--:-- --:--:-- --:--:--     0curl: (6) Could not resolve host`: when curl fails, its
/// error follows the progress meter on the same line.
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

/// `job TAB step TAB clock`, as printed by `gh run view --log`: returns the step, and the rest from the clock on.
fn columns(text: &str) -> Option<(&str, &str)> {
    let first = memchr(b'\t', text.as_bytes())?;
    let second = first + 1 + memchr(b'\t', &text.as_bytes()[first + 1..])?;
    let rest = text[second + 1..].trim_start_matches('\u{feff}');
    (second < 512 && clock::after_timestamp(rest).is_some()).then(|| (&text[first + 1..second], rest))
}
