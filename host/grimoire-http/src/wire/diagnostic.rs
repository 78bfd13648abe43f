//! Structured errors on the wire.

use std::collections::BTreeMap;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Frame, Kind, Location, Position, Role, Severity};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// One structured error.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Diagnostic)]
pub struct DiagnosticBody {
    /// The tool that reported the error.
    #[schema(example = "rustc")]
    pub tool: String,
    /// An exception type, a code or a short category; may be empty.
    #[schema(example = "E0382")]
    pub error_type: String,
    /// The code or rule as printed.
    #[schema(required = true)]
    pub code: Option<String>,
    /// The message without location, severity and code.
    pub message: String,
    /// The severity.
    #[schema(schema_with = severities)]
    pub severity: &'static str,
    /// The category of the failure.
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    /// How the diagnostic relates to the others of its run.
    #[schema(schema_with = roles)]
    pub role: &'static str,
    /// The analyzer's confidence.
    #[schema(schema_with = confidences)]
    pub confidence: &'static str,
    /// The failed test as its runner prints it.
    #[schema(required = true)]
    pub test: Option<String>,
    /// The source location of the error.
    #[schema(required = true)]
    pub location: Option<LocationBody>,
    /// The stack trace, innermost call first.
    pub stack_trace: Vec<FrameBody>,
    /// The lines around the message.
    pub context: String,
    /// The byte range of the error in the artifact.
    pub span: SpanBody,
    /// What else the analyzers found out, by names of their own choice.
    pub facts: BTreeMap<String, String>,
    /// Number of occurrences.
    pub count: u32,
}

/// A string that is one of these words.
fn words(words: &[&'static str]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.to_vec())).build()
}

fn severities() -> Object {
    use Severity::{Error, Fatal, Hint, Info, Warning};
    words(&[Hint, Info, Warning, Error, Fatal].map(Severity::as_str))
}

fn kinds() -> Object {
    words(&Kind::ALL.map(Kind::as_str))
}

fn roles() -> Object {
    use Role::{Consequence, Root, Summary, Warning};
    words(&[Root, Consequence, Summary, Warning].map(Role::as_str))
}

fn confidences() -> Object {
    use Confidence::{Certain, Guess, Likely};
    words(&[Guess, Likely, Certain].map(Confidence::as_str))
}

/// A range of byte offsets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Span)]
pub struct SpanBody {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

/// A file and a range in it; lines and columns are 1-based.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationBody {
    /// The path as printed by the tool.
    #[schema(example = "src/main.rs")]
    pub path: String,
    /// The first line.
    #[schema(required = true)]
    pub line: Option<u32>,
    /// The first column.
    #[schema(required = true)]
    pub column: Option<u32>,
    /// The last line.
    #[schema(required = true)]
    pub end_line: Option<u32>,
    /// The last column.
    #[schema(required = true)]
    pub end_column: Option<u32>,
}

impl From<Location> for LocationBody {
    fn from(location: Location) -> Self {
        let column = |position: Option<Position>| position.and_then(|position| position.column);
        Self {
            path: location.path,
            line: location.start.map(|start| start.line),
            column: column(location.start),
            end_line: location.end.map(|end| end.line),
            end_column: column(location.end),
        }
    }
}

/// One line of a stack trace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Frame)]
pub struct FrameBody {
    /// The function, if the tool named it.
    #[schema(required = true)]
    pub function: Option<String>,
    /// The source location of the call.
    #[schema(required = true)]
    pub location: Option<LocationBody>,
    /// The line as printed.
    pub text: String,
}

impl From<Frame> for FrameBody {
    fn from(frame: Frame) -> Self {
        Self { function: frame.function, location: frame.location.map(LocationBody::from), text: frame.text }
    }
}

impl DiagnosticBody {
    /// A diagnostic with its number of occurrences.
    pub fn new(diagnostic: Diagnostic, count: u32) -> Self {
        Self {
            tool: diagnostic.tool,
            error_type: diagnostic.error_type,
            code: diagnostic.code,
            message: diagnostic.message,
            severity: diagnostic.severity.as_str(),
            kind: diagnostic.kind.as_str(),
            role: diagnostic.role.as_str(),
            confidence: diagnostic.confidence.as_str(),
            test: diagnostic.test,
            location: diagnostic.location.map(LocationBody::from),
            stack_trace: diagnostic.stack_trace.into_iter().map(FrameBody::from).collect(),
            context: diagnostic.context,
            span: SpanBody { start: diagnostic.span.start, end: diagnostic.span.end },
            facts: diagnostic.facts.into_iter().collect(),
            count,
        }
    }
}
