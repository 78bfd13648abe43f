//! The memory store keeps every promise of the port, so that it can stand for the real ones.
#![cfg(feature = "conformance")]

use grimoire_ports::conformance::store::Subject;
use grimoire_ports::fakes::MemoryStore;

struct Memory(MemoryStore);

impl Subject for Memory {
    type Store = MemoryStore;

    fn store(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn reopen(self) -> Self {
        self
    }
}

grimoire_ports::store_conformance!(Memory(MemoryStore::new()));
