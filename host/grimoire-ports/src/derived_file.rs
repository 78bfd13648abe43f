//! Files for derived data that is expensive to compute: losing them costs time and nothing else.

use std::sync::Arc;

use crate::PortError;

/// Files by name.
pub trait DerivedFiles: Send + Sync {
    /// The file of a name, which consists of lower-case letters, digits and `-`. It need not exist.
    fn file(&self, name: &str) -> Arc<dyn DerivedFile>;
}

/// One file.
pub trait DerivedFile: Send + Sync {
    /// Its content; `None` if it does not exist. May block. The content may be damaged or come from elsewhere: whoever
    /// reads it has to verify it.
    fn read(&self) -> Result<Option<Vec<u8>>, PortError>;

    /// Replaces the content in one step, so that no crash leaves a part of it. May block.
    fn replace(&self, content: &[u8]) -> Result<(), PortError>;
}
