//! The runner: leases, retries, cancellation, shutdown.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use grimoire_domain::job::{JobEvent, JobId, JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::{Runner, RunnerSettings, Settings, Tick};
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedGitHub};
use grimoire_ports::store::JobStore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{LOG, SlowGitHub, World, commit};

fn unavailable() -> PortError {
    PortError::new(ErrorKind::Unavailable, "GitHub cannot be reached")
}

/// A world whose job waits for GitHub's diff until it is let go.
fn slow_world() -> (World, SlowGitHub) {
    let github = SlowGitHub::new(ScriptedGitHub::default());
    let mut world = World::with(Settings::default(), |ports| ports.github = Some(Arc::new(github.clone())));
    world.github = github.inner.clone();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    (world, github)
}

fn ticking(world: &World) -> JoinHandle<Tick> {
    let runner = world.runner.clone();
    tokio::spawn(async move { runner.tick().await.expect("the store works") })
}

/// Waits until a job is in a state, by its events.
async fn wait_for(world: &World, job: JobId, step: &str) {
    let mut events = world.pipeline.events(job, 0).await.expect("the job exists");
    while let Some(event) = events.next().await {
        if event.expect("readable").step == step {
            return;
        }
    }
    panic!("job {job} ended without {step}");
}

#[tokio::test]
async fn an_empty_queue_is_idle() {
    assert_eq!(World::new().runner.tick().await.expect("the store works"), Tick::Idle);
}

#[tokio::test]
async fn transient_failures_are_retried_after_5_25_and_125_seconds_and_then_left() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    for _ in 0..4 {
        world.github.fail_next("failed_runs", unavailable());
    }
    let job = world.opened(7, &commit('a')).await;
    for (attempt, base) in (1..).zip([5.0, 25.0, 125.0]) {
        assert_eq!(world.runner.tick().await.expect("works"), Tick::Ran(job));
        let failed = world.job(job).await;
        assert_eq!((failed.state, failed.attempts), (JobState::Queued, attempt));
        let delay = failed.run_at.duration_since(world.clock.now()).as_secs_f64();
        assert!((0.8 * base..=1.2 * base).contains(&delay), "attempt {attempt}: {delay} s");
        world.clock.set(failed.run_at - Duration::from_millis(1));
        assert_eq!(world.runner.tick().await.expect("works"), Tick::Idle, "not before its time");
        world.clock.set(failed.run_at);
    }
    assert_eq!(world.runner.tick().await.expect("works"), Tick::Ran(job));
    let dead = world.job(job).await;
    assert_eq!((dead.state, dead.attempts), (JobState::Dead, 4));
    let reason = dead.last_error.expect("a reason");
    assert!(reason.contains("4 attempts") && reason.contains("GitHub cannot be reached"), "{reason}");

    // A person retries it: it begins anew.
    let queued = world.pipeline.retry_job(job).await.expect("dead jobs may be retried");
    assert_eq!((queued.state, queued.attempts), (JobState::Queued, 0));
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_believed() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.github.fail_next("diff", unavailable().with_retry_after(Duration::from_secs(90)));
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert!(world.job(job).await.run_at >= world.clock.now() + Duration::from_secs(90));
}

#[tokio::test]
async fn what_cannot_succeed_is_not_tried_again() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let refused = PortError::new(ErrorKind::Unauthenticated, "GitHub refuses the token: renew it");
    world.github.fail_next("failed_runs", refused);
    let job = world.opened(7, &commit('a')).await;
    let unknown = NewJob {
        kind: "brew_coffee".to_owned(),
        lane: None,
        version: None,
        payload: serde_json::Value::Null,
    };
    let unknown = world.store.enqueue_job(unknown, world.clock.now()).await.expect("enqueued");
    world.run_due().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
    assert!(job.last_error.expect("a reason").contains("renew it"));
    assert!(world.job(unknown).await.last_error.expect("a reason").contains("brew_coffee"));
}

#[tokio::test]
async fn a_handler_that_panics_is_a_failed_attempt_and_the_runner_lives() {
    let world = World::with(Settings::default(), |ports| {
        ports.analyzers = Arc::new(ScriptedAnalyzers::new(|_, _| panic!("as the script says")));
    });
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_all().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 4));
}

#[tokio::test]
async fn a_job_whose_workers_die_on_it_is_given_up() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    for _ in 0..4 {
        // A worker claims it and is never heard of again.
        let claimed = world.store.claim_job(Duration::from_secs(60)).await.expect("works");
        assert_eq!(claimed.expect("due").0.id, job);
        world.clock.advance(Duration::from_secs(61));
    }
    world.run_due().await;
    let given_up = world.job(job).await;
    assert_eq!(given_up.state, JobState::Dead);
    assert_eq!(world.github.calls(), Vec::<&str>::new(), "it was not run once more");
}

#[tokio::test]
async fn a_running_job_keeps_its_lease_by_signs_of_life() {
    let (world, github) = slow_world();
    let job = world.opened(7, &commit('a')).await;
    let tick = ticking(&world);
    github.wait_until_called().await;
    // For five minutes, more than four leases long.
    for _ in 0..20 {
        world.clock.wait_for_sleepers(1).await;
        world.clock.advance(Duration::from_secs(15));
        tokio::task::yield_now().await;
        let claimed = world.store.claim_job(Duration::from_secs(60)).await.expect("works");
        assert_eq!(claimed, None, "nobody else may take it");
    }
    github.let_one_go();
    assert_eq!(tick.await.expect("no panic"), Tick::Ran(job));
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing_more() {
    let (world, github) = slow_world();
    world.moved_value_spell().await;
    let job = world.opened(7, &commit('a')).await;
    let tick = ticking(&world);
    github.wait_until_called().await;
    // The machine stood still; another worker took the job and finished it.
    world.clock.advance(Duration::from_secs(61));
    let (_, lease) = world.store.claim_job(Duration::from_secs(60)).await.expect("works").expect("expired");
    github.let_one_go();
    tick.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Running, "it belongs to the second worker");
    assert_eq!(world.github.calls().iter().filter(|call| **call == "upsert_comment").count(), 0);
    assert_eq!(lease.job, job);
}

