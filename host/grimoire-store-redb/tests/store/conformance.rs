//! The store on a real file keeps every promise of the port.

use std::sync::Arc;

use grimoire_ports::conformance::store::Subject;
use grimoire_ports::fakes::ManualClock;
use grimoire_store_redb::{Options, RedbStore};
use tempfile::TempDir;

struct File {
    folder: TempDir,
    clock: ManualClock,
    store: RedbStore,
}

impl File {
    fn new() -> Self {
        Self::open(TempDir::new().expect("a temporary folder"), ManualClock::default())
    }

    fn open(folder: TempDir, clock: ManualClock) -> Self {
        let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
        let store = RedbStore::open(&folder.path().join("grimoire.redb"), options);
        Self { store: store.expect("the store opens"), folder, clock }
    }
}

impl Subject for File {
    type Store = RedbStore;

    fn store(&self) -> RedbStore {
        self.store.clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(self) -> Self {
        self.store.close().await.expect("the store closes");
        Self::open(self.folder, self.clock)
    }
}

grimoire_ports::store_conformance!(File::new());
