//! Installed plugins in memory.

use async_trait::async_trait;
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};

use super::{MemoryStore, page_of};
use crate::PortError;
use crate::store::{PluginChange, PluginStore};

#[async_trait]
impl PluginStore for MemoryStore {
    async fn installed_plugins(&self) -> Result<Vec<InstalledPlugin>, PortError> {
        Ok(self.content().plugins.values().cloned().collect())
    }

    async fn plugin_component(&self, plugin: &str, digest: &str) -> Result<Vec<u8>, PortError> {
        let key = (plugin.to_owned(), digest.to_owned());
        self.content().components.get(&key).cloned().ok_or_else(|| {
            PortError::new(ErrorKind::NotFound, format!("there is no component {digest} of {plugin}"))
        })
    }

    async fn change_plugin(&self, change: PluginChange) -> Result<PluginReceipt, PortError> {
        let PluginChange { plugin, component, mut receipt } = change;
        if let Some(trouble) = super::super::lock(&self.0.trouble).as_ref() {
            return Err(PortError::new(ErrorKind::Unavailable, trouble.clone()));
        }
        let mut content = self.content();
        if let Some(plugin) = plugin {
            let name = plugin.name().to_owned();
            let mut components = content.components.clone();
            if let (Some(component), Some(newest)) = (component, plugin.versions().first()) {
                components.insert((name.clone(), newest.digest.clone()), component);
            }
            let is_kept = |digest: &str| plugin.versions().iter().any(|version| version.digest == digest);
            components.retain(|(plugin, digest), _| *plugin != name || is_kept(digest));
            let mut digests = plugin.versions().iter().map(|version| (name.clone(), version.digest.clone()));
            if !digests.all(|key| components.contains_key(&key)) {
                return Err(PortError::new(
                    ErrorKind::Invalid,
                    format!("a version of {name} has no component"),
                ));
            }
            content.components = components;
            if plugin.versions().is_empty() {
                content.plugins.remove(&name);
            } else {
                content.plugins.insert(name, plugin);
            }
        }
        receipt.number = content.receipts.len() as u64 + 1;
        content.receipts.push(receipt.clone());
        Ok(receipt)
    }

    async fn plugin_receipts(
        &self,
        plugin: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<PluginReceipt>, PortError> {
        let content = self.content();
        let wanted = content.receipts.iter().rev();
        let wanted = wanted.filter(|receipt| plugin.is_none_or(|plugin| receipt.plugin == plugin));
        Ok(page_of(wanted.cloned().collect(), page))
    }
}
