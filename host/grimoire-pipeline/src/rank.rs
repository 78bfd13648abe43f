//! Candidates are judged by the active matcher and put in order.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{RankedSpell, keyword_verdicts, rank};
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::Sequence;

use crate::{Pipeline, PipelineError};

/// The spells that fit one error.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// Best first, ties by smaller id; empty when none reaches the threshold.
    pub spells: Vec<RankedSpell>,
    /// Whether keyword order stood in for a failing matcher.
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
    /// scores to the last bit and the same order.
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
            Err(error) => {
                tracing::warn!(%error, "no matcher answered: keyword order stands in");
                report.degraded = true;
                report.problems.push(error.0);
                keyword_verdicts(&retrieved.candidates)
            }
        };
        report.spells = rank(&retrieved.candidates, verdicts, settings.threshold, settings.spells_per_error);
        Ok(report)
    }
}
