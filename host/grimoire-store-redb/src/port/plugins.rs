use async_trait::async_trait;
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::PortError;
use grimoire_ports::store::{PluginChange, PluginStore};

use crate::RedbStore;
use crate::plugins::{all, component, receipts};

#[async_trait]
impl PluginStore for RedbStore {
    async fn installed_plugins(&self) -> Result<Vec<InstalledPlugin>, PortError> {
        self.scan(all).await
    }

    async fn plugin_component(&self, plugin: &str, digest: &str) -> Result<Vec<u8>, PortError> {
        let (plugin, digest) = (plugin.to_owned(), digest.to_owned());
        self.scan(move |transaction| component(transaction, &plugin, &digest)).await
    }

    async fn change_plugin(&self, change: PluginChange) -> Result<PluginReceipt, PortError> {
        self.write(move |transaction| transaction.plugins()?.change(&change)).await
    }

    async fn plugin_receipts(
        &self,
        plugin: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<PluginReceipt>, PortError> {
        let plugin = plugin.map(str::to_owned);
        self.scan(move |transaction| receipts(transaction, plugin.as_deref(), page)).await
    }
}
