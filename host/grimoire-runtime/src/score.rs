//! Matchers at work: a fresh instance for every call.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::matcher::{Judgement, Matchers};

use crate::breaker::Attempt;
use crate::call::{Allowance, Entry};
use crate::host::PluginHost;
use crate::plugin::{Code, Plugin};
use crate::problem::{Fault, Reason};
use crate::registry::Generation;
use crate::usage::{Usage, bytes_of_verdicts};
use crate::validate::check_verdicts;
use crate::worlds::matcher::v0_1::{MAX_CANDIDATES, Matcher, Said};
use crate::worlds::shared::v0_1::failure_in;

#[async_trait]
impl Matchers for PluginHost {
    async fn score(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Judgement, PluginError> {
        let started = Instant::now();
        let generation = self.registry.current();
        let name = &self.options.active_matcher;
        let (plugin, matcher) = active(&generation, name).map_err(|fault| PluginError(fault.of(name)))?;
        let (attempt, (usage, outcome)) = match admit(&plugin, candidates.len()) {
            Ok(attempt) => {
                // Spells are shared: this copies pointers.
                let work = judge(Arc::clone(&plugin), matcher, diagnostic.clone(), candidates.to_vec());
                let done = self.threads.spawn(work).await.unwrap_or_else(|error| {
                    tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                    turned_away(Fault::new(Reason::Failed, "the host could not finish the call"))
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
            None => {
                Ok(Judgement { verdicts, plugin: plugin.identity.clone(), generation: generation.number })
            }
            Some(problem) => Err(PluginError(problem)),
        }
    }
}

/// What a call used up, and what came of it.
pub(crate) type Judged = (Usage, Result<Vec<Verdict>, Fault>);

fn turned_away(fault: Fault) -> Judged {
    (Usage::default(), Err(fault))
}

/// Lets a call through that the plugin can and may take.
fn admit(plugin: &Plugin, candidates: usize) -> Result<Attempt, Fault> {
    let attempt = plugin.admit()?;
    if candidates > MAX_CANDIDATES {
        let detail = format!("{candidates} candidates, at most {MAX_CANDIDATES} are judged at once");
        return Err(Fault::new(Reason::Refused, detail));
    }
    Ok(attempt)
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
) -> Judged {
    let _turn = match plugin.turn().await {
        Ok(turn) => turn,
        Err(fault) => return turned_away(fault),
    };
    judge_fresh(&plugin, &matcher, &diagnostic, &candidates).await
}

/// Judges in a fresh instance.
pub(crate) async fn judge_fresh(
    plugin: &Plugin,
    matcher: &Matcher,
    diagnostic: &Diagnostic,
    candidates: &[Candidate],
) -> Judged {
    let mut store = plugin.store();
    let budget = plugin.options().matcher_budget;
    let mut allowance = Allowance::new(budget.computing);
    let mut entry = Entry::arm(&mut store, budget, &allowance);
    let outcome = entry
        .wait(async {
            matcher.instantiate(&mut store).await?.score(&mut store, diagnostic, candidates).await
        })
        .await;
    let said = entry.settle(&mut store, &mut allowance, outcome);
    if let Ok(Ok(verdicts)) = &said {
        store.data_mut().returned(bytes_of_verdicts(verdicts));
    }
    (store.data().usage(), said.and_then(|said| accept(plugin, said, candidates.len())))
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
