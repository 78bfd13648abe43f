//! Installed plugins, their components, and the receipts of their changes.

use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::store::PluginChange;
use redb::{ReadTransaction, ReadableTable, Table, WriteTransaction};

use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::record::plugin::{decode_plugin, decode_receipt, encode_plugin, encode_receipt};
use crate::records::Records;
use crate::schema::{PLUGIN_COMPONENTS, PLUGIN_RECEIPTS, PLUGINS};

/// The tables of plugins in one transaction.
pub(crate) struct PluginTables<'t> {
    plugins: Records<Table<'t, &'static str, &'static [u8]>>,
    components: Records<Table<'t, (&'static str, &'static str), &'static [u8]>>,
    receipts: Records<Table<'t, u64, &'static [u8]>>,
}

impl<'t> PluginTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            plugins: Records(transaction.open_table(PLUGINS)?),
            components: Records(transaction.open_table(PLUGIN_COMPONENTS)?),
            receipts: Records(transaction.open_table(PLUGIN_RECEIPTS)?),
        })
    }
}

/// The plugins of one transaction.
pub(crate) struct Plugins<'s, 't> {
    pub(crate) tables: &'s mut PluginTables<'t>,
    pub(crate) effects: &'s mut Effects,
}

impl Plugins<'_, '_> {
    /// Writes a change. All refusals happen before the first write.
    pub(crate) fn change(&mut self, change: &PluginChange) -> Outcome<PluginReceipt> {
        if let Some(plugin) = &change.plugin {
            self.put(plugin, change.component.as_deref())?;
        }
        self.effects.wrote = true;
        let last = self.tables.receipts.0.last()?.map_or(0, |(number, _)| number.value());
        let receipt = PluginReceipt { number: last + 1, ..change.receipt.clone() };
        self.tables.receipts.insert(receipt.number, &encode_receipt(&receipt))?;
        Ok(receipt)
    }

    fn put(&mut self, plugin: &InstalledPlugin, component: Option<&[u8]>) -> Outcome<()> {
        let name = plugin.name();
        let is_kept = |digest: &str| plugin.versions().iter().any(|version| version.digest == digest);
        let stored = self.digests(name)?;
        let newest = plugin.versions().first().map(|version| version.digest.as_str());
        let added = component.and_then(|component| Some((newest?, component)));
        for version in plugin.versions() {
            let is_added = added.is_some_and(|(digest, _)| digest == version.digest);
            if !is_added && !stored.contains(&version.digest) {
                let message = format!("the version {} of {name} has no component", version.digest);
                return Err(Failure::refused(ErrorKind::Invalid, message));
            }
        }
        self.effects.wrote = true;
        if let Some((digest, component)) = added {
            self.tables.components.insert((name, digest), component)?;
        }
        for digest in stored.iter().filter(|digest| !is_kept(digest)) {
            self.tables.components.remove((name, digest.as_str()))?;
        }
        if plugin.versions().is_empty() {
            self.tables.plugins.remove(name)
        } else {
            self.tables.plugins.insert(name, &encode_plugin(plugin))
        }
    }

    /// The digests of the kept components of a plugin.
    fn digests(&self, name: &str) -> Outcome<Vec<String>> {
        let mut digests = Vec::new();
        for row in self.tables.components.0.range((name, "")..)? {
            let (key, _) = row?;
            let (plugin, digest) = key.value();
            if plugin != name {
                break;
            }
            digests.push(digest.to_owned());
        }
        Ok(digests)
    }
}

pub(crate) fn all(transaction: &ReadTransaction) -> Outcome<Vec<InstalledPlugin>> {
    let table = Records(transaction.open_table(PLUGINS)?);
    let mut plugins = Vec::new();
    for row in table.rows()? {
        let (name, record) = row?;
        plugins.push(decode_plugin(name.value(), record.bytes())?);
    }
    Ok(plugins)
}

pub(crate) fn component(transaction: &ReadTransaction, plugin: &str, digest: &str) -> Outcome<Vec<u8>> {
    let table = Records(transaction.open_table(PLUGIN_COMPONENTS)?);
    match table.get((plugin, digest))? {
        Some(record) => Ok(record.bytes().to_vec()),
        None => {
            let message = format!("there is no component {digest} of {plugin}");
            Err(Failure::refused(ErrorKind::NotFound, message))
        }
    }
}

/// Receipts, newest first.
pub(crate) fn receipts(
    transaction: &ReadTransaction,
    plugin: Option<&str>,
    page: PageRequest,
) -> Outcome<Page<PluginReceipt>> {
    let table = Records(transaction.open_table(PLUGIN_RECEIPTS)?);
    // There are few, because only people cause them.
    let mut found = Vec::new();
    for row in table.rows()? {
        let (number, record) = row?;
        let receipt = decode_receipt(number.value(), record.bytes())?;
        if plugin.is_none_or(|plugin| receipt.plugin == plugin) {
            found.push(receipt);
        }
    }
    let total = found.len() as u64;
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    Ok(Page { items: found.into_iter().rev().skip(skip).take(page.limit() as usize).collect(), total })
}
