//! An error reported by a person or a script, without an artifact to extract it from.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Frame, Severity, Span};
use crate::validation::{Checker, FieldErrors};

/// The payload of `POST /api/match`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorReport {
    /// An exception type or code; may be empty.
    pub error_type: String,
    /// The tool's message. Not blank.
    pub message: String,
    /// Additional lines that help to understand the error.
    pub context: String,
    /// The stack trace as printed, one frame per line.
    pub stack_trace: String,
}

impl ErrorReport {
    /// Maximum length of `message` in characters.
    pub const MAXIMUM_MESSAGE: usize = 8_192;
    /// Maximum length of `context` and of `stack_trace` in characters.
    pub const MAXIMUM_CONTEXT: usize = 65_536;

    /// Converts the report into a diagnostic without losing a field; every line of the stack trace becomes a frame.
    pub fn into_diagnostic(self) -> Result<Diagnostic, FieldErrors> {
        let mut checker = Checker::default();
        checker.at_most("error_type", &self.error_type, 100);
        checker.required("message", &self.message, Self::MAXIMUM_MESSAGE);
        checker.at_most("context", &self.context, Self::MAXIMUM_CONTEXT);
        checker.at_most("stack_trace", &self.stack_trace, Self::MAXIMUM_CONTEXT);
        checker.finish(())?;
        let stack_trace = self
            .stack_trace
            .lines()
            .map(|line| Frame { function: None, location: None, text: line.to_owned() })
            .collect();
        let mut diagnostic = Diagnostic {
            tool: "report".to_owned(),
            error_type: self.error_type,
            code: None,
            message: self.message,
            severity: Severity::Error,
            location: None,
            stack_trace,
            context: self.context,
            span: Span::default(),
            ..Diagnostic::default()
        };
        diagnostic.compose();
        Ok(diagnostic)
    }
}
