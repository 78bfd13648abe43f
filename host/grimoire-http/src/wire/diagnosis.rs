//! Diagnoses and ranked spells on the wire.

use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::Role;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{RankedSpell, Reason};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{DiagnosedError, Diagnosis, PluginIdentity, PluginProblem, RouteTaken};
use grimoire_domain::validation::{Checker, FieldErrors};
use grimoire_pipeline::MatcherPart;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType};

use super::diagnostic::DiagnosticBody;
use crate::extract::json::Input;

/// One reason for a score.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reason)]
pub struct ReasonBody {
    /// A short stable name.
    #[schema(example = "pattern")]
    pub signal: String,
    /// Its contribution to the score, in [-1, 1].
    pub weight: f64,
    /// A short text for display.
    pub detail: String,
}

impl From<Reason> for ReasonBody {
    fn from(reason: Reason) -> Self {
        Self { signal: reason.signal, weight: reason.weight, detail: reason.detail }
    }
}

/// A matching spell, with its score and the reasons for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RankedSpell)]
pub struct RankedSpellBody {
    /// The spell's id.
    pub id: u64,
    /// The title.
    pub title: String,
    /// The error type.
    pub error_type: String,
    /// The description.
    pub description: String,
    /// The fix.
    pub solution_code: String,
    /// The spell's revision at the time of ranking.
    pub revision: u64,
    /// The score, from 0 (unrelated) to 1 (certain).
    pub score: f64,
    /// Reasons, strongest first. Where several matchers judged, the last ones have the signal `matcher` and say what each
    /// of them contributed: the score is the sum of their weights.
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

/// Fixes and hints on the wire, each best first.
pub(crate) fn fixes_and_hints(spells: Vec<RankedSpell>) -> (Vec<RankedSpellBody>, Vec<RankedSpellBody>) {
    let (hints, fixes): (Vec<_>, Vec<_>) = spells.into_iter().partition(|spell| spell.hint);
    let bodies = |spells: Vec<RankedSpell>| spells.into_iter().map(RankedSpellBody::from).collect();
    (bodies(fixes), bodies(hints))
}

/// The identity of a plugin that contributed to the answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PluginIdentity)]
pub struct PluginBody {
    /// The name.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// The SHA-256 of the component.
    pub digest: String,
}

impl From<PluginIdentity> for PluginBody {
    fn from(plugin: PluginIdentity) -> Self {
        Self { name: plugin.name, digest: plugin.digest }
    }
}

/// A failure of a plugin.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginProblem)]
pub struct ProblemBody {
    /// The plugin's name.
    pub plugin: String,
    /// A stable word: `trap`, `timeout`, `memory`, `invalid_output`, `busy`…
    #[schema(example = "timeout")]
    pub reason: String,
    /// One sentence for operators.
    pub detail: String,
}

impl From<PluginProblem> for ProblemBody {
    fn from(problem: PluginProblem) -> Self {
        Self { plugin: problem.plugin, reason: problem.reason.as_str().to_owned(), detail: problem.detail }
    }
}

/// A matcher that judged, and its part in the judgement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MatcherPart)]
pub struct MatcherPartBody {
    /// The name.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// The SHA-256 of the component.
    pub digest: String,
    /// Its share of the weight of all matchers that judged, up to 1.
    #[schema(example = 0.7)]
    pub share: f64,
}

impl From<MatcherPart> for MatcherPartBody {
    fn from(part: MatcherPart) -> Self {
        Self { name: part.plugin.name, digest: part.plugin.digest, share: part.share }
    }
}

/// A route of the operator that chose the plugins for a part of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RouteTaken)]
pub struct RouteBody {
    /// The setting and the number of the route in it, from 1.
    #[schema(example = "plugins.analyzer_routes 1")]
    pub route: String,
    /// What it was taken for.
    #[schema(example = "build.log is text/x-log, from octo/app")]
    pub because: String,
    /// The analyzers that met the artifact, or the matchers that the route names.
    pub plugins: Vec<String>,
}

impl From<RouteTaken> for RouteBody {
    fn from(taken: RouteTaken) -> Self {
        Self { route: taken.route, because: taken.because, plugins: taken.plugins }
    }
}

/// The origin of an answer: the same plugins with the same spellbook give the same answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Provenance {
    /// The generation of the plugin set.
    pub generation: u64,
    /// The plugins that took part.
    pub plugins: Vec<PluginBody>,
    /// Plugins that failed, or do not support the input; the answer consists of what the others found.
    pub problems: Vec<ProblemBody>,
    /// The routes that chose the plugins; empty without `plugins.analyzer_routes` and `plugins.matcher_routes`.
    pub routes: Vec<RouteBody>,
}

impl Provenance {
    pub(crate) fn new(
        generation: u64,
        plugins: Vec<PluginIdentity>,
        problems: Vec<PluginProblem>,
        routes: impl IntoIterator<Item = RouteTaken>,
    ) -> Self {
        Self {
            generation,
            plugins: plugins.into_iter().map(PluginBody::from).collect(),
            problems: problems.into_iter().map(ProblemBody::from).collect(),
            routes: routes.into_iter().map(RouteBody::from).collect(),
        }
    }
}

