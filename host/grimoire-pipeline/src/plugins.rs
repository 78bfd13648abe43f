//! Queries about plugins, for operators.

mod change;
mod golden;
mod record;
mod replay;
mod set;
mod watch;

use std::collections::BTreeMap;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::page::PageRequest;
use grimoire_domain::text;
use grimoire_ports::plugins::{LoadedPlugin, PluginEvidence, PluginSet, PluginStatistics};

pub(crate) use record::{ArtifactCopy, Artifacts};
pub(crate) use replay::Questions;
pub(crate) use watch::Watch;

pub use change::{PluginRequest, PluginUpload};
pub use record::RecordRequest;

use crate::{FailurePolicy, Pipeline, PipelineError, Preparation};

/// The maximum number of bytes of a name in a message.
const NAME_BYTES: usize = 64;

/// A plugin that is loaded or installed.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginStatus {
    /// Its name.
    pub name: String,
    /// The plugin that runs under this name.
    pub loaded: Option<LoadedPlugin>,
    /// The versions that were installed under this name.
    pub installed: Option<InstalledPlugin>,
    /// The plugin's calls since the process started.
    pub statistics: PluginStatistics,
}

/// A plugin with its history.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginDetails {
    /// Its present status.
    pub status: PluginStatus,
    /// Facts about its calls.
    pub evidence: PluginEvidence,
    /// How far it has prepared the spells, if it does that.
    pub preparation: Option<Preparation>,
    /// Its last receipts, newest first.
    pub receipts: Vec<PluginReceipt>,
}

/// Returns an error if a plugin that the settings need is missing from a set. The error names the plugin and the
/// remedy.
pub fn find_chosen(
    set: &dyn PluginSet,
    matcher: &str,
    fallbacks: &[String],
    embedder: Option<&str>,
    policies: &BTreeMap<String, FailurePolicy>,
) -> Result<(), String> {
    let rejected = set.rejected();
    for problem in &rejected {
        if policies.get(&problem.plugin) == Some(&FailurePolicy::Fail) {
            return Err(format!(
                "plugins.failure_policies says that nothing works without {}, and it was refused: {}",
                problem.plugin, problem.detail
            ));
        }
    }
    let loaded = set.plugins();
    let is_missing = |name: &&String| !loaded.iter().any(|plugin| plugin.identity.name == **name);
    let mut needed =
        policies.iter().filter(|(_, policy)| **policy == FailurePolicy::Fail).map(|(name, _)| name);
    if let Some(name) = needed.find(is_missing) {
        return Err(format!(
            "plugins.failure_policies says that nothing works without {name}, and it is not loaded"
        ));
    }
    let fallbacks = fallbacks.iter().map(|name| ("plugins.fallback_matchers", name.as_str()));
    for (setting, matcher) in std::iter::once(("plugins.matcher", matcher)).chain(fallbacks) {
        set.find_matcher(matcher).map_err(|reason| {
            let refused = rejected.iter().find(|problem| problem.plugin == matcher);
            let reason = refused.map_or(reason, |problem| format!("was refused: {}", problem.detail));
            format!("{setting}: {matcher} {reason}; choose another, or leave the setting out")
        })?;
    }
    let Some(embedder) = embedder else { return Ok(()) };
    set.find_embedder(embedder).map_err(|reason| {
        let refused = rejected.iter().find(|problem| problem.plugin == embedder);
        let reason = refused.map_or(reason, |problem| format!("was refused: {}", problem.detail));
        format!("plugins.embedder: {embedder} {reason}; choose another, or leave the setting out")
    })
}

impl Pipeline {
    /// Every plugin that is loaded or installed, by name.
    pub async fn list_plugins(&self, actor: &Actor) -> Result<Vec<PluginStatus>, PipelineError> {
        actor.require(Permission::Read)?;
        let mut statuses: BTreeMap<String, PluginStatus> = BTreeMap::new();
        let host = self.plugins();
        let entry = |name: &str| PluginStatus {
            name: name.to_owned(),
            loaded: None,
            installed: None,
            statistics: host.statistics(name),
        };
        for installed in self.ports().store.installed_plugins().await? {
            let status = statuses.entry(installed.name().to_owned()).or_insert_with_key(|name| entry(name));
            status.installed = Some(installed);
        }
        for loaded in host.current().plugins() {
            let status = statuses.entry(loaded.identity.name.clone()).or_insert_with_key(|name| entry(name));
            status.loaded = Some(loaded);
        }
        Ok(statuses.into_values().collect())
    }

    /// One plugin with its last twenty receipts. `NotFound`.
    pub async fn plugin_details(&self, name: &str, actor: &Actor) -> Result<PluginDetails, PipelineError> {
        let statuses = self.list_plugins(actor).await?;
        let receipts = self.ports().store.plugin_receipts(Some(name), PageRequest::new(0, 20)?).await?.items;
        let status = statuses.into_iter().find(|status| status.name == name);
        let refused = || self.plugins().current().rejected().into_iter().find(|found| found.plugin == name);
        match (status, refused()) {
            (Some(status), _) => {
                let (evidence, preparation) = (self.plugins().evidence(name), self.preparation(name));
                Ok(PluginDetails { status, evidence, preparation, receipts })
            }
            (None, Some(problem)) => Err(PipelineError::new(
                ErrorKind::NotFound,
                format!("{name} is not loaded: {}", problem.detail),
            )),
            // It was removed, but its receipts remain.
            (None, None) if !receipts.is_empty() => {
                let statistics = self.plugins().statistics(name);
                let status =
                    PluginStatus { name: name.to_owned(), loaded: None, installed: None, statistics };
                let evidence = self.plugins().evidence(name);
                Ok(PluginDetails { status, evidence, preparation: None, receipts })
            }
            (None, None) => Err(PipelineError::missing(Resource::Plugin, shown(name))),
        }
    }
}

/// An arbitrary name in a form that is safe to display.
fn shown(name: &str) -> String {
    text::cut(&text::displayable(name), NAME_BYTES).replace('\n', " ")
}

fn loaded(set: &dyn PluginSet, name: &str) -> Option<LoadedPlugin> {
    set.plugins().into_iter().find(|plugin| plugin.identity.name == name)
}
