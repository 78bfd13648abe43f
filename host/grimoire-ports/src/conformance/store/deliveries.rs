//! Promises about deliveries.

use std::collections::BTreeSet;

use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;

use super::jobs::claim;
use super::samples::{at, delivery, job, versioned};
use super::{Subject, kind_of, timed};
use crate::store::{AttemptEnd, DeliveryOutcome, DeliveryStore, JobCounts, JobFilter, JobStore};

/// The second time nothing is done, whatever state the job is in.
pub async fn a_delivery_is_accepted_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = DeliveryId::parse("first").unwrap();
    assert_eq!(kind_of(store.get_delivery(&id).await), ErrorKind::NotFound);
    let outcome = store.record_delivery_and_enqueue(delivery("first", 1), Some(job("work"))).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(Some(JobId(1))));
    let again = async || {
        let changed = Delivery { event: "changed".to_owned(), ..delivery("first", 2) };
        store.record_delivery_and_enqueue(changed, Some(job("other"))).await.unwrap()
    };
    let duplicate = DeliveryOutcome::Duplicate(Some(JobId(1)));
    assert_eq!(again().await, duplicate);
    let (_, lease) = claim(&store, 3).await;
    assert_eq!(again().await, duplicate);
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(4)).await.unwrap();
    assert_eq!(again().await, duplicate);
    let stored = store.get_delivery(&id).await.unwrap();
    assert_eq!(stored, Delivery { job: Some(JobId(1)), ..delivery("first", 1) });
    assert_eq!(store.list_jobs(&JobFilter::default(), PageRequest::default()).await.unwrap().total, 1);
    drop(store);
    let subject = subject.reopen().await;
    let outcome = subject.store().record_delivery_and_enqueue(delivery("first", 9), Some(job("work"))).await;
    assert_eq!(outcome.unwrap(), duplicate);
}

/// Exactly one of sixteen is accepted, and fifteen learn of its job.
pub async fn sixteen_identical_deliveries_make_one_job<S: Subject>(subject: S) {
    let store = timed(&subject);
    let calls = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            store.record_delivery_and_enqueue(delivery("same", 1), Some(job("work"))).await.unwrap()
        })
    });
    let mut accepted = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            DeliveryOutcome::Accepted(Some(JobId(1))) => accepted += 1,
            other => assert_eq!(other, DeliveryOutcome::Duplicate(Some(JobId(1)))),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(store.list_jobs(&JobFilter::default(), PageRequest::default()).await.unwrap().total, 1);
}

/// An event that asks for no work is kept too.
pub async fn a_delivery_without_a_job_is_kept<S: Subject>(subject: S) {
    let store = timed(&subject);
    let mut ping = delivery("ping", 1);
    // What the caller says of the job is ignored.
    ping.job = Some(JobId(77));
    let outcome = store.record_delivery_and_enqueue(ping.clone(), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(None));
    let outcome = store.record_delivery_and_enqueue(ping.clone(), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Duplicate(None));
    assert_eq!(store.get_delivery(&ping.id).await.unwrap(), Delivery { job: None, ..ping });
    assert_eq!(store.count_jobs().await.unwrap(), JobCounts::default());
}

/// Dead and cancelled jobs are queued again, from the start.
pub async fn a_delivery_of_a_failed_job_queues_it_again<S: Subject>(subject: S) {
    let store = timed(&subject);
    let send = async |seconds| {
        store.record_delivery_and_enqueue(delivery("again", seconds), Some(job("work"))).await.unwrap()
    };
    assert_eq!(send(1).await, DeliveryOutcome::Accepted(Some(JobId(1))));
    let (_, lease) = claim(&store, 2).await;
    let end = AttemptEnd::Dead { error: "no such repository".to_owned() };
    store.end_attempt(&lease, end, at(3)).await.unwrap();
    assert_eq!(send(4).await, DeliveryOutcome::Requeued(JobId(1)));
    let queued = store.get_job(JobId(1)).await.unwrap();
    assert_eq!((queued.state, queued.attempts, queued.run_at), (JobState::Queued, 0, at(4)));
    assert_eq!(send(5).await, DeliveryOutcome::Duplicate(Some(JobId(1))));
    store.cancel_job(JobId(1), at(6)).await.unwrap();
    assert_eq!(send(7).await, DeliveryOutcome::Requeued(JobId(1)));
    let (claimed, _) = claim(&store, 8).await;
    assert_eq!((claimed.id, claimed.attempts), (JobId(1), 1));
}

