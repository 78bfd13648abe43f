//! Lets the chosen matcher judge the candidates, and orders them.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{
    self, Candidate, RankedSpell, Reason, Verdict, Withheld, keyword_verdicts, rank,
};
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::{Sequence, SpellId, SpellStatus};
use grimoire_ports::plugins::PluginError;

use crate::judge::Judge;
use crate::{FailurePolicy, PipelineError, Settings, failure_policy};

/// The spells for one error.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// Spells, best first, ties by smaller id; empty if none has grounds and reaches the threshold.
    pub spells: Vec<RankedSpell>,
    /// True if the matcher failed, so that keyword order or, by its failure policy, nothing replaces it.
    pub degraded: bool,
    /// The failures of the matcher and of the embedder, if there were any.
    pub problems: Vec<PluginProblem>,
    /// The generation of the plugin set.
    pub generation: u64,
    /// The embedder, if there is one, and the matcher that judged, or the fallback; no matcher if there was nothing to
    /// judge or all failed.
    pub plugins: Vec<PluginIdentity>,
    /// The change-log sequence that the search had reached.
    pub sequence: Sequence,
}

/// All candidates for one error, and why each is shown or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Candidates, best first, ties by smaller id.
    pub spells: Vec<ExplainedSpell>,
    /// The lowest score that is shown, in [0, 1].
    pub threshold: f64,
    /// True if keyword order replaced the matcher.
    pub degraded: bool,
}

/// One candidate, and the decision about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedSpell {
    /// The spell's id.
    pub id: SpellId,
    /// The key in its spellbook file.
    pub key: Option<String>,
    /// The title.
    pub title: String,
    /// The score, 0 to 1.
    pub score: f64,
    /// True if the spell is shown.
    pub shown: bool,
    /// True if the spell has the tag `hint`, so that it is shown as a hint and not as a fix.
    pub hint: bool,
    /// A stable word for the decision: `pattern` or `code` for a spell that is shown, otherwise one of
    /// [`Withheld::as_str`], `inactive` or `scope`.
    pub decision: &'static str,
    /// The decision as a sentence.
    pub why: String,
    /// The matcher's reasons, strongest first.
    pub reasons: Vec<Reason>,
}

/// The verdicts of the matcher, or of its substitute, about all candidates.
struct Judged {
    candidates: Vec<Candidate>,
    verdicts: Vec<Verdict>,
    report: MatchReport,
}

impl Judge {
    /// Ranks the spells for a reported error. Fails with `Invalid`, which lists every invalid field.
    #[tracing::instrument(skip_all)]
    pub async fn match_error(&self, report: ErrorReport) -> Result<MatchReport, PipelineError> {
        let diagnostic = report.into_diagnostic()?;
        self.pipeline.catch_up().await?;
        self.match_diagnostic(&diagnostic).await
    }

    /// Ranks the spells for a diagnostic. The same diagnostic, plugins and spellbook give the same
    /// scores to the last bit and the same order. A failure of the matcher is an error only if its
    /// failure policy is `fail`.
    pub async fn match_diagnostic(&self, diagnostic: &Diagnostic) -> Result<MatchReport, PipelineError> {
        let Judged { candidates, verdicts, mut report } = self.score(diagnostic, None).await?;
        if !candidates.is_empty() {
            self.pipeline.0.questions.keep(diagnostic, self.repository.as_ref());
        }
        let settings = self.pipeline.settings();
        report.spells = rank(
            diagnostic,
            &candidates,
            verdicts,
            threshold_of(&report, settings),
            settings.spells_per_error,
        );
        Ok(report)
    }

