//! Promises about deliveries.

use std::collections::BTreeSet;
use std::time::Duration;

use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict, VerdictKind};
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;

use super::jobs::claim;
use super::samples::{at, delivery, job, repository, versioned};
use super::{Subject, kind_of, timed};
use crate::store::{
    AttemptEnd, DeliveryFilter, DeliveryOutcome, DeliveryStore, JobCounts, JobFilter, JobStore,
};

/// A second delivery with the same id does nothing, whatever the state of the job.
pub async fn a_delivery_is_accepted_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = DeliveryId::parse("first").unwrap();
    assert_eq!(kind_of(store.get_delivery(&id).await), ErrorKind::NotFound);
    let outcome = store.record_delivery_and_enqueue(delivery("first", 1), Some(job("work"))).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(Some(JobId(1))));
    let again = async || {
        let mut changed = delivery("first", 2);
        "changed".clone_into(&mut changed.facts.event);
        store.record_delivery_and_enqueue(changed, Some(job("other"))).await.unwrap()
    };
    let duplicate = DeliveryOutcome::Duplicate(Some(JobId(1)));
    assert_eq!(again().await, duplicate);
    let (_, lease) = claim(&store, 3).await;
    assert_eq!(again().await, duplicate);
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(4)).await.unwrap();
    assert_eq!(again().await, duplicate);
    let stored = store.get_delivery(&id).await.unwrap();
    assert_eq!(stored, with_job(delivery("first", 1), Some(JobId(1))));
    assert_eq!(store.list_jobs(&JobFilter::default(), PageRequest::default()).await.unwrap().total, 1);
    drop(store);
    let subject = subject.reopen().await;
    let outcome = subject.store().record_delivery_and_enqueue(delivery("first", 9), Some(job("work"))).await;
    assert_eq!(outcome.unwrap(), duplicate);
}

/// One of sixteen is accepted, and the other fifteen return its job.
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

/// A delivery that causes no job is kept too.
pub async fn a_delivery_without_a_job_is_kept<S: Subject>(subject: S) {
    let store = timed(&subject);
    let mut ping = delivery("ping", 1);
    // The store ignores the job that the caller sets.
    ping.facts.job = Some(JobId(77));
    let outcome = store.record_delivery_and_enqueue(ping.clone(), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(None));
    let outcome = store.record_delivery_and_enqueue(ping.clone(), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Duplicate(None));
    let id = ping.facts.id.clone();
    assert_eq!(store.get_delivery(&id).await.unwrap(), with_job(ping, None));
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

/// A job that newer work has replaced is not queued again.
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

/// Two deliveries for the same head share a job, and both refer to it.
pub async fn a_delivery_joins_the_queued_job_of_its_lane<S: Subject>(subject: S) {
    let store = timed(&subject);
    for id in ["one", "two"] {
        let job = versioned("pull/1", "aaa");
        let outcome = store.record_delivery_and_enqueue(delivery(id, 1), Some(job)).await.unwrap();
        assert_eq!(outcome, DeliveryOutcome::Accepted(Some(JobId(1))));
        let stored = store.get_delivery(&DeliveryId::parse(id).unwrap()).await.unwrap();
        assert_eq!(stored.facts.job, Some(JobId(1)));
    }
    assert_eq!(store.count_jobs().await.unwrap(), JobCounts { queued: 1, ..JobCounts::default() });
}

/// Of two hundred at once, each has its own job, and all are kept.
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
        let job = store.get_delivery(&id).await.unwrap().facts.job.unwrap();
        assert!(jobs.remove(&job.0));
    }
}

/// Payloads are bytes: empty, not UTF-8, large. Absent fields stay absent.
pub async fn deliveries_keep_every_byte<S: Subject>(subject: S) {
    let store = timed(&subject);
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(3_000_000).collect();
    let payloads = [Vec::new(), vec![0, 255, 254, 10], large];
    for (index, payload) in payloads.iter().enumerate() {
        let mut sent = Delivery { payload: payload.clone(), ..delivery(&format!("bytes-{index}"), 1) };
        sent.facts.action = None;
        sent.facts.repository = None;
        store.record_delivery_and_enqueue(sent.clone(), None).await.unwrap();
        assert!(store.get_delivery(&sent.facts.id).await.unwrap() == sent, "payload {index} differs");
    }
}

