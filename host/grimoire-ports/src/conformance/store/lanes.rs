//! Promises about lanes: one job at a time, in order, newest version wins.

use grimoire_domain::job::{JobId, JobState, NewJob};

use super::jobs::{claim, nothing_to_claim, renew, retry, state, steps};
use super::samples::{at, job, lane_job, versioned};
use super::{Subject, timed};
use crate::store::{AttemptEnd, JobStore};

/// The second job waits until the first has ended, and no longer.
pub async fn lanes_run_one_job_at_a_time_in_order<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let second = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let third = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    for id in [first, second, third] {
        let (claimed, lease) = claim(&store, 1).await;
        assert_eq!(claimed.id, id);
        nothing_to_claim(&store, 2).await;
        store.end_attempt(&lease, AttemptEnd::Succeeded, at(3)).await.unwrap();
    }
    nothing_to_claim(&store, 4).await;
}

/// Younger jobs do not overtake a retry; cancelling the retry lets them run.
pub async fn a_waiting_retry_holds_its_lane<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let second = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, retry(125), at(1)).await.unwrap();
    nothing_to_claim(&store, 124).await;
    store.cancel_job(first, at(124)).await.unwrap();
    assert_eq!(claim(&store, 124).await.0.id, second);
}

/// Lanes are independent of each other and of jobs without one.
pub async fn a_lane_does_not_hold_another<S: Subject>(subject: S) {
    let store = timed(&subject);
    for new in [lane_job("a"), lane_job("a"), lane_job("b"), job("work"), lane_job("")] {
        store.enqueue_job(new, at(0)).await.unwrap();
    }
    for expected in [1, 3, 4, 5] {
        assert_eq!(claim(&store, 1).await.0.id, JobId(expected));
    }
    nothing_to_claim(&store, 2).await;
}

/// Queued jobs of any kind with another version are superseded; other lanes are unchanged.
pub async fn newer_versions_supersede_older_ones<S: Subject>(subject: S) {
    let store = timed(&subject);
    let old = store.enqueue_job(versioned("a", "one"), at(0)).await.unwrap();
    let other_kind = NewJob { kind: "other".to_owned(), ..versioned("a", "one") };
    let other_kind = store.enqueue_job(other_kind, at(0)).await.unwrap();
    let elsewhere = store.enqueue_job(versioned("b", "one"), at(0)).await.unwrap();
    let new = store.enqueue_job(versioned("a", "two"), at(1)).await.unwrap();
    assert_eq!(state(&store, old).await, JobState::Superseded);
    assert_eq!(state(&store, other_kind).await, JobState::Superseded);
    assert_eq!(state(&store, elsewhere).await, JobState::Queued);
    assert_eq!(steps(&store, old).await, ["queued", "superseded"]);
    assert_eq!(claim(&store, 2).await.0.id, elsewhere);
    assert_eq!(claim(&store, 2).await.0.id, new);
    nothing_to_claim(&store, 3).await;
}

/// An equal lane, kind and version share one job, unless it has started.
pub async fn the_same_version_joins_only_what_has_not_started<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(versioned("a", "one"), at(0)).await.unwrap();
    assert_eq!(store.enqueue_job(versioned("a", "one"), at(1)).await.unwrap(), first);
    assert_eq!(steps(&store, first).await, ["queued"]);
    let other_kind = NewJob { kind: "other".to_owned(), ..versioned("a", "one") };
    let other_kind = store.enqueue_job(other_kind, at(1)).await.unwrap();
    assert_ne!(other_kind, first);
    assert_ne!(store.enqueue_job(versioned("b", "one"), at(1)).await.unwrap(), first);
    let (claimed, lease) = claim(&store, 2).await;
    assert_eq!(claimed.id, first);
    let after_start = store.enqueue_job(versioned("a", "one"), at(3)).await.unwrap();
    assert!(after_start > other_kind, "what runs may have read the old state already");
    store.end_attempt(&lease, retry(100), at(4)).await.unwrap();
    // The retry has started once; the job behind it has not.
    assert_eq!(store.enqueue_job(versioned("a", "one"), at(5)).await.unwrap(), after_start);
    assert_eq!(state(&store, first).await, JobState::Queued);
}

