//! Promises about single jobs.

use std::time::Duration;

use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease};
use grimoire_domain::kind::ErrorKind;
use serde_json::json;

use super::samples::{at, job};
use super::{Subject, Timed, kind_of, timed};
use crate::PortError;
use crate::clock::Clock as _;
use crate::store::{AttemptEnd, JobCounts, JobStore, Kinds};

/// The length of a lease in these tests.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// Sets the clock, and claims the job that must be available then, under a lease of sixty seconds.
pub(super) async fn claim(store: &Timed<impl JobStore>, seconds: u64) -> (Job, Lease) {
    store.clock.set(at(seconds));
    store.claim_job(&Kinds::all(), LEASE).await.unwrap().expect("a job is due")
}

pub(super) async fn nothing_to_claim(store: &Timed<impl JobStore>, seconds: u64) {
    store.clock.set(at(seconds));
    assert_eq!(store.claim_job(&Kinds::all(), LEASE).await.unwrap(), None);
}

/// Renews a lease until the given time.
pub(super) async fn renew(
    store: &Timed<impl JobStore>,
    lease: &Lease,
    until: u64,
) -> Result<bool, PortError> {
    let length = at(until).duration_since(store.clock.now());
    store.renew_lease(lease, length.try_into().unwrap_or_default()).await
}

pub(super) async fn state(store: &Timed<impl JobStore>, id: JobId) -> JobState {
    store.get_job(id).await.unwrap().state
}

pub(super) async fn steps(store: &Timed<impl JobStore>, id: JobId) -> Vec<String> {
    let events = store.events_after(id, 0, 1_000).await.unwrap();
    let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=events.len() as u64).collect::<Vec<_>>(), "sequences are dense from 1");
    events.into_iter().map(|event| event.step).collect()
}

pub(super) fn retry(seconds: u64) -> AttemptEnd {
    AttemptEnd::Retry { error: "GitHub did not answer".to_owned(), at: at(seconds) }
}

pub(super) fn dead() -> AttemptEnd {
    AttemptEnd::Dead { error: "no such repository".to_owned() }
}

/// The normal life of a job, field by field.
pub async fn a_job_goes_from_queued_to_succeeded<S: Subject>(subject: S) {
    let store = timed(&subject);
    assert_eq!(kind_of(store.get_job(JobId(1)).await), ErrorKind::NotFound);
    nothing_to_claim(&store, 0).await;
    let id = store.enqueue_job(job("work"), at(1)).await.unwrap();
    assert_eq!(id, JobId(1));
    let mut expected = Job {
        id,
        spec: job("work"),
        state: JobState::Queued,
        attempts: 0,
        failures: 0,
        run_at: at(1),
        created_at: at(1),
        updated_at: at(1),
        last_error: None,
        cancel_requested: false,
    };
    assert_eq!(store.get_job(id).await.unwrap(), expected);
    let (claimed, lease) = claim(&store, 2).await;
    expected.state = JobState::Running;
    expected.attempts = 1;
    expected.updated_at = at(2);
    assert_eq!(claimed, expected);
    assert_eq!((lease.job, lease.until), (id, at(62)));
    assert_eq!(store.get_job(id).await.unwrap(), expected);
    nothing_to_claim(&store, 3).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(4)).await.unwrap();
    expected.state = JobState::Succeeded;
    expected.updated_at = at(4);
    assert_eq!(store.get_job(id).await.unwrap(), expected);
    nothing_to_claim(&store, 1_000).await;
    assert_eq!(store.enqueue_job(job("work"), at(5)).await.unwrap(), JobId(2));
}

/// No job runs before its time, and the oldest available job is first.
pub async fn jobs_wait_for_their_moment<S: Subject>(subject: S) {
    let store = timed(&subject);
    let late = store.enqueue_job(job("work"), at(20)).await.unwrap();
    let early = store.enqueue_job(job("work"), at(10)).await.unwrap();
    nothing_to_claim(&store, 9).await;
    assert_eq!(claim(&store, 10).await.0.id, early);
    nothing_to_claim(&store, 19).await;
    let last = store.enqueue_job(job("work"), at(11)).await.unwrap();
    assert_eq!(claim(&store, 20).await.0.id, late);
    assert_eq!(claim(&store, 20).await.0.id, last);
}

/// A retry keeps the error and waits until its time; success clears the error.
pub async fn a_retry_waits_and_counts<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, retry(25), at(5)).await.unwrap();
    let waiting = store.get_job(id).await.unwrap();
    assert_eq!((waiting.state, waiting.attempts, waiting.run_at), (JobState::Queued, 1, at(25)));
    assert_eq!(waiting.failures, 1);
    assert_eq!(waiting.last_error.as_deref(), Some("GitHub did not answer"));
    nothing_to_claim(&store, 24).await;
    let (again, lease) = claim(&store, 25).await;
    assert_eq!((again.attempts, again.failures), (2, 1));
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(26)).await.unwrap();
    assert_eq!(store.get_job(id).await.unwrap().last_error, None);
    assert_eq!(steps(&store, id).await, ["queued", "started", "retrying", "started", "succeeded"]);
}

