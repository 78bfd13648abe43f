//! Files damaged after a crash: acknowledged writes are there, or opening fails. Nothing is lost silently, and
//! no id is used twice.

use grimoire_domain::page::PageRequest;
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{delivery, job, spell, stamp};
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore, JobFilter, JobStore, SpellFilter, SpellStore};
use grimoire_store_redb::{Options, RedbStore};
use tokio::task::JoinSet;

use crate::disk::Disk;

/// The byte of redb's header that selects one of two commits. It has no checksum.
const COMMIT_SELECTOR: usize = 9;
/// The number of spells in a store, and of jobs.
const RECORDS: u64 = 8;
const TRIES_AT_ONCE: usize = 4;

/// A disk after a killed process, with so many spells and as many jobs: everything is acknowledged and nothing was
/// closed.
async fn crashed(records: u64) -> Vec<u8> {
    let disk = Disk::default();
    let store = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    for round in 0..records {
        store.create_spell(spell(&format!("spell {round}")), stamp(1)).await.unwrap();
        let delivery = delivery(&format!("delivery-{round}"), 2);
        store.record_delivery_and_enqueue(delivery, Some(job("work"))).await.unwrap();
    }
    disk.content()
}

/// Returns whether damage was noticed on opening or reading; `Err` names what was lost silently.
async fn is_noticed(content: Vec<u8>, records: u64) -> Result<bool, String> {
    let Ok(store) = RedbStore::open_with_backend(Disk::with(content).backend(), Options::default()) else {
        return Ok(true);
    };
    let mut noticed = false;
    let mut expect = |what: &str, found: Result<u64, PortError>, expected: u64| match found {
        Ok(found) if found != expected => Err(format!("{what}: {found} instead of {expected}")),
        // A damaged record is an error for its reader, never another value.
        found => {
            noticed |= found.is_err();
            Ok(())
        }
    };
    let page = PageRequest::new(0, 100).unwrap();
    let spells = store.list_spells(&SpellFilter::default(), page).await;
    expect("spells", spells.map(|spells| spells.total), records)?;
    let jobs = store.list_jobs(&JobFilter::default(), page).await;
    expect("jobs", jobs.map(|jobs| jobs.total), records)?;
    let written = store.create_spell(spell("after"), stamp(3)).await;
    expect("the next spell", written.map(|written| written.value.id.0), records + 1)?;
    let outcome = store.record_delivery_and_enqueue(delivery("after", 4), Some(job("work"))).await;
    let job = outcome.map(|outcome| match outcome {
        DeliveryOutcome::Accepted(Some(job)) => job.0,
        _ => 0,
    });
    expect("the next job", job, records + 1)?;
    Ok(noticed)
}

/// Damages one byte at a time by turning over these bits. Returns how often it was noticed; fails if anything is lost
/// in silence.
async fn noticed(whole: &[u8], records: u64, damages: impl Iterator<Item = (usize, u8)>) -> usize {
    let mut damages = damages.fuse();
    let mut tries = JoinSet::new();
    let mut noticed = 0;
    loop {
        while tries.len() < TRIES_AT_ONCE
            && let Some((place, bits)) = damages.next()
        {
            let mut damaged = whole.to_vec();
            damaged[place] ^= bits;
            tries.spawn(async move {
                is_noticed(damaged, records)
                    .await
                    .map_err(|lost| format!("bits {bits:08b} of byte {place}: {lost}"))
            });
        }
        match tries.join_next().await {
            None => return noticed,
            Some(Ok(Ok(found))) => noticed += usize::from(found),
            Some(Ok(Err(lost))) => panic!("{lost}"),
            // redb may panic on data that it did not write, which is not silent.
            Some(Err(_)) => noticed += 1,
        }
    }
}

#[tokio::test]
async fn a_crashed_store_with_a_flipped_bit_loses_nothing_in_silence() {
    let whole = crashed(RECORDS).await;
    assert_eq!(is_noticed(whole.clone(), RECORDS).await, Ok(false), "a crash alone is no damage");
    let places: Vec<usize> = (0..whole.len()).filter(|place| whole[*place] != 0).collect();
    // Every byte of the header, and a sample of the pages.
    let header = places.iter().copied().filter(|place| *place < 512);
    let pages = places.iter().copied().filter(|place| *place >= 512).step_by(23);
    let count = noticed(&whole, RECORDS, header.chain(pages).map(|place| (place, 1 << (place % 8)))).await;
    assert!(count > 100, "most of the damage is noticed at once: {count}");
}

#[tokio::test]
async fn the_byte_that_selects_a_commit_never_takes_one_back() {
    let whole = crashed(RECORDS).await;
    noticed(&whole, RECORDS, (1..=255).map(|bits| (COMMIT_SELECTOR, bits))).await;
    let disk = Disk::with(whole);
    RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap().close().await.unwrap();
    noticed(&disk.content(), RECORDS, (1..=255).map(|bits| (COMMIT_SELECTOR, bits))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: `.ci/full` runs it"]
async fn damage_to_any_used_byte_of_a_crashed_store_loses_nothing_in_silence() {
    // The default hook would print every panic of redb.
    std::panic::set_hook(Box::new(|_| {}));
    // A store of a few records uses pages of every kind, and each of its bytes takes an opened store.
    let records = 2;
    let whole = crashed(records).await;
    // Every byte that is used, in three ways: one bit, all bits, and some. Most of a small file is empty: of the bytes
    // that are zero, a sample.
    let lost = tokio::spawn(async move {
        let content = &whole;
        let used = (0..content.len()).filter(|place| content[*place] != 0);
        let empty = (0..content.len()).filter(|place| content[*place] == 0).step_by(509);
        let three = |place: usize| [1 << (place % 8), 0xff, 0xa5].map(|bits| (place, bits));
        let damages = used.flat_map(three).chain(empty.map(|place| (place, 1 << (place % 8))));
        let damages: Vec<(usize, u8)> = damages.collect();
        let count = damages.len();
        (noticed(content, records, damages.into_iter()).await, count)
    })
    .await;
    drop(std::panic::take_hook());
    let (noticed, damages) = lost.expect("nothing is lost in silence");
    println!("{noticed} of {damages} damages were noticed, the others had no effect");
    assert!(noticed > 1_000, "{noticed} of {damages}");
}
