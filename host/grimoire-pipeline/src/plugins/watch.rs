//! The watch window: an installed version whose calls fail too often soon after its activation is rolled back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use grimoire_domain::actor::Actor;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::installed_plugin::{PluginAction, PluginReceipt};
use grimoire_domain::page::PageRequest;
use grimoire_ports::plugins::{LoadedPlugin, PluginOrigin, Plugins};

use crate::{Pipeline, PipelineError};

/// The actor of automatic rollbacks.
const WATCH: Actor = Actor::System("watch");
/// Minimum number of failures for a rollback.
const LEAST_FAILURES: u64 = 5;
/// A rollback requires that more than one in this many calls fails.
const FAILING_SHARE: u64 = 5;
/// Digits of a digest in a sentence.
const SHORT: usize = 12;

/// Outcomes of a plugin's calls. Failures that are not the plugin's fault do not count.
#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    good: u64,
    failed: u64,
}

impl Calls {
    fn of(plugins: &dyn Plugins, name: &str) -> Self {
        let outcomes = plugins.evidence(name).outcomes;
        let count = |word: &str| outcomes.get(word).copied().unwrap_or(0);
        let faults = FailureReason::ALL.into_iter().filter(|reason| reason.is_fault());
        Self { good: count("ok"), failed: faults.map(|reason| count(reason.as_str())).sum() }
    }

    fn since(self, before: Self) -> Self {
        Self {
            good: self.good.saturating_sub(before.good),
            failed: self.failed.saturating_sub(before.failed),
        }
    }

    fn total(self) -> u64 {
        self.good + self.failed
    }

    fn are_too_bad(self) -> bool {
        self.failed >= LEAST_FAILURES && self.failed * FAILING_SHARE > self.total()
    }
}

/// The state of the watch window.
#[derive(Default)]
pub(crate) struct Watch {
    /// The call counts of a name at the last change of its version in this process.
    before: Mutex<BTreeMap<String, Calls>>,
    /// A sentence about every version in quarantine that would run otherwise.
    quarantined: Mutex<Vec<String>>,
}

impl Pipeline {
    /// Quarantines and rolls back every recently changed version whose calls have failed too often since the change.
    /// Returns the receipts. A version without a predecessor keeps running.
    pub async fn watch_plugins(&self) -> Result<Vec<PluginReceipt>, PipelineError> {
        let mut receipts = Vec::new();
        if self.settings().plugin_watch.is_zero() {
            return Ok(receipts);
        }
        for running in self.plugins().current().plugins() {
            if running.origin != PluginOrigin::Installed || !self.calls_since(&running).are_too_bad() {
                continue;
            }
            // A change in progress may replace the version that would be rolled back.
            let Ok(_turn) = self.plugin_lock() else { return Ok(receipts) };
            receipts.extend(self.withdraw(&running).await?);
        }
        Ok(receipts)
    }

    /// Starts counting the calls of a new version of this name.
    pub(super) fn begin_watch(&self, name: &str) {
        let calls = Calls::of(self.plugins(), name);
        let before = &self.0.plugin_watch.before;
        before.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), calls);
    }

    fn calls_since(&self, running: &LoadedPlugin) -> Calls {
        let name = &running.identity.name;
        let before = self.0.plugin_watch.before.lock().unwrap_or_else(PoisonError::into_inner);
        Calls::of(self.plugins(), name).since(before.get(name).copied().unwrap_or_default())
    }

    async fn withdraw(&self, running: &LoadedPlugin) -> Result<Option<PluginReceipt>, PipelineError> {
        let name = &running.identity.name;
        let last = self.ports().store.plugin_receipts(Some(name), PageRequest::new(0, 1)?).await?.items;
        let Some(last) = last.into_iter().next() else { return Ok(None) };
        let age = Duration::try_from(self.ports().clock.now().duration_since(last.at)).unwrap_or_default();
        // A version that was restored by a rollback is not rolled back in turn: if it fails too, the cause is
        // elsewhere.
        let is_watched = age <= self.settings().plugin_watch && last.by != WATCH.to_string();
        let Some(mut plugin) = self.installed(name).await?.filter(|_| is_watched) else { return Ok(None) };
        if plugin.active().map(|version| &version.digest) != Some(&running.identity.digest) {
            return Ok(None);
        }
        let calls = self.calls_since(running);
        let mut reason = format!("{} of {} calls failed", calls.failed, calls.total());
        if let Some(problem) = self.plugins().statistics(name).last_problem {
            reason.push_str(&format!(", the last ({}): {}", problem.reason, problem.detail));
        }
        plugin.quarantine_active(reason.clone());
        if let Err(error) = self.step_back(&mut plugin).await {
            tracing::debug!(plugin = name, %error, "a plugin fails, and there is nothing to go back to");
            return Ok(None);
        }
        match self.switch(plugin, PluginAction::RollBack, Some(reason), WATCH.to_string()).await {
            Ok(receipt) => {
                self.note_quarantine().await?;
                let reason = receipt.reason.as_deref().unwrap_or_default();
                tracing::warn!(
                    plugin = name,
                    reason,
                    "a plugin failed too often: what ran before it runs again"
                );
                Ok(Some(receipt))
            }
            Err(error) => {
                tracing::warn!(plugin = name, %error, "a plugin fails, and what ran before it cannot run");
                Ok(None)
            }
        }
    }

    /// Remembers which versions are in quarantine, for health.
    pub(super) async fn note_quarantine(&self) -> Result<(), PipelineError> {
        let installed = self.ports().store.installed_plugins().await?;
        let mut sentences = Vec::new();
        for plugin in &installed {
            for version in plugin.withdrawn() {
                let digest = version.digest.get(..SHORT).unwrap_or(&version.digest);
                let reason = version.quarantine.as_deref().unwrap_or_default();
                sentences.push(format!("{} {digest} is in quarantine: {reason}", plugin.name()));
            }
        }
        *self.0.plugin_watch.quarantined.lock().unwrap_or_else(PoisonError::into_inner) = sentences;
        Ok(())
    }

    /// A sentence about every version in quarantine that would run otherwise.
    pub(crate) fn quarantined(&self) -> Vec<String> {
        self.0.plugin_watch.quarantined.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
