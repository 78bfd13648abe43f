//! The memory store keeps every promise of the port, so that tests may use it in place of a real one.
#![cfg(feature = "conformance")]

use grimoire_ports::conformance::store::Subject;
use grimoire_ports::fakes::{ManualClock, MemoryStore};

struct Memory {
    store: MemoryStore,
    clock: ManualClock,
}

impl Memory {
    fn new() -> Self {
        let clock = ManualClock::default();
        Self { store: MemoryStore::with_clock(clock.clone()), clock }
    }
}

impl Subject for Memory {
    type Store = MemoryStore;

    fn store(&self) -> MemoryStore {
        self.store.clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(self) -> Self {
        self
    }
}

grimoire_ports::store_conformance!(Memory::new());
