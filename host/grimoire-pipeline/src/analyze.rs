//! Turns an artifact into diagnostics.

use futures::StreamExt as _;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Severity};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem, RouteTaken};
use grimoire_domain::routing::AnalyzerRouting;
use grimoire_log::Outcome;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::Analysis;

use crate::judge::Judge;
use crate::log_pass::{LogPass, LogRead};
use crate::merge::{CountedDiagnostic, merge, merge_with};
use crate::plugins::{ANALYZER_ROUTES, ArtifactCopy};
use crate::settle::{is_explained, settle};
use crate::utf16::as_utf8;
use crate::{FailurePolicy, PipelineError, Settings, failure_policy};

/// The result of analyzing one artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisReport {
    /// The defects: roots first, then consequences, then warnings, each in the order of the artifact.
    pub diagnostics: Vec<CountedDiagnostic>,
    /// Analyzers that failed or do not support the artifact; the result consists of what the others found.
    pub problems: Vec<PluginProblem>,
    /// True if an analyzer failed, so that findings may be missing.
    pub degraded: bool,
    /// The generation of the plugin set.
    pub generation: u64,
    /// The analyzers that took part, by name.
    pub plugins: Vec<PluginIdentity>,
    /// The route that chose them, where there is one.
    pub routes: Vec<RouteTaken>,
    /// Bytes read.
    pub bytes: u64,
    /// Descriptions of what was left out.
    pub gaps: Vec<String>,
}

/// The findings of the analyzers that were called so far.
#[derive(Default)]
struct Gathered {
    findings: Vec<(String, Vec<Diagnostic>)>,
    plugins: Vec<PluginIdentity>,
    problems: Vec<PluginProblem>,
    degraded: bool,
}

impl Judge {
    /// Runs every applicable analyzer over an artifact and merges their reports of the same defect. The analyzers of
    /// last resort are called for the ends of a log in which the others found no cause.
    /// `TooLarge` above the configured size; `Busy` if all slots of the plugin host are taken; any error of the
    /// content's stream; and the failure of an analyzer with the policy `fail`.
    #[tracing::instrument(skip_all, fields(artifact = artifact.name))]
    pub async fn analyze(
        &self,
        artifact: &Artifact,
        content: ByteStream,
    ) -> Result<AnalysisReport, PipelineError> {
        self.require_plugins()?;
        let settings = self.pipeline.settings();
        let limit = settings.maximum_artifact_bytes;
        if artifact.size.is_some_and(|size| size > limit) {
            return Err(too_large(limit).into());
        }
        let content = limited(as_utf8(content).await?, limit);
        let (copy, content) = ArtifactCopy::of(artifact, self.repository.as_ref(), content);
        self.read(artifact, content, Some(copy)).await
    }

