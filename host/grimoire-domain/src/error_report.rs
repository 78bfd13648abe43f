//! An error as a person or a script reports it, without an artifact to extract it from.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Frame, Severity, Span};
use crate::validation::{Checker, FieldErrors};

/// The payload of `POST /api/match`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorReport {
    /// An exception type or code; may be empty.
    pub error_type: String,
    /// What the tool said. Not blank.
    pub message: String,
    /// Whatever helps to understand it.
    pub context: String,
    /// The stack trace as printed, one frame a line.
    pub stack_trace: String,
}

impl ErrorReport {
    /// The most characters of `message`.
    pub const MAXIMUM_MESSAGE: usize = 8_192;
    /// The most characters of `context` and of `stack_trace` each.
    pub const MAXIMUM_CONTEXT: usize = 65_536;

    /// The report as a diagnostic: no field is lost, and every line of the stack trace becomes a frame.
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
        Ok(Diagnostic {
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
        })
    }
}