/// What newer work has replaced is not done after all.
pub async fn a_delivery_of_superseded_work_stays_a_duplicate<S: Subject>(subject: S) {
    let store = timed(&subject);
    let send = async |id: &str, version: &str| {
        let job = versioned("pull/1", version);
        store.record_delivery_and_enqueue(delivery(id, 1), Some(job)).await.unwrap()
    };
    assert_eq!(send("old", "aaa").await, DeliveryOutcome::Accepted(Some(JobId(1))));
    assert_eq!(send("new", "bbb").await, DeliveryOutcome::Accepted(Some(JobId(2))));
    assert_eq!(store.get_job(JobId(1)).await.unwrap().state, JobState::Superseded);
    assert_eq!(send("old", "aaa").await, DeliveryOutcome::Duplicate(Some(JobId(1))));
    assert_eq!(store.get_job(JobId(2)).await.unwrap().state, JobState::Queued);
}

/// Two deliveries about the same head share a job, and both know it.
pub async fn a_delivery_joins_the_queued_job_of_its_lane<S: Subject>(subject: S) {
    let store = timed(&subject);
    for id in ["one", "two"] {
        let job = versioned("pull/1", "aaa");
        let outcome = store.record_delivery_and_enqueue(delivery(id, 1), Some(job)).await.unwrap();
        assert_eq!(outcome, DeliveryOutcome::Accepted(Some(JobId(1))));
        let stored = store.get_delivery(&DeliveryId::parse(id).unwrap()).await.unwrap();
        assert_eq!(stored.job, Some(JobId(1)));
    }
    assert_eq!(store.count_jobs().await.unwrap(), JobCounts { queued: 1, ..JobCounts::default() });
}

/// Two hundred at once: each has its own job, and all survive.
pub async fn many_deliveries_at_once_are_all_kept<S: Subject>(subject: S) {
    let store = timed(&subject);
    let calls = (0..200).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            let delivery = delivery(&format!("delivery-{index}"), 1);
            store.record_delivery_and_enqueue(delivery, Some(job("work"))).await.unwrap()
        })
    });
    let mut jobs = BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        let DeliveryOutcome::Accepted(Some(job)) = call.await.unwrap() else { panic!("all are new") };
        jobs.insert(job.0);
    }
    assert_eq!(jobs, (1..=200).collect());
    drop(store);
    let subject = subject.reopen().await;
    let store = timed(&subject);
    for index in 0..200 {
        let id = DeliveryId::parse(&format!("delivery-{index}")).unwrap();
        let job = store.get_delivery(&id).await.unwrap().job.unwrap();
        assert!(jobs.remove(&job.0));
    }
}

/// Payloads are bytes: empty, not UTF-8, large; absent facts stay absent.
pub async fn deliveries_keep_every_byte<S: Subject>(subject: S) {
    let store = timed(&subject);
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(3_000_000).collect();
    let payloads = [Vec::new(), vec![0, 255, 254, 10], large];
    for (index, payload) in payloads.iter().enumerate() {
        let sent = Delivery {
            payload: payload.clone(),
            action: None,
            repository: None,
            ..delivery(&format!("bytes-{index}"), 1)
        };
        store.record_delivery_and_enqueue(sent.clone(), None).await.unwrap();
        assert!(store.get_delivery(&sent.id).await.unwrap() == sent, "payload {index} differs");
    }
}
