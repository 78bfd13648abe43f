//! Helpers shared by several recognisers: exception lines, own code, excerpts.

use std::collections::VecDeque;

use grimoire_plugin_sdk::text::cut;
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span};

/// Maximum number of lines of an excerpt.
const EXCERPT: usize = 60;
/// Maximum length of one line of an excerpt, in bytes.
const EXCERPT_LINE: usize = 1024;

/// The last lines of a record, for the context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excerpt(VecDeque<String>);

impl Excerpt {
    pub(crate) fn push(&mut self, line: &str) {
        if self.0.len() == EXCERPT {
            self.0.pop_front();
        }
        self.0.push_back(cut(line, EXCERPT_LINE).to_owned());
    }

    pub(crate) fn take(&mut self) -> String {
        let lines = std::mem::take(&mut self.0);
        Vec::from(lines).join("\n").trim_matches('\n').to_owned()
    }
}

/// The exception kind in `package.module.Kind: message` or `Kind` alone, as Python prints a raised
/// exception. Prose with a colon does not count: a kind is one dotted name whose last part starts with
/// a capital or `_`, or is one of the few built-in kinds in lower case.
pub(crate) fn exception_kind(text: &str) -> Option<&str> {
    let end = text.find([':', ' ']).unwrap_or(text.len());
    let kind = &text[..end];
    let rest = &text[end..];
    if !(rest.is_empty() || rest == ":" || rest.starts_with(": ") || rest.starts_with(":\n")) {
        return None;
    }
    let last = kind.rsplit('.').next().unwrap_or(kind);
    let named = kind.len() <= 100
        && kind.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with(|c: char| c.is_ascii_digit())
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '<' | '>'))
        })
        && (last.starts_with(|c: char| c.is_uppercase() || c == '_')
            || kind.contains('.')
            || is_lower_kind(last));
    named.then_some(kind)
}

/// Exceptions whose names start in lower case.
fn is_lower_kind(kind: &str) -> bool {
    matches!(kind, "error" | "timeout" | "gaierror" | "herror")
}

/// Returns true if a kind is certainly an exception, so that it may be alone on a line.
pub(crate) fn is_surely_exception(kind: &str) -> bool {
    let last = last_part(kind);
    [
        "Error",
        "Exception",
        "Warning",
        "Interrupt",
        "Exit",
        "Failed",
        "Timeout",
        "Group",
        "Iteration",
        "NotFound",
    ]
    .iter()
    .any(|end| last.ends_with(end))
}

/// `Kind` of `package.module.Kind`.
pub(crate) fn last_part(kind: &str) -> &str {
    kind.rsplit('.').next().unwrap_or(kind)
}

/// A finding without a location.
pub(crate) fn finding(tool: &str, error_type: &str, kind: Kind, message: &str, span: Span) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: error_type.to_owned(),
        kind,
        message: message.trim().to_owned(),
        span,
        ..Diagnostic::default()
    }
}

/// A line that only says that something failed.
pub(crate) fn summary(tool: &str, kind: Kind, message: &str, span: Span) -> Diagnostic {
    Diagnostic { role: Role::Summary, ..finding(tool, "failed", kind, message, span) }
}

/// `File "path", line 12, in name`: path, line, name.
pub(crate) fn file_line(text: &str) -> Option<(&str, u32, Option<&str>)> {
    let rest = text.trim_start().strip_prefix("File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let (line, rest) = grimoire_plugin_sdk::text::leading_number(rest)?;
    match rest.strip_prefix(", in ") {
        Some(name) => Some((path, line, Some(name.trim()))),
        None => rest.trim().is_empty().then_some((path, line, None)),
    }
}

/// Returns true for a name that cannot be a word of a sentence.
pub(crate) fn is_surely_exception_or_dotted(kind: &str) -> bool {
    is_surely_exception(kind) || kind.contains('.')
}

/// Returns true if a logger's words before a traceback say that the error was handled.
pub(crate) fn is_mild(before: &str) -> bool {
    ["WARNING", "WARN ", "WARN]", "INFO", "DEBUG"].iter().any(|level| before.contains(level))
        && !["ERROR", "CRITICAL", "FATAL"].iter().any(|level| before.contains(level))
}

/// Returns true if an exception only says that a command or a compiler failed, which says why in lines of its own.
pub(crate) fn follows(kind: &str, message: &str) -> bool {
    const SENTENCES: [&str; 4] = [
        "returned non-zero exit status",
        "Failed to lock Pipfile.lock!",
        "Solver could not find solution.",
        // Of mock, which builds RPM packages.
        "Command failed. See logs for output.",
    ];
    kind == "Cython.Compiler.Errors.CompileError"
        || SENTENCES.iter().any(|sentence| message.contains(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exception_lines_are_told_from_prose() {
        for (text, kind) in [
            ("ValueError: bad", Some("ValueError")),
            ("requests.exceptions.ConnectionError: no", Some("requests.exceptions.ConnectionError")),
            ("KeyError", Some("KeyError")),
            ("socket.timeout: timed out", Some("socket.timeout")),
            ("Collecting numpy: now", None),
            ("12:30: noon", None),
            ("path/file.py: x", None),
            ("", None),
        ] {
            assert_eq!(exception_kind(text), kind, "{text}");
        }
    }

    #[test]
    fn traceback_places_are_read() {
        assert_eq!(
            file_line("  File \"a b.py\", line 3, in <module>"),
            Some(("a b.py", 3, Some("<module>")))
        );
        assert_eq!(file_line("File \"a.py\", line 3"), Some(("a.py", 3, None)));
        assert_eq!(file_line("File \"a.py\", line three"), None);
    }
}
