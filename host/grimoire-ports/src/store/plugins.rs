//! Installed plugins.

use async_trait::async_trait;
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::page::{Page, PageRequest};

use crate::PortError;

/// A change to one plugin, written in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginChange {
    /// The new state of the plugin; a plugin without versions is removed. `None` if the stored state does not change.
    pub plugin: Option<InstalledPlugin>,
    /// The component of the new version, if there is one.
    pub component: Option<Vec<u8>>,
    /// The receipt; the store assigns its number.
    pub receipt: PluginReceipt,
}

/// Installed plugins, with the components of their kept versions, and a receipt for every change.
#[async_trait]
pub trait PluginStore: Send + Sync {
    /// Every installed plugin, by name.
    async fn installed_plugins(&self) -> Result<Vec<InstalledPlugin>, PortError>;

    /// The component of a kept version. `NotFound`.
    async fn plugin_component(&self, plugin: &str, digest: &str) -> Result<Vec<u8>, PortError>;

    /// Writes a change: the plugin, its new component and the receipt appear together, and the components of versions
    /// that are no longer kept are deleted. Returns the receipt with its number. `Invalid`, and nothing is written, if
    /// a kept version would have no component.
    async fn change_plugin(&self, change: PluginChange) -> Result<PluginReceipt, PortError>;

    /// Receipts, newest first; only those of `plugin` if one is given.
    async fn plugin_receipts(
        &self,
        plugin: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<PluginReceipt>, PortError>;
}
