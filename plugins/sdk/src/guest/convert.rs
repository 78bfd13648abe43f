//! Conversions between native and generated values. Both worlds use the same generated types.

use super::About;
use super::bindings::types::types as wit;
use crate::{Confidence, Diagnostic, Failure, Frame, Kind, Location, Position, Role, Severity, Span};

/// Conversions in both directions between enums with the same cases.
macro_rules! both_ways {
    ($name:ident, $out:ident, $in:ident: $($case:ident)*) => {
        fn $out(value: $name) -> wit::$name {
            match value { $($name::$case => wit::$name::$case),* }
        }
        fn $in(value: wit::$name) -> $name {
            match value { $(wit::$name::$case => $name::$case),* }
        }
    };
}

both_ways!(Severity, severity_out, severity_in: Hint Info Warning Error Fatal);
both_ways!(
    Kind, kind_out, kind_in:
    Unknown Compile Lint Test Crash Dependency Network Permission Resource Timeout Infrastructure Configuration
);
both_ways!(Role, role_out, role_in: Root Consequence Summary Warning);
both_ways!(Confidence, confidence_out, confidence_in: Guess Likely Certain);

pub(super) fn identity<D: About>() -> wit::Identity {
    wit::Identity {
        name: D::NAME.to_owned(),
        version: D::VERSION.to_owned(),
        description: D::DESCRIPTION.to_owned(),
    }
}

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
        severity: severity_out(diagnostic.severity),
        kind: kind_out(diagnostic.kind),
        role: role_out(diagnostic.role),
        confidence: confidence_out(diagnostic.confidence),
        test: diagnostic.test,
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
        facts: diagnostic.facts,
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
        severity: severity_in(diagnostic.severity),
        kind: kind_in(diagnostic.kind),
        role: role_in(diagnostic.role),
        confidence: confidence_in(diagnostic.confidence),
        test: diagnostic.test,
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
        facts: diagnostic.facts,
    }
}

fn location_in(location: wit::Location) -> Location {
    let position = |position: wit::Position| Position { line: position.line, column: position.column };
    Location { path: location.path, start: location.start.map(position), end: location.end.map(position) }
}
