//! The store port: one file per trait.

mod deliveries;
mod jobs;
mod plugins;
mod reviews;
mod spells;

use std::path::Path;

use async_trait::async_trait;
use grimoire_ports::PortError;
use grimoire_ports::store::Store;

use crate::RedbStore;
use crate::backup::copy;

#[async_trait]
impl Store for RedbStore {
    async fn close(&self) -> Result<(), PortError> {
        self.close().await
    }

    async fn check_writes(&self) -> Result<(), PortError> {
        if self.shared().trouble().is_none() {
            return Ok(());
        }
        let now = self.shared().clock.now();
        self.write(move |transaction| transaction.note_recovery(now)).await
    }

    async fn back_up(&self, file: &Path) -> Result<(), PortError> {
        let file = file.to_owned();
        self.scan(move |transaction| copy(transaction, &file)).await
    }
}
