//! Runs matchers: a fresh instance for every call.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::spell::Spell;
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::matcher::{Judgement, MAX_SPELLS, Matchers, PreparedSpells};

use crate::breaker::Attempt;
use crate::call::{Allowance, Entry};
use crate::plugin::{Code, Plugin};
use crate::problem::Fault;
use crate::registry::Generation;
use crate::usage::{Usage, bytes_of_verdicts};
use crate::validate::{check_prepared, check_verdicts};
use crate::worlds::matcher::v0_1::{GuestResult, MAX_CANDIDATES, Matcher};
use crate::worlds::shared::v0_1::failure_in;

#[async_trait]
impl Matchers for Generation {
    fn prepared_form(&self, matcher: &str) -> Option<String> {
        match &self.plugins.get(matcher)?.code {
            Code::Matcher { prepares, .. } => prepares.clone(),
            Code::Analyzer { .. } | Code::Embedder { .. } => None,
        }
    }

    async fn prepare_spells(
        &self,
        matcher: &str,
        spells: Vec<Arc<Spell>>,
    ) -> Result<Vec<Arc<[u8]>>, PluginError> {
        let refused = |fault: Fault| PluginError(fault.of(matcher));
        let (plugin, code) = self.matcher(matcher).map_err(refused)?;
        if spells.len() > MAX_SPELLS {
            let detail = format!("{} spells, at most {MAX_SPELLS} are prepared at once", spells.len());
            return Err(refused(Fault::new(FailureReason::Refused, detail)));
        }
        let done = self.resources.call_threads.spawn(prepare(plugin, code, spells)).await;
        done.unwrap_or_else(|_| Err(lost())).map_err(refused)
    }

    async fn score_prepared(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> Result<Judgement, PluginError> {
        let started = Instant::now();
        let (plugin, matcher) = self.matcher(matcher).map_err(|fault| PluginError(fault.of(matcher)))?;
        let (attempt, (usage, outcome)) = match admit(&plugin, candidates.len()) {
            Ok(attempt) => {
                // Spells are shared: this copies pointers.
                let question = (diagnostic.clone(), candidates.to_vec(), prepared.clone());
                let work = judge(Arc::clone(&plugin), matcher, question);
                let done = self.resources.call_threads.spawn(work).await.unwrap_or_else(|error| {
                    tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                    turned_away(lost())
                });
                (Some(attempt), done)
            }
            Err(fault) => (None, turned_away(fault)),
        };
        let (verdicts, fault) = match outcome {
            Ok(verdicts) => (verdicts, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        match plugin.ended(started, &usage, attempt, fault) {
            None => Ok(Judgement { verdicts, plugin: plugin.identity.clone() }),
            Some(problem) => Err(PluginError(problem)),
        }
    }
}

/// The resources used by a call, and its result.
pub(crate) type Judged = (Usage, Result<Vec<Verdict>, Fault>);

fn turned_away(fault: Fault) -> Judged {
    (Usage::default(), Err(fault))
}

fn lost() -> Fault {
    Fault::new(FailureReason::Failed, "the host could not finish the call")
}

/// Admits a call if the plugin can take it and is not resting.
fn admit(plugin: &Plugin, candidates: usize) -> Result<Attempt, Fault> {
    let attempt = plugin.admit()?;
    if candidates > MAX_CANDIDATES {
        let detail = format!("{candidates} candidates, at most {MAX_CANDIDATES} are judged at once");
        return Err(Fault::new(FailureReason::Refused, detail));
    }
    Ok(attempt)
}

impl Generation {
    /// The matcher of this name.
    pub(crate) fn matcher(&self, name: &str) -> Result<(Arc<Plugin>, Matcher), Fault> {
        match self.plugins.get(name).map(|plugin| (plugin, &plugin.code)) {
            Some((plugin, Code::Matcher { code, .. })) => Ok((Arc::clone(plugin), code.clone())),
            Some((_, Code::Analyzer { .. } | Code::Embedder { .. })) => {
                Err(Fault::new(FailureReason::Refused, "is chosen as the matcher and is none"))
            }
            None => Err(Fault::new(FailureReason::Refused, "is chosen as the matcher and is not loaded")),
        }
    }
}

/// One call on the plugins' threads, from the queue to the validated answer.
async fn judge(
    plugin: Arc<Plugin>,
    matcher: Matcher,
    (diagnostic, candidates, prepared): (Diagnostic, Vec<Candidate>, PreparedSpells),
) -> Judged {
    let _turn = match plugin.turn().await {
        Ok(turn) => turn,
        Err(fault) => return turned_away(fault),
    };
    judge_fresh(&plugin, &matcher, &diagnostic, &candidates, &prepared).await
}

/// Judges in a fresh instance.
pub(crate) async fn judge_fresh(
    plugin: &Plugin,
    matcher: &Matcher,
    diagnostic: &Diagnostic,
    candidates: &[Candidate],
    prepared: &PreparedSpells,
) -> Judged {
    let mut store = plugin.store();
    let budget = plugin.options().matcher_budget;
    let mut allowance = Allowance::new(budget.computing);
    let mut entry = Entry::arm(&mut store, budget, &allowance);
    let outcome = entry
        .wait(async {
            let instance = matcher.instantiate_configured(&mut store, plugin.settings.as_deref()).await?;
            instance.score(&mut store, diagnostic, candidates, prepared).await
        })
        .await;
    let returned = entry.settle(&mut store, &mut allowance, outcome);
    if let Ok(Ok(verdicts)) = &returned {
        store.data_mut().returned(bytes_of_verdicts(verdicts));
    }
    (store.data().usage(), returned.and_then(|returned| accept(plugin, returned, candidates.len())))
}

/// Prepares spells in a fresh instance on the plugins' threads. The words of a failure are in the plugin's log.
async fn prepare(
    plugin: Arc<Plugin>,
    matcher: Matcher,
    spells: Vec<Arc<Spell>>,
) -> Result<Vec<Arc<[u8]>>, Fault> {
    let _turn = plugin.turn().await?;
    let mut store = plugin.store();
    let budget = plugin.options().matcher_budget;
    let mut allowance = Allowance::new(budget.computing);
    let mut entry = Entry::arm(&mut store, budget, &allowance);
    let outcome = entry
        .wait(async {
            let instance = matcher.instantiate_configured(&mut store, plugin.settings.as_deref()).await?;
            instance.prepare(&mut store, &spells).await
        })
        .await;
    let prepared = entry.settle(&mut store, &mut allowance, outcome)?.map_err(|failure| {
        let (fault, words) = failure_in(&failure);
        plugin.note(words);
        fault
    })?;
    check_prepared(&prepared, spells.len()).map_err(Fault::invalid_output)?;
    Ok(prepared.into_iter().map(Arc::from).collect())
}

/// Validates what a matcher returned for `candidates` candidates.
pub(crate) fn accept(
    plugin: &Plugin,
    returned: GuestResult,
    candidates: usize,
) -> Result<Vec<Verdict>, Fault> {
    let verdicts = returned.map_err(|failure| {
        let (fault, words) = failure_in(&failure);
        plugin.note(words);
        fault
    })?;
    check_verdicts(&verdicts, candidates).map_err(Fault::invalid_output)?;
    Ok(verdicts)
}