    /// Like [`Self::analyze`], for content that was prepared. What was read to its end is kept if there is a copy.
    pub(crate) async fn read(
        &self,
        artifact: &Artifact,
        content: ByteStream,
        copy: Option<ArtifactCopy>,
    ) -> Result<AnalysisReport, PipelineError> {
        let settings = self.pipeline.settings();
        let routing = AnalyzerRouting::new(settings.analyzer_routes.clone(), self.repository.clone());
        let pass = LogPass::new(self.pipeline.pattern_scan(self.repository.clone()).await?);
        let content = pass.watch(artifact.kind, content);
        let analysis = self.plugins.analyze_routed(artifact, &routing, content).await?;
        if let Some(copy) = copy {
            self.pipeline.0.artifacts.keep(copy);
        }
        let (bytes, media_type) = (analysis.bytes, analysis.media_type);
        let mut gathered = Gathered::default();
        // A plugin that could not be loaded leaves the same gap as one that failed.
        for problem in self.plugins.rejected() {
            if self.is_reported(&problem)? {
                gathered.degraded = true;
                gathered.problems.push(problem);
            }
        }
        self.gather(analysis, &mut gathered)?;
        let mut diagnostics = merge(std::mem::take(&mut gathered.findings));
        if let Some(LogRead { outline, patterns, ends }) = pass.finish() {
            if !is_explained(&diagnostics, &outline) {
                for excerpt in ends {
                    let analysis = self.plugins.guess_routed(artifact, &routing, excerpt).await?;
                    self.gather(analysis, &mut gathered)?;
                }
                diagnostics = merge_with(diagnostics, std::mem::take(&mut gathered.findings));
            }
            let counts = |offset| outline.outcome_at(offset) != Outcome::Passed;
            // A log without any sign of failure stays green, whatever its tests print, unless it is only an excerpt.
            let looks_red = outline.run == Outcome::Failed
                || patterns.is_excerpt(bytes) && outline.run == Outcome::Unknown && outline.steps.len() == 1
                || diagnostics.iter().any(|found| found.diagnostic.severity >= Severity::Error);
            if looks_red {
                diagnostics = patterns.finish(diagnostics, counts);
            }
            diagnostics = settle(diagnostics, &outline);
        }
        let mut gaps = Vec::new();
        let most = kept(&diagnostics, settings);
        if diagnostics.len() > most {
            gaps.push(format!("{} further errors were left out", diagnostics.len() - most));
            diagnostics.truncate(most);
        }
        // Masked before anything is stored, matched or shown.
        for found in &mut diagnostics {
            found.diagnostic.mask_secrets();
        }
        let Gathered { plugins, problems, degraded, .. } = gathered;
        tracing::info!(
            bytes,
            diagnostics = diagnostics.len(),
            problems = problems.len(),
            "artifact analyzed"
        );
        let generation = self.generation();
        let routes = self.route_taken(&routing, artifact, media_type, &plugins).into_iter().collect();
        Ok(AnalysisReport { diagnostics, problems, degraded, generation, plugins, routes, bytes, gaps })
    }

    /// The route that chose the analyzers for an artifact, if there is one.
    fn route_taken(
        &self,
        routing: &AnalyzerRouting,
        artifact: &Artifact,
        media_type: &str,
        met: &[PluginIdentity],
    ) -> Option<RouteTaken> {
        let (number, _) = routing.route(media_type)?;
        let name = if artifact.name.is_empty() { "the input" } else { &artifact.name };
        Some(RouteTaken {
            route: format!("{ANALYZER_ROUTES} {number}"),
            because: format!("{name} is {media_type}{}", self.origin()),
            plugins: met.iter().map(|plugin| plugin.name.clone()).collect(),
        })
    }

    /// Adds the findings of some analyzers, and the problems that an answer reports.
    fn gather(&self, analysis: Analysis, gathered: &mut Gathered) -> Result<(), PipelineError> {
        for mut found in analysis.findings {
            // Before they are compared with each other and with spells.
            found.diagnostics.iter_mut().for_each(Diagnostic::compose);
            if let Some(problem) = found.problem {
                if problem.reason.is_failure() {
                    if !self.is_reported(&problem)? {
                        continue;
                    }
                    gathered.degraded = true;
                }
                gathered.problems.push(problem);
            }
            gathered.findings.push((found.plugin.name.clone(), found.diagnostics));
            if !gathered.plugins.contains(&found.plugin) {
                gathered.plugins.push(found.plugin);
            }
        }
        Ok(())
    }

    /// Returns true if answers mention the failure; fails if the analyzer's failure policy is `fail`.
    fn is_reported(&self, problem: &PluginProblem) -> Result<bool, PipelineError> {
        match self.pipeline.settings().failure_policy(&problem.plugin) {
            FailurePolicy::Fallback => Ok(true),
            FailurePolicy::Skip => {
                let PluginProblem { plugin, reason, detail } = problem;
                tracing::info!(plugin, %reason, detail, "a failed analyzer is left out");
                Ok(false)
            }
            FailurePolicy::Fail => Err(failure_policy::failed(problem.clone())),
        }
    }
}

/// Number of diagnostics that are kept: the first ones within the limits.
fn kept(diagnostics: &[CountedDiagnostic], settings: &Settings) -> usize {
    let sizes = diagnostics.iter().scan(0_usize, |total, found| {
        *total = total.saturating_add(found.diagnostic.size());
        Some(*total)
    });
    let fit = sizes.take_while(|total| *total <= settings.diagnostic_bytes_per_artifact);
    fit.take(settings.diagnostics_per_artifact).count()
}

/// The same stream, but it fails with `TooLarge` after more than `limit` bytes.
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
