//! Codes in the messages of compilers and checkers.

use grimoire_plugin_sdk::text::trailing_group;

/// A code before the message: `V501 There are` of PVS-Studio, `(192) undefined` of Microchip's compilers.
pub(crate) fn leading_code(message: &str) -> (Option<&str>, &str) {
    let split = || {
        let (code, rest) = message.split_once(' ')?;
        let digits =
            code.strip_prefix('(').and_then(|code| code.strip_suffix(')')).or(code.strip_prefix('V'))?;
        let is_number = (3..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| (Some(code.trim_matches(['(', ')'])), rest.trim_start()))
    };
    split().unwrap_or((None, message))
}

/// The message, and the codes in brackets at its end.
pub(crate) fn split_codes(message: &str) -> (&str, Option<&str>) {
    let message = message.trim_end_matches('\\').trim_end();
    match trailing_group(message, '[', ']') {
        Some((text, inner)) if !text.is_empty() && is_codes(inner) => {
            // GCC's analyzer prints a CWE before its option.
            let text = match trailing_group(text, '[', ']') {
                Some((before, inner)) if inner.starts_with("CWE-") => before,
                _ => text,
            };
            (text, Some(inner))
        }
        _ => (message, None),
    }
}

fn is_codes(inner: &str) -> bool {
    let word = |text: &str| {
        text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'=' | b'_' | b'.' | b'+' | b'/')
            })
            && text.len() > 2
    };
    inner.split(',').all(|code| {
        word(code.trim()) || code.trim().bytes().all(|byte| byte.is_ascii_digit()) || code == "Format String"
    }) && inner.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic())
}

/// `unused-variable` of `-Wunused-variable`, `-Werror=unused-variable`, `-Werror,-Wunused-variable`; a check's
/// name is unchanged.
pub(crate) fn code(codes: &str) -> Option<String> {
    codes
        .split(',')
        .map(|code| {
            let code = code.trim();
            code.strip_prefix("-Werror=").or_else(|| code.strip_prefix("-W")).unwrap_or(code)
        })
        .find(|code| !matches!(*code, "error" | "" | "-warnings-as-errors"))
        .map(|code| code.trim_end_matches('=').to_owned())
}
