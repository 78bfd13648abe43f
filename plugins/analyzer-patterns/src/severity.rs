//! The severities that tools print, and those of problem matchers.

use grimoire_plugin_sdk::Severity;

/// The severity that a tool's word means; `None` for a word that says nothing.
pub(crate) fn of_word(word: &str) -> Option<Severity> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "fatal" | "fatal error" | "panic" | "crash" | "f" => Severity::Fatal,
        "error" | "err" | "e" | "fail" | "failed" | "failure" | "critical" | "blocker" | "severe" => {
            Severity::Error
        }
        "warning" | "warn" | "w" => Severity::Warning,
        "notice" | "info" | "information" | "note" | "i" => Severity::Info,
        "hint" | "help" | "remark" => Severity::Hint,
        _ => return None,
    })
}
