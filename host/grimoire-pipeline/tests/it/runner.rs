//! Reviews under the runner: lost leases, cancellation, newer work, a busy host.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use grimoire_domain::actor::Actor;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::keyword_verdicts;
use grimoire_domain::review::PluginProblem;
use grimoire_jobs::Tick;
use grimoire_pipeline::Settings;
use grimoire_ports::PortError;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedGitHub, ScriptedMatchers, ScriptedPlugins};
use grimoire_ports::store::{JobStore as _, Kinds};
use tokio::task::JoinHandle;

use crate::world::{LOG, SlowGitHub, World, commit, pull_request};

/// A world whose job waits for GitHub's diff until it is released.
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

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing_more() {
    let (world, github) = slow_world();
    world.moved_value_spell().await;
    let job = world.opened(7, &commit('a')).await;
    let tick = ticking(&world);
    github.wait_until_called().await;
    // The machine was suspended; another worker claimed the job and finished it.
    world.clock.advance(Duration::from_secs(61));
    let (_, lease) =
        world.store.claim_job(&Kinds::all(), Duration::from_secs(60)).await.expect("works").expect("expired");
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
    let asked =
        world.pipeline.cancel_job(job, &Actor::COMMAND_LINE).await.expect("running jobs may be cancelled");
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

#[tokio::test]
async fn a_review_waits_for_analyzers_whose_places_are_taken_as_long_as_it_takes() {
    let refusals = Arc::new(AtomicUsize::new(0));
    let counted = refusals.clone();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |_, _| {
            if counted.fetch_add(1, Ordering::Relaxed) < 20 {
                return Err(PortError::new(ErrorKind::Busy, "all analyzers are busy, try again later"));
            }
            Ok(Vec::new())
        })));
    });
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_all().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.failures), (JobState::Succeeded, 0));
    let review = world
        .pipeline
        .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
        .await
        .expect("read")
        .expect("written");
    assert_eq!(review.diagnosis.gaps, Vec::<String>::new(), "nothing was done without");
}

#[tokio::test]
async fn a_review_waits_for_a_matcher_that_is_busy_instead_of_doing_without() {
    let refusals = Arc::new(AtomicUsize::new(0));
    let counted = refusals.clone();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(move |_, candidates| {
            if counted.fetch_add(1, Ordering::Relaxed) < 8 {
                let (plugin, detail) = ("matcher".to_owned(), "no free place".to_owned());
                return Err(PluginProblem { plugin, reason: FailureReason::Busy, detail });
            }
            Ok(keyword_verdicts(candidates))
        })));
    });
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(world.steps(job).await.last().map(String::as_str), Some("postponed"));
    world.run_all().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.failures), (JobState::Succeeded, 0));
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
}
