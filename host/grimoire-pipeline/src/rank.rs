//! Candidates are judged by the active matcher and put in order.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{RankedSpell, keyword_verdicts, rank};
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::Sequence;
use grimoire_ports::plugins::PluginError;

use crate::{FailurePolicy, Pipeline, PipelineError, failure_policy};

/// The spells that fit one error.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// Best first, ties by smaller id; empty when none reaches the threshold.
    pub spells: Vec<RankedSpell>,
    /// Whether the matcher failed, so that keyword order or, by its failure policy, nothing stands in.
    pub degraded: bool,
    /// Why, where it did.
    pub problems: Vec<PluginProblem>,
    /// The generation of plugins that made it.
    pub generation: u64,
    /// The matcher that made it; empty when there was nothing to judge or it failed.
    pub plugins: Vec<PluginIdentity>,
    /// How far search had followed the spellbook.
    pub sequence: Sequence,
}

impl Pipeline {
    /// Ranks the spells for an error as somebody reports it. `Invalid` with every broken field.
    #[tracing::instrument(skip_all)]
    pub async fn match_error(&self, report: ErrorReport) -> Result<MatchReport, PipelineError> {
        let diagnostic = report.into_diagnostic()?;
        self.match_diagnostic(&diagnostic).await
    }

    /// Ranks the spells for a diagnostic. The same diagnostic, plugins and spellbook give the same
    /// scores to the last bit and the same order. The matcher's failure is an error only where its
    /// failure policy says so.
    pub async fn match_diagnostic(&self, diagnostic: &Diagnostic) -> Result<MatchReport, PipelineError> {
        let retrieved = self.retrieve(diagnostic).await?;
        let settings = self.settings();
        let mut report = MatchReport {
            spells: Vec::new(),
            degraded: false,
            problems: Vec::new(),
            generation: self.inventory().generation(),
            plugins: Vec::new(),
            sequence: retrieved.sequence,
        };
        if retrieved.candidates.is_empty() {
            return Ok(report);
        }
        let verdicts = match self.ports().matchers.score(diagnostic, &retrieved.candidates).await {
            Ok(judgement) => {
                report.generation = judgement.generation;
                report.plugins.push(judgement.plugin);
                judgement.verdicts
            }
            Err(PluginError(problem)) => {
                let policy = settings.failure_policy(&problem.plugin);
                let PluginProblem { plugin, reason, detail } = &problem;
                tracing::warn!(plugin, reason, detail, policy = policy.as_str(), "no matcher answered");
                let verdicts = match policy {
                    FailurePolicy::Fallback => keyword_verdicts(&retrieved.candidates),
                    // Nothing was judged, so nothing fits.
                    FailurePolicy::Skip => Vec::new(),
                    FailurePolicy::Fail => return Err(failure_policy::failed(problem)),
                };
                report.degraded = true;
                report.problems.push(problem);
                verdicts
            }
        };
        report.spells =
            rank(diagnostic, &retrieved.candidates, verdicts, settings.threshold, settings.spells_per_error);
        Ok(report)
    }
}
