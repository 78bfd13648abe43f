//! Scripted plugin sources outside the store.

use std::sync::{Arc, Mutex};

use super::lock;
use crate::PortError;
use crate::plugins::{PluginFiles, PluginOrigin, PluginSource, strongest};

/// Plugins outside the store, which a test may replace. Clones share them.
#[derive(Debug, Clone)]
pub struct ScriptedFiles(Arc<Mutex<Vec<PluginSource>>>);

impl Default for ScriptedFiles {
    /// The plugins of [`ScriptedSet`](super::ScriptedSet), as shipped ones.
    fn default() -> Self {
        let shipped = |name: &str| PluginSource::new(name, b"shipped".as_slice());
        Self(Arc::new(Mutex::new(vec![shipped("scripted-analyzer"), shipped("scripted-matcher")])))
    }
}

impl ScriptedFiles {
    /// Adds a file.
    pub fn add(&self, source: PluginSource) {
        lock(&self.0).push(source);
    }

    /// Removes all files of the operator's folder.
    pub fn clear_folder(&self) {
        lock(&self.0).retain(|source| source.origin == PluginOrigin::Shipped);
    }
}

impl PluginFiles for ScriptedFiles {
    fn find(&self) -> Result<Vec<PluginSource>, PortError> {
        Ok(strongest(lock(&self.0).clone()))
    }
}
