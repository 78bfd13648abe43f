//! The worlds that judge: one file each.

pub mod analyzer;
pub mod matcher;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem};

/// A plugin as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// Which plugin.
    pub identity: PluginIdentity,
    /// Its version, as its metadata says.
    pub version: Option<String>,
    /// The world and version that it implements, such as `grimoire:analyzer@0.1.0`.
    pub world: String,
    /// Calls since the start of the process.
    pub calls: u64,
    /// Calls that failed since then.
    pub failures: u64,
    /// The last failure, if any.
    pub last_problem: Option<PluginProblem>,
    /// Whether its compiled code came from the cache.
    pub from_cache: bool,
}

/// Tells what is loaded.
pub trait PluginInventory: Send + Sync {
    /// The number of the running generation, from 1.
    fn generation(&self) -> u64;

    /// Every loaded plugin, by name.
    fn plugins(&self) -> Vec<PluginStatus>;

    /// Plugin files that were found and could not be loaded, with the reason.
    fn rejected(&self) -> Vec<PluginProblem>;

    /// How many compilations went over their time and still run in the background. Where code is not
    /// compiled in this process: none.
    fn abandoned_compilations(&self) -> usize {
        0
    }
}

/// Why a plugin did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin {} failed ({}): {}", .0.plugin, .0.reason, .0.detail)]
pub struct PluginError(pub PluginProblem);

impl PluginError {
    /// A busy host is `Unavailable`, a slow plugin `Timeout`, everything else `Internal`.
    pub fn kind(&self) -> ErrorKind {
        match self.0.reason.as_str() {
            "busy" => ErrorKind::Unavailable,
            "timeout" => ErrorKind::Timeout,
            _ => ErrorKind::Internal,
        }
    }
}
