//! Records of installed plugins and of the receipts of their changes.

use grimoire_domain::Timestamp;
use grimoire_domain::installed_plugin::{InstalledPlugin, PluginAction, PluginReceipt, PluginVersion};
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{decode, encode, unreadable};

const VERSION: u8 = 1;
const PLUGIN: &str = "an installed plugin";
const RECEIPT: &str = "a receipt of a plugin";

#[derive(Serialize, Deserialize)]
struct PluginRecord {
    versions: Vec<VersionRecord>,
    active: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct VersionRecord {
    digest: String,
    bytes: u64,
    world: String,
    version: Option<String>,
    source: String,
    by: String,
    at: Timestamp,
    quarantine: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ReceiptRecord {
    plugin: String,
    action: String,
    digest: Option<String>,
    previous: Option<String>,
    source: String,
    reason: Option<String>,
    verified: Vec<String>,
    by: String,
    at: Timestamp,
}

pub(crate) fn encode_plugin(plugin: &InstalledPlugin) -> Vec<u8> {
    let version = |version: &PluginVersion| VersionRecord {
        digest: version.digest.clone(),
        bytes: version.bytes,
        world: version.world.clone(),
        version: version.version.clone(),
        source: version.source.clone(),
        by: version.installed_by.clone(),
        at: version.installed_at,
        quarantine: version.quarantine.clone(),
    };
    let record = PluginRecord {
        versions: plugin.versions().iter().map(version).collect(),
        active: plugin.active().map(|version| version.digest.clone()),
    };
    encode(VERSION, &record)
}

pub(crate) fn decode_plugin(name: &str, bytes: &[u8]) -> Result<InstalledPlugin, PortError> {
    let record: PluginRecord = decode(VERSION, PLUGIN, bytes)?;
    let version = |record: VersionRecord| PluginVersion {
        digest: record.digest,
        bytes: record.bytes,
        world: record.world,
        version: record.version,
        source: record.source,
        installed_by: record.by,
        installed_at: record.at,
        quarantine: record.quarantine,
    };
    let versions = record.versions.into_iter().map(version).collect();
    InstalledPlugin::restore(name, versions, record.active)
        .ok_or_else(|| unreadable(PLUGIN, format!("the record of {name} contradicts itself")))
}

pub(crate) fn encode_receipt(receipt: &PluginReceipt) -> Vec<u8> {
    let receipt = receipt.clone();
    let record = ReceiptRecord {
        plugin: receipt.plugin,
        action: receipt.action.as_str().to_owned(),
        digest: receipt.digest,
        previous: receipt.previous,
        source: receipt.source,
        reason: receipt.reason,
        verified: receipt.verified,
        by: receipt.by,
        at: receipt.at,
    };
    encode(VERSION, &record)
}

pub(crate) fn decode_receipt(number: u64, bytes: &[u8]) -> Result<PluginReceipt, PortError> {
    let record: ReceiptRecord = decode(VERSION, RECEIPT, bytes)?;
    let action = PluginAction::ALL.into_iter().find(|action| action.as_str() == record.action);
    Ok(PluginReceipt {
        number,
        plugin: record.plugin,
        action: action.ok_or_else(|| unreadable(RECEIPT, format!("no action is {:?}", record.action)))?,
        digest: record.digest,
        previous: record.previous,
        source: record.source,
        reason: record.reason,
        verified: record.verified,
        by: record.by,
        at: record.at,
    })
}
