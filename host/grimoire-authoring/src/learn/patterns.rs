//! The expressions of the parts of a line.

use std::collections::BTreeSet;

use super::Field;

/// Text between fields: numbers and the width of spaces vary.
pub(super) fn of_text(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let of_kind = |is: fn(char) -> bool| rest.len() - rest.trim_start_matches(is).len();
        let length = if c.is_ascii_digit() {
            pattern.push_str(r"\d+");
            of_kind(|c| c.is_ascii_digit())
        } else if c == ' ' || c == '\t' {
            let length = of_kind(|c| c == ' ' || c == '\t');
            pattern.push_str(if &rest[..length] == " " { " " } else { r"\s+" });
            length
        } else {
            if r"\.+*?()|[]{}^$/".contains(c) && c != '/' {
                pattern.push('\\');
            }
            pattern.push(c);
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    pattern
}

/// The texts that a field may have, from those that were marked as it.
pub(super) fn of_field(field: Field, texts: &BTreeSet<String>, is_last: bool) -> String {
    match field {
        Field::Path if texts.iter().any(|text| text.contains(' ')) => ".+?".to_owned(),
        Field::Path | Field::Test => if is_last { r"\S+" } else { r"\S+?" }.to_owned(),
        Field::Line | Field::Column => r"\d+".to_owned(),
        Field::Message => if is_last { ".+" } else { ".+?" }.to_owned(),
        Field::Severity => severities(texts),
        Field::Code => codes(texts),
    }
}

/// The marked words, and the other common ones in the same case: a tool that prints errors prints warnings too. In a form
/// that was written by hand, any word: `E` and `W` are levels as well.
fn severities(texts: &BTreeSet<String>) -> String {
    let Some(sample) = texts.first() else { return "[A-Za-z]+".to_owned() };
    let mut words: Vec<String> = texts.iter().cloned().collect();
    let cased = |word: &str| {
        let mut letters = sample.chars().filter(|c| c.is_alphabetic());
        let is_upper = |c: Option<char>| c.is_some_and(char::is_uppercase);
        match (is_upper(letters.next()), is_upper(letters.next())) {
            (true, true) => word.to_uppercase(),
            (true, false) => format!("{}{}", word[..1].to_uppercase(), &word[1..]),
            _ => word.to_owned(),
        }
    };
    for word in ["error", "warning"].map(cased) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    // The longest first: `fatal error` is more than `fatal`.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.join("|")
}

/// What the marked codes have in common: capital letters and a number, or a name.
fn codes(texts: &BTreeSet<String>) -> String {
    let prefix = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let is_number = |text: &str| {
        let prefix = prefix(text);
        prefix.len() < text.len()
            && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
    };
    if texts.is_empty() || !texts.iter().all(|text| is_number(text)) {
        return r"[\w./@-]+".to_owned();
    }
    let prefixes: BTreeSet<_> = texts.iter().map(|text| prefix(text)).collect();
    match prefixes.first() {
        Some(prefix) if prefixes.len() == 1 => format!(r"{prefix}\d+"),
        _ => r"[A-Z][A-Z_-]*\d+".to_owned(),
    }
}
