//! The store port: one file per trait.

mod deliveries;
mod jobs;
mod reviews;
mod spells;

use async_trait::async_trait;
use grimoire_ports::PortError;
use grimoire_ports::store::Store;

use crate::RedbStore;

#[async_trait]
impl Store for RedbStore {
    async fn close(&self) -> Result<(), PortError> {
        self.close().await
    }
}
