//! Secrets in quoted text. GitHub masks them in logs, not in comments.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Shapes of secrets. A group `keep` holds what may stay, such as the name of a setting.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // Private keys, also when the end was cut off.
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\z)",
        // GitHub.
        r"\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})",
        // GitLab, npm, PyPI, crates.io, Slack, Stripe, Google, OpenAI, Anthropic, Hugging Face, SendGrid.
        r"\b(glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|cio[A-Za-z0-9]{32}\b)",
        r"\b(xox[abeoprs]-[A-Za-z0-9-]{10,}|[rs]k_(live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35})",
        r"\b(sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        // AWS.
        r"\b(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}\b",
        // JSON Web Tokens.
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        // Credentials in addresses and headers.
        r"(?P<keep>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@",
        r"(?i)(?P<keep>\bauthorization\b\W{1,4}(basic|bearer|token)\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"(?i)(?P<keep>\bbearer\s+)[A-Za-z0-9._~+/=-]{16,}",
        // Settings whose name says what they hold.
        r#"(?i)(?P<keep>\b[A-Za-z0-9_.-]*(password|passwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token)[A-Za-z0-9_-]*["']?\s*[:=]\s*["']?)[^\s"'`,;*]{8,}"#,
    ]
    .iter()
    .map(|shape| Regex::new(shape).expect("the shapes are constant and tested"))
    .collect()
});

/// `text` with everything that has the shape of a secret replaced. Linear time.
pub(super) fn redact(text: &str) -> String {
    let mut clean = text.to_owned();
    for shape in SHAPES.iter() {
        if shape.is_match(&clean) {
            clean = shape
                .replace_all(&clean, |found: &Captures<'_>| {
                    let keep = found.name("keep").map_or("", |kept| kept.as_str());
                    let at = if found[0].ends_with('@') && !keep.is_empty() { "@" } else { "" };
                    format!("{keep}[redacted]{at}")
                })
                .into_owned();
        }
    }
    clean
}
