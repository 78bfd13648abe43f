//! Rules for hostile text: text of logs, diffs and plugins before it is shown to people or passed to tools.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Returns true if a character may reorder or hide text: bidirectional controls, zero-width
/// characters, the byte-order mark and other invisible format characters.
pub fn is_invisible_format(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Returns true if a character may be part of displayed text: no control characters except line
/// feed and tab, and nothing that reorders or hides text.
pub fn is_displayable(character: char) -> bool {
    (character == '\n' || character == '\t' || !character.is_control()) && !is_invisible_format(character)
}

/// `text` without the characters that [`is_displayable`] forbids.
pub fn displayable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_displayable) {
        text.into()
    } else {
        text.chars().filter(|&character| is_displayable(character)).collect::<String>().into()
    }
}

/// `text` as one displayable line of at most `limit` bytes, for names and words of others.
pub fn one_line(text: &str, limit: usize) -> String {
    displayable(cut(text, limit)).replace(['\n', '\t'], " ")
}

/// `text` in Unicode's composed form (NFC), in which equal letters are equal bytes: macOS writes `é` as two characters,
/// most other systems as one.
pub fn composed(text: &str) -> Cow<'_, str> {
    // Nearly every text, and every line of nearly every log.
    if text.is_ascii() { text.into() } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

/// Changes `text` to its composed form.
pub fn compose(text: &mut String) {
    if let Cow::Owned(composed) = composed(text) {
        *text = composed;
    }
}

/// Returns true if nothing of `text` is visible to a reader.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || is_invisible_format(character))
}

/// The longest prefix of `text` of at most `limit` bytes that ends at a character boundary.
pub fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_control_characters_are_dropped_and_the_rest_stays() {
        assert_eq!(displayable("a\u{202E}b\u{1b}[31mc\td\ne\u{200B}\0é漢🦀"), "ab[31mc\td\neé漢🦀");
        assert!(matches!(displayable("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn text_of_nothing_visible_is_blank() {
        assert!(is_blank("") && is_blank(" \t\n") && is_blank("\u{200B}\u{2060} \u{FEFF}"));
        assert!(!is_blank("\u{200B}a"));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("héllo", 2), "h");
        assert_eq!(cut("héllo", 3), "hé");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("🦀", 3), "");
    }
}
