//! Diagnostics and ranked spells on the wire.

use grimoire_domain::diagnostic::{Diagnostic, Frame, Location, Position, Role};
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{RankedSpell, Reason};
use grimoire_domain::review::{DiagnosedError, Diagnosis, PluginIdentity, PluginProblem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One structured error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiagnosticBody {
    /// The tool that reported it.
    #[schema(example = "rustc")]
    pub tool: String,
    /// An exception type, a code or a short category; may be empty.
    #[schema(example = "E0382")]
    pub error_type: String,
    /// The code or rule as printed.
    pub code: Option<String>,
    /// The message without place, severity and code.
    pub message: String,
    /// `hint`, `info`, `warning`, `error` or `fatal`.
    #[schema(example = "error")]
    pub severity: &'static str,
    /// What went wrong: `compile`, `lint`, `test`, `crash`, `dependency`, `network`, `permission`, `resource`,
    /// `timeout`, `infrastructure`, `configuration` or `unknown`.
    #[schema(example = "compile")]
    pub kind: &'static str,
    /// What it is to the others of its run: `root`, `consequence`, `summary` or `warning`.
    #[schema(example = "root")]
    pub role: &'static str,
    /// How sure the analyzer is: `certain`, `likely` or `guess`.
    #[schema(example = "certain")]
    pub confidence: &'static str,
    /// The failed test, as its runner prints it.
    pub test: Option<String>,
    /// Where it is.
    pub location: Option<LocationBody>,
    /// Innermost call first.
    pub stack_trace: Vec<FrameBody>,
    /// The lines around the message.
    pub context: String,
    /// The bytes of the artifact where it was found.
    pub span: SpanBody,
    /// How often it was found.
    pub count: u32,
}

/// A range of bytes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpanBody {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

/// A file and a place in it; lines and columns start at 1.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LocationBody {
    /// As the tool printed it.
    #[schema(example = "src/main.rs")]
    pub path: String,
    /// The line.
    pub line: Option<u32>,
    /// The column.
    pub column: Option<u32>,
    /// The line where it ends.
    pub end_line: Option<u32>,
    /// The column where it ends.
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
pub struct FrameBody {
    /// The function, where named.
    pub function: Option<String>,
    /// Where it is.
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
    /// A diagnostic that was found `count` times.
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
            count,
        }
    }
}

/// Why a score is what it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReasonBody {
    /// A short stable name.
    #[schema(example = "pattern")]
    pub signal: String,
    /// What it added, in [-1, 1].
    pub weight: f64,
    /// For people.
    pub detail: String,
}

impl From<Reason> for ReasonBody {
    fn from(reason: Reason) -> Self {
        Self { signal: reason.signal, weight: reason.weight, detail: reason.detail }
    }
}

/// A spell that fits, with its score and the reasons for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RankedSpellBody {
    /// Which spell.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its error type.
    pub error_type: String,
    /// Its description.
    pub description: String,
    /// The fix.
    pub solution_code: String,
    /// Its revision when it was ranked.
    pub revision: u64,
    /// 0 (unrelated) to 1 (certain).
    pub score: f64,
    /// Strongest first.
    pub reasons: Vec<ReasonBody>,
}

impl From<RankedSpell> for RankedSpellBody {
    fn from(spell: RankedSpell) -> Self {
        Self {
            id: spell.id.0,
            title: spell.title,
            error_type: spell.error_type,
            description: spell.description,
            solution_code: spell.solution_code,
            revision: spell.revision,
            score: spell.score,
            reasons: spell.reasons.into_iter().map(ReasonBody::from).collect(),
        }
    }
}

/// Which plugin made a part of the answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PluginBody {
    /// Its name.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// The SHA-256 of its component.
    pub digest: String,
}

impl From<PluginIdentity> for PluginBody {
    fn from(plugin: PluginIdentity) -> Self {
        Self { name: plugin.name, digest: plugin.digest }
    }
}

/// A plugin that could not do its part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Its name.
    pub plugin: String,
    /// A stable word: `trap`, `timeout`, `memory`, `invalid_output`, `busy`…
    #[schema(example = "timeout")]
    pub reason: String,
    /// For operators.
    pub detail: String,
}

impl From<PluginProblem> for ProblemBody {
    fn from(problem: PluginProblem) -> Self {
        Self { plugin: problem.plugin, reason: problem.reason, detail: problem.detail }
    }
}