fn with_job(delivery: Delivery, job: Option<JobId>) -> Delivery {
    Delivery { facts: DeliveryFacts { job, ..delivery.facts }, ..delivery }
}

/// Headers, verdict and times come back as they were given, also after a restart.
pub async fn deliveries_keep_every_fact<S: Subject>(subject: S) {
    let verdicts =
        [Verdict::Accepted, Verdict::Ping, Verdict::Ignored("CI has \"not\" failed \u{0}".to_owned())];
    let mut sent = Vec::new();
    for (verdict, number) in verdicts.into_iter().zip(0..) {
        let mut delivery = delivery(&format!("facts-{number}"), number);
        delivery.facts.verdict = verdict;
        delivery.facts.headers.insert("user-agent".to_owned(), "GitHub-Hookshot/1".to_owned());
        delivery.facts.decided_in = Some(Duration::from_micros(1_234_567));
        subject.store().record_delivery_and_enqueue(delivery.clone(), None).await.unwrap();
        sent.push(delivery);
    }
    let subject = subject.reopen().await;
    let store = subject.store();
    for delivery in &sent {
        assert_eq!(store.get_delivery(&delivery.facts.id).await.unwrap(), *delivery);
    }
    let listed = store.list_deliveries(&DeliveryFilter::default(), PageRequest::default()).await.unwrap();
    assert!(listed.items.iter().eq(sent.iter().rev().map(|delivery| &delivery.facts)));
}

/// The latest arrival comes first, whatever its timestamp says; filters combine, and the total counts matches only.
pub async fn deliveries_are_listed_newest_first<S: Subject>(subject: S) {
    let store = timed(&subject);
    for (id, event, action, name, verdict) in [
        ("one", "pull_request", Some("opened"), Some("octo/tools"), Verdict::Accepted),
        ("two", "pull_request", Some("closed"), Some("octo/other"), Verdict::Accepted),
        ("three", "ping", None, None, Verdict::Ping),
        ("four", "pull_request", Some("opened"), Some("Octo/Tools"), Verdict::Ignored("draft".to_owned())),
    ] {
        // The clock may have been set back in between.
        let mut delivery = delivery(id, 100 - id.len() as u64);
        delivery.facts.event = event.to_owned();
        delivery.facts.action = action.map(str::to_owned);
        delivery.facts.repository = name.map(repository);
        delivery.facts.verdict = verdict;
        store.record_delivery_and_enqueue(delivery, None).await.unwrap();
    }
    let listed = async |filter: DeliveryFilter, skip, limit| {
        let page = PageRequest::new(skip, limit).unwrap();
        let page = store.list_deliveries(&filter, page).await.unwrap();
        let ids: Vec<String> = page.items.into_iter().map(|facts| facts.id.into()).collect();
        (ids.join(" "), page.total)
    };
    let all = DeliveryFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(listed(all(), 0, 10).await, ("four three two one".to_owned(), 4));
    assert_eq!(listed(all(), 1, 2).await, ("three two".to_owned(), 4));
    assert_eq!(listed(all(), 9, 2).await, (String::new(), 4));
    let pulls = DeliveryFilter { event: text("pull_request"), ..all() };
    assert_eq!(listed(pulls.clone(), 0, 10).await, ("four two one".to_owned(), 3));
    assert_eq!(listed(pulls.clone(), 1, 1).await, ("two".to_owned(), 3));
    let opened = DeliveryFilter { action: text("opened"), ..pulls };
    assert_eq!(listed(opened.clone(), 0, 10).await, ("four one".to_owned(), 2));
    let ignored = DeliveryFilter { verdict: Some(VerdictKind::Ignored), ..opened };
    assert_eq!(listed(ignored, 0, 10).await, ("four".to_owned(), 1));
    let tools = DeliveryFilter { repository: Some(repository("octo/tools")), ..all() };
    assert_eq!(listed(tools, 0, 10).await, ("four one".to_owned(), 2));
    let none = DeliveryFilter { event: text("pull"), ..all() };
    assert_eq!(listed(none, 0, 10).await, (String::new(), 0));
}

