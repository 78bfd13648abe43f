//! Payloads are returned byte for byte, and repetitive ones take little space.

use grimoire_domain::delivery::Delivery;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::conformance::store::samples::{delivery, job};
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore};
use grimoire_store_redb::{Options, RedbStore};
use proptest::prelude::*;

use crate::disk::Disk;

/// Writes payloads, and reads them back after reopening the store.
async fn come_back(payloads: Vec<Vec<u8>>) {
    let disk = Disk::default();
    let store = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    let deliveries: Vec<_> = payloads
        .into_iter()
        .enumerate()
        .map(|(number, payload)| Delivery { payload, ..delivery(&format!("delivery-{number}"), 1) })
        .collect();
    for delivery in &deliveries {
        store.record_delivery_and_enqueue(delivery.clone(), None).await.unwrap();
    }
    store.close().await.unwrap();
    let store = RedbStore::open_with_backend(disk.backend(), Options::default()).unwrap();
    for delivery in &deliveries {
        let found = store.get_delivery(&delivery.facts.id).await.unwrap();
        assert!(found == *delivery, "{}: {} bytes", delivery.facts.id, delivery.payload.len());
    }
}

#[tokio::test]
async fn payloads_of_any_length_come_back() {
    let noise = |length: u32| (0..length).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    let mut payloads = vec![Vec::new(), b"{}".to_vec(), noise(9_000), noise(300_000)];
    for length in [1, 4, 12, 13, 64, 4_096, 65_535, 65_536, 3_000_000] {
        payloads.push(vec![0; length]);
    }
    come_back(payloads).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_comes_back(
        parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 1_usize..60), 0..12),
    ) {
        let payload = parts.into_iter().flat_map(|(part, times)| part.repeat(times)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(come_back(vec![payload]));
    }
}

#[tokio::test]
async fn a_payload_that_repeats_itself_takes_little_room() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let store = RedbStore::open(&path, Options::default()).unwrap();
    let payload = br#"{"html_url":"https://github.com/octo/tools/pull/1"}"#.repeat(40_000);
    let sent = Delivery { payload: payload.clone(), ..delivery("long", 1) };
    store.record_delivery_and_enqueue(sent, None).await.unwrap();
    store.close().await.unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < payload.len() as u64, "{size} bytes for a payload of {}", payload.len());
}

/// Two ids with the same hash in the store's hash function (FNV-1a, 64 bits).
const SAME_HASH: [&str; 2] = ["8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ"];

#[tokio::test]
async fn deliveries_whose_ids_have_the_same_hash_are_told_apart() {
    let hashes = SAME_HASH.map(|id| {
        id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    assert_eq!(hashes[0], hashes[1]);
    let store = RedbStore::open_with_backend(Disk::default().backend(), Options::default()).unwrap();
    let [first, second] = SAME_HASH.map(|id| delivery(id, 1));
    let outcome = store.record_delivery_and_enqueue(first.clone(), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(None));
    let missing = store.get_delivery(&second.facts.id).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let outcome = store.record_delivery_and_enqueue(second.clone(), Some(job("work"))).await.unwrap();
    let DeliveryOutcome::Accepted(Some(id)) = outcome else { panic!("{outcome:?}") };
    for (sent, outcome) in
        [(&first, DeliveryOutcome::Duplicate(None)), (&second, DeliveryOutcome::Duplicate(Some(id)))]
    {
        assert_eq!(store.record_delivery_and_enqueue(sent.clone(), None).await.unwrap(), outcome);
        assert_eq!(store.get_delivery(&sent.facts.id).await.unwrap().facts.id, sent.facts.id);
    }
}
