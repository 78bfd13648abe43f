//! Adapters for tests: deterministic and in memory, without threads or files.

mod analyzers;
mod clock;
mod embedders;
mod files;
mod github;
mod matchers;
mod plugin_files;
mod plugins;
mod search;
mod store;

pub use analyzers::ScriptedAnalyzers;
pub use clock::ManualClock;
pub use embedders::ScriptedEmbedders;
pub use files::{MemoryFile, MemoryFiles};
pub use github::{OpenGate, ScriptedGitHub};
pub use matchers::ScriptedMatchers;
pub use plugin_files::ScriptedFiles;
pub use plugins::{ScriptedPlugins, ScriptedSet};
pub use search::MemorySearch;
pub use store::MemoryStore;

use std::sync::{Mutex, MutexGuard, PoisonError};

use grimoire_domain::review::PluginIdentity;

/// Ignores poisoning, so that a panic in one test thread does not hide the cause in others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn identity(name: &str) -> PluginIdentity {
    PluginIdentity { name: name.to_owned(), digest: "0".repeat(64) }
}
