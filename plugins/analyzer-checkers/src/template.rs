//! Templates for lines as the tool prints them, with names in braces: `{file} (line {line}): {message}`.
//!
//! | name | matches |
//! | --- | --- |
//! | `{file}` | a path |
//! | `{line}`, `{column}` | a number |
//! | `{code}` | a rule or code, without blanks |
//! | `{rule}` | the same, of several words |
//! | `{compound}` | a rule whose name has several parts: `no-tabs`, `style.length` |
//! | `{severity}` | a word or letter that [`severity`] knows |
//! | `{message}` | one character or more |
//! | `{prose}` | a message that begins with a letter, and is therefore not a numbered line of source |
//! | `{name}` | a name in the code, which is no number; it is not kept |
//! | `{}` | anything, or nothing |
//!
//! A blank stands for one or more blanks or tabs; all other text stands for itself. A name extends to the text that
//! follows it in the template.

use crate::finding::severity;
use grimoire_plugin_sdk::{
    Severity,
    text::{Characters, leading_number, looks_like_path},
};

/// The maximum number of attempts to split a line before it counts as a line of another form, so that no line takes
/// long.
const TRIES: u32 = 64;
/// The maximum length of a code or rule in bytes.
const CODE: usize = 100;
/// The maximum length of a severity in bytes; more than the longest word for one.
const SEVERITY: usize = 24;

/// The parts of a line, by the names of the template.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found<'t> {
    pub(crate) file: Option<&'t str>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) code: Option<&'t str>,
    pub(crate) severity: Option<Severity>,
    pub(crate) message: Option<&'t str>,
}

impl<'t> Found<'t> {
    fn set(&mut self, name: &str, text: &'t str) -> bool {
        let text = text.trim();
        match name {
            "file" if is_file(text) => self.file = Some(text),
            "code" if is_code(text) && !text.contains([' ', '\t']) => self.code = Some(text),
            "rule" if is_code(text) => self.code = Some(text),
            "compound" if is_compound(text) => self.code = Some(text),
            "severity" => {
                self.severity = severity(text);
                return self.severity.is_some();
            }
            "message" if !text.is_empty() => self.message = Some(text),
            "name" if !text.starts_with(|first: char| first.is_ascii_digit()) => {}
            "prose" if text.starts_with(char::is_alphabetic) => self.message = Some(text),
            "" => {}
            _ => return false,
        }
        true
    }
}

/// Returns false if the text begins with another byte than the template, as most texts do.
pub(crate) fn may_begin(template: &str, text: &str) -> bool {
    match template.as_bytes().first() {
        None | Some(b'{' | b' ') => true,
        first => text.as_bytes().first() == first,
    }
}

/// Returns true if a template names the file.
pub(crate) const fn names_file(template: &str) -> bool {
    let mut rest = template.as_bytes();
    while let [_, after @ ..] = rest {
        if let [b'{', b'f', b'i', b'l', b'e', b'}', ..] = rest {
            return true;
        }
        rest = after;
    }
    false
}

/// Reads a text, if the whole text has this form.
pub(crate) fn read<'t>(template: &'static str, text: &'t str) -> Option<Found<'t>> {
    if !may_begin(template, text) {
        return None;
    }
    let mut found = Found::default();
    rest(template, text, &mut found, &mut TRIES.clone()).then_some(found)
}

fn rest<'t>(template: &'static str, text: &'t str, found: &mut Found<'t>, tries: &mut u32) -> bool {
    let Some((name, after)) = name(template) else {
        let (literal, after) = literal(template);
        return match after_literal(literal, text) {
            Some(left) if after.is_empty() => left.trim().is_empty(),
            Some(left) => rest(after, left, found, tries),
            None => false,
        };
    };
    if let Some(number) = match name {
        "line" => Some(&mut found.line),
        "column" => Some(&mut found.column),
        _ => None,
    } {
        let Some((value, left)) = leading_number(text) else { return false };
        *number = Some(value);
        return rest(after, left, found, tries);
    }
    if after.is_empty() {
        return found.set(name, text);
    }
    let (literal, then) = literal(after);
    // Most lines end here: a number has to follow, and none does.
    let number_follows = matches!(self::name(then), Some(("line" | "column", _)));
    let limit = longest_value(name);
    let before = *found;
    let mut from = 0;
    while let Some(end) = find_start(literal, text, from) {
        // A longer value is no better.
        if end > limit && text[..end].trim().len() > limit {
            return false;
        }
        from = end + text[end..].chars().next().map_or(1, char::len_utf8);
        let Some(left) = after_literal(literal, &text[end..]) else { continue };
        if *tries == 0 {
            return false;
        }
        *tries -= 1;
        if number_follows && !left.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        if found.set(name, &text[..end]) && rest(then, left, found, tries) {
            return true;
        }
        *found = before;
    }
    false
}

