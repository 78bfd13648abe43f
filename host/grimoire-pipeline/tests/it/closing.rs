//! How work ends on a pull request that is closed.

use std::sync::Arc;

use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::Settings;
use grimoire_ports::PortError;
use grimoire_ports::fakes::ScriptedGitHub;

use crate::world::{LOG, SlowGitHub, World, commit, pull_request, pull_request_payload};

/// Delivers the closing of pull request 7; returns the resulting job.
async fn closed(world: &World) -> JobId {
    let payload = pull_request_payload("closed", 7, &commit('a'));
    let taken = world.deliver("closing", "pull_request", &payload).await;
    assert_eq!(taken.status(), "success");
    taken.receipt().job_id.expect("a job")
}

#[tokio::test]
async fn reviews_of_a_closed_pull_request_are_stopped_and_others_go_on() {
    let world = World::new();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.failing_pull_request(8, &commit('b'), Some(LOG));
    let unreachable = || PortError::new(ErrorKind::Unavailable, "GitHub cannot be reached");
    world.github.fail_next("diff", unreachable());
    world.github.fail_next("diff", unreachable());
    let (review, other) = (world.opened(7, &commit('a')).await, world.opened(8, &commit('b')).await);
    world.run_due().await;
    world.put_pull_request(7, &commit('a'), false);
    let closing = closed(&world).await;
    world.run_due().await;
    // Neither was due: both were waiting for their next attempt.
    assert_eq!(world.state(review).await, JobState::Cancelled);
    assert_eq!(world.state(other).await, JobState::Queued);
    assert_eq!(world.steps(closing).await, ["queued", "started", "stopped", "succeeded"]);
    world.run_all().await;
    assert_eq!(world.state(other).await, JobState::Succeeded);
}

#[tokio::test]
async fn a_review_under_way_is_stopped_at_its_next_step() {
    let github = SlowGitHub::new(ScriptedGitHub::default());
    let mut world = World::with(Settings::default(), |ports| ports.github = Some(Arc::new(github.clone())));
    world.github = github.inner.clone();
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let review = world.opened(7, &commit('a')).await;
    let ticking = tokio::spawn({
        let runner = world.runner.clone();
        async move { runner.tick().await }
    });
    github.wait_until_called().await;
    world.put_pull_request(7, &commit('a'), false);
    let closing = closed(&world).await;
    world.run_due().await;
    assert_eq!(world.state(closing).await, JobState::Succeeded);
    github.let_one_go();
    ticking.await.expect("no panic").expect("the store works");
    assert_eq!(world.state(review).await, JobState::Cancelled);
    assert!(!world.github.calls().contains(&"job_log"), "nothing more is read");
}

#[tokio::test]
async fn a_closing_that_arrives_after_the_reopening_stops_nothing() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let reopened = pull_request_payload("reopened", 7, &commit('a'));
    let review = world.deliver("reopening", "pull_request", &reopened).await.receipt().job_id.expect("a job");
    let closing = closed(&world).await;
    world.run_due().await;
    assert_eq!(world.steps(closing).await, ["queued", "started", "kept", "succeeded"]);
    assert_eq!(world.state(review).await, JobState::Succeeded);
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
}

#[tokio::test]
async fn a_pull_request_that_is_gone_counts_as_closed() {
    let world = World::new();
    let closing = closed(&world).await;
    world.run_due().await;
    assert_eq!(world.steps(closing).await, ["queued", "started", "stopped", "succeeded"]);
}

#[tokio::test]
async fn without_a_token_a_closing_is_no_dead_letter() {
    let world = World::with(Settings::default(), |ports| ports.github = None);
    let closing = closed(&world).await;
    world.run_due().await;
    assert_eq!(world.state(closing).await, JobState::Succeeded);
}