/// A dead letter stays dead until somebody retries it.
pub async fn a_dead_job_can_be_retried<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, dead(), at(1)).await.unwrap();
    let ended = store.get_job(id).await.unwrap();
    assert_eq!((ended.state, ended.failures), (JobState::Dead, 1));
    assert_eq!(ended.last_error.as_deref(), Some("no such repository"));
    nothing_to_claim(&store, 1_000).await;
    let queued = store.retry_job(id, at(7)).await.unwrap();
    assert_eq!((queued.state, queued.attempts, queued.run_at), (JobState::Queued, 0, at(7)));
    assert_eq!(queued.failures, 0);
    assert_eq!(queued, store.get_job(id).await.unwrap());
    assert_eq!(claim(&store, 7).await.0.attempts, 1);
    assert_eq!(steps(&store, id).await, ["queued", "started", "dead", "queued", "started"]);
}

/// `Conflict` for jobs that are queued, running or succeeded.
pub async fn only_ended_work_can_be_retried<S: Subject>(subject: S) {
    let store = timed(&subject);
    assert_eq!(kind_of(store.retry_job(JobId(1), at(0)).await), ErrorKind::NotFound);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    assert_eq!(kind_of(store.retry_job(id, at(0)).await), ErrorKind::Conflict);
    let (_, lease) = claim(&store, 0).await;
    assert_eq!(kind_of(store.retry_job(id, at(0)).await), ErrorKind::Conflict);
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(1)).await.unwrap();
    assert_eq!(kind_of(store.retry_job(id, at(0)).await), ErrorKind::Conflict);
    assert_eq!(steps(&store, id).await, ["queued", "started", "succeeded"]);
}

/// A queued job is cancelled immediately.
pub async fn a_queued_job_is_cancelled_at_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    assert_eq!(kind_of(store.cancel_job(JobId(1), at(0)).await), ErrorKind::NotFound);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let cancelled = store.cancel_job(id, at(1)).await.unwrap();
    assert_eq!((cancelled.state, cancelled.cancel_requested), (JobState::Cancelled, false));
    assert_eq!(cancelled, store.get_job(id).await.unwrap());
    assert_eq!(kind_of(store.cancel_job(id, at(2)).await), ErrorKind::Conflict);
    nothing_to_claim(&store, 10).await;
    assert_eq!(steps(&store, id).await, ["queued", "cancelled"]);
}

/// The worker notices with its next heartbeat, and ends the job.
pub async fn a_running_job_is_asked_to_stop<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    let asked = store.cancel_job(id, at(1)).await.unwrap();
    assert_eq!((asked.state, asked.cancel_requested), (JobState::Running, true));
    // Asking twice has the same effect as asking once.
    store.cancel_job(id, at(1)).await.unwrap();
    assert!(renew(&store, &lease, 100).await.unwrap());
    store.end_attempt(&lease, AttemptEnd::Cancelled, at(2)).await.unwrap();
    let ended = store.get_job(id).await.unwrap();
    assert_eq!((ended.state, ended.cancel_requested), (JobState::Cancelled, false));
    assert_eq!(steps(&store, id).await, ["queued", "started", "cancelled"]);
}

/// A failed or released attempt ends a job that was asked to stop; a successful one succeeds.
pub async fn a_stopped_job_does_not_run_again<S: Subject>(subject: S) {
    let store = timed(&subject);
    for (end, expected) in [
        (retry(10), JobState::Cancelled),
        (AttemptEnd::Released, JobState::Cancelled),
        (AttemptEnd::Succeeded, JobState::Succeeded),
        (dead(), JobState::Dead),
    ] {
        let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
        let (_, lease) = claim(&store, 0).await;
        store.cancel_job(id, at(1)).await.unwrap();
        store.end_attempt(&lease, end.clone(), at(2)).await.unwrap();
        assert_eq!(state(&store, id).await, expected, "{end:?}");
        nothing_to_claim(&store, 1_000).await;
    }
}

/// The next claim ends the job instead of returning it.
pub async fn a_job_asked_to_stop_whose_worker_died_ends<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    claim(&store, 0).await;
    store.cancel_job(id, at(1)).await.unwrap();
    let next = store.enqueue_job(job("work"), at(2)).await.unwrap();
    assert_eq!(claim(&store, 60).await.0.id, next);
    assert_eq!(state(&store, id).await, JobState::Cancelled);
    assert_eq!(steps(&store, id).await, ["queued", "started", "cancelled"]);
}

