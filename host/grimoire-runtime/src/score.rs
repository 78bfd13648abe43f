//! Matchers at work: a fresh instance for every call.

use std::sync::Arc;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::matcher::{Judgement, Matchers};

use crate::call::{Allowance, Entry};
use crate::host::PluginHost;
use crate::plugin::{Code, Plugin};
use crate::problem::{Fault, Reason};
use crate::registry::Generation;
use crate::validate::check_verdicts;
use crate::worlds::matcher::v0_1::{MAX_CANDIDATES, Matcher, Question, Said};
use crate::worlds::shared::v0_1::failure_in;

#[async_trait]
impl Matchers for PluginHost {
    async fn score(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError> {
        let generation = self.registry.current();
        let name = &self.options.active_matcher;
        let (plugin, matcher) = active(&generation, name).map_err(|fault| PluginError(fault.of(name)))?;
        let attempt = plugin.admit().map_err(|fault| PluginError(plugin.failed(None, fault)))?;
        if candidates.len() > MAX_CANDIDATES {
            let detail =
                format!("{} candidates, at most {MAX_CANDIDATES} are judged at once", candidates.len());
            return Err(PluginError(plugin.failed(None, Fault::new(Reason::Refused, detail))));
        }
        let work = judge(
            Arc::clone(&plugin),
            matcher,
            // Spells are shared: this copies pointers.
            diagnostic.clone(),
            candidates.to_vec(),
        );
        let outcome = match self.threads.spawn(work).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                Err(Fault::new(Reason::Failed, "the host could not finish the call"))
            }
        };
        match outcome {
            Ok(verdicts) => {
                attempt.succeeded();
                Ok(Judgement { verdicts, plugin: plugin.identity.clone(), generation: generation.number })
            }
            Err(fault) => Err(PluginError(plugin.failed(Some(attempt), fault))),
        }
    }
}

pub(crate) fn active(generation: &Generation, name: &str) -> Result<(Arc<Plugin>, Matcher), Fault> {
    match generation.plugins.get(name) {
        Some(plugin) => match &plugin.code {
            Code::Matcher(matcher) => Ok((Arc::clone(plugin), matcher.clone())),
            Code::Analyzer { .. } => Err(Fault::new(Reason::Refused, "is chosen as the matcher and is none")),
        },
        None => Err(Fault::new(Reason::Refused, "is chosen as the matcher and is not loaded")),
    }
}

/// One call, from the place in the queue to the checked answer, on the plugins' threads.
async fn judge(
    plugin: Arc<Plugin>,
    matcher: Matcher,
    diagnostic: Diagnostic,
    candidates: Vec<Candidate>,
) -> Result<Vec<Verdict>, Fault> {
    let _turn = plugin.turn().await?;
    judge_fresh(&plugin, &matcher, &diagnostic, &candidates).await
}

/// Judges in a fresh instance.
pub(crate) async fn judge_fresh(
    plugin: &Plugin,
    matcher: &Matcher,
    diagnostic: &Diagnostic,
    candidates: &[Candidate],
) -> Result<Vec<Verdict>, Fault> {
    let question = Question::new(diagnostic, candidates);
    let mut store = plugin.store();
    let budget = plugin.options().matcher_budget;
    let mut allowance = Allowance::new(budget.computing);
    let entry = Entry::arm(&mut store, budget, &allowance);
    let outcome =
        entry.wait(async { matcher.instantiate(&mut store).await?.score(&mut store, &question).await }).await;
    let said = entry.settle(&store, &mut allowance, outcome);
    plugin.record_memory(&store);
    accept(plugin, said?, candidates.len())
}

/// Reads what a matcher said on `candidates` candidates.
pub(crate) fn accept(plugin: &Plugin, said: Said, candidates: usize) -> Result<Vec<Verdict>, Fault> {
    let verdicts = said.map_err(|failure| {
        let (fault, words) = failure_in(&failure);
        plugin.note(words);
        fault
    })?;
    check_verdicts(&verdicts, candidates).map_err(Fault::invalid_output)?;
    Ok(verdicts)
}
