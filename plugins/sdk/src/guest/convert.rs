//! Native values to generated ones and back. Both worlds speak the same generated types.

use super::analyzer::grimoire::types::types as wit;
use crate::{Diagnostic, Failure, Frame, Location, Position, Severity, Span};

pub(super) fn failure_out(failure: Failure) -> wit::Failure {
    match failure {
        Failure::Unsupported(reason) => wit::Failure::Unsupported(reason),
        Failure::InvalidInput(reason) => wit::Failure::InvalidInput(reason),
        Failure::Failed(reason) => wit::Failure::Failed(reason),
    }
}

pub(super) fn diagnostic_out(diagnostic: Diagnostic) -> wit::Diagnostic {
    wit::Diagnostic {
        tool: diagnostic.tool,
        error_type: diagnostic.error_type,
        code: diagnostic.code,
        message: diagnostic.message,
        severity: match diagnostic.severity {
            Severity::Hint => wit::Severity::Hint,
            Severity::Info => wit::Severity::Info,
            Severity::Warning => wit::Severity::Warning,
            Severity::Error => wit::Severity::Error,
            Severity::Fatal => wit::Severity::Fatal,
        },
        location: diagnostic.location.map(location_out),
        stack_trace: diagnostic
            .stack_trace
            .into_iter()
            .map(|frame| wit::Frame {
                function: frame.function,
                location: frame.location.map(location_out),
                text: frame.text,
            })
            .collect(),
        context: diagnostic.context,
        span: wit::Span { start: diagnostic.span.start, end: diagnostic.span.end },
    }
}

fn location_out(location: Location) -> wit::Location {
    let position = |position: Position| wit::Position { line: position.line, column: position.column };
    wit::Location {
        path: location.path,
        start: location.start.map(position),
        end: location.end.map(position),
    }
}

pub(super) fn diagnostic_in(diagnostic: wit::Diagnostic) -> Diagnostic {
    Diagnostic {
        tool: diagnostic.tool,
        error_type: diagnostic.error_type,
        code: diagnostic.code,
        message: diagnostic.message,
        severity: match diagnostic.severity {
            wit::Severity::Hint => Severity::Hint,
            wit::Severity::Info => Severity::Info,
            wit::Severity::Warning => Severity::Warning,
            wit::Severity::Error => Severity::Error,
            wit::Severity::Fatal => Severity::Fatal,
        },
        location: diagnostic.location.map(location_in),
        stack_trace: diagnostic
            .stack_trace
            .into_iter()
            .map(|frame| Frame {
                function: frame.function,
                location: frame.location.map(location_in),
                text: frame.text,
            })
            .collect(),
        context: diagnostic.context,
        span: Span { start: diagnostic.span.start, end: diagnostic.span.end },
    }
}

fn location_in(location: wit::Location) -> Location {
    let position = |position: wit::Position| Position { line: position.line, column: position.column };
    Location { path: location.path, start: location.start.map(position), end: location.end.map(position) }
}
