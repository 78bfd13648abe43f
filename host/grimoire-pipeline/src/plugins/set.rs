//! The running set of plugins: shipped ones, those in the operator's folder, and installed ones.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use grimoire_domain::actor::Actor;
use grimoire_domain::installed_plugin::{PluginAction, PluginReceipt};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{
    LoadedPlugin, PluginOrigin, PluginSet, PluginSource, PreparedPlugins, strongest,
};
use grimoire_ports::store::PluginChange;

use super::{find_chosen, loaded, shown};
use crate::{Pipeline, PipelineError};

/// The actor of a change of a file in the operator's folder.
const FOLDER: Actor = Actor::System("plugins.folder");

impl Pipeline {
    /// Loads the shipped plugins, those in the folder and the installed ones, and runs those that can be loaded.
    pub async fn load_plugins(&self) -> Result<Arc<dyn PluginSet>, PipelineError> {
        let _turn = self.0.plugin_lock.lock().await;
        let prepared = self.prepare(None).await?;
        let set = prepared.set();
        prepared.run()?;
        self.note_quarantine().await?;
        Ok(set)
    }

    /// Writes receipts for the files in the operator's folder that have changed since they were last seen. Only for a
    /// service, because a command may have other settings.
    pub async fn note_plugin_folder(&self) -> Result<(), PipelineError> {
        let _turn = self.0.plugin_lock.lock().await;
        self.note_folder(&*self.plugins().current()).await
    }

    /// Loads the changes in the operator's folder. A new file that cannot be loaded is refused and named in health.
    /// `Conflict` if a running plugin would be refused, change its world, or be missing although it is needed: nothing
    /// changes then, and health reports the reason.
    pub async fn reload_plugins(&self) -> Result<Arc<dyn PluginSet>, PipelineError> {
        let _turn = self.0.plugin_lock.lock().await;
        let reloaded = self.reload().await;
        let problem = reloaded.as_ref().err().map(ToString::to_string);
        *self.0.folder_problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
        reloaded
    }

    async fn reload(&self) -> Result<Arc<dyn PluginSet>, PipelineError> {
        let prepared = self.prepare(None).await?;
        let set = prepared.set();
        self.check(&*set, "")?;
        self.note_folder(&*set).await?;
        prepared.run()?;
        Ok(set)
    }

    /// The reason why the operator's folder was refused; `None` if it was not.
    pub(crate) fn folder_problem(&self) -> Option<String> {
        self.0.folder_problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn files(&self) -> Result<Vec<PluginSource>, PipelineError> {
        let files = Arc::clone(&self.ports().plugin_files);
        let found = tokio::task::spawn_blocking(move || files.find()).await;
        Ok(found.map_err(|error| PortError::internal("the plugins cannot be found", error))??)
    }

    /// Prepares a set of all sources, either with a candidate in place of the installed plugin of its name, or without
    /// that plugin.
    pub(super) async fn prepare(
        &self,
        instead: Option<(&str, Option<PluginSource>)>,
    ) -> Result<Box<dyn PreparedPlugins>, PipelineError> {
        let store = &self.ports().store;
        let mut sources = self.files().await?;
        for installed in store.installed_plugins().await? {
            let is_replaced = instead.as_ref().is_some_and(|(name, _)| *name == installed.name());
            if let Some(version) = installed.active().filter(|_| !is_replaced) {
                let component = store.plugin_component(installed.name(), &version.digest).await?;
                sources.push(PluginSource::installed(installed.name(), component));
            }
        }
        sources.extend(instead.and_then(|(_, candidate)| candidate));
        let plugins = Arc::clone(&self.ports().plugins);
        let prepared = tokio::task::spawn_blocking(move || plugins.prepare(strongest(sources))).await;
        Ok(prepared.map_err(|error| PortError::internal("the plugins could not be prepared", error))??)
    }

    /// Refuses a set that lacks a requested plugin, or a running one that should stay or that the settings need.
    /// Returns the set's plugin of this name.
    pub(super) fn check(
        &self,
        set: &dyn PluginSet,
        name: &str,
    ) -> Result<Option<LoadedPlugin>, PipelineError> {
        let current = self.plugins().current();
        let rejected = set.rejected();
        if let Some(problem) = rejected.iter().find(|problem| problem.plugin == name) {
            return Err(refused(name, &problem.detail));
        }
        let after = loaded(set, name);
        for running in current.plugins() {
            let found = rejected.iter().find(|problem| problem.plugin == running.identity.name);
            if let Some(problem) = found {
                let message = format!("{}, which runs, would be refused: {}", problem.plugin, problem.detail);
                return Err(PipelineError::new(ErrorKind::Conflict, message));
            }
            if let Some(next) = loaded(set, &running.identity.name)
                && world(&running) != world(&next)
            {
                let message = format!(
                    "{} is the name of a {}, and this is a {}: give it another name",
                    running.identity.name, running.world, next.world
                );
                return Err(PipelineError::new(ErrorKind::Conflict, message));
            }
        }
        // If a plugin is already missing, the repair may take several steps.
        if find_chosen(&*current, self.settings()).is_ok() {
            find_chosen(set, self.settings()).map_err(|reason| {
                PipelineError::new(ErrorKind::Conflict, format!("nothing was changed: {reason}"))
            })?;
        }
        Ok(after)
    }

    /// Writes a receipt for each file in the folder that differs from when it was last seen.
    async fn note_folder(&self, set: &dyn PluginSet) -> Result<(), PipelineError> {
        let store = &self.ports().store;
        let receipts = store.plugin_receipts(None, PageRequest::new(0, PageRequest::MAXIMUM_LIMIT)?).await?;
        let mut last: BTreeMap<&str, &PluginReceipt> = BTreeMap::new();
        for receipt in &receipts.items {
            last.entry(&receipt.plugin).or_insert(receipt);
        }
        let now_there = set.plugins().into_iter().filter(|plugin| plugin.origin == PluginOrigin::Folder);
        let mut names: Vec<String> = now_there.map(|plugin| plugin.identity.name).collect();
        let gone = last.values().filter(|receipt| receipt.action == PluginAction::Folder);
        names.extend(
            gone.map(|receipt| receipt.plugin.clone())
                .filter(|name| !names.contains(name))
                .collect::<Vec<_>>(),
        );
        for name in names {
            let runs = loaded(set, &name);
            let digest = runs.as_ref().map(|runs| runs.identity.digest.clone());
            let previous = last.get(name.as_str()).and_then(|receipt| receipt.digest.clone());
            if digest == previous && last.contains_key(name.as_str()) {
                continue;
            }
            let receipt = PluginReceipt {
                number: 0,
                plugin: name,
                action: PluginAction::Folder,
                digest,
                previous,
                source: runs.as_ref().map_or("folder", |runs| runs.origin.as_str()).to_owned(),
                reason: None,
                verified: runs.map(|runs| runs.verified).unwrap_or_default(),
                by: FOLDER.to_string(),
                at: self.ports().clock.now(),
            };
            store.change_plugin(PluginChange { plugin: None, component: None, receipt }).await?;
        }
        Ok(())
    }
}

/// The world without its version.
fn world(plugin: &LoadedPlugin) -> &str {
    plugin.world.split('@').next().unwrap_or_default()
}

pub(super) fn refused(name: &str, reason: &str) -> PipelineError {
    PipelineError::new(ErrorKind::Invalid, format!("{} was refused: {reason}", shown(name)))
}