#[tokio::test]
async fn a_cancelled_job_stops_at_its_next_step() {
    let (world, github) = slow_world();
    world.moved_value_spell().await;
    let job = world.opened(7, &commit('a')).await;
    let tick = ticking(&world);
    github.wait_until_called().await;
    let asked = world.pipeline.cancel_job(job).await.expect("running jobs may be cancelled");
    assert!(asked.cancel_requested);
    github.let_one_go();
    tick.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Cancelled);
    assert!(!world.github.calls().contains(&"upsert_comment"));
}

#[tokio::test]
async fn newer_work_of_the_lane_supersedes_a_running_job() {
    let (world, github) = slow_world();
    world.moved_value_spell().await;
    let old = world.opened(7, &commit('a')).await;
    let tick = ticking(&world);
    github.wait_until_called().await;
    world.failing_pull_request(7, &commit('b'), Some(LOG));
    let new = world.opened(7, &commit('b')).await;
    github.let_one_go();
    github.let_one_go();
    tick.await.expect("no panic");
    assert_eq!(world.state(old).await, JobState::Superseded);
    world.run_due().await;
    assert_eq!(world.state(new).await, JobState::Succeeded);
}

fn run(world: &World, settings: RunnerSettings) -> (CancellationToken, JoinHandle<()>) {
    let shutdown = CancellationToken::new();
    let runner = Runner::new(world.pipeline.clone(), settings);
    (shutdown.clone(), tokio::spawn(runner.run(shutdown)))
}

#[tokio::test]
async fn a_running_runner_takes_what_is_enqueued_and_ends_when_told() {
    let world = World::new();
    let (shutdown, ended) = run(&world, RunnerSettings::default());
    for number in 1..=20 {
        world.failing_pull_request(number, &commit('a'), Some(LOG));
        let job = world.opened(number, &commit('a')).await;
        wait_for(&world, job, "succeeded").await;
    }
    shutdown.cancel();
    ended.await.expect("no panic");
}

#[tokio::test]
async fn a_running_runner_comes_back_for_a_retry_when_its_time_has_come() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.github.fail_next("diff", unavailable());
    let (shutdown, ended) = run(&world, RunnerSettings { workers: 1, ..RunnerSettings::default() });
    let job = world.opened(7, &commit('a')).await;
    wait_for(&world, job, "retrying").await;
    world.clock.wait_for_sleepers(1).await;
    world.clock.advance(Duration::from_secs(6));
    wait_for(&world, job, "succeeded").await;
    shutdown.cancel();
    ended.await.expect("no panic");
}

#[tokio::test]
async fn at_shutdown_a_job_may_finish_within_the_grace_period() {
    let (world, github) = slow_world();
    let job = world.opened(7, &commit('a')).await;
    let (shutdown, ended) = run(&world, RunnerSettings::default());
    github.wait_until_called().await;
    shutdown.cancel();
    github.let_one_go();
    ended.await.expect("no panic");
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn after_the_grace_period_a_job_is_given_back_unharmed() {
    let (world, github) = slow_world();
    let job = world.opened(7, &commit('a')).await;
    let (shutdown, ended) = run(&world, RunnerSettings { workers: 1, ..RunnerSettings::default() });
    github.wait_until_called().await;
    shutdown.cancel();
    // The heartbeat and the grace period.
    world.clock.wait_for_sleepers(2).await;
    world.clock.advance(Duration::from_secs(21));
    ended.await.expect("no panic");
    let released = world.job(job).await;
    assert_eq!((released.state, released.attempts), (JobState::Queued, 0));
    github.let_one_go();
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
}

#[tokio::test]
async fn events_are_told_as_they_happen_and_end_with_the_job() {
    let (world, github) = slow_world();
    let job = world.opened(7, &commit('a')).await;
    let following = world.pipeline.events(job, 0).await.expect("the job exists");
    let tick = ticking(&world);
    github.wait_until_called().await;
    let mut following = following;
    let early: Vec<JobEvent> =
        following.by_ref().take(2).map(|event| event.expect("readable")).collect().await;
    assert_eq!(early.iter().map(|event| event.step.as_str()).collect::<Vec<_>>(), ["queued", "started"]);
    github.let_one_go();
    let rest: Vec<JobEvent> = following.map(|event| event.expect("readable")).collect().await;
    tick.await.expect("no panic");
    assert_eq!(rest.last().map(|event| event.step.as_str()), Some("succeeded"));
    let numbers: Vec<u64> = early.iter().chain(&rest).map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());

    let resumed: Vec<_> = world.pipeline.events(job, 2).await.expect("the job exists").collect().await;
    assert_eq!(resumed.len(), rest.len());
    let beyond: Vec<_> = world.pipeline.events(job, 1_000).await.expect("the job exists").collect().await;
    assert!(beyond.is_empty());
    let missing = world.pipeline.events(JobId(99), 0).await.err().expect("no such job");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}
