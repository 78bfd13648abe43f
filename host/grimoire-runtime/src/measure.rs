//! For benchmarks: what a call costs without queue and threads around it.
//!
//! Nothing of the product uses this. The limits, the checks and the fresh instance are those of a real
//! call; only [`Warm`] uses an instance twice, which the product never does.

use std::sync::Arc;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_ports::plugins::PluginError;
use wasmtime::Store;

use crate::call::{Allowance, Call, Entry};
use crate::host::PluginHost;
use crate::plugin::Plugin;
use crate::problem::Fault;
use crate::score::{accept, active, judge_fresh};
use crate::worlds::matcher::v0_1::{Instance, Matcher};

/// A loaded matcher, called directly on the caller's thread. Needs a Tokio runtime with timers.
pub struct DirectMatcher {
    plugin: Arc<Plugin>,
    matcher: Matcher,
}

/// One instance that is used again and again.
pub struct Warm {
    plugin: Arc<Plugin>,
    store: Store<Call>,
    instance: Instance,
}

impl PluginHost {
    /// A loaded matcher by its name.
    ///
    /// # Errors
    ///
    /// When no matcher of this name is loaded.
    pub fn direct_matcher(&self, name: &str) -> Result<DirectMatcher, PluginError> {
        let generation = self.registry.current();
        let (plugin, matcher) = active(&generation, name).map_err(|fault| PluginError(fault.of(name)))?;
        Ok(DirectMatcher { plugin, matcher })
    }
}

impl DirectMatcher {
    /// One call as the product makes it, in a fresh instance.
    ///
    /// # Errors
    ///
    /// As [`grimoire_ports::plugins::matcher::Matchers::score`].
    pub async fn fresh(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Vec<Verdict>, PluginError> {
        let (_, verdicts) = judge_fresh(&self.plugin, &self.matcher, diagnostic, candidates).await;
        verdicts.map_err(|fault| named(&self.plugin, fault))
    }

    /// An instance to be used again.
    ///
    /// # Errors
    ///
    /// When it cannot be made within the limits of a call.
    pub async fn warm(&self) -> Result<Warm, PluginError> {
        let mut store = self.plugin.store();
        let budget = self.plugin.options().matcher_budget;
        let mut allowance = Allowance::new(budget.computing);
        let mut entry = Entry::arm(&mut store, budget, &allowance);
        let outcome = entry.wait(self.matcher.instantiate(&mut store)).await;
        let instance =
            entry.settle(&mut store, &mut allowance, outcome).map_err(|fault| named(&self.plugin, fault))?;
        Ok(Warm { plugin: Arc::clone(&self.plugin), store, instance })
    }
}

impl Warm {
    /// One call in the instance that is there.
    ///
    /// # Errors
    ///
    /// As [`DirectMatcher::fresh`]; after an error the instance is of no use any more.
    pub async fn score(
        &mut self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Vec<Verdict>, PluginError> {
        let budget = self.plugin.options().matcher_budget;
        let mut allowance = Allowance::new(budget.computing);
        let mut entry = Entry::arm(&mut self.store, budget, &allowance);
        let outcome = entry.wait(self.instance.score(&mut self.store, diagnostic, candidates)).await;
        entry
            .settle(&mut self.store, &mut allowance, outcome)
            .and_then(|said| accept(&self.plugin, said, candidates.len()))
            .map_err(|fault| named(&self.plugin, fault))
    }
}

fn named(plugin: &Plugin, fault: Fault) -> PluginError {
    PluginError(fault.of(&plugin.name))
}