/// A job without a version is neither replaced nor joined, and replaces nothing.
pub async fn jobs_without_a_version_are_not_superseded<S: Subject>(subject: S) {
    let store = timed(&subject);
    let plain = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let one = store.enqueue_job(versioned("a", "one"), at(0)).await.unwrap();
    let another = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    assert!(plain < one && one < another);
    for id in [plain, one, another] {
        assert_eq!(state(&store, id).await, JobState::Queued);
    }
    // Without a lane, a version has no effect.
    let loose = NewJob { lane: None, ..versioned("a", "one") };
    let first = store.enqueue_job(loose.clone(), at(0)).await.unwrap();
    assert_ne!(store.enqueue_job(loose, at(0)).await.unwrap(), first);
}

/// Such a job keeps its lane until it has stopped, and ends as superseded, whatever end the worker reports.
pub async fn superseded_work_that_runs_is_asked_to_stop<S: Subject>(subject: S) {
    let store = timed(&subject);
    for end in [AttemptEnd::Superseded, AttemptEnd::Cancelled, AttemptEnd::Released, retry(9)] {
        let old = store.enqueue_job(versioned("a", "one"), at(0)).await.unwrap();
        let (_, lease) = claim(&store, 0).await;
        let new = store.enqueue_job(versioned("a", "two"), at(1)).await.unwrap();
        assert!(store.get_job(old).await.unwrap().cancel_requested);
        assert!(renew(&store, &lease, 60).await.unwrap());
        nothing_to_claim(&store, 2).await;
        store.end_attempt(&lease, end.clone(), at(3)).await.unwrap();
        assert_eq!(state(&store, old).await, JobState::Superseded, "{end:?}");
        let (claimed, lease) = claim(&store, 4).await;
        assert_eq!(claimed.id, new);
        store.end_attempt(&lease, AttemptEnd::Succeeded, at(5)).await.unwrap();
    }
}

/// Queued jobs end, the running one is asked to stop, ended ones and other lanes are unchanged.
pub async fn cancelling_a_lane_touches_its_open_jobs_only<S: Subject>(subject: S) {
    let store = timed(&subject);
    let done = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 0).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(1)).await.unwrap();
    let running = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 1).await;
    let queued = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let elsewhere = store.enqueue_job(lane_job("b"), at(0)).await.unwrap();
    let touched = store.cancel_lane("a", "the pull request was closed", at(2)).await.unwrap();
    assert_eq!(touched, [running, queued]);
    assert_eq!(state(&store, done).await, JobState::Succeeded);
    assert_eq!(state(&store, queued).await, JobState::Cancelled);
    assert_eq!(state(&store, elsewhere).await, JobState::Queued);
    let events = store.events_after(queued, 0, 10).await.unwrap();
    assert_eq!(events.last().unwrap().message, "the pull request was closed");
    assert!(renew(&store, &lease, 60).await.unwrap());
    assert!(store.cancel_lane("a", "again", at(3)).await.unwrap().is_empty());
    assert!(store.cancel_lane("no such lane", "x", at(3)).await.unwrap().is_empty());
    store.end_attempt(&lease, AttemptEnd::Cancelled, at(4)).await.unwrap();
    assert_eq!(state(&store, running).await, JobState::Cancelled);
}

/// Jobs run in the order of their ids, retried ones too; a younger one that is running may finish.
pub async fn an_older_job_that_is_retried_goes_first<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    store.cancel_job(first, at(0)).await.unwrap();
    let second = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let third = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let (claimed, lease) = claim(&store, 1).await;
    assert_eq!(claimed.id, second);
    store.retry_job(first, at(2)).await.unwrap();
    nothing_to_claim(&store, 3).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(4)).await.unwrap();
    let (claimed, lease) = claim(&store, 5).await;
    assert_eq!(claimed.id, first);
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(6)).await.unwrap();
    assert_eq!(claim(&store, 7).await.0.id, third);
}

/// Even when both leases of a lane have expired, only one of its jobs is claimed at a time.
pub async fn two_lost_workers_of_a_lane_do_not_run_at_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    store.cancel_job(first, at(0)).await.unwrap();
    let second = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    claim(&store, 0).await;
    store.retry_job(first, at(10)).await.unwrap();
    // The lease on the second has expired: the older first job takes over the lane.
    let (claimed, lease) = claim(&store, 60).await;
    assert_eq!(claimed.id, first);
    nothing_to_claim(&store, 61).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(62)).await.unwrap();
    let (claimed, _) = claim(&store, 63).await;
    assert_eq!((claimed.id, claimed.attempts), (second, 2));
    nothing_to_claim(&store, 64).await;
}
