//! An artifact becomes diagnostics.

use futures::StreamExt as _;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Severity};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_log::Outcome;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;

use crate::log_pass::LogPass;
use crate::merge::merge;
use crate::settle::settle;
use crate::{FailurePolicy, Pipeline, PipelineError, failure_policy};

/// A defect, told once.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedDiagnostic {
    /// What the most specific analyzer said of it, where it was found first.
    pub diagnostic: Diagnostic,
    /// How often it was found; from 1.
    pub count: u32,
    /// The name of the analyzer that said it.
    pub plugin: String,
}

/// What was found in one artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisReport {
    /// The defects: roots first, then what follows from them, then warnings, each in the order of their
    /// places in the artifact.
    pub diagnostics: Vec<CountedDiagnostic>,
    /// Analyzers that failed or do not handle the artifact: the answer is what the others found.
    pub problems: Vec<PluginProblem>,
    /// Whether an analyzer failed, so that something may be missing.
    pub degraded: bool,
    /// The generation of plugins that made it.
    pub generation: u64,
    /// The analyzers that made it, by name.
    pub plugins: Vec<PluginIdentity>,
    /// Bytes read.
    pub bytes: u64,
    /// What was left out, in words.
    pub gaps: Vec<String>,
}

impl Pipeline {
    /// Runs every applicable analyzer over an artifact and merges what they say of one defect.
    /// `TooLarge` above the configured size; `Unavailable` when the plugin host is busy; what the
    /// content's stream fails with; and the failure of an analyzer whose policy says so.
    #[tracing::instrument(skip_all, fields(artifact = artifact.name))]
    pub async fn analyze(
        &self,
        artifact: &Artifact,
        content: ByteStream,
    ) -> Result<AnalysisReport, PipelineError> {
        let limit = self.settings().maximum_artifact_bytes;
        if artifact.size.is_some_and(|size| size > limit) {
            return Err(too_large(limit).into());
        }
        let pass = LogPass::new(self.pattern_scan().await?);
        let content = pass.watch(artifact.kind, limited(content, limit));
        let analysis = self.ports().analyzers.analyze(artifact, content).await?;
        let mut problems = Vec::new();
        let mut plugins = Vec::new();
        let mut findings = Vec::new();
        let mut degraded = false;
        for found in analysis.findings {
            if let Some(problem) = found.problem {
                if problem.is_failure() {
                    match self.settings().failure_policy(&problem.plugin) {
                        FailurePolicy::Fallback => degraded = true,
                        FailurePolicy::Skip => {
                            let PluginProblem { plugin, reason, detail } = problem;
                            tracing::info!(plugin, reason, detail, "a failed analyzer is left out");
                            continue;
                        }
                        FailurePolicy::Fail => return Err(failure_policy::failed(problem)),
                    }
                }
                problems.push(problem);
            }
            findings.push((found.plugin.name.clone(), found.diagnostics));
            plugins.push(found.plugin);
        }
        let mut diagnostics = merge(findings);
        if let Some((outline, patterns)) = pass.finish() {
            let counts = |offset| outline.outcome_at(offset) != Outcome::Passed;
            // A log that nothing calls red stays green, whatever its tests print.
            let looks_red = outline.run == Outcome::Failed
                || diagnostics.iter().any(|found| found.diagnostic.severity >= Severity::Error);
            if looks_red {
                diagnostics = patterns.finish(diagnostics, counts);
            }
            diagnostics = settle(diagnostics, &outline);
        }
        let mut gaps = Vec::new();
        let most = self.settings().diagnostics_per_artifact;
        if diagnostics.len() > most {
            gaps.push(format!("{} further errors were left out", diagnostics.len() - most));
            diagnostics.truncate(most);
        }
        tracing::info!(
            bytes = analysis.bytes,
            diagnostics = diagnostics.len(),
            problems = problems.len(),
            "artifact analyzed"
        );
        Ok(AnalysisReport {
            diagnostics,
            problems,
            degraded,
            generation: analysis.generation,
            plugins,
            bytes: analysis.bytes,
            gaps,
        })
    }
}

/// The same stream, failing with `TooLarge` where it passes `limit` bytes.
fn limited(content: ByteStream, limit: u64) -> ByteStream {
    let mut left = limit;
    content
        .map(move |chunk| {
            let chunk = chunk?;
            left = left.checked_sub(chunk.len() as u64).ok_or_else(|| too_large(limit))?;
            Ok(chunk)
        })
        .boxed()
}

fn too_large(limit: u64) -> PortError {
    PortError::new(ErrorKind::TooLarge, format!("the artifact has more than {limit} bytes"))
}
