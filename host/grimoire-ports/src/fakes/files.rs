//! Files in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::lock;
use crate::PortError;
use crate::derived_file::{DerivedFile, DerivedFiles};

/// Files in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles(Arc<Mutex<BTreeMap<String, MemoryFile>>>);

impl MemoryFiles {
    /// The file of a name.
    pub fn of(&self, name: &str) -> MemoryFile {
        lock(&self.0).entry(name.to_owned()).or_default().clone()
    }
}

impl DerivedFiles for MemoryFiles {
    fn file(&self, name: &str) -> Arc<dyn DerivedFile> {
        Arc::new(self.of(name))
    }
}

/// A file in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryFile(Arc<Mutex<Option<Vec<u8>>>>);

impl MemoryFile {
    /// Its content.
    pub fn content(&self) -> Option<Vec<u8>> {
        lock(&self.0).clone()
    }

    /// Changes its content, as a broken disk does.
    pub fn set_content(&self, content: Vec<u8>) {
        *lock(&self.0) = Some(content);
    }
}

impl DerivedFile for MemoryFile {
    fn read(&self) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.content())
    }

    fn replace(&self, content: &[u8]) -> Result<(), PortError> {
        self.set_content(content.to_vec());
        Ok(())
    }
}