/// Who and what made an answer: the same plugins over the same spellbook give the same answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Provenance {
    /// The generation of plugins.
    pub generation: u64,
    /// The plugins that took part.
    pub plugins: Vec<PluginBody>,
    /// Those that failed, or do not handle the input: the answer is what the others found.
    pub problems: Vec<ProblemBody>,
}

impl Provenance {
    pub(crate) fn new(generation: u64, plugins: Vec<PluginIdentity>, problems: Vec<PluginProblem>) -> Self {
        Self {
            generation,
            plugins: plugins.into_iter().map(PluginBody::from).collect(),
            problems: problems.into_iter().map(ProblemBody::from).collect(),
        }
    }
}

/// The answer of `POST /api/analyze`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AnalysisBody {
    /// In the order in which they were found.
    pub diagnostics: Vec<DiagnosticBody>,
    /// Bytes read.
    pub bytes: u64,
    /// Whether an analyzer failed, so that something may be missing.
    pub degraded: bool,
    /// What was not looked at, in words.
    pub gaps: Vec<String>,
    /// Who made it.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// The answer of `POST /api/match`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchBody {
    /// Best first; ties by id.
    pub spells: Vec<RankedSpellBody>,
    /// Whether the matcher failed: keyword order stands in for it, or, where it is to be skipped, no
    /// spell is shown.
    pub degraded: bool,
    /// How far the search index had followed the spellbook.
    pub sequence: u64,
    /// Who made it.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// An error with the spells that fit it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiagnosedBody {
    /// Where it was found: a job's name, `diff`, a file.
    pub artifact: String,
    /// The error.
    pub diagnostic: DiagnosticBody,
    /// Best first; empty when nothing fits.
    pub spells: Vec<RankedSpellBody>,
}

impl From<DiagnosedError> for DiagnosedBody {
    fn from(error: DiagnosedError) -> Self {
        Self {
            artifact: error.artifact,
            diagnostic: DiagnosticBody::new(error.diagnostic, error.count),
            spells: error.spells.into_iter().map(RankedSpellBody::from).collect(),
        }
    }
}

/// The answer of `POST /api/diagnose`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiagnosisBody {
    /// What made the run fail, or a guess where nothing was recognised, then warnings; each in the order of
    /// the artifact.
    pub errors: Vec<DiagnosedBody>,
    /// What follows from the errors, or only looks like one beside them.
    pub consequences: Vec<DiagnosedBody>,
    /// Whether a plugin failed, so that something may be missing or in keyword order only.
    pub degraded: bool,
    /// How far the search index had followed the spellbook.
    pub sequence: u64,
    /// What was not looked at, in words.
    pub gaps: Vec<String>,
    /// Who made it.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl From<Diagnosis> for DiagnosisBody {
    fn from(diagnosis: Diagnosis) -> Self {
        let degraded = diagnosis.is_incomplete();
        let (consequences, errors): (Vec<_>, Vec<_>) =
            diagnosis.errors.into_iter().partition(|error| error.diagnostic.role == Role::Consequence);
        Self {
            degraded,
            errors: errors.into_iter().map(DiagnosedBody::from).collect(),
            consequences: consequences.into_iter().map(DiagnosedBody::from).collect(),
            sequence: diagnosis.sequence,
            gaps: diagnosis.gaps,
            provenance: Provenance::new(diagnosis.generation, diagnosis.plugins, diagnosis.problems),
        }
    }
}

/// An error to find spells for.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct MatchInput {
    /// An exception type or code; may be left out.
    #[schema(example = "TypeError", max_length = 100)]
    pub error_type: Option<String>,
    /// What the tool said.
    #[schema(example = "Cannot read properties of undefined (reading 'map')", max_length = 8192)]
    pub message: Option<String>,
    /// Whatever helps to understand it: text, or any JSON, which is searched as text.
    #[schema(value_type = Option<String>)]
    pub context: Option<serde_json::Value>,
    /// As printed, or a list of lines.
    #[schema(value_type = Option<String>)]
    pub stack_trace: Option<serde_json::Value>,
}

impl From<MatchInput> for ErrorReport {
    fn from(input: MatchInput) -> Self {
        Self {
            error_type: input.error_type.unwrap_or_default(),
            message: input.message.unwrap_or_default(),
            context: text_of(input.context),
            stack_trace: text_of(input.stack_trace),
        }
    }
}

/// JSON as text: strings as they are, lists of strings one a line, the rest as JSON.
fn text_of(value: Option<serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text,
        Some(serde_json::Value::Array(items)) if items.iter().all(serde_json::Value::is_string) => {
            items.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("\n")
        }
        Some(other) => other.to_string(),
    }
}
