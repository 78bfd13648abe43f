//! Backups of the store.

use std::path::Path;

use crate::{Pipeline, PipelineError};

impl Pipeline {
    /// Writes a copy of the store, as of one moment, into a new file. `Conflict` when the file exists.
    pub async fn back_up(&self, file: &Path) -> Result<(), PipelineError> {
        Ok(self.ports().store.back_up(file).await?)
    }
}