/// The response of `POST /api/analyze`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Analysis)]
pub struct AnalysisBody {
    /// The diagnostics in the order of discovery.
    pub diagnostics: Vec<DiagnosticBody>,
    /// Number of bytes read.
    pub bytes: u64,
    /// True if an analyzer failed, so that findings may be missing.
    pub degraded: bool,
    /// Descriptions of missing input.
    pub gaps: Vec<String>,
    /// The plugins that made the answer.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// The response of `POST /api/match`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Match)]
pub struct MatchBody {
    /// Matching spells, best first; ties by id.
    pub spells: Vec<RankedSpellBody>,
    /// Spells with the tag `hint`, best first: they say where to look, and are no fixes. Empty if there is a fix.
    pub hints: Vec<RankedSpellBody>,
    /// True if all matchers failed: keyword order replaces them, or, if their policy is to skip them, no
    /// spell is shown.
    pub degraded: bool,
    /// The matchers that judged, with their parts; empty if there was nothing to judge, or all failed.
    pub matchers: Vec<MatcherPartBody>,
    /// The change-log sequence that the search index had reached.
    pub sequence: u64,
    /// The plugins that made the answer.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// An error with the matching spells.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DiagnosedError)]
pub struct DiagnosedBody {
    /// The artifact that contains the error: a job's name, `diff`, a file.
    pub artifact: String,
    /// The error.
    pub diagnostic: DiagnosticBody,
    /// Matching spells, best first; empty if there are none.
    pub spells: Vec<RankedSpellBody>,
    /// Spells with the tag `hint`, best first: they say where to look, and are no fixes. Empty if there is a fix.
    pub hints: Vec<RankedSpellBody>,
}

impl From<DiagnosedError> for DiagnosedBody {
    fn from(error: DiagnosedError) -> Self {
        let (spells, hints) = fixes_and_hints(error.spells);
        Self {
            artifact: error.artifact,
            diagnostic: DiagnosticBody::new(error.diagnostic, error.count),
            spells,
            hints,
        }
    }
}

/// The response of `POST /api/diagnose`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Diagnosis)]
pub struct DiagnosisBody {
    /// The causes of the failure, or a guess if no format was recognised, then warnings; each in the order
    /// of the artifact.
    pub errors: Vec<DiagnosedBody>,
    /// Consequences of the errors, and text that only looks like an error.
    pub consequences: Vec<DiagnosedBody>,
    /// True if a plugin failed, so that findings may be missing, or spells are in keyword order only.
    pub degraded: bool,
    /// The change-log sequence that the search index had reached.
    pub sequence: u64,
    /// Descriptions of missing input.
    pub gaps: Vec<String>,
    /// The plugins that made the answer.
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
            provenance: Provenance::new(
                diagnosis.generation,
                diagnosis.plugins,
                diagnosis.problems,
                diagnosis.routes,
            ),
        }
    }
}

/// The kind of text of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArtifactKind)]
pub enum ArtifactWord {
    /// The log of a CI job or of a local command.
    Log,
    /// A unified diff as `git diff` prints it.
    Diff,
    /// Plain text of unknown origin.
    Text,
    /// A file of XML, JSON or SARIF with a tool's findings.
    Report,
}

impl From<ArtifactWord> for ArtifactKind {
    fn from(word: ArtifactWord) -> Self {
        match word {
            ArtifactWord::Log => Self::Log,
            ArtifactWord::Diff => Self::Diff,
            ArtifactWord::Text => Self::Text,
            ArtifactWord::Report => Self::Report,
        }
    }
}

/// An error to find spells for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ErrorReport, example = json!({
    "error_type": "E0382",
    "message": "use of moved value: `names`",
    "context": "src/main.rs:4:20",
}))]
pub struct MatchInput {
    /// An exception type or code; optional.
    #[schema(max_length = 100)]
    error_type: Option<String>,
    /// The tool's message. Not empty.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 8192)]
    message: Option<String>,
    /// Additional information that helps to understand the error: text, or any JSON, which is searched as text.
    #[schema(schema_with = any_json)]
    context: Option<serde_json::Value>,
    /// The stack trace as printed, or a list of lines.
    #[schema(schema_with = any_json)]
    stack_trace: Option<serde_json::Value>,
    /// The `owner/name` of the repository that the input comes from: spells for it are offered in addition to the
    /// global ones.
    #[schema(example = "octo/app", pattern = "^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$")]
    repository: Option<String>,
}

impl MatchInput {
    fn repository(&self) -> Result<Option<RepositoryName>, FieldErrors> {
        self.repository.as_deref().map(RepositoryName::parse).transpose()
    }

    fn into_report(self) -> ErrorReport {
        ErrorReport {
            error_type: self.error_type.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            context: text_of(self.context),
            stack_trace: text_of(self.stack_trace),
        }
    }
}

impl Input for MatchInput {
    type Checked = (ErrorReport, Option<RepositoryName>);

    /// The operation checks the rest.
    fn check(self) -> Result<Self::Checked, FieldErrors> {
        match self.repository() {
            Ok(repository) => Ok((self.into_report(), repository)),
            Err(errors) => Err(self.problems().unwrap_or(errors)),
        }
    }

    fn problems(self) -> Option<FieldErrors> {
        let mut checker = Checker::default();
        let repository = self.repository().err();
        let report = self.into_report().into_diagnostic().err();
        for error in [report, repository].iter().flatten().flat_map(FieldErrors::errors) {
            checker.reject(&error.field, &error.message);
        }
        checker.finish(()).err()
    }
}

/// Text, or any JSON, which is converted to text of at most 65,536 characters.
fn any_json() -> Object {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).build()
}

/// Converts JSON to text: strings unchanged, lists of strings with one line each, the rest as JSON.
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
