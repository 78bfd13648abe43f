//! Changes by operators. Each of them takes the same steps: prepare a new set while the current one keeps running,
//! check that no required plugin is missing, record the change and its receipt in the store, swap the set in. A failure
//! at any step leaves the current set running. A crash at any step leaves the old or the new state: a start loads what
//! is in the store.

use bytes::Bytes;
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::installed_plugin::{
    InstalledPlugin, PluginAction, PluginReceipt, PluginVersion, UnknownVersion, check_plugin_name,
};
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::text;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{PluginOrigin, PluginSource, PreparedPlugins};
use grimoire_ports::store::PluginChange;
use tokio::sync::MutexGuard;

use super::set::refused;
use super::{golden, loaded, shown};
use crate::{Pipeline, PipelineError};

/// The maximum number of bytes of a component's origin.
const SOURCE_BYTES: usize = 512;

/// A component to install.
#[derive(Debug, Clone)]
pub struct PluginUpload {
    /// The name under which it runs.
    pub name: String,
    /// Its origin, in the caller's words.
    pub source: String,
    /// The component.
    pub component: Bytes,
    /// Number of recent inputs to replay against the new plugin and the running ones before the swap; 0 for none.
    pub replay: usize,
    /// Install it even if the version is in quarantine or does worse in the replay.
    pub force: bool,
}

/// A change that an operator requests.
#[derive(Debug, Clone)]
pub enum PluginRequest {
    /// Install a component and activate it.
    Install(PluginUpload),
    /// Activate the kept version whose digest is this or starts with it.
    Activate {
        /// The plugin.
        name: String,
        /// The digest, or a prefix of it.
        digest: String,
        /// Activate it even if it is in quarantine.
        force: bool,
    },
    /// Activate the version that was installed before the active one; if there is none, the shipped plugin or the one
    /// in the folder runs under the name.
    RollBack {
        /// The plugin.
        name: String,
    },
    /// Remove one version, which must not be active, or everything that was installed under the name.
    Remove {
        /// The plugin.
        name: String,
        /// The digest of one version, or a prefix of it.
        digest: Option<String>,
    },
}

/// A change whose set is prepared.
struct Step {
    action: PluginAction,
    /// The component of a version that is new.
    component: Option<Vec<u8>>,
    /// Where the component came from.
    source: String,
    /// Checks that passed in addition to those of the host.
    checks: Vec<String>,
    /// The reason for an automatic change.
    reason: Option<String>,
    /// The name of the actor.
    by: String,
}

impl Pipeline {
    /// Makes a change that an operator requests. `Invalid` or `Conflict` says why that is impossible; nothing has
    /// changed then. A change is completed even if the caller goes away.
    pub async fn change_plugin(
        &self,
        request: PluginRequest,
        actor: &Actor,
    ) -> Result<PluginReceipt, PipelineError> {
        actor.require(Permission::Admin)?;
        let (pipeline, by) = (self.clone(), actor.to_string());
        let change = tokio::spawn(async move {
            let _turn = pipeline.plugin_lock()?;
            let receipt = pipeline.apply_change(request, by).await?;
            // The change has been made, so a failure here must not be reported as its failure.
            if let Err(error) = pipeline.note_quarantine().await {
                tracing::warn!(%error, "versions in quarantine could not be read for the health report");
            }
            Ok::<_, PipelineError>(receipt)
        });
        let receipt =
            change.await.map_err(|error| PortError::internal("the plugin was not changed", error))??;
        tracing::info!(
            plugin = receipt.plugin,
            action = receipt.action.as_str(),
            digest = receipt.digest,
            by = receipt.by,
            "plugin changed"
        );
        Ok(receipt)
    }

