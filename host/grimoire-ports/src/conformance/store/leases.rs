//! Promises about attempts under leases: which attempts count as failures, and which workers may write.

use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use serde_json::json;

use super::jobs::{LEASE, claim, dead, nothing_to_claim, renew, retry, state, steps};
use super::samples::{at, job};
use super::{Subject, kind_of, timed};
use crate::store::{AttemptEnd, JobStore, Kinds};

fn postponed(seconds: u64) -> AttemptEnd {
    AttemptEnd::Postponed { reason: "everything is busy".to_owned(), at: at(seconds) }
}
/// A job is postponed with a reason, and no failure is counted.
pub async fn a_postponed_attempt_is_no_failure<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, postponed(40), at(1)).await.unwrap();
    let waiting = store.get_job(id).await.unwrap();
    assert_eq!((waiting.state, waiting.attempts, waiting.failures), (JobState::Queued, 1, 0));
    assert_eq!((waiting.run_at, waiting.last_error.as_deref()), (at(40), Some("everything is busy")));
    nothing_to_claim(&store, 39).await;
    let (again, lease) = claim(&store, 40).await;
    assert_eq!((again.attempts, again.failures), (2, 0));
    store.end_attempt(&lease, retry(50), at(41)).await.unwrap();
    let (again, lease) = claim(&store, 50).await;
    store.end_attempt(&lease, postponed(60), at(51)).await.unwrap();
    assert_eq!((again.failures, store.get_job(id).await.unwrap().failures), (1, 1), "the count stays");
    let all = ["queued", "started", "postponed", "started", "retrying", "started", "postponed"];
    assert_eq!(steps(&store, id).await, all);
}

/// A claim takes only the kinds that it names, oldest first; jobs of other kinds wait.
pub async fn a_claim_takes_only_its_kinds<S: Subject>(subject: S) {
    let store = timed(&subject);
    let of = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let (slow, fast) = (Kinds::Only(of(&["slow"])), Kinds::Only(of(&["fast", "faster"])));
    let (others, none) = (Kinds::Except(of(&["slow", "fast"])), Kinds::Only(of(&[])));
    for (kind, seconds) in [("slow", 5), ("fast", 7), ("odd", 6), ("faster", 4)] {
        store.enqueue_job(job(kind), at(seconds)).await.unwrap();
    }
    for (kinds, next) in [(&slow, 5), (&fast, 4), (&others, 4)] {
        assert_eq!(store.next_claim_at(kinds).await.unwrap(), Some(at(next)));
    }
    assert_eq!(store.next_claim_at(&none).await.unwrap(), None);
    store.clock.set(at(10));
    assert_eq!(store.claim_job(&none, LEASE).await.unwrap(), None);
    for (kinds, ids) in [(&fast, [2, 4].as_slice()), (&others, &[3]), (&slow, &[1])] {
        for id in ids {
            let (claimed, _) = store.claim_job(kinds, LEASE).await.unwrap().unwrap();
            assert_eq!(claimed.id, JobId(*id));
        }
        assert_eq!(store.claim_job(kinds, LEASE).await.unwrap(), None);
    }
}

/// A job given back at shutdown can be claimed immediately, and no failure is counted.
pub async fn a_released_attempt_is_no_failure<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, AttemptEnd::Released, at(1)).await.unwrap();
    let released = store.get_job(id).await.unwrap();
    assert_eq!((released.state, released.failures), (JobState::Queued, 0));
    assert_eq!(claim(&store, 1).await.0.failures, 0);
    assert_eq!(steps(&store, id).await, ["queued", "started", "released", "started"]);
}

/// A worker that lost its lease cannot write, and the writes of the second worker stay.
pub async fn an_expired_lease_is_claimed_again_and_fences_the_first<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, first) = claim(&store, 0).await;
    nothing_to_claim(&store, 59).await;
    let (again, second) = claim(&store, 60).await;
    assert_eq!((again.id, again.attempts, again.failures), (id, 2, 1));
    assert!(second.fence > first.fence);
    assert_eq!(kind_of(renew(&store, &first, 500).await), ErrorKind::Conflict);
    assert_eq!(
        kind_of(store.append_event(&first, "fetched", "late", json!({}), at(61)).await),
        ErrorKind::Conflict
    );
    assert_eq!(kind_of(store.end_attempt(&first, AttemptEnd::Succeeded, at(61)).await), ErrorKind::Conflict);
    assert_eq!(state(&store, id).await, JobState::Running);
    store.append_event(&second, "fetched", "in time", json!({}), at(61)).await.unwrap();
    store.end_attempt(&second, AttemptEnd::Succeeded, at(62)).await.unwrap();
    assert_eq!(kind_of(store.end_attempt(&second, AttemptEnd::Succeeded, at(63)).await), ErrorKind::Conflict);
    assert_eq!(steps(&store, id).await, ["queued", "started", "started", "fetched", "succeeded"]);
}

/// A heartbeat keeps other workers away; an expired lease stays valid until somebody else claims the job.
pub async fn a_renewed_lease_holds<S: Subject>(subject: S) {
    let store = timed(&subject);
    store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    assert!(!renew(&store, &lease, 100).await.unwrap());
    nothing_to_claim(&store, 99).await;
    assert!(!renew(&store, &lease, 200).await.unwrap());
    nothing_to_claim(&store, 150).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(300)).await.unwrap();
}

/// Fences keep growing over retries, so that an earlier worker stays locked out.
pub async fn a_lost_worker_cannot_write_even_after_a_retry<S: Subject>(subject: S) {
    let store = timed(&subject);
    let id = store.enqueue_job(job("work"), at(0)).await.unwrap();
    let (_, first) = claim(&store, 0).await;
    store.end_attempt(&first, dead(), at(1)).await.unwrap();
    store.retry_job(id, at(2)).await.unwrap();
    assert_eq!(kind_of(renew(&store, &first, 9).await), ErrorKind::Conflict);
    let (_, second) = claim(&store, 2).await;
    assert!(second.fence > first.fence);
    assert_eq!(kind_of(store.end_attempt(&first, dead(), at(3)).await), ErrorKind::Conflict);
}
