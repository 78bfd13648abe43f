//! The costs of calls, for authors and benchmarks.

use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::matcher::PreparedSpells;

use crate::host::PluginHost;
use crate::plugin::Plugin;
use crate::problem::Fault;
use crate::score::judge_fresh;
use crate::worlds::matcher::facts;
use crate::worlds::matcher::v0_1::Matcher;

/// The cost of a plugin's last call (for analyzers: scan).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallFigures {
    /// Time to create the instance.
    pub instantiation: Duration,
    /// Time on a plugin thread, instantiation included, waiting excluded.
    pub guest: Duration,
    /// Bytes of all memories and tables at their largest.
    pub memory_bytes: usize,
    /// Bytes of the returned value in the host's memory.
    pub output_bytes: usize,
    /// Instructions; absent on a host that does not count them ([`crate::Options::count_fuel`]). The same on every
    /// machine.
    pub fuel: Option<u64>,
}

/// A loaded matcher, called directly on the caller's thread, without a queue or plugin threads. The limits, the checks
/// and the fresh instance are those of a real call. Needs a Tokio runtime with timers.
pub struct DirectMatcher {
    plugin: Arc<Plugin>,
    matcher: Matcher,
}

impl PluginHost {
    /// The cost of a plugin's last call. `None` if there was no call, or if the last one was refused.
    pub fn last_call(&self, plugin: &str) -> Option<CallFigures> {
        let usage = self.registry.find_record(plugin)?.last_usage()?;
        Some(CallFigures {
            instantiation: usage.instantiation?,
            guest: usage.guest,
            memory_bytes: usage.memory,
            output_bytes: usage.output,
            fuel: usage.fuel,
        })
    }

    /// Returns a loaded matcher by name.
    ///
    /// # Errors
    ///
    /// If no matcher of this name is loaded.
    pub fn direct_matcher(&self, name: &str) -> Result<DirectMatcher, PluginError> {
        let generation = self.registry.current();
        let (plugin, matcher) = generation.matcher(name).map_err(|fault| PluginError(fault.of(name)))?;
        Ok(DirectMatcher { plugin, matcher })
    }
}

impl DirectMatcher {
    /// One call as in the product, in a fresh instance.
    ///
    /// # Errors
    ///
    /// As for [`grimoire_ports::plugins::matcher::Matchers::score`].
    pub async fn fresh(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
    ) -> Result<Vec<Verdict>, PluginError> {
        self.fresh_prepared(diagnostic, candidates, &PreparedSpells::new()).await
    }

    /// The same with what the matcher prepared in place of spells.
    ///
    /// # Errors
    ///
    /// As for [`Self::fresh`].
    pub async fn fresh_prepared(
        &self,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> Result<Vec<Verdict>, PluginError> {
        let (_, verdicts) = judge_fresh(&self.plugin, &self.matcher, diagnostic, candidates, prepared).await;
        verdicts.map_err(|fault| named(&self.plugin, fault))
    }
}

/// Facts with their values, as a matcher gets them.
pub type Facts = Vec<(String, String)>;

/// The facts that a matcher gets with a candidate: those of the spell, and those of the evidence.
pub fn facts_of(candidate: &Candidate) -> (Facts, Facts) {
    let owned = |facts: &[facts::Fact]| {
        facts::lend(facts).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    (owned(&facts::of_spell(&candidate.spell)), owned(&facts::of_evidence(candidate)))
}

fn named(plugin: &Plugin, fault: Fault) -> PluginError {
    PluginError(fault.of(&plugin.name))
}
