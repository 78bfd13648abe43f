//! A small store with records of every type.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::delivery::Delivery;
use grimoire_domain::job::{Job, Lease};
use grimoire_domain::publication::Channel;
use grimoire_ports::conformance::store::samples::{
    at, delivery, job, keyed, lane_job, publisher, review, review_key, spell, stamp, versioned,
};
use grimoire_ports::fakes::ManualClock;
use grimoire_ports::store::{AttemptEnd, DeliveryStore, JobStore, Kinds, ReviewStore, SpellStore};
use grimoire_store_redb::{Options, RedbStore};
use serde_json::json;

/// The latest time in the store.
pub(crate) const LATEST: u64 = 31;

/// Options with a clock set to this time.
pub(crate) fn options_at(seconds: u64) -> Options {
    Options { clock: Arc::new(ManualClock::new(at(seconds))), ..Options::default() }
}

/// Adds a review to be published to the store in a file.
pub(crate) async fn write_publication(path: &Path) {
    let store = RedbStore::open(path, options_at(40)).unwrap();
    let key = review_key("octo/tools", 2, 'c');
    store.put_review_and_publish(review(key.clone(), 40), &Channel::ALL, publisher(&key)).await.unwrap();
    store.close().await.unwrap();
}

/// Writes the store to a new file and closes it.
pub(crate) async fn write(path: &Path) {
    let clock = ManualClock::default();
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let store = RedbStore::open(path, options).unwrap();
    let claim_at = async |seconds| -> (Job, Lease) {
        clock.set(at(seconds));
        store.claim_job(&Kinds::all(), Duration::from_secs(60)).await.unwrap().expect("a job is due")
    };
    store.create_spell(keyed("kept", "first title"), stamp(1)).await.unwrap();
    let kept = store.create_spell(spell("without a key"), stamp(2)).await.unwrap().value.id;
    let deleted = store.create_spell(keyed("deleted", "gone"), stamp(3)).await.unwrap().value.id;
    store.update_spell(kept, spell("without a key, changed"), None, stamp(4)).await.unwrap();
    store.delete_spell(deleted, None, stamp(5)).await.unwrap();

    let with_job = Delivery { payload: b"{\"a\":1}".repeat(100), ..delivery("with-job", 10) };
    store.record_delivery_and_enqueue(with_job, Some(versioned("pull/1", "aaa"))).await.unwrap();
    store.record_delivery_and_enqueue(delivery("newer", 11), Some(versioned("pull/1", "bbb"))).await.unwrap();
    store.record_delivery_and_enqueue(delivery("ping", 12), None).await.unwrap();
    let (_, lease) = claim_at(13).await;
    store.append_event(&lease, "fetched", "2 logs", json!({ "logs": 2 }), at(14)).await.unwrap();
    let retry = AttemptEnd::Retry { error: "no answer".to_owned(), at: at(100) };
    store.end_attempt(&lease, retry, at(15)).await.unwrap();
    store.enqueue_job(job("running"), at(16)).await.unwrap();
    claim_at(17).await;
    store.enqueue_job(lane_job("pull/1"), at(18)).await.unwrap();
    store.enqueue_job(job("dead"), at(19)).await.unwrap();
    let (_, lease) = claim_at(20).await;
    store.end_attempt(&lease, AttemptEnd::Dead { error: "not found".to_owned() }, at(21)).await.unwrap();

    store.put_review(review(review_key("octo/tools", 1, 'a'), 30)).await.unwrap();
    store.put_review(review(review_key("octo/tools", 1, 'b'), LATEST)).await.unwrap();
    store.close().await.unwrap();
}
