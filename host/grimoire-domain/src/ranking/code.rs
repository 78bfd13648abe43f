//! Error codes: how to recognise and compare them.

use crate::diagnostic::Diagnostic;
use crate::pattern::specificity;

/// How the error type of a spell relates to the code of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CodeEvidence {
    /// The spell is not for this code, or the diagnostic has none. A plain word such as `error` is not a code.
    #[default]
    None,
    /// The spell is for another code than the diagnostic's.
    Other,
    /// The spell is for this code, but does not help with all of its errors.
    Partial,
    /// The spell is for this code and covers all of its errors.
    Covered,
}

impl CodeEvidence {
    /// Compares the diagnostic's own code or exception type with the spell's. Codes that only occur in a
    /// message do not count.
    pub fn of(diagnostic: &Diagnostic, error_type: &str, covers_code: bool) -> Self {
        match own_codes(diagnostic).any(|code| is_same(code, error_type)) {
            false if is_for_another(diagnostic, error_type) => Self::Other,
            false => Self::None,
            true if covers_code => Self::Covered,
            true => Self::Partial,
        }
    }
}

/// Returns true if spell and diagnostic both have a code or exception, and they differ.
fn is_for_another(diagnostic: &Diagnostic, error_type: &str) -> bool {
    let mut own = own_codes(diagnostic).peekable();
    own.peek().is_some() && is_code(error_type) && !own.any(|code| is_same(code, error_type))
}

/// The identifiers of the error: the code, and the error type if it has the form of a code.
pub fn own_codes(diagnostic: &Diagnostic) -> impl Iterator<Item = &str> {
    let stated = diagnostic.code.as_deref().into_iter().chain([diagnostic.error_type.as_str()]);
    stated.map(str::trim).filter(|code| is_code(code))
}

/// Returns true if a word has the form of a code: `E0382`, `ERR_REQUIRE_ESM`, `ENOENT`, `no-unused-vars`,
/// `clippy::needless_return`, `java.lang.NullPointerException`. A plain word has not.
pub fn is_code(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/@:.\\".contains(&byte);
    word.len() >= 3
        && word.len() <= 100
        && word.bytes().all(plain)
        && (number_code(word).is_some() || is_capitals(word) || is_exception(word) || is_rule(word))
}

/// Compares two codes, ignoring case, namespace, and `_` versus `-`.
pub fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (last_part(left.trim()), last_part(right.trim()));
    let as_one = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    !left.is_empty() && left.bytes().map(as_one).eq(right.bytes().map(as_one))
}

/// The normal form of a code: equal codes have equal forms.
pub fn normal(code: &str) -> String {
    last_part(code.trim()).to_ascii_lowercase().replace('_', "-")
}

/// `NullPointerException` of `java.lang.NullPointerException`, `needless_return` of `clippy::needless_return`.
fn last_part(code: &str) -> &str {
    let after_colons = code.rsplit("::").next().unwrap_or(code);
    if is_exception(after_colons) {
        return after_colons.rsplit(['.', '\\']).next().unwrap_or(after_colons);
    }
    after_colons
}

/// The letters of a code made of capital letters and digits: `E0382`, `TS2304`, `F401`, `ORA-00942`. The
/// codes of one tool share them.
pub(super) fn number_code(word: &str) -> Option<&str> {
    let digits = word.trim_start_matches(|character: char| character.is_ascii_uppercase());
    let letters = &word[..word.len() - digits.len()];
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let is_code = (1..=9).contains(&letters.len())
        && (2..=6).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(letters)
}

/// Capital letters joined by `_`, or `E` and capital letters.
fn is_capitals(word: &str) -> bool {
    const NO_CODES: [&str; 7] =
        ["ERROR", "ERRORS", "EXCEPTION", "EXCEPTIONS", "EXPECTED", "EXIT_CODE", "EXITED"];
    word.len() >= 5
        && (word.starts_with('E') || word.contains('_'))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && word.bytes().filter(u8::is_ascii_uppercase).count() >= 2
        && !NO_CODES.contains(&word)
}

/// A class name of several words, with or without namespace: `KeyError`, `java.io.IOException`.
fn is_exception(word: &str) -> bool {
    let name = word.rsplit(['.', '\\', ':']).next().unwrap_or(word);
    let humps = name
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    name.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && (humps.count() >= 1 || name.len() > 5 && (name.ends_with("Error") || name.ends_with("Exception")))
        && !matches!(name, "Error" | "Exception")
}

/// Words joined by `-`, `_`, `/` or `::`, at least one of which is more specific than `exit-code`.
fn is_rule(word: &str) -> bool {
    let name = word.rsplit("::").next().unwrap_or(word);
    let is_joined = name.contains(['-', '_', '/']) || word.contains("::");
    is_joined
        && !word.contains(['.', '\\'])
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && specificity(&name.replace(['_', '-'], " ")) >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_by_their_form() {
        for code in [
            "E0382",
            "TS2304",
            "F401",
            "NETSDK1045",
            "ORA-00942",
            "ERR_MODULE_NOT_FOUND",
            "MODULE_NOT_FOUND",
            "ENOENT",
            "no-unused-vars",
            "arg-type",
            "@typescript-eslint/no-explicit-any",
            "clippy::needless_return",
            "Style/StringLiterals",
            "KeyError",
            "IOError",
            "java.lang.NullPointerException",
            "ActiveRecord::RecordInvalid",
        ] {
            assert!(is_code(code), "{code}");
        }
        for word in [
            "",
            "debug",
            "error",
            "Error",
            "ERROR",
            "Exception",
            "warning",
            "test",
            "build",
            "panic",
            "compile",
            "42",
            "exit-code",
            "build-failed",
            "a b",
            "quotes",
            "E",
            "HTTP",
            "file.rs",
            "EXIT_CODE",
        ] {
            assert!(!is_code(word), "{word}");
        }
    }

    #[test]
    fn codes_meet_over_spelling_and_namespace() {
        assert!(is_same("clippy::needless_return", "needless-return"));
        assert!(is_same("java.lang.NullPointerException", "NullPointerException"));
        assert!(is_same("e0382", "E0382"));
        assert!(!is_same("E0382", "E0383") && !is_same("", ""));
        assert_eq!(normal("java.io.IOException"), "ioexception");
    }

    #[test]
    fn only_the_diagnostics_own_code_counts() {
        let diagnostic = Diagnostic {
            code: Some("debug".to_owned()),
            error_type: "E0382".to_owned(),
            message: "see E0499".to_owned(),
            ..Diagnostic::default()
        };
        assert_eq!(CodeEvidence::of(&diagnostic, "E0382", true), CodeEvidence::Covered);
        assert_eq!(CodeEvidence::of(&diagnostic, "E0382", false), CodeEvidence::Partial);
        assert_eq!(CodeEvidence::of(&diagnostic, "E0499", true), CodeEvidence::Other);
        assert_eq!(CodeEvidence::of(&diagnostic, "debug", true), CodeEvidence::None);
    }
}