/// The name at the start of a template, and what follows it.
fn name(template: &'static str) -> Option<(&'static str, &'static str)> {
    template.strip_prefix('{')?.split_once('}')
}

/// The maximum length in bytes of a value that a name matches.
fn longest_value(name: &str) -> usize {
    match name {
        "severity" => SEVERITY,
        "code" | "rule" | "compound" => CODE,
        _ => usize::MAX,
    }
}

/// The next place at or after an offset where a literal can begin.
fn find_start(literal: &str, text: &str, from: usize) -> Option<usize> {
    let part = literal.split(' ').next().unwrap_or_default();
    let rest = text.get(from..)?;
    let at = match part.as_bytes() {
        [] => rest.find([' ', '\t']),
        [byte] => rest.as_bytes().iter().position(|other| other == byte),
        _ => rest.find(part),
    };
    Some(from + at?)
}

/// Splits a template before its next name.
pub(crate) const fn literal(template: &'static str) -> (&'static str, &'static str) {
    let (bytes, mut at) = (template.as_bytes(), 0);
    while at < bytes.len() && bytes[at] != b'{' {
        at += 1;
    }
    template.split_at(at)
}

/// Characters without which no text has the form of a template.
pub(crate) const fn characters(template: &'static str) -> Characters {
    let (mut all, mut left) = (Characters::of_constant(""), template);
    loop {
        let (text, from_name) = literal(left);
        all = all.and(Characters::of_constant(text));
        let (bytes, mut end) = (from_name.as_bytes(), 0);
        if bytes.is_empty() {
            return all;
        }
        while bytes[end] != b'}' {
            end += 1;
        }
        if let b"{line" | b"{column" = from_name.split_at(end).0.as_bytes() {
            all = all.and(Characters::of_constant("0"));
        }
        left = from_name.split_at(end + 1).1;
    }
}

/// The longest text without a name or a blank in a template.
pub(crate) const fn longest(template: &'static str) -> &'static str {
    let bytes = template.as_bytes();
    let (mut best, mut length, mut start, mut at, mut named) = (0, 0, 0, 0, false);
    while at <= bytes.len() {
        let ends = at == bytes.len() || named || matches!(bytes[at], b'{' | b' ');
        if ends {
            if at - start > length {
                (best, length) = (start, at - start);
            }
            start = at + 1;
        }
        if at < bytes.len() && bytes[at] == b'{' {
            named = true;
        } else if at < bytes.len() && bytes[at] == b'}' {
            named = false;
        }
        at += 1;
    }
    template.split_at(best).1.split_at(length).0
}

/// The text after a literal at its start.
fn after_literal<'t>(literal: &str, text: &'t str) -> Option<&'t str> {
    let mut text = text;
    let mut parts = literal.split(' ');
    text = text.strip_prefix(parts.next()?)?;
    for part in parts {
        let left = text.trim_start_matches([' ', '\t']);
        if left.len() == text.len() {
            return None;
        }
        text = left.strip_prefix(part)?;
    }
    Some(text)
}

fn is_file(text: &str) -> bool {
    // The names that tools give to standard input.
    matches!(text, "stdin" | "<stdin>" | "<string>" | "<input>") || looks_like_path(text)
}

fn is_code(text: &str) -> bool {
    (1..=CODE).contains(&text.len()) && !text.contains(['(', '"']) | text.ends_with(')')
}

fn is_compound(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code(text) && text.contains(['-', '.', '_', '/']) && text.split(['-', '.', '_', '/']).all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_the_text_after_them_begins() {
        let found = read("{file}:{line}: {message} [{code}]", "src/a.sh:14:  pour [the] tea [E003]")
            .expect("one form");
        assert_eq!((found.file, found.line), (Some("src/a.sh"), Some(14)));
        assert_eq!((found.message, found.code), (Some("pour [the] tea"), Some("E003")));
        assert!(read("{file}:{line}: {message}", "a.sh:14:pour").is_none());
        assert!(read("{severity}: {message}", "tea: poured").is_none());
    }

    #[test]
    fn the_longest_text_of_a_template_has_neither_names_nor_blanks() {
        assert_eq!(longest("{file} (line {line}): {message}"), "(line");
        assert_eq!(longest("{severity} file={file} line={line}"), "file=");
        assert_eq!(longest("{file}"), "");
    }

    #[test]
    fn a_line_that_could_be_divided_in_very_many_ways_takes_no_longer() {
        let text = "a: b ".repeat(3_000);
        assert!(read("{}: {}: {}: {}: {}: {}: {message} end {line}", &text).is_none());
    }
}
