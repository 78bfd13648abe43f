//! Responses of a running service, as domain values.

use std::collections::{BTreeMap, HashMap};

use futures::TryStreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{
    Confidence, Diagnostic, Frame, Kind, Location, Position, Role, Severity, Span,
};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{DiagnosedError, Diagnosis, PluginIdentity, PluginProblem, RouteTaken};
use grimoire_pipeline::{AnalysisReport, CountedDiagnostic, unite};
use grimoire_ports::github::ByteStream;
use reqwest::{Body, Method};
use serde::Deserialize;

use super::service::Service;

/// The response of `POST /api/analyze` and `POST /api/diagnose`, as far as commands show it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    /// From an analysis.
    diagnostics: Vec<FoundDiagnostic>,
    /// From a diagnosis.
    errors: Vec<FoundError>,
    consequences: Vec<FoundError>,
    degraded: bool,
    sequence: u64,
    gaps: Vec<String>,
    generation: u64,
    plugins: Vec<PluginIdentity>,
    problems: Vec<PluginProblem>,
    routes: Vec<RouteTaken>,
}

#[derive(Debug, Deserialize)]
struct FoundError {
    diagnostic: FoundDiagnostic,
    spells: Vec<RankedSpell>,
    hints: Vec<RankedSpell>,
}

#[derive(Debug, Deserialize)]
struct FoundDiagnostic {
    tool: String,
    error_type: String,
    code: Option<String>,
    message: String,
    severity: Severity,
    kind: Kind,
    role: Role,
    confidence: Confidence,
    test: Option<String>,
    location: Option<FoundLocation>,
    stack_trace: Vec<FoundFrame>,
    context: String,
    span: Span,
    #[serde(default)]
    facts: BTreeMap<String, String>,
    count: u32,
}

#[derive(Debug, Deserialize)]
struct FoundLocation {
    path: String,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct FoundFrame {
    function: Option<String>,
    location: Option<FoundLocation>,
    text: String,
}

impl From<FoundLocation> for Location {
    fn from(found: FoundLocation) -> Self {
        let position = |line: Option<u32>, column| line.map(|line| Position { line, column });
        Self {
            path: found.path,
            start: position(found.line, found.column),
            end: position(found.end_line, found.end_column),
        }
    }
}

impl From<FoundDiagnostic> for CountedDiagnostic {
    fn from(found: FoundDiagnostic) -> Self {
        let frame = |frame: FoundFrame| Frame {
            function: frame.function,
            location: frame.location.map(Location::from),
            text: frame.text,
        };
        let diagnostic = Diagnostic {
            tool: found.tool,
            error_type: found.error_type,
            code: found.code,
            message: found.message,
            severity: found.severity,
            kind: found.kind,
            role: found.role,
            confidence: found.confidence,
            test: found.test,
            location: found.location.map(Location::from),
            stack_trace: found.stack_trace.into_iter().map(frame).collect(),
            context: found.context,
            span: found.span,
            facts: found.facts.into_iter().collect(),
        };
        // The response does not name the analyzer, and it is not needed here.
        Self { diagnostic, count: found.count, plugin: String::new() }
    }
}

/// A service's diagnosis of the artifacts of one run.
#[derive(Default)]
pub(super) struct RemoteDiagnosis {
    logs: Vec<(String, AnalysisReport)>,
    reports: Vec<(String, AnalysisReport)>,
    /// Spells by artifact and span, which uniting preserves.
    spells: HashMap<(String, Span), Vec<RankedSpell>>,
    sequence: Option<u64>,
    degraded: bool,
    repository: Option<RepositoryName>,
}

impl RemoteDiagnosis {
    /// Diagnoses for this repository.
    pub(super) fn of_repository(repository: Option<RepositoryName>) -> Self {
        Self { repository, ..Self::default() }
    }

    /// Lets the service read one artifact, and rank spells for its errors if `matched` is set.
    pub(super) async fn add(
        &mut self,
        service: &Service,
        artifact: Artifact,
        content: ByteStream,
        matched: bool,
    ) -> anyhow::Result<()> {
        let kind = match artifact.kind {
            ArtifactKind::Log => "log",
            ArtifactKind::Diff => "diff",
            ArtifactKind::Text => "text",
            ArtifactKind::Report => "report",
        };
        let path = if matched { "/api/diagnose" } else { "/api/analyze" };
        let request = service
            .request(Method::POST, path)?
            .query(&[("kind", kind), ("name", artifact.name.as_str())])
            .query(&self.repository.iter().map(|name| ("repository", name.as_str())).collect::<Vec<_>>())
            .header("content-type", "application/octet-stream")
            .body(Body::wrap_stream(content.map_err(std::io::Error::other)));
        let answer: Answer = service.json(request).await?;
        let mut diagnostics: Vec<CountedDiagnostic> =
            answer.diagnostics.into_iter().map(Into::into).collect();
        for error in answer.errors.into_iter().chain(answer.consequences) {
            let counted = CountedDiagnostic::from(error.diagnostic);
            let hints = error.hints.into_iter().map(|hint| RankedSpell { hint: true, ..hint });
            let spells = error.spells.into_iter().chain(hints).collect();
            self.spells.insert((artifact.name.clone(), counted.diagnostic.span), spells);
            diagnostics.push(counted);
        }
        if matched {
            // The oldest state of the spellbook that any part of the answer is based on.
            self.sequence = Some(self.sequence.map_or(answer.sequence, |known| known.min(answer.sequence)));
            // A failed analyzer is already reported as a problem.
            self.degraded |=
                answer.degraded && !answer.problems.iter().any(|problem| problem.reason.is_failure());
        }
        let report = AnalysisReport {
            diagnostics,
            problems: answer.problems,
            degraded: answer.degraded,
            generation: answer.generation,
            plugins: answer.plugins,
            routes: answer.routes,
            bytes: artifact.size.unwrap_or_default(),
            gaps: answer.gaps,
        };
        let of_kind = if artifact.kind == ArtifactKind::Report { &mut self.reports } else { &mut self.logs };
        of_kind.push((artifact.name, report));
        Ok(())
    }

    /// Unites everything into one diagnosis of the run.
    pub(super) fn finish(mut self) -> Diagnosis {
        unite(&mut self.logs, &mut self.reports);
        let mut diagnosis = Diagnosis {
            sequence: self.sequence.unwrap_or_default(),
            degraded: self.degraded,
            ..Diagnosis::default()
        };
        for (artifact, report) in self.logs.into_iter().chain(self.reports) {
            for found in report.diagnostics {
                let key = (artifact.clone(), found.diagnostic.span);
                diagnosis.errors.push(DiagnosedError {
                    artifact: artifact.clone(),
                    spells: self.spells.get(&key).cloned().unwrap_or_default(),
                    diagnostic: found.diagnostic,
                    count: found.count,
                });
            }
            diagnosis.problems.extend(report.problems);
            diagnosis.generation = report.generation;
            diagnosis.plugins.extend(report.plugins);
            diagnosis.routes.extend(report.routes);
            diagnosis.gaps.extend(report.gaps);
        }
        diagnosis.plugins.sort();
        diagnosis.plugins.dedup();
        diagnosis.routes.sort();
        diagnosis.routes.dedup();
        diagnosis
    }
}