    async fn apply_change(&self, request: PluginRequest, by: String) -> Result<PluginReceipt, PipelineError> {
        match request {
            PluginRequest::Install(upload) => self.install(upload, by).await,
            PluginRequest::Activate { name, digest, force } => {
                let mut plugin = self.require_installed(&name).await?;
                let digest = plugin.find(&digest).map_err(unknown)?.digest.clone();
                refuse_quarantined(&plugin, &digest, force)?;
                plugin.activate(&digest).map_err(unknown)?;
                self.switch(plugin, PluginAction::Activate, None, by).await
            }
            PluginRequest::RollBack { name } => {
                let mut plugin = self.require_installed(&name).await?;
                self.step_back(&mut plugin).await?;
                self.switch(plugin, PluginAction::RollBack, None, by).await
            }
            PluginRequest::Remove { name, digest } => {
                let mut plugin = self.require_installed(&name).await?;
                remove(&mut plugin, digest.as_deref())?;
                self.switch(plugin, PluginAction::Remove, None, by).await
            }
        }
    }

    async fn install(&self, upload: PluginUpload, by: String) -> Result<PluginReceipt, PipelineError> {
        let PluginUpload { name, source, component, replay, force } = upload;
        // Before anything is compiled, which takes seconds.
        check_plugin_name(&name).map_err(|why| refused(&name, &why.to_string()))?;
        let mut plugin = self.installed(&name).await?.unwrap_or_else(|| InstalledPlugin::new(&name));
        let candidate = PluginSource::installed(&name, component.to_vec());
        let prepared = self.prepare(Some((&name, Some(candidate)))).await?;
        let set = prepared.set();
        let loaded = self.check(&*set, &name)?;
        let Some(loaded) = loaded else { return Err(refused(&name, "it is not in the new set")) };
        refuse_quarantined(&plugin, &loaded.identity.digest, force)?;
        let mut checks = vec![golden::check(&*set, &loaded).await?];
        if replay > 0 {
            checks.push(self.replay(&set, &loaded, replay, force).await?);
        }
        let source = text::one_line(&source, SOURCE_BYTES);
        plugin.install(PluginVersion {
            digest: loaded.identity.digest,
            bytes: component.len() as u64,
            world: loaded.world,
            version: Some(loaded.description.version),
            source: source.clone(),
            installed_by: by.clone(),
            installed_at: self.ports().clock.now(),
            quarantine: None,
        });
        let component = Some(component.to_vec());
        let step = Step { action: PluginAction::Install, component, source, checks, reason: None, by };
        self.store_and_swap(prepared, plugin, step).await
    }

    /// Switches to the active version of a plugin; if there is none, to the shipped plugin or the one in the folder.
    pub(super) async fn switch(
        &self,
        plugin: InstalledPlugin,
        action: PluginAction,
        reason: Option<String>,
        by: String,
    ) -> Result<PluginReceipt, PipelineError> {
        let name = plugin.name().to_owned();
        let (candidate, source) = match plugin.active() {
            Some(version) => {
                let component = self.ports().store.plugin_component(&name, &version.digest).await?;
                (Some(PluginSource::installed(&name, component)), version.source.clone())
            }
            None => (None, String::new()),
        };
        let prepared = self.prepare(Some((&name, candidate))).await?;
        self.check(&*prepared.set(), &name)?;
        let step = Step { action, component: None, source, checks: Vec::new(), reason, by };
        self.store_and_swap(prepared, plugin, step).await
    }

    /// The last steps: first the store, then the swap.
    async fn store_and_swap(
        &self,
        prepared: Box<dyn PreparedPlugins>,
        plugin: InstalledPlugin,
        step: Step,
    ) -> Result<PluginReceipt, PipelineError> {
        let Step { action, component, source, checks, reason, by } = step;
        let name = plugin.name().to_owned();
        let runs = loaded(&*prepared.set(), &name);
        let source = match &runs {
            Some(runs) if runs.origin != PluginOrigin::Installed => runs.origin.as_str().to_owned(),
            _ => source,
        };
        let mut verified = runs.as_ref().map(|runs| runs.verified.clone()).unwrap_or_default();
        verified.extend(checks);
        let receipt = PluginReceipt {
            number: 0,
            plugin: name.clone(),
            action,
            digest: runs.as_ref().map(|runs| runs.identity.digest.clone()),
            previous: loaded(&*self.plugins().current(), &name).map(|runs| runs.identity.digest),
            source,
            reason,
            verified,
            by,
            at: self.ports().clock.now(),
        };
        let change = PluginChange { plugin: Some(plugin), component, receipt };
        let written = self.ports().store.change_plugin(change).await;
        let receipt =
            written.map_err(|error| PipelineError::from(error).about(&format!("{name} was not changed")))?;
        prepared.run()?;
        self.begin_watch(&name);
        Ok(receipt)
    }

