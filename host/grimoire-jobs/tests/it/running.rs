//! The life of a runner: waking up, shutting down, and its visible effects.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use grimoire_domain::job::{JobEvent, JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use grimoire_jobs::events;

use crate::world::{Gated, Scripted, World, failing};

#[tokio::test]
async fn a_running_runner_takes_what_is_enqueued_and_ends_when_told() {
    let world = World::new();
    let (shutdown, ended) = world.start();
    for _ in 0..20 {
        let job = world.enqueue::<Scripted>().await;
        world.wait_for(job, "succeeded").await;
    }
    shutdown.cancel();
    ended.await.expect("no panic");
}

#[tokio::test]
async fn a_running_runner_comes_back_for_a_retry_when_its_time_has_come() {
    let world = World::new();
    world.script([failing(ErrorKind::Unavailable)]);
    let (shutdown, ended) = world.start();
    let job = world.enqueue::<Scripted>().await;
    world.wait_for(job, "retrying").await;
    world.clock.wait_for_sleepers(1).await;
    world.clock.advance(Duration::from_secs(6));
    world.wait_for(job, "succeeded").await;
    shutdown.cancel();
    ended.await.expect("no panic");
}

#[tokio::test]
async fn at_shutdown_a_job_may_finish_within_the_grace_period() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let (shutdown, ended) = world.start();
    world.gate.wait_until_started().await;
    shutdown.cancel();
    world.gate.let_one_go();
    ended.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn after_the_grace_period_a_job_is_given_back_unharmed() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let (shutdown, ended) = world.start();
    world.gate.wait_until_started().await;
    shutdown.cancel();
    // The heartbeat and the grace period.
    world.clock.wait_for_sleepers(2).await;
    world.clock.advance(Duration::from_secs(21));
    ended.await.expect("no panic");
    let released = world.job(job).await;
    assert_eq!((released.state, released.failures), (JobState::Queued, 0));
    world.gate.let_one_go();
    world.run_all().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn events_are_told_as_they_happen_and_end_with_the_job() {
    let world = World::new();
    let job = world.enqueue::<Gated>().await;
    let follow = |job, after| events(Arc::new(world.store.clone()), job, after);
    let mut following = follow(job, 0).await.expect("the job exists");
    let tick = world.ticking();
    world.gate.wait_until_started().await;
    let early: Vec<JobEvent> =
        following.by_ref().take(2).map(|event| event.expect("readable")).collect().await;
    assert_eq!(early.iter().map(|event| event.step.as_str()).collect::<Vec<_>>(), ["queued", "started"]);
    world.gate.let_one_go();
    let rest: Vec<JobEvent> = following.map(|event| event.expect("readable")).collect().await;
    tick.await.expect("no panic");
    assert_eq!(rest.iter().map(|event| event.step.as_str()).collect::<Vec<_>>(), ["served", "succeeded"]);
    let numbers: Vec<u64> = early.iter().chain(&rest).map(|event| event.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);

    let resumed: Vec<_> = follow(job, 2).await.expect("the job exists").collect().await;
    assert_eq!(resumed.len(), rest.len());
    let beyond: Vec<_> = follow(job, 1_000).await.expect("the job exists").collect().await;
    assert!(beyond.is_empty());
    let missing = follow(JobId(99), 0).await.err().expect("no such job");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}
