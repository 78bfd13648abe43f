//! The plugins, as one immutable set at a time, and their worlds: one file each.

pub mod analyzer;
pub mod embedder;
mod evidence;
pub mod matcher;
mod signer;
mod source;

use std::sync::Arc;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use tokio::sync::watch;

use self::analyzer::Analyzers;
use self::embedder::Embedders;
use self::matcher::Matchers;
use crate::PortError;

pub use evidence::{Histogram, PluginCalls, PluginEvidence, PluginTrap};
pub use signer::{InvalidPublicKey, PublicKey, Signer, TrustedKey};
pub use source::{ComponentSource, PluginFiles, PluginOrigin, PluginSource, strongest};

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PluginDescription {
    /// Its own name, which the name that it was installed under may differ from.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// The tools whose errors an analyzer finds.
    pub tools: Vec<String>,
    /// The media types that an analyzer accepts, such as `text/x-log` or `text/*`.
    pub accepts: Vec<String>,
}

impl PluginDescription {
    /// Returns true if an analyzer accepts artifacts of a media type.
    pub fn accepts(&self, media_type: &str) -> bool {
        self.accepts.iter().any(|accepted| match accepted.strip_suffix('*') {
            Some(beginning) => media_type.starts_with(beginning),
            None => accepted == media_type,
        })
    }
}

/// A loaded plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedPlugin {
    /// The plugin's name and digest.
    pub identity: PluginIdentity,
    /// What it says of itself.
    pub description: PluginDescription,
    /// The implemented world with its version, such as `grimoire:analyzer@0.1.0`.
    pub world: String,
    /// True if the compiled code came from the cache.
    pub from_cache: bool,
    /// The plugin's origin.
    pub origin: PluginOrigin,
    /// The origin of the plugin that would run under its name without it.
    pub replaces: Option<PluginOrigin>,
    /// The signer of its component.
    pub signer: Signer,
    /// The checks that the plugin passed before it ran, in order.
    pub verified: Vec<String>,
}

/// A file of golden cases that a component carries: what it is given and must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// The file's name, such as `errors.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Statistics of the plugins of one name since the start of the process, over all generations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PluginStatistics {
    /// Number of calls.
    pub calls: u64,
    /// Number of failed calls.
    pub failures: u64,
    /// The last failure, if any.
    pub last_problem: Option<PluginProblem>,
    /// Failures since the last successful call. Failures that are not the plugin's fault do not count.
    pub failures_in_a_row: u64,
    /// The maximum memory of a single call, in memories and tables, in bytes.
    pub peak_memory: u64,
}

/// An immutable set of loaded plugins: one generation.
///
/// A request, job or command takes the current set once and uses it throughout, so that no answer mixes two
/// generations. A set works as long as it is referenced, even after its replacement.
pub trait PluginSet: Analyzers + Matchers + Embedders {
    /// The set's number, from 1, higher than that of every earlier set. 0 is the empty set of a host that has
    /// not loaded plugins yet.
    fn generation(&self) -> u64;

    /// All loaded plugins, by name.
    fn plugins(&self) -> Vec<LoadedPlugin>;

    /// Plugin files that could not be loaded, with the reason.
    fn rejected(&self) -> Vec<PluginProblem>;

    /// The golden cases that a plugin's component carries; none for a name that is not loaded.
    fn cases(&self, plugin: &str) -> Vec<CaseFile>;

    /// Succeeds if an analyzer of this name is loaded. The error completes "NAME …".
    fn find_analyzer(&self, name: &str) -> Result<(), String> {
        match self.plugins().iter().find(|plugin| plugin.identity.name == name) {
            Some(plugin) if plugin.world.starts_with("grimoire:analyzer@") => Ok(()),
            Some(plugin) => Err(format!("is no analyzer: it implements {}", plugin.world)),
            None => Err("is not loaded".to_owned()),
        }
    }

    /// Succeeds if a matcher of this name is loaded. The error completes "NAME …".
    fn find_matcher(&self, name: &str) -> Result<(), String> {
        match self.plugins().iter().find(|plugin| plugin.identity.name == name) {
            Some(plugin) if plugin.world.starts_with("grimoire:matcher@") => Ok(()),
            Some(plugin) => Err(format!("is no matcher: it implements {}", plugin.world)),
            None => Err("is not loaded".to_owned()),
        }
    }

    /// Succeeds if an embedder of this name is loaded. The error completes "NAME …".
    fn find_embedder(&self, name: &str) -> Result<(), String> {
        match self.plugins().iter().find(|plugin| plugin.identity.name == name) {
            Some(plugin) if plugin.world.starts_with("grimoire:embedder@") => Ok(()),
            Some(plugin) => Err(format!("is no embedder: it implements {}", plugin.world)),
            None => Err("is not loaded".to_owned()),
        }
    }
}

/// The plugins of this process.
pub trait Plugins: Send + Sync {
    /// The current set. Never blocks.
    fn current(&self) -> Arc<dyn PluginSet>;

    /// The number of the current set, as a signal of its replacement.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Statistics of the plugins of a name; zeros for one that was never called.
    fn statistics(&self, plugin: &str) -> PluginStatistics;

    /// Facts for operators about the plugins of a name; empty for a name that was never called.
    fn evidence(&self, plugin: &str) -> PluginEvidence;

    /// Messages about the host for operators, one sentence each: work that is still in progress, resources used
    /// without a request. Empty if there are none.
    fn notices(&self) -> Vec<String>;

    /// Prepares a set of these sources beside the running one, which continues undisturbed. Sources that cannot be
    /// loaded are in the set's `rejected()`. Blocks while components are compiled.
    fn prepare(&self, sources: Vec<PluginSource>) -> Result<Box<dyn PreparedPlugins>, PortError>;
}

/// A set that is ready but does not run yet. Dropping it has no effect on the running set.
pub trait PreparedPlugins: Send + Sync {
    /// The set. Calls before [`Self::run`] do not count in the statistics.
    fn set(&self) -> Arc<dyn PluginSet>;

    /// Makes this the running set, in one step that blocks nobody. `Conflict` if another set was swapped in since the
    /// preparation of this one began.
    fn run(self: Box<Self>) -> Result<(), PortError>;
}

/// Why a plugin call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin {} failed ({}): {}", .0.plugin, .0.reason, .0.detail)]
pub struct PluginError(pub PluginProblem);

impl PluginError {
    /// `Busy` for a busy host, `Timeout` for a slow plugin, `Internal` for everything else.
    pub fn kind(&self) -> ErrorKind {
        self.0.reason.kind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_accepted_by_name_or_by_kind() {
        let accepts = ["text/*", "application/json"].map(str::to_owned).to_vec();
        let analyzer = PluginDescription { accepts, ..PluginDescription::default() };
        for media_type in ["text/x-log", "text/plain", "application/json"] {
            assert!(analyzer.accepts(media_type), "{media_type}");
        }
        for media_type in ["application/jsonl", "application/xml", "textile/x", "text"] {
            assert!(!analyzer.accepts(media_type), "{media_type}");
        }
    }
}
