//! Records of reviews. A review contains complete copies of diagnostics and spells, so that it shows the
//! original answer even after the spells have changed.

use std::collections::BTreeMap;

use grimoire_domain::Timestamp;
use grimoire_domain::diagnostic::{
    Confidence, Diagnostic, Frame, Kind, Location, Position, Role, Severity, Span,
};
use grimoire_domain::job::JobId;
use grimoire_domain::ranking::{RankedSpell, Reason};
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{
    DiagnosedError, Diagnosis, PluginIdentity, PluginProblem, PostedComment, Review, ReviewKey, RouteTaken,
};
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{decode, encode, unreadable};

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct ReviewRecord {
    /// The number of the write; lists are ordered by it.
    write: u64,
    job: u64,
    errors: Vec<ErrorRecord>,
    problems: Vec<ProblemRecord>,
    degraded: bool,
    generation: u64,
    plugins: Vec<PluginRecord>,
    /// Route, reason, plugins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routes: Vec<(String, String, Vec<String>)>,
    sequence: u64,
    gaps: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pages: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    green: bool,
    comment: Option<CommentRecord>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ErrorRecord {
    artifact: String,
    diagnostic: DiagnosticRecord,
    count: u32,
    spells: Vec<RankedRecord>,
}

#[derive(Serialize, Deserialize)]
struct DiagnosticRecord {
    tool: String,
    error_type: String,
    code: Option<String>,
    message: String,
    severity: u8,
    kind: u8,
    role: u8,
    confidence: u8,
    test: Option<String>,
    location: Option<LocationRecord>,
    stack_trace: Vec<FrameRecord>,
    context: String,
    span: (u64, u64),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct LocationRecord {
    path: String,
    start: Option<(u32, Option<u32>)>,
    end: Option<(u32, Option<u32>)>,
}

#[derive(Serialize, Deserialize)]
struct FrameRecord {
    function: Option<String>,
    location: Option<LocationRecord>,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct RankedRecord {
    id: u64,
    title: String,
    error_type: String,
    description: String,
    solution_code: String,
    revision: u64,
    score: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hint: bool,
    /// Signal, weight, detail.
    reasons: Vec<(String, f64, String)>,
}

#[derive(Serialize, Deserialize)]
struct ProblemRecord {
    plugin: String,
    reason: String,
    detail: String,
}

#[derive(Serialize, Deserialize)]
struct PluginRecord {
    name: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct CommentRecord {
    id: u64,
    url: Option<String>,
}

/// A review as stored.
pub(crate) struct StoredReview {
    pub(crate) review: Review,
    /// The number of the write.
    pub(crate) write: u64,
}

pub(crate) fn encode_review(review: &Review, write: u64) -> Vec<u8> {
    let diagnosis = review.diagnosis.clone();
    let record = ReviewRecord {
        write,
        job: review.job.0,
        errors: diagnosis.errors.into_iter().map(ErrorRecord::of).collect(),
        problems: diagnosis.problems.into_iter().map(ProblemRecord::of).collect(),
        degraded: diagnosis.degraded,
        generation: diagnosis.generation,
        plugins: diagnosis.plugins.into_iter().map(PluginRecord::of).collect(),
        routes: diagnosis
            .routes
            .into_iter()
            .map(|RouteTaken { route, because, plugins }| (route, because, plugins))
            .collect(),
        sequence: diagnosis.sequence,
        gaps: diagnosis.gaps,
        pages: diagnosis.pages,
        green: diagnosis.green,
        comment: review.comment.clone().map(|PostedComment { id, url }| CommentRecord { id, url }),
        created_at: review.created_at,
        updated_at: review.updated_at,
    };
    encode(VERSION, &record)
}

pub(crate) fn decode_review(key: ReviewKey, bytes: &[u8]) -> Result<StoredReview, PortError> {
    let name = format!("the review of {} at {}", key.pull_request, key.head_sha);
    let record: ReviewRecord = decode(VERSION, &name, bytes)?;
    let errors = record.errors.into_iter().map(ErrorRecord::into_error).collect::<Option<_>>();
    let problems = record.problems.into_iter().map(ProblemRecord::into_problem).collect::<Option<_>>();
    let diagnosis = Diagnosis {
        errors: errors.ok_or_else(|| unreadable(&name, "unknown severity, kind, role or confidence"))?,
        problems: problems.ok_or_else(|| unreadable(&name, "unknown reason of a plugin's failure"))?,
        degraded: record.degraded,
        generation: record.generation,
        plugins: record.plugins.into_iter().map(PluginRecord::into_plugin).collect(),
        routes: record
            .routes
            .into_iter()
            .map(|(route, because, plugins)| RouteTaken { route, because, plugins })
            .collect(),
        sequence: record.sequence,
        gaps: record.gaps,
        pages: record.pages,
        green: record.green,
    };
    let review = Review {
        key,
        job: JobId(record.job),
        diagnosis,
        comment: record.comment.map(|CommentRecord { id, url }| PostedComment { id, url }),
        created_at: record.created_at,
        updated_at: record.updated_at,
    };
    Ok(StoredReview { review, write: record.write })
}

impl ErrorRecord {
    fn of(error: DiagnosedError) -> Self {
        Self {
            artifact: error.artifact,
            diagnostic: DiagnosticRecord::of(error.diagnostic),
            count: error.count,
            spells: error.spells.into_iter().map(RankedRecord::of).collect(),
        }
    }

    fn into_error(self) -> Option<DiagnosedError> {
        Some(DiagnosedError {
            artifact: self.artifact,
            diagnostic: self.diagnostic.into_diagnostic()?,
            count: self.count,
            spells: self.spells.into_iter().map(RankedRecord::into_ranked).collect(),
        })
    }
}

impl DiagnosticRecord {
    fn of(diagnostic: Diagnostic) -> Self {
        Self {
            tool: diagnostic.tool,
            error_type: diagnostic.error_type,
            code: diagnostic.code,
            message: diagnostic.message,
            severity: severity_code(diagnostic.severity),
            kind: code_of(&KINDS, diagnostic.kind),
            role: code_of(&ROLES, diagnostic.role),
            confidence: code_of(&CONFIDENCES, diagnostic.confidence),
            test: diagnostic.test,
            location: diagnostic.location.map(LocationRecord::of),
            stack_trace: diagnostic.stack_trace.into_iter().map(FrameRecord::of).collect(),
            context: diagnostic.context,
            span: (diagnostic.span.start, diagnostic.span.end),
            facts: diagnostic.facts,
        }
    }

    fn into_diagnostic(self) -> Option<Diagnostic> {
        let severity = severity_of(self.severity)?;
        Some(Diagnostic {
            tool: self.tool,
            error_type: self.error_type,
            code: self.code,
            message: self.message,
            severity,
            kind: *KINDS.get(usize::from(self.kind))?,
            role: *ROLES.get(usize::from(self.role))?,
            confidence: *CONFIDENCES.get(usize::from(self.confidence))?,
            test: self.test,
            location: self.location.map(LocationRecord::into_location),
            stack_trace: self.stack_trace.into_iter().map(FrameRecord::into_frame).collect(),
            context: self.context,
            span: Span { start: self.span.0, end: self.span.1 },
            facts: self.facts,
        })
    }
}

impl LocationRecord {
    fn of(location: Location) -> Self {
        let pair = |position: Position| (position.line, position.column);
        Self { path: location.path, start: location.start.map(pair), end: location.end.map(pair) }
    }

    fn into_location(self) -> Location {
        let position = |(line, column)| Position { line, column };
        Location { path: self.path, start: self.start.map(position), end: self.end.map(position) }
    }
}

impl FrameRecord {
    fn of(frame: Frame) -> Self {
        let location = frame.location.map(LocationRecord::of);
        Self { function: frame.function, location, text: frame.text }
    }

    fn into_frame(self) -> Frame {
        let location = self.location.map(LocationRecord::into_location);
        Frame { function: self.function, location, text: self.text }
    }
}

impl RankedRecord {
    fn of(spell: RankedSpell) -> Self {
        let reasons = spell.reasons.into_iter();
        Self {
            id: spell.id.0,
            title: spell.title,
            error_type: spell.error_type,
            description: spell.description,
            solution_code: spell.solution_code,
            revision: spell.revision,
            score: spell.score,
            hint: spell.hint,
            reasons: reasons.map(|reason| (reason.signal, reason.weight, reason.detail)).collect(),
        }
    }

    fn into_ranked(self) -> RankedSpell {
        let reasons = self.reasons.into_iter();
        RankedSpell {
            id: SpellId(self.id),
            title: self.title,
            error_type: self.error_type,
            description: self.description,
            solution_code: self.solution_code,
            revision: self.revision,
            score: self.score,
            hint: self.hint,
            reasons: reasons.map(|(signal, weight, detail)| Reason { signal, weight, detail }).collect(),
        }
    }
}

impl ProblemRecord {
    fn of(PluginProblem { plugin, reason, detail }: PluginProblem) -> Self {
        Self { plugin, reason: reason.as_str().to_owned(), detail }
    }

    fn into_problem(self) -> Option<PluginProblem> {
        Some(PluginProblem { plugin: self.plugin, reason: self.reason.parse().ok()?, detail: self.detail })
    }
}

impl PluginRecord {
    fn of(PluginIdentity { name, digest }: PluginIdentity) -> Self {
        Self { name, digest }
    }

    fn into_plugin(self) -> PluginIdentity {
        PluginIdentity { name: self.name, digest: self.digest }
    }
}

/// Kinds by their codes. Codes are part of the file format: append new ones.
const KINDS: [Kind; 12] = [
    Kind::Unknown,
    Kind::Compile,
    Kind::Lint,
    Kind::Test,
    Kind::Crash,
    Kind::Dependency,
    Kind::Network,
    Kind::Permission,
    Kind::Resource,
    Kind::Timeout,
    Kind::Infrastructure,
    Kind::Configuration,
];
/// Roles by their codes, like [`KINDS`].
const ROLES: [Role; 4] = [Role::Root, Role::Consequence, Role::Summary, Role::Warning];
/// Confidences by their codes, like [`KINDS`].
const CONFIDENCES: [Confidence; 3] = [Confidence::Certain, Confidence::Likely, Confidence::Guess];

fn code_of<T: Copy + PartialEq>(values: &[T], value: T) -> u8 {
    (0..).zip(values).find_map(|(code, known)| (*known == value).then_some(code)).expect("the list is whole")
}

/// Codes are part of the file format: never reuse one.
fn severity_code(severity: Severity) -> u8 {
    match severity {
        Severity::Hint => 0,
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Fatal => 4,
    }
}

fn severity_of(code: u8) -> Option<Severity> {
    [Severity::Hint, Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal]
        .into_iter()
        .find(|severity| severity_code(*severity) == code)
}

/// The key of a review's row.
pub(crate) fn parts(key: &ReviewKey) -> (&str, u64, &str) {
    (key.pull_request.repository.as_str(), key.pull_request.number, key.head_sha.as_str())
}

/// The key of a review from that of its row.
pub(crate) fn key_of((repository, number, sha): (&str, u64, &str)) -> Result<ReviewKey, PortError> {
    let unreadable = |error| PortError::internal("the reviews cannot be read from the store", error);
    let repository = RepositoryName::parse(repository).map_err(unreadable)?;
    let head_sha = CommitSha::parse(sha).map_err(unreadable)?;
    Ok(ReviewKey { pull_request: PullRequestId { repository, number }, head_sha })
}
