//! Rules for strings.

use super::Broken;

/// Text for readers: lines and tabs, without characters that control a terminal or reorder text.
/// Joiners and variation selectors are allowed: scripts and emoji in real messages need them.
pub(super) fn check_text(field: &str, value: &str, limit: usize) -> Result<(), Broken> {
    check(field, value, limit, |character| character == '\n' || character == '\t')
}

/// A name: like text, but on one line and without tabs.
pub(super) fn check_name(field: &str, value: &str, limit: usize) -> Result<(), Broken> {
    check(field, value, limit, |_| false)
}

pub(super) fn check_not_empty(field: &str, value: &str) -> Result<(), Broken> {
    if value.is_empty() { Err(format!("{field}: must not be empty")) } else { Ok(()) }
}

fn check(field: &str, value: &str, limit: usize, allowed: impl Fn(char) -> bool) -> Result<(), Broken> {
    if value.len() > limit {
        return Err(format!("{field}: has {} bytes, may have at most {limit}", value.len()));
    }
    // The common case: printable ASCII.
    if value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Ok(());
    }
    for (offset, character) in value.char_indices() {
        if character.is_control() && !allowed(character) {
            let number = u32::from(character);
            return Err(format!("{field}: has the control character U+{number:04X} at byte {offset}"));
        }
        if reorders(character) {
            let number = u32::from(character);
            return Err(format!(
                "{field}: has U+{number:04X}, which reorders or hides text, at byte {offset}"
            ));
        }
    }
    Ok(())
}

/// Bidirectional controls and the byte-order mark.
fn reorders(character: char) -> bool {
    matches!(character,
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_text_passes() {
        for text in ["", "plain", "two\nlines\tand a tab", "naïve 漢字 👩‍👩‍👧 ❤️", "soft\u{ad}hyphen"]
        {
            assert_eq!(check_text("message", text, 100), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn hostile_text_is_named_without_being_quoted() {
        let broken = |text| check_text("message", text, 10).expect_err("refused");
        assert_eq!(broken("\u{1b}[31m"), "message: has the control character U+001B at byte 0");
        assert_eq!(broken("ab\u{202e}c"), "message: has U+202E, which reorders or hides text, at byte 2");
        assert_eq!(broken("a\rb"), "message: has the control character U+000D at byte 1");
        assert_eq!(broken("\u{9b}31m"), "message: has the control character U+009B at byte 0");
        assert_eq!(broken("12345678901"), "message: has 11 bytes, may have at most 10");
        assert_eq!(
            check_name("tool", "a\nb", 10).expect_err("refused"),
            "tool: has the control character U+000A at byte 1"
        );
    }
}
