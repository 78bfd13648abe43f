//! Promises about waiting.

use std::time::Duration;

use grimoire_domain::spell::Sequence;
use serde_json::json;

use super::jobs::{claim, nothing_to_claim, renew, retry};
use super::samples::{at, delivery, job, lane_job, spell, stamp};
use super::{Subject, timed};
use crate::store::{AttemptEnd, DeliveryStore, JobStore, Kinds, SpellStore};

/// Fails if nobody wakes the waiter. The limit is far longer than the slowest machine needs.
async fn woken<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the waiter is woken")
}

/// All followers wake, each one when the log is ahead of it.
pub async fn a_change_wakes_every_follower<S: Subject>(subject: S) {
    let store = timed(&subject);
    let followers: Vec<_> = (0..8)
        .map(|index| {
            let store = store.clone();
            tokio::spawn(async move {
                store.wait_for_change(Sequence(index % 2)).await;
                store.last_sequence().await.unwrap()
            })
        })
        .collect();
    store.create_spell(spell("one"), stamp(0)).await.unwrap();
    store.create_spell(spell("two"), stamp(0)).await.unwrap();
    for (index, follower) in followers.into_iter().enumerate() {
        assert!(woken(follower).await.unwrap() > Sequence(index as u64 % 2));
    }
}

/// The same holds for a change from before a restart.
pub async fn a_change_that_has_happened_does_not_wait<S: Subject>(subject: S) {
    let store = timed(&subject);
    let written = store.create_spell(spell("one"), stamp(0)).await.unwrap();
    woken(store.wait_for_change(Sequence(written.sequence.0 - 1))).await;
    drop(store);
    let subject = subject.reopen().await;
    woken(subject.store().wait_for_change(Sequence(0))).await;
}

/// Every change that makes a job available wakes all waiting workers.
pub async fn a_job_wakes_every_worker<S: Subject>(subject: S) {
    let store = timed(&subject);
    let (first, second) = (store.wait_for_job(), store.wait_for_job());
    let id = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    woken(first).await;
    woken(second).await;
    let (_, lease) = claim(&store, 0).await;
    let waiting = store.wait_for_job();
    store.end_attempt(&lease, retry(5), at(1)).await.unwrap();
    woken(waiting).await;
    let (_, lease) = claim(&store, 5).await;
    let waiting = store.wait_for_job();
    store.end_attempt(&lease, AttemptEnd::Released, at(6)).await.unwrap();
    woken(waiting).await;
    let (_, lease) = claim(&store, 6).await;
    let waiting = store.wait_for_job();
    store.end_attempt(&lease, AttemptEnd::Dead { error: "x".to_owned() }, at(7)).await.unwrap();
    woken(waiting).await;
    let waiting = store.wait_for_job();
    store.retry_job(id, at(8)).await.unwrap();
    woken(waiting).await;
    let waiting = store.wait_for_job();
    store.cancel_job(id, at(9)).await.unwrap();
    woken(waiting).await;
    let waiting = store.wait_for_job();
    store.record_delivery_and_enqueue(delivery("one", 10), Some(job("work"))).await.unwrap();
    woken(waiting).await;
}

/// A job that is enqueued between an unsuccessful claim and the wait ends the wait.
pub async fn work_that_comes_between_asking_and_waiting_is_not_missed<S: Subject>(subject: S) {
    let store = timed(&subject);
    let waiting = store.wait_for_job();
    nothing_to_claim(&store, 0).await;
    store.enqueue_job(job("work"), at(0)).await.unwrap();
    woken(waiting).await;
}

/// Readers of a job's events wake, also for events of state changes.
pub async fn an_event_wakes_every_reader<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    woken(store.wait_for_event(id, 0)).await;
    let (_, lease) = claim(&store, 0).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store.wait_for_event(id, 2).await;
                store.events_after(id, 2, 10).await.unwrap()[0].step.clone()
            })
        })
        .collect();
    store.append_event(&lease, "fetched", "x", json!({}), at(1)).await.unwrap();
    for reader in readers {
        assert_eq!(woken(reader).await.unwrap(), "fetched");
    }
    let reader = tokio::spawn({
        let store = store.clone();
        async move { store.wait_for_event(id, 3).await }
    });
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(2)).await.unwrap();
    woken(reader).await.unwrap();
}

/// `next_claim_at` is the earliest time of a successful claim.
pub async fn the_next_claim_is_foretold<S: Subject>(subject: S) {
    let store = timed(&subject);
    let next = async || store.next_claim_at(&Kinds::all()).await.unwrap();
    assert_eq!(next().await, None);
    store.enqueue_job(job("late"), at(40)).await.unwrap();
    store.enqueue_job(lane_job("a"), at(20)).await.unwrap();
    store.enqueue_job(lane_job("a"), at(10)).await.unwrap();
    // The third job is due first, but the second holds its lane.
    assert_eq!(next().await, Some(at(20)));
    nothing_to_claim(&store, 19).await;
    let (_, lease) = claim(&store, 20).await;
    // Until the lease ends, no job of the lane is available.
    assert_eq!(next().await, Some(at(40)));
    let (_, late) = claim(&store, 40).await;
    assert_eq!(next().await, Some(at(80)));
    renew(&store, &lease, 300).await.unwrap();
    assert_eq!(next().await, Some(at(100)));
    store.end_attempt(&late, AttemptEnd::Succeeded, at(50)).await.unwrap();
    assert_eq!(next().await, Some(at(300)));
    store.end_attempt(&lease, retry(200), at(60)).await.unwrap();
    assert_eq!(next().await, Some(at(200)));
    store.cancel_lane("a", "closed", at(61)).await.unwrap();
    assert_eq!(next().await, None);
}
