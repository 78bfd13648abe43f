//! Lets the chosen matchers judge the candidates, and orders them.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::ranking::{
    self, Candidate, Opinion, Panel, RankedSpell, Reason, Verdict, Withheld, combine, keyword_verdicts, rank,
};
use grimoire_domain::review::{PluginIdentity, PluginProblem, RouteTaken};
use grimoire_domain::spell::{Sequence, SpellId, SpellStatus};
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::matcher::Judgement;

use crate::judge::Judge;
use crate::plugins::MATCHER_ROUTES;
use crate::{FailurePolicy, PipelineError, Settings, failure_policy};

/// The spells for one error.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// Spells, best first, ties by smaller id; empty if none has grounds and reaches the threshold.
    pub spells: Vec<RankedSpell>,
    /// True if all matchers failed, so that keyword order or, by their failure policies, nothing replaces them.
    pub degraded: bool,
    /// The failures of matchers and of the embedder, if there were any.
    pub problems: Vec<PluginProblem>,
    /// The generation of the plugin set.
    pub generation: u64,
    /// The embedder, if there is one, and the matchers that judged, or the fallback; no matcher if there was nothing to
    /// judge or all failed.
    pub plugins: Vec<PluginIdentity>,
    /// The matchers that judged, with their parts; none if there was nothing to judge or a fallback stood in.
    pub matchers: Vec<MatcherPart>,
    /// The route that chose the matchers, if there is one.
    pub route: Option<RouteTaken>,
    /// The change-log sequence that the search had reached.
    pub sequence: Sequence,
}

/// A matcher that judged, and its part in the judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct MatcherPart {
    /// The matcher.
    pub plugin: PluginIdentity,
    /// Its share of the weight of all that judged, in (0, 1].
    pub share: f64,
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
    /// The matchers that judged, with their parts.
    pub matchers: Vec<MatcherPart>,
    /// The route that chose them, if there is one.
    pub route: Option<RouteTaken>,
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
        Ok(Explanation {
            spells,
            threshold: settings.threshold,
            degraded: report.degraded,
            matchers: report.matchers,
            route: report.route,
        })
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
            matchers: Vec::new(),
            route: None,
            sequence: retrieved.sequence,
        };
        let candidates = retrieved.candidates;
        if candidates.is_empty() {
            return Ok(Judged { candidates, verdicts: Vec::new(), report });
        }
        let settings = self.pipeline.settings();
        let (panel, route) = settings.panel_for(self.repository.as_ref(), &diagnostic.tool);
        report.route = route.map(|number| RouteTaken {
            route: format!("{MATCHER_ROUTES} {number}"),
            because: match diagnostic.tool.as_str() {
                "" => format!("an error of an unknown tool{}", self.origin()),
                tool => format!("an error of {tool}{}", self.origin()),
            },
            plugins: panel.members().iter().map(|member| member.matcher.clone()).collect(),
        });
        let Hearing { verdicts, matchers, problems } =
            hear(panel, candidates.len(), |matcher| self.ask(matcher, diagnostic, &candidates)).await;
        let policies: Vec<FailurePolicy> =
            problems.iter().map(|problem| settings.failure_policy(&problem.plugin)).collect();
        for (problem, policy) in problems.iter().zip(&policies) {
            let PluginProblem { plugin, reason, detail } = problem;
            tracing::warn!(plugin, %reason, detail, policy = policy.as_str(), "a matcher did not answer");
            if *policy == FailurePolicy::Fail {
                return Err(failure_policy::failed(problem.clone()));
            }
        }
        report.degraded = matchers.is_empty();
        // Where others judge, a matcher that may be skipped is as if it were not there.
        let told = problems.into_iter().zip(&policies);
        let told = told.filter(|(_, policy)| report.degraded || **policy != FailurePolicy::Skip);
        report.problems.extend(told.map(|(problem, _)| problem));
        let verdicts = if !report.degraded {
            verdicts
        } else if policies.contains(&FailurePolicy::Fallback) {
            below(settings.threshold, self.stand_in(panel, diagnostic, &candidates, &mut report).await)
        } else {
            // Nothing was judged, so nothing matches.
            Vec::new()
        };
        report.plugins.extend(matchers.iter().map(|part| part.plugin.clone()));
        report.matchers = matchers;
        Ok(Judged { candidates, verdicts, report })
    }

    /// The verdicts that replace those of a failed matcher: from the first fallback matcher that answers, else keyword
    /// order.
    async fn stand_in(
        &self,
        panel: &Panel,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        report: &mut MatchReport,
    ) -> Vec<Verdict> {
        let settings = self.pipeline.settings();
        for fallback in &settings.fallback_matchers {
            match self.ask(fallback, diagnostic, candidates).await {
                Ok(judgement) => {
                    report.plugins.push(judgement.plugin);
                    let detail = format!("{fallback} replaces {panel}, which failed");
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

/// What the matchers of a panel said.
pub(crate) struct Hearing {
    /// Their verdicts together; none if nobody answered.
    pub(crate) verdicts: Vec<Verdict>,
    /// Those that answered.
    matchers: Vec<MatcherPart>,
    /// The failures of the others.
    pub(crate) problems: Vec<PluginProblem>,
}

/// Lets all matchers of a panel judge at the same time. Those that fail are left out, and the weights of the others make
/// up the whole.
pub(crate) async fn hear<'p, A: Future<Output = Result<Judgement, PluginError>>>(
    panel: &'p Panel,
    candidates: usize,
    ask: impl Fn(&'p str) -> A,
) -> Hearing {
    let calls = panel.members().iter().map(|member| ask(&member.matcher));
    let answers = futures::future::join_all(calls).await;
    let (mut opinions, mut judges, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (member, answer) in panel.members().iter().zip(answers) {
        match answer {
            Ok(judgement) => {
                judges.push(judgement.plugin);
                opinions.push(Opinion {
                    matcher: member.matcher.clone(),
                    weight: member.weight,
                    verdicts: judgement.verdicts,
                });
            }
            Err(PluginError(problem)) => problems.push(problem),
        }
    }
    let total: f64 = opinions.iter().map(|opinion| opinion.weight).sum();
    let part =
        |(plugin, opinion): (PluginIdentity, &Opinion)| MatcherPart { plugin, share: opinion.weight / total };
    let matchers = judges.into_iter().zip(&opinions).map(part).collect();
    let verdicts = match opinions.pop() {
        // A single matcher speaks for itself.
        Some(only) if !panel.is_several() => only.verdicts,
        last => {
            opinions.extend(last);
            combine(candidates, &opinions)
        }
    };
    Hearing { verdicts, matchers, problems }
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