/// A delivery whose job is still open is left alone; otherwise it gets a new job, and the time is recorded.
pub async fn a_delivery_is_handled_again_once_its_job_has_ended<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = DeliveryId::parse("again").unwrap();
    let again = async |seconds, job| store.redeliver(&id, Verdict::Accepted, job, at(seconds)).await;
    assert_eq!(kind_of(again(1, None).await), ErrorKind::NotFound);
    store.record_delivery_and_enqueue(delivery("again", 1), Some(job("work"))).await.unwrap();
    let open = DeliveryOutcome::Duplicate(Some(JobId(1)));
    assert_eq!(again(2, Some(job("work"))).await.unwrap(), open);
    let (_, lease) = claim(&store, 3).await;
    assert_eq!(again(4, Some(job("work"))).await.unwrap(), open);
    assert_eq!(store.get_delivery(&id).await.unwrap().facts.redelivered_at, None);

    store.end_attempt(&lease, AttemptEnd::Succeeded, at(5)).await.unwrap();
    let outcome = again(6, Some(job("work"))).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(Some(JobId(2))));
    let known = store.get_delivery(&id).await.unwrap();
    assert_eq!((known.facts.job, known.facts.redelivered_at), (Some(JobId(2)), Some(at(6))));
    assert_eq!((known.payload, known.facts.received_at), (delivery("again", 1).payload, at(1)));
    assert_eq!(store.get_job(JobId(2)).await.unwrap().state, JobState::Queued);

    store.cancel_job(JobId(2), at(7)).await.unwrap();
    let ignored = Verdict::Ignored("the pull request is closed".to_owned());
    let outcome = store.redeliver(&id, ignored.clone(), None, at(8)).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(None));
    drop(store);
    let subject = subject.reopen().await;
    let facts = subject.store().get_delivery(&id).await.unwrap().facts;
    assert_eq!((facts.verdict, facts.job), (ignored, Some(JobId(2))), "the last job is still known");
}

/// The oldest are deleted first, no more than requested, and never the newest. A deleted delivery that arrives again is
/// new.
pub async fn old_deliveries_are_forgotten<S: Subject>(subject: S) {
    let store = timed(&subject);
    for seconds in 1..=5 {
        let delivery = delivery(&format!("of-{seconds}"), seconds);
        store.record_delivery_and_enqueue(delivery, Some(job("work"))).await.unwrap();
    }
    assert_eq!(store.forget_deliveries(at(1), 10).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(at(4), 2).await.unwrap(), 2);
    assert_eq!(store.forget_deliveries(at(4), 2).await.unwrap(), 1);
    assert_eq!(store.forget_deliveries(at(99), 10).await.unwrap(), 1);
    assert_eq!(store.forget_deliveries(at(99), 10).await.unwrap(), 0, "the newest stays");
    drop(store);
    let subject = subject.reopen().await;
    let store = timed(&subject);
    let left = store.list_deliveries(&DeliveryFilter::default(), PageRequest::default()).await.unwrap();
    let left: Vec<&str> = left.items.iter().map(|facts| facts.id.as_str()).collect();
    assert_eq!(left, ["of-5"]);
    let gone = store.get_delivery(&DeliveryId::parse("of-1").unwrap()).await;
    assert_eq!(kind_of(gone), ErrorKind::NotFound);
    assert_eq!(store.count_jobs().await.unwrap().queued, 5, "their jobs stay");
    let outcome = store.record_delivery_and_enqueue(delivery("of-1", 100), None).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Accepted(None));
}
