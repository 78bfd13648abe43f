//! Many writes share a sync, a full queue rejects writes, and no accepted write is lost on closing.

use std::sync::{Arc, Condvar, Mutex};

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::conformance::store::samples::{spell, stamp};
use grimoire_ports::store::SpellStore;
use grimoire_store_redb::{Options, RedbStore};
use redb::StorageBackend;
use tokio::sync::Notify;

use crate::disk::{Disk, Hooked};

/// Blocks the disk's syncs while closed.
#[derive(Debug, Clone, Default)]
struct Gate(Arc<GateState>);

#[derive(Debug, Default)]
struct GateState {
    closed: Mutex<bool>,
    opened: Condvar,
    reached: Notify,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.0.closed.lock().unwrap() = closed;
        self.0.opened.notify_all();
    }

    fn pass(&self) {
        let closed = self.0.closed.lock().unwrap();
        if *closed {
            self.0.reached.notify_one();
        }
        drop(self.0.opened.wait_while(closed, |closed| *closed).unwrap());
    }
}

/// A storage backend whose syncs wait for a gate.
fn gated(storage: impl StorageBackend, gate: &Gate) -> impl StorageBackend {
    let gate = gate.clone();
    Hooked::new(storage, move || gate.pass())
}

type Call = tokio::task::JoinHandle<Result<(), ErrorKind>>;

fn write(store: &RedbStore, title: &str) -> Call {
    let (store, title) = (store.clone(), title.to_owned());
    tokio::spawn(async move {
        store.create_spell(spell(&title), stamp(0)).await.map(|_| ()).map_err(|error| error.kind())
    })
}

/// A store whose first write is blocked before its sync, and the gate that blocks it.
async fn held_store(disk: &Disk, waiting_writes: usize) -> (RedbStore, Gate, Call) {
    let gate = Gate::default();
    let options = Options { waiting_writes, ..Options::default() };
    let store = RedbStore::open_with_backend(gated(disk.backend(), &gate), options).unwrap();
    gate.set(true);
    let first = write(&store, "first");
    gate.0.reached.notified().await;
    (store, gate, first)
}

#[tokio::test]
async fn writes_that_wait_share_one_sync_and_are_answered_after_it() {
    let disk = Disk::default();
    let (store, gate, first) = held_store(&disk, 1_000).await;
    let before = disk.syncs();
    let writes: Vec<_> = (0..200).map(|index| write(&store, &format!("spell {index}"))).collect();
    // On this single thread, the writes above run until they wait for their results before this returns.
    tokio::task::yield_now().await;
    assert!(!first.is_finished() && writes.iter().all(|write| !write.is_finished()));
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(0), "nobody sees what is not on the disk");
    gate.set(false);
    first.await.unwrap().unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(201));
    // One sync for each of two groups, and one whenever the file grows, which is rare because the file doubles.
    let syncs = disk.syncs() - before;
    assert!(syncs <= 20, "201 writes took {syncs} syncs");
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let (store, gate, first) = held_store(&Disk::default(), 2).await;
    let waiting = [write(&store, "second"), write(&store, "third")];
    tokio::task::yield_now().await;
    let refused = store.create_spell(spell("fourth"), stamp(0)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.retry_after().is_some());
    gate.set(false);
    first.await.unwrap().unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    store.create_spell(spell("now there is room"), stamp(0)).await.unwrap();
}

#[tokio::test]
async fn closing_finishes_what_waits_and_refuses_what_comes() {
    let disk = Disk::default();
    let (store, gate, first) = held_store(&disk, 100).await;
    let waiting: Vec<_> = (0..10).map(|index| write(&store, &format!("spell {index}"))).collect();
    tokio::task::yield_now().await;
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    gate.set(false);
    closing.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    assert_eq!(write(&store, "too late").await.unwrap(), Err(ErrorKind::Unavailable));
    assert_eq!(store.last_sequence().await.unwrap_err().kind(), ErrorKind::Unavailable);
    store.close().await.expect("closing twice is fine");
    let again = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    assert_eq!(again.last_sequence().await.unwrap(), Sequence(11));
}

#[tokio::test]
async fn a_failing_disk_is_told_to_everybody_who_waits() {
    let disk = Disk::default();
    let probe = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    let syncs = disk.syncs();
    drop(probe);
    let disk = Disk::stopping_at(syncs);
    let store = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    for call in [write(&store, "one"), write(&store, "two")] {
        assert_eq!(call.await.unwrap(), Err(ErrorKind::Unavailable));
    }
    assert!(disk.is_stopped());
}

#[tokio::test]
async fn a_group_is_no_larger_than_its_limit() {
    let disk = Disk::default();
    let options = Options { group_limit: 1, ..Options::default() };
    let store = RedbStore::open_with_backend(disk.backend(), options).unwrap();
    let before = disk.syncs();
    let writes: Vec<_> = (0..20).map(|index| write(&store, &format!("spell {index}"))).collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert!(disk.syncs() - before >= 20, "every write has a sync of its own");
}
