//! A file for derived data that is expensive to compute: losing it costs time and nothing else.

use crate::PortError;

/// One file.
pub trait DerivedFile: Send + Sync {
    /// Its content; `None` if it does not exist. May block. The content may be damaged or come from elsewhere: whoever
    /// reads it has to verify it.
    fn read(&self) -> Result<Option<Vec<u8>>, PortError>;

    /// Replaces the content in one step, so that no crash leaves a part of it. May block.
    fn replace(&self, content: &[u8]) -> Result<(), PortError>;
}
