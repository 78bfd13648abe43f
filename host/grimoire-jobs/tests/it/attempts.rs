//! How a job continues after an attempt.

use std::time::Duration;

use grimoire_domain::job::{JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_jobs::{Stop, Tick};
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::store::{JobStore as _, Kinds};
use serde_json::{Value, json};

use crate::world::{End, Gated, Scripted, World, failing};

const LEASE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_empty_queue_is_idle() {
    assert_eq!(World::new().tick().await, Tick::Idle);
}

#[tokio::test]
async fn what_a_job_returns_ends_its_story() {
    let world = World::new();
    let job = world.enqueue::<Scripted>().await;
    assert_eq!(world.tick().await, Tick::Ran(job));
    assert_eq!(world.steps(job).await, ["queued", "started", "served", "succeeded"]);
    assert_eq!(world.job(job).await.failures, 0);
}

#[tokio::test]
async fn transient_failures_are_retried_after_5_25_and_125_seconds_and_then_left() {
    let world = World::new();
    world.script((0..4).map(|_| failing(ErrorKind::Unavailable)));
    let job = world.enqueue::<Scripted>().await;
    for (failures, base) in (1..).zip([5.0, 25.0, 125.0]) {
        assert_eq!(world.tick().await, Tick::Ran(job));
        let failed = world.job(job).await;
        assert_eq!((failed.state, failed.failures), (JobState::Queued, failures));
        let delay = failed.run_at.duration_since(world.clock.now()).as_secs_f64();
        assert!((0.8 * base..=1.2 * base).contains(&delay), "failure {failures}: {delay} s");
        world.clock.set(failed.run_at - Duration::from_millis(1));
        assert_eq!(world.tick().await, Tick::Idle, "not before its time");
        world.clock.set(failed.run_at);
    }
    assert_eq!(world.tick().await, Tick::Ran(job));
    let dead = world.job(job).await;
    assert_eq!((dead.state, dead.failures), (JobState::Dead, 4));
    assert_eq!(dead.last_error.as_deref(), Some("given up after 4 failed attempts: the stove is cold"));
    assert_eq!(world.last_attempts(), [false, false, false, true]);

    // A person retries the job: it starts from the beginning.
    let queued = world.store.retry_job(job, world.clock.now()).await.expect("dead jobs may be retried");
    assert_eq!((queued.state, queued.attempts, queued.failures), (JobState::Queued, 0, 0));
    world.run_all().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    assert_eq!(world.last_attempts().last(), Some(&false));
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_believed() {
    for kind in [ErrorKind::Unavailable, ErrorKind::TooManyRequests] {
        let world = World::new();
        let error = PortError::new(kind, "later").with_retry_after(Duration::from_secs(90));
        world.script([End::Stop(error.into())]);
        let job = world.enqueue::<Scripted>().await;
        world.tick().await;
        assert!(world.job(job).await.run_at >= world.clock.now() + Duration::from_secs(90));
    }
}

#[tokio::test]
async fn what_could_not_be_tried_is_no_failure_however_often() {
    for kind in [ErrorKind::TooManyRequests, ErrorKind::Busy] {
        let world = World::new();
        world.script((0..20).map(|_| failing(kind)));
        let job = world.enqueue::<Scripted>().await;
        world.tick().await;
        assert_eq!(world.steps(job).await, ["queued", "started", "postponed"]);
        assert_eq!(world.job(job).await.last_error.as_deref(), Some("the stove is cold"));
        world.run_all().await;
        let done = world.job(job).await;
        assert_eq!((done.state, done.attempts, done.failures), (JobState::Succeeded, 21, 0), "{kind:?}");
        assert!(!world.last_attempts().contains(&true));
    }
}

#[tokio::test]
async fn between_postponements_failures_are_counted_on() {
    let world = World::new();
    let failures = [ErrorKind::Unavailable, ErrorKind::Busy, ErrorKind::Timeout, ErrorKind::Busy];
    world.script(failures.map(failing));
    world.script([ErrorKind::Internal, ErrorKind::Busy, ErrorKind::Unavailable].map(failing));
    let job = world.enqueue::<Scripted>().await;
    world.run_all().await;
    let dead = world.job(job).await;
    assert_eq!((dead.state, dead.attempts, dead.failures), (JobState::Dead, 7, 4));
    assert_eq!(world.last_attempts(), [false, false, false, false, false, true, true]);
}

#[tokio::test]
async fn what_cannot_succeed_is_not_tried_again() {
    let world = World::new();
    let refused = PortError::new(ErrorKind::Unauthenticated, "the token is refused: renew it");
    world.script([End::Stop(refused.into()), End::Stop(Stop::Dead("no such dish".to_owned()))]);
    for reason in ["the token is refused: renew it", "no such dish"] {
        let job = world.enqueue::<Scripted>().await;
        world.tick().await;
        let dead = world.job(job).await;
        assert_eq!((dead.state, dead.attempts), (JobState::Dead, 1));
        assert_eq!(dead.last_error.as_deref(), Some(reason));
    }
}

#[tokio::test]
async fn an_unknown_kind_and_an_unreadable_payload_are_dead_letters_that_say_so() {
    let world = World::new();
    let job =
        |kind: &str, payload: Value| NewJob { kind: kind.to_owned(), lane: None, version: None, payload };
    let unknown = world.enqueue_raw(job("brew_coffee", Value::Null)).await;
    let unreadable = world.enqueue_raw(job("scripted", json!({ "dish": 7 }))).await;
    world.run_all().await;
    let reason = world.job(unknown).await.last_error.expect("a reason");
    assert_eq!(reason, "this version of Grimoire knows no jobs of kind `brew_coffee`");
    let reason = world.job(unreadable).await.last_error.expect("a reason");
    assert!(reason.starts_with("the payload of a `scripted` job cannot be read: "), "{reason}");
    for id in [unknown, unreadable] {
        assert_eq!(world.state(id).await, JobState::Dead);
    }
}

#[tokio::test]
async fn a_job_that_panics_is_a_failed_attempt_and_the_runner_lives() {
    let world = World::new();
    world.script((0..4).map(|_| End::Panic));
    let job = world.enqueue::<Scripted>().await;
    world.run_all().await;
    let dead = world.job(job).await;
    assert_eq!((dead.state, dead.failures), (JobState::Dead, 4));
}

#[tokio::test]
async fn a_job_whose_workers_die_on_it_is_given_up() {
    let world = World::new();
    let job = world.enqueue::<Scripted>().await;
    for _ in 0..4 {
        // A worker claims the job and lets the lease expire.
        let claimed = world.store.claim_job(&Kinds::all(), LEASE).await.expect("works");
        assert_eq!(claimed.expect("due").0.id, job);
        world.clock.advance(Duration::from_secs(61));
    }
    world.tick().await;
    assert_eq!(world.state(job).await, JobState::Dead);
    assert_eq!(world.last_attempts(), Vec::<bool>::new(), "it was not run once more");
}

#[tokio::test]
async fn a_running_job_keeps_its_lease_by_signs_of_life() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let tick = world.ticking();
    world.gate.wait_until_started().await;
    // For five minutes, more than four leases long.
    for _ in 0..20 {
        world.clock.wait_for_sleepers(1).await;
        world.clock.advance(Duration::from_secs(15));
        tokio::task::yield_now().await;
        let claimed = world.store.claim_job(&Kinds::all(), LEASE).await.expect("works");
        assert_eq!(claimed, None, "nobody else may take it");
    }
    world.gate.let_one_go();
    assert_eq!(tick.await.expect("no panic"), Tick::Ran(job));
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_ends_nothing() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let tick = world.ticking();
    world.gate.wait_until_started().await;
    // The machine was suspended; another worker took the job.
    world.clock.advance(Duration::from_secs(61));
    let (claimed, _) = world.store.claim_job(&Kinds::all(), LEASE).await.expect("works").expect("expired");
    assert_eq!((claimed.id, claimed.failures), (job, 1), "a worker that was lost is a failure");
    world.gate.let_one_go();
    tick.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Running, "it belongs to the second worker");
    assert_eq!(world.steps(job).await, ["queued", "started", "started"]);
}

#[tokio::test]
async fn a_cancelled_job_stops_at_its_next_checkpoint() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let tick = world.ticking();
    world.gate.wait_until_started().await;
    world.store.cancel_job(job, world.clock.now()).await.expect("running jobs may be cancelled");
    world.gate.let_one_go();
    tick.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Cancelled);
}
