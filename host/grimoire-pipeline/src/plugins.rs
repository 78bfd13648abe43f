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
use grimoire_domain::routing::AnalyzerRoute;
use grimoire_domain::text;
use grimoire_ports::plugins::{LoadedPlugin, PluginEvidence, PluginSet, PluginStatistics};

pub(crate) use record::{ArtifactCopy, Artifacts};
pub(crate) use replay::Questions;
pub(crate) use watch::Watch;

pub use change::{PluginRequest, PluginUpload};
pub use record::RecordRequest;

use crate::{FailurePolicy, Pipeline, PipelineError, Preparation, Settings};

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

/// The setting with the routes to analyzers.
pub const ANALYZER_ROUTES: &str = "plugins.analyzer_routes";
/// The setting with the routes to matchers.
pub const MATCHER_ROUTES: &str = "plugins.matcher_routes";

/// Returns an error if a plugin that the settings need is missing from a set. The error names the plugin and the
/// remedy.
pub fn find_chosen(set: &dyn PluginSet, settings: &Settings) -> Result<(), String> {
    find_indispensable(set, &settings.failure_policies)?;
    for member in settings.matcher.members() {
        explained(set, "plugins.matcher", &member.matcher, set.find_matcher(&member.matcher))?;
    }
    for matcher in &settings.fallback_matchers {
        explained(set, "plugins.fallback_matchers", matcher, set.find_matcher(matcher))?;
    }
    for (number, route) in (1..).zip(&settings.matcher_routes) {
        let place = format!("{MATCHER_ROUTES} {number}");
        for member in route.panel.members() {
            explained(set, &place, &member.matcher, set.find_matcher(&member.matcher))?;
        }
    }
    for (number, route) in (1..).zip(settings.analyzer_routes.iter()) {
        let place = format!("{ANALYZER_ROUTES} {number}");
        for analyzer in route.analyzers.iter().flatten().chain(&route.except) {
            explained(set, &place, analyzer, set.find_analyzer(analyzer))?;
        }
        find_tools(set, &place, route)?;
    }
    match &settings.embedder {
        Some(embedder) => explained(set, "plugins.embedder", embedder, set.find_embedder(embedder)),
        None => Ok(()),
    }
}

/// Finds the plugins without which nothing works.
fn find_indispensable(set: &dyn PluginSet, policies: &BTreeMap<String, FailurePolicy>) -> Result<(), String> {
    for problem in set.rejected() {
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
    match needed.find(is_missing) {
        Some(name) => Err(format!(
            "plugins.failure_policies says that nothing works without {name}, and it is not loaded"
        )),
        None => Ok(()),
    }
}

/// Adds the setting and the remedy to the reason why a plugin was not found.
fn explained(
    set: &dyn PluginSet,
    setting: &str,
    plugin: &str,
    found: Result<(), String>,
) -> Result<(), String> {
    found.map_err(|reason| {
        let refused = set.rejected().into_iter().find(|problem| problem.plugin == plugin);
        let reason = refused.map_or(reason, |problem| format!("was refused: {}", problem.detail));
        format!("{setting}: {plugin} {reason}; choose another, or leave the setting out")
    })
}

/// Finds an analyzer for every tool of a route.
fn find_tools(set: &dyn PluginSet, place: &str, route: &AnalyzerRoute) -> Result<(), String> {
    if route.tools.is_empty() {
        return Ok(());
    }
    let analyzers: Vec<LoadedPlugin> =
        set.plugins().into_iter().filter(|plugin| set.find_analyzer(&plugin.identity.name).is_ok()).collect();
    let known = analyzers.iter().flat_map(|plugin| &plugin.description.tools);
    match route.tools.iter().find(|wanted| !known.clone().any(|tool| wanted.fits(tool))) {
        None => Ok(()),
        Some(tool) => Err(format!(
            "{place}: no analyzer says that it knows the tool {tool}; `grimoire plugin show NAME` lists the tools of one"
        )),
    }
}

impl Pipeline {
    /// Every plugin that is loaded or installed, by name.
    pub async fn list_plugins(&self, actor: &Actor) -> Result<Vec<PluginStatus>, PipelineError> {
        actor.require(Permission::Read)?;
        let mut statuses: BTreeMap<String, PluginStatus> = BTreeMap::new();
        let host = self.plugins();
        // Before the store is read: a change is stored first and runs then, so what runs is recorded.
        let running = host.current();
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
        for loaded in running.plugins() {
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
    text::one_line(name, NAME_BYTES)
}

fn loaded(set: &dyn PluginSet, name: &str) -> Option<LoadedPlugin> {
    set.plugins().into_iter().find(|plugin| plugin.identity.name == name)
}
