//! Clocks that CI systems, log drivers and build tools print before a line, possibly several.

use crate::words;

/// Maximum number of clocks removed from one line.
const MOST: usize = 4;

/// The line without the clocks at its start.
pub(crate) fn after_all(line: &str) -> &str {
    let mut text = line;
    for _ in 0..MOST {
        let Some(rest) = after_one(text) else { break };
        text = rest;
    }
    text
}

fn after_one(text: &str) -> Option<&str> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => after_timestamp(text)
            .or_else(|| after_date(text))
            .or_else(|| after_half_day(text))
            .or_else(|| after_time(text))
            .or_else(|| after_seconds(text)),
        b'[' | b'(' => after_timestamp(text).or_else(|| after_brackets(text)),
        b'#' => after_build_clock(text),
        b'a'..=b'z' | b'A'..=b'Z' => after_klog(text).or_else(|| after_service(text)),
        _ => None,
    }
}

/// `2024-09-15T07:40:01.7105816Z `; Jenkins adds brackets, GitLab appends a stream mark such as `00O `.
pub(crate) fn after_timestamp(text: &str) -> Option<&str> {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    const FRACTION: words::Shape = words::Shape::at(b"0000000Z", 0);
    // The last word overlaps the one before.
    const DATE: [words::Shape; 3] =
        [words::Shape::at(SHAPE, 0), words::Shape::at(SHAPE, 8), words::Shape::at(SHAPE, SHAPE.len() - 8)];
    let (text, bracketed) = match text.strip_prefix('[') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let bytes = text.as_bytes();
    let start = bytes.first_chunk::<{ SHAPE.len() }>()?;
    if !DATE.iter().all(|shape| shape.fits(start)) {
        return None;
    }
    let mut end = SHAPE.len();
    // GitHub's seven digits are checked at once, any other number of digits one by one.
    if bytes.get(end) == Some(&b'.') && FRACTION.fits(&bytes[end + 1..]) {
        end += 1 + 7;
    } else if bytes.get(end) == Some(&b'.') {
        end += 1 + bytes[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    if bytes.get(end) != Some(&b'Z') {
        return None;
    }
    let rest = &text[end + 1..];
    let rest = if bracketed { rest.strip_prefix(']')? } else { rest };
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = rest.strip_prefix(' ')?;
    Some(after_stream_mark(rest).unwrap_or(rest))
}

/// GitLab: two hexadecimal digits, `O` or `E`, then a blank or `+`.
fn after_stream_mark(text: &str) -> Option<&str> {
    match text.as_bytes() {
        [a, b, b'O' | b'E', b' ' | b'+', ..] if is_hexadecimal(*a) && is_hexadecimal(*b) => Some(&text[4..]),
        _ => None,
    }
}

fn is_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// `#12 3.456 `, the prefix of a step's output in Docker's builder.
fn after_build_clock(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('#')?;
    let rest = after_digits(rest)?.strip_prefix(' ')?;
    let rest = after_digits(rest)?.strip_prefix('.')?;
    let rest = after_digits(rest)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// `12.345 `, the prefix of a failed step's last lines in Docker's builder: two or three decimals.
fn after_seconds(text: &str) -> Option<&str> {
    let fraction = after_digits(text)?.strip_prefix('.')?;
    let rest = after_digits(fraction)?;
    let decimals = fraction.len() - rest.len();
    let rest = rest.strip_prefix(' ')?;
    // A number in a column has spaces on both sides.
    ((2..=3).contains(&decimals) && rest.starts_with(|c: char| !c.is_whitespace())).then_some(rest)
}

/// `tests-1  | `, the prefix of a service's output in Docker Compose, which pads with two spaces; with one, it is
/// an Ansible message about a host.
fn after_service(text: &str) -> Option<&str> {
    let end = text.bytes().take(64).position(|byte| byte == b' ')?;
    let (name, rest) = text.split_at(end);
    let (service, number) = name.rsplit_once(['-', '_'])?;
    let is_name =
        service.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.strip_prefix("  ")?.trim_start_matches(' ').strip_prefix('|')?;
    (is_name && is_number).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `I0109 07:40:01.123456    4711 kettle.go:12] `, the header of the loggers glog and klog: the level, month and day, clock,
/// thread and place.
fn after_klog(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['I', 'W', 'E', 'F'])?;
    let rest = two_digits(rest).and_then(two_digits)?.strip_prefix(' ').and_then(time)?;
    let rest = after_digits(rest.strip_prefix(' ')?.trim_start_matches(' '))?.strip_prefix(' ')?;
    let (place, rest) = rest.split_once("] ").or_else(|| Some((rest.strip_suffix(']')?, "")))?;
    let (file, line) = place.rsplit_once(':')?;
    (!file.is_empty() && !file.contains(' ') && after_digits(line) == Some("")).then_some(rest)
}

/// `[07:40:01] `, `(07:40:01) `, `[2024-09-15 07:40:01,123] `.
fn after_brackets(text: &str) -> Option<&str> {
    let inner = &text[1..];
    let rest = clock(inner)?;
    let rest = rest.strip_prefix(if text.starts_with('[') { ']' } else { ')' })?;
    if rest.is_empty() { Some(rest) } else { after_blanks(rest) }
}

/// `2024-09-15 07:40:01,123 `, `2024/09/15 07:40:01 `, `2024-09-15T07:40:01+02:00 `, optionally with `- ` or `| `.
fn after_date(text: &str) -> Option<&str> {
    after_clock_alone(after_day(text).and_then(time)?)
}

/// `07:40:01 `, `07:40:01.123 `.
fn after_time(text: &str) -> Option<&str> {
    after_clock_alone(time(text)?)
}

/// `7:40:01 AM: `, as printed by Netlify.
fn after_half_day(text: &str) -> Option<&str> {
    let hour = text.len() - after_digits(text)?.len();
    let rest = match hour {
        1 => text[1..].strip_prefix(':').and_then(two_digits)?.strip_prefix(':').and_then(two_digits)?,
        _ => time(text)?,
    };
    let rest = rest.strip_prefix(" AM").or_else(|| rest.strip_prefix(" PM"))?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    if rest.is_empty() { Some(rest) } else { after_blanks(rest) }
}

fn two_digits(text: &str) -> Option<&str> {
    let (digits, rest) = text.split_at_checked(2)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(rest)
}

fn after_clock_alone(rest: &str) -> Option<&str> {
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = after_blanks(rest)?;
    Some(rest.strip_prefix("- ").or_else(|| rest.strip_prefix("| ")).unwrap_or(rest))
}

fn clock(text: &str) -> Option<&str> {
    match after_day(text) {
        Some(rest) => time(rest),
        None => time(text),
    }
}

/// `2024-09-15T`, `2024-09-15 `, `2024/09/15 `.
fn after_day(text: &str) -> Option<&str> {
    let bytes = text.as_bytes().first_chunk::<11>()?;
    let is_day = bytes.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => matches!(byte, b'-' | b'/'),
        10 => matches!(byte, b'T' | b' '),
        _ => byte.is_ascii_digit(),
    });
    is_day.then(|| &text[11..])
}

/// `07:40:01`, with optional fraction after `.` or `,`, and optional zone: `Z`, `+02:00`, ` +0000`.
fn time(text: &str) -> Option<&str> {
    let bytes = text.as_bytes().first_chunk::<8>()?;
    let is_time = bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    if !is_time {
        return None;
    }
    let rest = &text[8..];
    let rest = rest.strip_prefix(['.', ',']).and_then(after_digits).unwrap_or(rest);
    Some(rest.strip_prefix('Z').or_else(|| after_zone(rest)).unwrap_or(rest))
}

/// `+02:00`, `-0500`, optionally after a space.
fn after_zone(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(' ').unwrap_or(text).strip_prefix(['+', '-'])?;
    let (hours, rest) = digits.split_at_checked(2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = rest.split_at_checked(2)?;
    (hours.bytes().chain(minutes.bytes()).all(|byte| byte.is_ascii_digit())).then_some(rest)
}

/// Removes one space or tab; the rest of an indentation stays.
fn after_blanks(text: &str) -> Option<&str> {
    text.strip_prefix([' ', '\t'])
}

fn after_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}
