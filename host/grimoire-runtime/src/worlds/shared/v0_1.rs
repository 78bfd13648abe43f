//! `grimoire:types@0.1.0`.

use grimoire_domain::diagnostic as domain;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::text;
use grimoire_ports::plugins::PluginDescription;

use crate::call::Call;
use crate::log::LogLevel;
use crate::problem::Fault;
use crate::validate::{bounds, is_fact_name};

mod bindings {
    #![allow(
        missing_docs,
        unsafe_code,
        unused_qualifications,
        unreachable_pub,
        clippy::all,
        clippy::pedantic
    )]
    wasmtime::component::bindgen!({
        path: "../../wit/types",
        inline: "
            package grimoire:shared;
            world shared {
                import grimoire:types/types@0.1.0;
                import grimoire:types/log@0.1.0;
                import grimoire:types/budget@0.1.0;
            }
        ",
    });
}

// The other worlds' generated code re-exports these, which crate visibility does not allow.
#[allow(unreachable_pub)]
pub use bindings::grimoire::types::{budget, log, types};

/// The types under the names that a world uses which borrows its arguments to a guest.
#[allow(unreachable_pub)]
pub mod lent {
    pub use super::types::*;

    /// Passed as an owned value, because there is only one per call. Generated code names a lifetime even so.
    pub type Diagnostic<'a> = super::types::Diagnostic;
}

impl types::Host for Call {}

impl log::Host for Call {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.called_host();
        self.log.write(level, &message);
    }
}

impl budget::Host for Call {
    fn time_left(&mut self) -> u64 {
        self.called_host();
        self.milliseconds_left()
    }

    fn memory_left(&mut self) -> u64 {
        self.called_host();
        self.limiter.left() as u64
    }
}

/// Converts a failure reported by a plugin. Its text goes to the log only, because it may quote the artifact.
pub(crate) fn failure_in(failure: &types::Failure) -> (Fault, &str) {
    match failure {
        types::Failure::Unsupported(words) => {
            (Fault::new(FailureReason::Unsupported, "does not handle this input"), words)
        }
        types::Failure::InvalidInput(words) => (
            Fault::new(
                FailureReason::Failed,
                "says that its input breaks the contract; its log has its words",
            ),
            words,
        ),
        types::Failure::Failed(words) => {
            (Fault::new(FailureReason::Failed, "says that it failed; its log has its words"), words)
        }
    }
}

/// What a plugin says of itself, without the parts that only some worlds have. Not yet checked.
pub(crate) fn identity_in(identity: types::Identity) -> PluginDescription {
    let types::Identity { name, version, description } = identity;
    PluginDescription { name, version, description, ..PluginDescription::default() }
}

/// Conversions in both directions between enums with the same cases.
macro_rules! both_ways {
    ($name:ident, $in:ident, $out:ident: $($case:ident)*) => {
        fn $in(value: types::$name) -> domain::$name {
            match value { $(types::$name::$case => domain::$name::$case),* }
        }

        fn $out(value: domain::$name) -> types::$name {
            match value { $(domain::$name::$case => types::$name::$case),* }
        }
    };
}

both_ways!(Severity, severity_in, severity_out: Hint Info Warning Error Fatal);
both_ways!(
    Kind, kind_in, kind_out:
    Unknown Compile Lint Test Crash Dependency Network Permission Resource Timeout Infrastructure Configuration
);
both_ways!(Role, role_in, role_out: Root Consequence Summary Warning);
both_ways!(Confidence, confidence_in, confidence_out: Guess Likely Certain);

/// Converts a diagnostic returned by a plugin, without validation.
pub(crate) fn diagnostic_in(diagnostic: types::Diagnostic) -> domain::Diagnostic {
    domain::Diagnostic {
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
        stack_trace: diagnostic.stack_trace.into_iter().map(frame_in).collect(),
        context: diagnostic.context,
        span: domain::Span { start: diagnostic.span.start, end: diagnostic.span.end },
        facts: diagnostic.facts,
    }
}

fn frame_in(frame: types::Frame) -> domain::Frame {
    domain::Frame { function: frame.function, location: frame.location.map(location_in), text: frame.text }
}

fn location_in(location: types::Location) -> domain::Location {
    let position =
        |position: types::Position| domain::Position { line: position.line, column: position.column };
    domain::Location {
        path: location.path,
        start: location.start.map(position),
        end: location.end.map(position),
    }
}

/// Converts a diagnostic for a plugin, within the bounds that plugins may rely on: callers of the
/// service write diagnostics too.
pub(crate) fn diagnostic_out(diagnostic: &domain::Diagnostic) -> types::Diagnostic {
    types::Diagnostic {
        tool: cut(&diagnostic.tool, bounds::TOOL),
        error_type: cut(&diagnostic.error_type, bounds::ERROR_TYPE),
        code: diagnostic.code.as_deref().map(|code| cut(code, bounds::CODE)),
        message: cut(&diagnostic.message, bounds::MESSAGE),
        severity: severity_out(diagnostic.severity),
        kind: kind_out(diagnostic.kind),
        role: role_out(diagnostic.role),
        confidence: confidence_out(diagnostic.confidence),
        test: diagnostic.test.as_deref().map(|test| cut(test, bounds::TEST)),
        location: diagnostic.location.as_ref().map(location_out),
        stack_trace: diagnostic.stack_trace.iter().take(bounds::FRAMES).map(frame_out).collect(),
        context: cut(&diagnostic.context, bounds::CONTEXT),
        span: types::Span { start: diagnostic.span.start, end: diagnostic.span.end },
        facts: facts_out(&diagnostic.facts),
    }
}

fn facts_out(facts: &domain::Facts) -> Vec<(String, String)> {
    let fact = |(name, value): &(String, String)| {
        is_fact_name(name).then(|| (name.clone(), cut(value, bounds::FACT_VALUE)))
    };
    facts.iter().filter_map(fact).take(bounds::FACTS).collect()
}

fn frame_out(frame: &domain::Frame) -> types::Frame {
    types::Frame {
        function: frame.function.as_deref().map(|function| cut(function, bounds::FUNCTION)),
        location: frame.location.as_ref().map(location_out),
        text: cut(&frame.text, bounds::FRAME_TEXT),
    }
}

fn location_out(location: &domain::Location) -> types::Location {
    let position =
        |position: domain::Position| types::Position { line: position.line, column: position.column };
    types::Location {
        path: cut(&location.path, bounds::PATH),
        start: location.start.map(position),
        end: location.end.map(position),
    }
}

fn cut(value: &str, limit: usize) -> String {
    text::cut(value, limit).to_owned()
}
