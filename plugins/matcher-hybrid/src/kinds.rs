//! Similarity of error types: `builtins.TypeError` equals `TypeError`.

use grimoire_plugin_sdk::Diagnostic;

/// 1 for equal types, less for nearly equal ones, 0 for different ones. If the diagnostic has no
/// type, the exception at the start of its message or else its tool is used.
pub(crate) fn kind_likeness(error: &Diagnostic, wanted: &str) -> f64 {
    let wanted = wanted.trim();
    if wanted.is_empty() {
        return 0.0;
    }
    let stated = error.error_type.trim();
    if stated.eq_ignore_ascii_case(wanted) {
        return 1.0;
    }
    let own = last_part(stated);
    let theirs = last_part(wanted);
    if !own.is_empty() && own.eq_ignore_ascii_case(theirs) {
        return 0.9;
    }
    if let Some(leading) = leading_type(&error.message)
        && last_part(leading).eq_ignore_ascii_case(theirs)
    {
        return if stated.is_empty() { 0.9 } else { 0.7 };
    }
    if error.tool.eq_ignore_ascii_case(wanted) {
        return if stated.is_empty() { 0.8 } else { 0.5 };
    }
    if own.len() >= 4 && same_letters(own, theirs) { 0.8 } else { 0.0 }
}

/// `TypeError` of `builtins.TypeError`, `NotFound` of `errors::NotFound`, `arg` of `mypy/arg`.
fn last_part(kind: &str) -> &str {
    kind.rsplit(['.', ':', '/', '\\']).next().unwrap_or(kind)
}

/// The exception type at the start of a message, `TypeError: …`.
fn leading_type(message: &str) -> Option<&str> {
    let (kind, _) = message.split_once(": ")?;
    let looks = kind.len() <= 100
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':'))
        && ["Error", "Exception", "Warning"].iter().any(|end| kind.ends_with(end));
    looks.then_some(kind)
}

/// Returns true if two names differ only in case and separators: `type_error`, `TypeError`, `type-error`.
fn same_letters(one: &str, other: &str) -> bool {
    let letters = |text: &'_ str| {
        text.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_types_are_alike() {
        let error = |kind: &str, message: &str| Diagnostic {
            error_type: kind.into(),
            message: message.into(),
            ..Diagnostic::default()
        };
        let like = |kind: &str, wanted: &str| kind_likeness(&error(kind, ""), wanted);
        assert!(like("TypeError", "typeerror") >= 1.0);
        assert!(like("builtins.TypeError", "TypeError") >= 0.9);
        assert!(like("TypeError", "java.lang.TypeError") >= 0.9);
        assert!(like("type_error", "TypeError") >= 0.8);
        assert_eq!(like("TypeError", "ValueError").to_bits(), 0.0_f64.to_bits());
        assert_eq!(like("", "TypeError").to_bits(), 0.0_f64.to_bits());
        assert_eq!(like("", "").to_bits(), 0.0_f64.to_bits());
        assert!(kind_likeness(&error("", "KeyError: 'x'"), "KeyError") >= 0.9);
    }
}
