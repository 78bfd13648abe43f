//! Text tools shared by several analyzers: locations, closing lines, bounded collections, cuts. All
//! are linear scanners without backtracking.

pub use grimoire_log::cut;
use grimoire_log::reorders;

mod closing;
mod collect;
mod kind;
mod place;
mod search;

pub use closing::{closes_generically, is_generic_closing_line};
pub use collect::{Context, Deduplicator};
pub use kind::kind_of;
pub use place::{
    Place, extension, looks_like_path, normal_path, place_at_end, place_at_start, place_in_parentheses,
};
pub use search::{Beginnings, Characters, Needle};

/// Cuts a string to at most `limit` bytes at a character boundary.
pub fn cut_in_place(text: &mut String, limit: usize) {
    let length = cut(text, limit).len();
    text.truncate(length);
}

/// Removes characters that the contract forbids in text: those that reorder it, and control
/// characters except line ends and tabs.
pub(crate) fn keep_text(text: &mut String) {
    keep(text, |c| c == '\n' || c == '\t');
}

/// Removes characters that the contract forbids in a name: those that reorder it, and all control characters.
pub(crate) fn keep_name(text: &mut String) {
    keep(text, |_| false);
}

fn keep(text: &mut String, control: impl Fn(char) -> bool) {
    let is_kept = |c: char| if c.is_control() { control(c) } else { !reorders(c) };
    if !text.chars().all(is_kept) {
        text.retain(is_kept);
    }
}

/// Like [`str::trim`], but faster for the many texts without surrounding white space.
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// Like [`str::trim_start`], but faster for the many texts without leading white space.
pub fn trim_start(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', ..] => text,
        _ => text.trim_start(),
    }
}

/// Removes the white space around a string.
pub fn trim_in_place(text: &mut String) {
    trim_end_in_place(text);
    let blanks = text.len() - text.trim_start().len();
    text.drain(..blanks);
}

/// Removes the white space at the end of a string.
pub fn trim_end_in_place(text: &mut String) {
    text.truncate(text.trim_end().len());
}

/// A decimal number at the start, and the rest of the text. `None` without digits or beyond `u32`.
pub fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// A word of letters, digits and `_` at the start (may be empty), and the rest of the text.
pub fn leading_word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at(end)
}

/// The text before a final `open … close`, and the text inside: `message [code]` → (`message`, `code`).
pub fn trailing_group(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let inner = text.trim_end().strip_suffix(close)?;
    let start = inner.rfind(open)?;
    Some((inner[..start].trim_end(), &inner[start + open.len_utf8()..]))
}

#[cfg(test)]
mod tests;
