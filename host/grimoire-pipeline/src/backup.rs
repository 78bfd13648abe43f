//! Backups of the store.

use std::path::Path;

use grimoire_domain::actor::{Actor, Permission};

use crate::{Pipeline, PipelineError};

impl Pipeline {
    /// Writes a consistent copy of the store to a new file. Fails with `Conflict` if the file exists.
    pub async fn back_up(&self, file: &Path, actor: &Actor) -> Result<(), PipelineError> {
        actor.require(Permission::Admin)?;
        Ok(self.ports().store.back_up(file).await?)
    }
}