    /// Goes back to the version before the active one, or to the plugin that the installed one replaces.
    pub(super) async fn step_back(&self, plugin: &mut InstalledPlugin) -> Result<(), PipelineError> {
        let name = plugin.name().to_owned();
        let conflict = |message: String| Err(PipelineError::new(ErrorKind::Conflict, message));
        if plugin.active().is_none() {
            return conflict(format!(
                "no installed version of {name} is active, so there is nothing to roll back: activate one"
            ));
        }
        if let Some(digest) = plugin.previous().map(|version| version.digest.clone()) {
            return plugin.activate(&digest).map_err(unknown);
        }
        if self.files().await?.iter().any(|source| source.name == name) {
            plugin.deactivate();
            return Ok(());
        }
        conflict(format!("{name} has no version before the active one: install another, or remove it"))
    }

    /// Refuses a change while another one is being made, because the caller's view of the running plugins is about to
    /// be outdated.
    pub(super) fn plugin_lock(&self) -> Result<MutexGuard<'_, ()>, PipelineError> {
        self.0.plugin_lock.try_lock().map_err(|_| {
            let message = "another change of the plugins is in progress: try again when it has ended";
            PipelineError::new(ErrorKind::Conflict, message)
        })
    }

    pub(super) async fn installed(&self, name: &str) -> Result<Option<InstalledPlugin>, PipelineError> {
        let installed = self.ports().store.installed_plugins().await?;
        Ok(installed.into_iter().find(|plugin| plugin.name() == name))
    }

    /// `NotFound`, or `Conflict` if the plugin has another origin, with the way to change such a plugin.
    async fn require_installed(&self, name: &str) -> Result<InstalledPlugin, PipelineError> {
        if let Some(installed) = self.installed(name).await? {
            return Ok(installed);
        }
        let file = self.files().await?.into_iter().find(|source| source.name == name);
        let conflict = |message| Err(PipelineError::new(ErrorKind::Conflict, message));
        match file.map(|source| source.origin) {
            Some(PluginOrigin::Folder) => conflict(format!(
                "{name} is a file of plugins.folder and was not installed: change the file, the folder is watched"
            )),
            Some(_) => conflict(format!(
                "{name} ships with the program and was not installed: install a component under its name to replace it"
            )),
            None => Err(PipelineError::missing(Resource::Plugin, shown(name))),
        }
    }
}

/// Refuses a version in quarantine unless `force` is set.
fn refuse_quarantined(plugin: &InstalledPlugin, digest: &str, force: bool) -> Result<(), PipelineError> {
    let kept = plugin.versions().iter().find(|version| version.digest == digest);
    let Some(reason) = kept.and_then(|version| version.quarantine.as_ref()).filter(|_| !force) else {
        return Ok(());
    };
    let message = format!(
        "this version of {} is in quarantine: {reason}; use --force (force=true) to activate it anyway",
        plugin.name()
    );
    Err(PipelineError::new(ErrorKind::Conflict, message))
}

#[allow(clippy::needless_pass_by_value, reason = "given to map_err")]
fn unknown(error: UnknownVersion) -> PipelineError {
    PipelineError::new(ErrorKind::NotFound, error.to_string())
}

fn remove(plugin: &mut InstalledPlugin, digest: Option<&str>) -> Result<(), PipelineError> {
    let Some(digest) = digest else {
        plugin.remove_all();
        return Ok(());
    };
    let digest = plugin.find(digest).map_err(unknown)?.digest.clone();
    if plugin.active().is_some_and(|active| active.digest == digest) {
        let message = format!(
            "this version of {name} is active: activate another or roll back first, or remove all of {name}",
            name = plugin.name()
        );
        return Err(PipelineError::new(ErrorKind::Conflict, message));
    }
    plugin.remove(&digest).map_err(unknown)
}