    /// Explains for every candidate spell why it is shown for a diagnostic, or why not. The requested spell
    /// is always a candidate, even if it is not active. Errors as for [`Judge::match_diagnostic`].
    pub async fn explain(
        &self,
        diagnostic: &Diagnostic,
        asked: Option<SpellId>,
    ) -> Result<Explanation, PipelineError> {
        let Judged { candidates, verdicts, report } = self.score(diagnostic, asked).await?;
        let settings = self.pipeline.settings();
        let ranked = ranking::judge(
            diagnostic,
            &candidates,
            verdicts,
            threshold_of(&report, settings),
            settings.spells_per_error,
        );
        let spells = ranked
            .into_iter()
            .map(|ranked| {
                let fields = &ranked.spell.fields;
                let inactive = fields.status != SpellStatus::Active;
                let elsewhere = !fields.scope.contains(self.repository.as_ref());
                let (decision, why) = match &ranked.shown {
                    _ if inactive => ("inactive", "it is a draft or retired".to_owned()),
                    _ if elsewhere => ("scope", format!("it is offered to {} only", fields.scope)),
                    Ok(grounds) => (grounds.as_str(), grounds.to_string()),
                    Err(withheld) => (withheld.as_str(), because(withheld, ranked.score, settings.threshold)),
                };
                ExplainedSpell {
                    id: ranked.spell.id,
                    key: fields.key.clone(),
                    title: fields.title.clone(),
                    score: ranked.score,
                    hint: ranked.is_hint(),
                    shown: ranked.shown.is_ok() && !inactive && !elsewhere,
                    decision,
                    why,
                    reasons: ranked.reasons,
                }
            })
            .collect();
        Ok(Explanation { spells, threshold: settings.threshold, degraded: report.degraded })
    }

    async fn score(&self, diagnostic: &Diagnostic, asked: Option<SpellId>) -> Result<Judged, PipelineError> {
        self.require_plugins()?;
        let retrieved =
            self.pipeline.retrieve(diagnostic, asked, self.repository.as_ref(), &self.plugins).await?;
        let mut report = MatchReport {
            spells: Vec::new(),
            degraded: false,
            problems: retrieved.problem.into_iter().collect(),
            generation: self.generation(),
            plugins: retrieved.embedder.into_iter().collect(),
            sequence: retrieved.sequence,
        };
        let candidates = retrieved.candidates;
        if candidates.is_empty() {
            return Ok(Judged { candidates, verdicts: Vec::new(), report });
        }
        let settings = self.pipeline.settings();
        let verdicts = match self.ask(&settings.matcher, diagnostic, &candidates).await {
            Ok(judgement) => {
                report.plugins.push(judgement.plugin);
                judgement.verdicts
            }
            Err(PluginError(problem)) => {
                let policy = settings.failure_policy(&problem.plugin);
                let PluginProblem { plugin, reason, detail } = &problem;
                tracing::warn!(plugin, %reason, detail, policy = policy.as_str(), "no matcher answered");
                report.degraded = true;
                report.problems.push(problem.clone());
                match policy {
                    FailurePolicy::Fallback => {
                        below(settings.threshold, self.stand_in(diagnostic, &candidates, &mut report).await)
                    }
                    // Nothing was judged, so nothing matches.
                    FailurePolicy::Skip => Vec::new(),
                    FailurePolicy::Fail => return Err(failure_policy::failed(problem)),
                }
            }
        };
        Ok(Judged { candidates, verdicts, report })
    }

    /// The verdicts that replace those of a failed matcher: from the first fallback matcher that answers, else keyword
    /// order.
    async fn stand_in(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        report: &mut MatchReport,
    ) -> Vec<Verdict> {
        let settings = self.pipeline.settings();
        for fallback in &settings.fallback_matchers {
            match self.ask(fallback, diagnostic, candidates).await {
                Ok(judgement) => {
                    report.plugins.push(judgement.plugin);
                    let detail = format!("{fallback} replaces {}, which failed", settings.matcher);
                    let reason = Reason { signal: "fallback".to_owned(), weight: 0.0, detail };
                    let mut verdicts = judgement.verdicts;
                    for verdict in &mut verdicts {
                        verdict.reasons.push(reason.clone());
                    }
                    return verdicts;
                }
                Err(PluginError(problem)) => {
                    let PluginProblem { plugin, reason, detail } = &problem;
                    tracing::warn!(plugin, %reason, detail, "no fallback answered");
                    report.problems.push(problem);
                }
            }
        }
        keyword_verdicts(candidates)
    }
}

/// The lowest score that is shown. A matcher's substitute is marked as such and has no threshold.
fn threshold_of(report: &MatchReport, settings: &Settings) -> f64 {
    if report.degraded { 0.0 } else { settings.threshold }
}

/// Scales the scores of a fallback below the threshold of the chosen matcher.
fn below(threshold: f64, mut verdicts: Vec<Verdict>) -> Vec<Verdict> {
    for verdict in &mut verdicts {
        verdict.score *= threshold * 0.98;
    }
    verdicts
}

fn because(withheld: &Withheld, score: f64, threshold: f64) -> String {
    match withheld {
        Withheld::Threshold => format!("{withheld}: {score:.2} of {threshold:.2}"),
        _ => withheld.to_string(),
    }
}
