//! The store on a real file keeps every promise of the port.

use grimoire_ports::conformance::store::Subject;
use grimoire_store_redb::{Options, RedbStore};
use tempfile::TempDir;

struct File {
    folder: TempDir,
    store: RedbStore,
}

impl File {
    fn new() -> Self {
        Self::open(TempDir::new().expect("a temporary folder"))
    }

    fn open(folder: TempDir) -> Self {
        let store = RedbStore::open(&folder.path().join("grimoire.redb"), Options::default());
        Self { store: store.expect("the store opens"), folder }
    }
}

impl Subject for File {
    type Store = RedbStore;

    fn store(&self) -> RedbStore {
        self.store.clone()
    }

    async fn reopen(self) -> Self {
        self.store.close().await.expect("the store closes");
        Self::open(self.folder)
    }
}

grimoire_ports::store_conformance!(File::new());
