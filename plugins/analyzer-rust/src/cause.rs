//! An error and its chain of causes, in the format of programs that use `anyhow` or similar libraries.
//!
//! ```text
//! error: Failed to download `lid==5.3.0`
//!   Caused by: operation timed out
//! Error: failed to open the kettle
//!
//! Caused by:
//!     0: while reading lid.toml
//!     1: No such file or directory (os error 2)
//! ```

use crate::Step;
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Role, Severity, Span,
    text::{Context, leading_number},
};

/// Maximum number of lines of one chain.
const LINES: usize = 60;

/// A chain being read.
#[derive(Debug)]
pub(crate) struct Block {
    headline: String,
    causes: Vec<String>,
    awaiting: bool,
    tool: &'static str,
    context: Context,
    span: Span,
}

impl Block {
    /// Begins with an unknown headline after `error: ` or `Error: `.
    pub(crate) fn start(headline: &str, tool: &'static str, span: Span) -> Self {
        let mut context = Context::default();
        context.push(headline);
        Self { headline: headline.to_owned(), causes: Vec::new(), awaiting: false, tool, context, span }
    }

    /// `Error: headline`, which means nothing by itself.
    pub(crate) fn of_main(start: &str, span: Span) -> Option<Self> {
        if start == "Error:" {
            // All levels are numbered below.
            return Some(Self { awaiting: true, ..Self::start("", "log", span) });
        }
        let headline = start.strip_prefix("Error: ")?.trim();
        (headline.len() > 3).then(|| Self::start(headline, "log", span))
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if self.context.lines() >= LINES {
            return Step::Foreign;
        }
        if start == "Caused by:" {
            self.awaiting = true;
        } else if let Some(cause) = start.strip_prefix("Caused by: ") {
            self.causes.push(cause.to_owned());
            self.awaiting = false;
        } else if start.is_empty() {
            // One blank line precedes the causes, and separates them.
            return if self.awaiting || self.context.lines() == 1 { Step::Taken } else { Step::Foreign };
        } else if self.awaiting && text.starts_with(' ') {
            // Several causes are numbered.
            let cause = match leading_number(start) {
                Some((_, rest)) => rest.strip_prefix(": ").unwrap_or(start),
                None => start,
            };
            let continues = leading_number(start).is_none_or(|(_, rest)| !rest.starts_with(": "))
                && !self.causes.is_empty();
            match self.causes.last_mut().filter(|_| continues) {
                // The excerpt of what could not be parsed.
                Some(_) if start.contains('|') => {}
                Some(last) if last.len() < 400 => {
                    last.push(' ');
                    last.push_str(cause);
                }
                _ => self.causes.push(cause.to_owned()),
            }
        } else {
            return Step::Foreign;
        }
        self.causes.truncate(LINES);
        self.context.push(text);
        self.span = self.span.to(span);
        Step::Taken
    }

    /// `None` if no cause followed: then it is not a chain.
    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        let cause = self.causes.pop()?;
        let follows = cause.contains("exit status")
            || cause.contains("exit code")
            || cause.starts_with("Cargo build finished");
        if self.headline.is_empty() && !self.causes.is_empty() {
            self.headline = self.causes.remove(0);
        }
        let headline = self.headline.lines().next().unwrap_or_default();
        let kind = kind(&cause);
        Some(Diagnostic {
            tool: self.tool.to_owned(),
            error_type: "error".to_owned(),
            message: if headline.ends_with(&cause) {
                headline.to_owned()
            } else {
                format!("{headline}: {cause}")
            },
            severity: Severity::Error,
            kind,
            role: if follows { Role::Consequence } else { Role::Root },
            confidence: Confidence::Likely,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// The kind of failure of the innermost cause.
pub(crate) fn kind(cause: &str) -> Kind {
    let has = |parts: &[&str]| parts.iter().any(|part| cause.contains(part));
    if has(&[
        "timed out",
        "resolve host",
        "onnection",
        "dns error",
        "error sending request",
        "network",
        "503",
        "502",
        "504",
        "error trying to connect",
        "EOF",
        "spurious",
    ]) {
        Kind::Network
    } else if has(&[
        "Permission denied",
        "401",
        "403",
        "authentication",
        "Unauthorized",
        "forbidden",
        "not logged in",
        "no authentication methods",
    ]) {
        Kind::Permission
    } else if has(&["No space left", "memory", "SIGKILL"]) {
        Kind::Resource
    } else {
        Kind::Unknown
    }
}
