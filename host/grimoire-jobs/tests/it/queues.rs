//! Each queue has its own workers.

use grimoire_domain::job::{JobState, NewJob};
use grimoire_jobs::RunnerSettings;
use serde_json::Value;

use crate::world::{Gated, SLOW, Scripted, World};

#[tokio::test]
async fn a_slow_kind_that_fills_its_queue_delays_nobody_else() {
    let world = World::with(RunnerSettings { workers: [(SLOW, 2)].into(), ..RunnerSettings::default() });
    let mut slow = Vec::new();
    for _ in 0..5 {
        slow.push(world.enqueue::<Gated>().await);
    }
    let (shutdown, ended) = world.start();
    for _ in 0..2 {
        world.gate.wait_until_started().await;
    }
    // Older jobs wait in the full queue while younger ones of the other queue succeed.
    for _ in 0..20 {
        let fast = world.enqueue::<Scripted>().await;
        world.wait_for(fast, "succeeded").await;
    }
    let mut states = Vec::new();
    for job in &slow {
        states.push(world.state(*job).await);
    }
    let (running, queued) = (JobState::Running, JobState::Queued);
    assert_eq!(states, [running, running, queued, queued, queued], "as many run as there are workers");
    for _ in &slow {
        world.gate.let_one_go();
    }
    for job in slow {
        world.wait_for(job, "succeeded").await;
    }
    shutdown.cancel();
    ended.await.expect("no panic");
}

#[tokio::test]
async fn a_kind_that_nobody_knows_is_taken_all_the_same() {
    let world = World::new();
    let (shutdown, ended) = world.start();
    let job = NewJob { kind: "brew_coffee".to_owned(), lane: None, version: None, payload: Value::Null };
    let job = world.enqueue_raw(job).await;
    world.wait_for(job, "dead").await;
    shutdown.cancel();
    ended.await.expect("no panic");
}