/// Events of the worker are numbered together with those of state changes.
pub async fn events_are_dense_and_told_by_every_change<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 1).await;
    let event = store.append_event(&lease, "fetched", "3 logs", json!({ "logs": 3 }), at(2)).await.unwrap();
    let expected = JobEvent {
        sequence: 3,
        at: at(2),
        step: "fetched".to_owned(),
        message: "3 logs".to_owned(),
        data: json!({ "logs": 3 }),
    };
    assert_eq!(event, expected);
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(3)).await.unwrap();
    let events = store.events_after(id, 0, 100).await.unwrap();
    assert_eq!(events[2], expected);
    assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [at(0), at(1), at(2), at(3)]);
    assert!(events.iter().all(|event| event.data.is_object()));
    assert_eq!(steps(&store, id).await, ["queued", "started", "fetched", "succeeded"]);
    assert_eq!(kind_of(store.append_event(&lease, "late", "x", json!({}), at(4)).await), ErrorKind::Conflict);
}

/// `after` and `limit` work, and other jobs' events are left out.
pub async fn events_are_paged<S: Subject>(subject: S) {
    let store = timed(&subject);
    assert_eq!(kind_of(store.events_after(JobId(1), 0, 10).await), ErrorKind::NotFound);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    store.enqueue_job(job("other"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    for index in 0..5 {
        store.append_event(&lease, "step", &index.to_string(), json!({}), at(1)).await.unwrap();
    }
    let sequences = async |after, limit| {
        let events = store.events_after(id, after, limit).await.unwrap();
        events.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(0, 100).await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(sequences(2, 3).await, [3, 4, 5]);
    assert!(sequences(7, 3).await.is_empty());
    assert!(sequences(u64::MAX, 3).await.is_empty());
    assert!(sequences(0, 0).await.is_empty());
}

/// Counts are in the order of `JobState::ALL`.
pub async fn counts_follow_states<S: Subject>(subject: S) {
    let store = timed(&subject);
    assert_eq!(store.count_jobs().await.unwrap(), JobCounts::default());
    for _ in 0..5 {
        store.enqueue_job(job("work"), at(0)).await.unwrap();
    }
    let (_, succeeds) = claim(&store, 0).await;
    let (_, dies) = claim(&store, 0).await;
    claim(&store, 0).await;
    store.end_attempt(&succeeds, AttemptEnd::Succeeded, at(1)).await.unwrap();
    store.end_attempt(&dies, dead(), at(1)).await.unwrap();
    store.cancel_job(JobId(4), at(1)).await.unwrap();
    assert_eq!(
        store.count_jobs().await.unwrap(),
        JobCounts { queued: 1, running: 1, succeeded: 1, dead: 1, cancelled: 1, ..JobCounts::default() }
    );
    store.retry_job(JobId(4), at(2)).await.unwrap();
    assert_eq!(
        store.count_jobs().await.unwrap(),
        JobCounts { queued: 2, running: 1, succeeded: 1, dead: 1, ..JobCounts::default() }
    );
    drop(store);
    let subject = subject.reopen().await;
    assert_eq!(
        subject.store().count_jobs().await.unwrap(),
        JobCounts { queued: 2, running: 1, succeeded: 1, dead: 1, ..JobCounts::default() }
    );
}

/// Leases, requests to stop, events and ids survive a restart.
pub async fn jobs_survive<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.cancel_job(id, at(1)).await.unwrap();
    let before = store.get_job(id).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    let store = timed(&subject);
    assert_eq!(store.get_job(id).await.unwrap(), before);
    nothing_to_claim(&store, 59).await;
    assert!(renew(&store, &lease, 90).await.unwrap());
    assert_eq!(steps(&store, id).await, ["queued", "started"]);
    assert_eq!(store.enqueue_job(job("work"), at(2)).await.unwrap(), JobId(2));
}

/// Any JSON is returned unchanged, to the last bit of its numbers.
pub async fn job_payloads_come_back_equal<S: Subject>(subject: S) {
    let payload = json!({
        "numbers": [0.1 + 0.2, -1e308, u64::MAX, i64::MIN, 5e-324],
        "text": "a \"quoted\" \u{0} 🦀 \u{2028}",
        "nested": [[], {}, null, true, [[["deep"]]]],
        "": "an empty key",
    });
    let mut new = job("work");
    new.payload = payload.clone();
    let id = subject.store().enqueue_job(new, at(0)).await.unwrap();
    let subject = subject.reopen().await;
    assert_eq!(subject.store().get_job(id).await.unwrap().spec.payload, payload);
}
