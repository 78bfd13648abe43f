//! Candidates are judged by the active matcher and put in order.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{
    self, Candidate, RankedSpell, Reason, Verdict, Withheld, keyword_verdicts, rank,
};
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::{Sequence, SpellId, SpellStatus};
use grimoire_ports::plugins::PluginError;

use crate::{FailurePolicy, Pipeline, PipelineError, failure_policy};

/// The spells that fit one error.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// Best first, ties by smaller id; empty when none has grounds and reaches the threshold.
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

/// All candidates of one error, and why each is shown or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Best first, ties by smaller id.
    pub spells: Vec<ExplainedSpell>,
    /// What a score must reach.
    pub threshold: f64,
    /// Whether keyword order stood in for the matcher.
    pub degraded: bool,
}

/// One candidate, and what was decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedSpell {
    /// Which spell.
    pub id: SpellId,
    /// The name that its spellbook file gives it.
    pub key: Option<String>,
    /// Its title.
    pub title: String,
    /// 0 to 1.
    pub score: f64,
    /// Whether it is shown.
    pub shown: bool,
    /// A stable word for the decision: `pattern` or `code` for a spell that is shown, otherwise one of
    /// [`Withheld::as_str`] or `inactive`.
    pub decision: &'static str,
    /// The decision as a sentence.
    pub why: String,
    /// What the matcher said, strongest first.
    pub reasons: Vec<Reason>,
}

/// What the matcher, or what stands in for it, said of all candidates.
struct Judged {
    candidates: Vec<Candidate>,
    verdicts: Vec<Verdict>,
    report: MatchReport,
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
        let Judged { candidates, verdicts, mut report } = self.judge(diagnostic, None).await?;
        let settings = self.settings();
        report.spells =
            rank(diagnostic, &candidates, verdicts, settings.threshold, settings.spells_per_error);
        Ok(report)
    }

    /// Says of every candidate spell why it is shown for a diagnostic, or why not. A spell that is asked for
    /// is a candidate in any case, also one that is not active. Errors as [`Pipeline::match_diagnostic`].
    pub async fn explain(
        &self,
        diagnostic: &Diagnostic,
        asked: Option<SpellId>,
    ) -> Result<Explanation, PipelineError> {
        let Judged { candidates, verdicts, report } = self.judge(diagnostic, asked).await?;
        let settings = self.settings();
        let ranked =
            ranking::judge(diagnostic, &candidates, verdicts, settings.threshold, settings.spells_per_error);
        let spells = ranked
            .into_iter()
            .map(|ranked| {
                let fields = &ranked.spell.fields;
                let inactive = fields.status != SpellStatus::Active;
                let (decision, why) = match &ranked.shown {
                    _ if inactive => ("inactive", "it is a draft or retired".to_owned()),
                    Ok(grounds) => (grounds.as_str(), grounds.to_string()),
                    Err(withheld) => (withheld.as_str(), because(withheld, ranked.score, settings.threshold)),
                };
                ExplainedSpell {
                    id: ranked.spell.id,
                    key: fields.key.clone(),
                    title: fields.title.clone(),
                    score: ranked.score,
                    shown: ranked.shown.is_ok() && !inactive,
                    decision,
                    why,
                    reasons: ranked.reasons,
                }
            })
            .collect();
        Ok(Explanation { spells, threshold: settings.threshold, degraded: report.degraded })
    }

    async fn judge(&self, diagnostic: &Diagnostic, asked: Option<SpellId>) -> Result<Judged, PipelineError> {
        let retrieved = self.retrieve(diagnostic, asked).await?;
        let mut report = MatchReport {
            spells: Vec::new(),
            degraded: false,
            problems: Vec::new(),
            generation: self.inventory().generation(),
            plugins: Vec::new(),
            sequence: retrieved.sequence,
        };
        let candidates = retrieved.candidates;
        if candidates.is_empty() {
            return Ok(Judged { candidates, verdicts: Vec::new(), report });
        }
        let verdicts = match self.ports().matchers.score(diagnostic, &candidates).await {
            Ok(judgement) => {
                report.generation = judgement.generation;
                report.plugins.push(judgement.plugin);
                judgement.verdicts
            }
            Err(PluginError(problem)) => {
                let policy = self.settings().failure_policy(&problem.plugin);
                let PluginProblem { plugin, reason, detail } = &problem;
                tracing::warn!(plugin, reason, detail, policy = policy.as_str(), "no matcher answered");
                let verdicts = match policy {
                    FailurePolicy::Fallback => keyword_verdicts(&candidates),
                    // Nothing was judged, so nothing fits.
                    FailurePolicy::Skip => Vec::new(),
                    FailurePolicy::Fail => return Err(failure_policy::failed(problem)),
                };
                report.degraded = true;
                report.problems.push(problem);
                verdicts
            }
        };
        Ok(Judged { candidates, verdicts, report })
    }
}

fn because(withheld: &Withheld, score: f64, threshold: f64) -> String {
    match withheld {
        Withheld::Threshold => format!("{withheld}: {score:.2} of {threshold:.2}"),
        _ => withheld.to_string(),
    }
}
