//! A full disk: writes are rejected with a clear message, nothing acknowledged is lost, and the store recovers
//! by itself once there is space.

use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{at, delivery, job, spell, stamp};
use grimoire_ports::fakes::ManualClock;
use grimoire_ports::store::{DeliveryStore, JobStore, Kinds, SpellStore, Store};
use grimoire_store_redb::{Options, RedbStore};

use crate::disk::Disk;

/// A store on a disk that can be filled, and the acknowledged writes.
struct World {
    store: RedbStore,
    disk: Disk,
    clock: ManualClock,
    spells: Vec<SpellId>,
}

impl World {
    fn new() -> Self {
        let (disk, clock) = (Disk::default(), ManualClock::new(at(0)));
        let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
        let backends = {
            let disk = disk.clone();
            move || disk.backend()
        };
        let store = RedbStore::open_with_backends(backends, options).unwrap();
        Self { store, disk, clock, spells: Vec::new() }
    }

    async fn write(&mut self) -> Result<(), PortError> {
        let title = format!("spell {}", self.spells.len());
        self.spells.push(self.store.create_spell(spell(&title), stamp(1)).await?.value.id);
        Ok(())
    }

    /// Writes until the disk is full.
    async fn fill(&mut self) {
        self.disk.leave_room_for(256 << 10);
        for _ in 0..10_000 {
            if let Err(error) = self.write().await {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                assert!(error.to_string().contains("disk is full"), "{error}");
                return;
            }
        }
        panic!("the disk does not get full");
    }

    /// Writes until the remaining space is used up again.
    async fn fill_again(&mut self) {
        for _ in 0..10_000 {
            if self.write().await.is_err() {
                return;
            }
        }
        panic!("the disk does not get full");
    }

    async fn everything_is_there(&self) {
        let mut ids = self.spells.clone();
        ids.dedup();
        assert_eq!(ids, self.spells, "no id was given twice");
        for (number, id) in self.spells.iter().enumerate() {
            let found = self.store.get_spell(*id).await.unwrap();
            assert_eq!(found.fields, spell(&format!("spell {number}")));
        }
        assert_eq!(self.store.last_sequence().await.unwrap().0, self.spells.len() as u64);
    }
}

#[tokio::test]
async fn a_store_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let mut world = World::new();
    world.store.check_writes().await.expect("all is well");
    for round in 1..=2 {
        world.fill().await;
        let error = world.store.check_writes().await.unwrap_err();
        assert!(error.to_string().contains("disk is full"), "{error}");
        assert!(error.retry_after().is_some());
        // Without more space, the free pages within the file may be enough for a few writes.
        for _ in 0..3 {
            world.clock.advance(Duration::from_secs(2));
            world.fill_again().await;
        }
        world.disk.leave_room_for(16 << 20);
        world.clock.advance(Duration::from_secs(2));
        world.store.check_writes().await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        world.everything_is_there().await;
        world.write().await.unwrap();
    }
    world.everything_is_there().await;
}

#[tokio::test]
async fn the_next_write_is_enough_to_go_on() {
    let mut world = World::new();
    world.fill().await;
    world.disk.leave_room_for(16 << 20);
    assert!(world.write().await.is_err(), "it is not tried with every call");
    world.clock.advance(Duration::from_secs(2));
    world.write().await.unwrap();
    world.everything_is_there().await;
    let id = delivery("after", 1);
    world.store.record_delivery_and_enqueue(id, Some(job("work"))).await.unwrap();
    let claimed = world.store.claim_job(&Kinds::all(), Duration::from_secs(9)).await.unwrap();
    assert!(claimed.is_some());
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_keep_the_store_waiting() {
    let mut world = World::new();
    world.clock.set(at(1_000_000));
    world.fill().await;
    world.disk.leave_room_for(16 << 20);
    world.clock.set(at(10));
    world.write().await.unwrap();
    world.everything_is_there().await;
}

#[tokio::test]
async fn what_is_in_memory_agrees_with_the_file_after_a_recovery() {
    let mut world = World::new();
    world.store.enqueue_job(job("first"), at(1)).await.unwrap();
    world.fill().await;
    let refused = world.store.enqueue_job(job("refused"), at(1)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    world.disk.leave_room_for(16 << 20);
    world.clock.advance(Duration::from_secs(2));
    let second = world.store.enqueue_job(job("second"), at(1)).await.unwrap();
    assert_eq!(world.store.get_job(second).await.unwrap().spec, job("second"));
    assert_eq!(world.store.count_jobs().await.unwrap().queued, 2);
}
