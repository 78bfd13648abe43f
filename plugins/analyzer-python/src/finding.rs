//! What the findings of all linters have in common.

use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

pub(crate) fn finding(
    tool: &str,
    code: &str,
    message: &str,
    severity: Severity,
    location: Location,
    span: Span,
) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: message.trim().to_owned(),
        severity,
        kind: Kind::Lint,
        location: Some(location).filter(|location| !location.path.is_empty()),
        span,
        ..Diagnostic::default()
    }
}

/// Returns true if a word is a linter's code: one to four capitals and two to five digits, `E999`, `RUF012`.
pub(crate) fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = word.len() - letters;
    (1..=6).contains(&letters)
        && (2..=5).contains(&digits)
        && word.bytes().skip(letters).all(|byte| byte.is_ascii_digit())
}

/// Removes the mark of a fixable finding.
pub(crate) fn without_fix_mark(message: &str) -> &str {
    let message = message.trim();
    message.strip_prefix("[*] ").or_else(|| message.strip_prefix("[-] ")).unwrap_or(message)
}

/// Returns true if a word is a rule's name: lower-case words joined by `-`.
pub(crate) fn is_rule(word: &str) -> bool {
    word.len() >= 4
        && word.contains('-')
        && !word.starts_with('-')
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns true for the path of a Python file.
pub(crate) fn is_python(path: &str) -> bool {
    [".py", ".pyi", ".pyx", ".ipynb", ".pyw", ".pxd"].iter().any(|end| path.ends_with(end))
}
