//! A version that fails after a change gives way to what ran before it.

use std::collections::BTreeMap;
use std::time::Duration;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::installed_plugin::{PluginAction, PluginReceipt};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_pipeline::HealthStatus;
use grimoire_ports::plugins::{PluginOrigin, PluginStatistics};

use crate::plugins::Operator;

const NAME: &str = "scripted-matcher";
const MINUTE: Duration = Duration::from_secs(60);

impl Operator {
    /// From now on so many calls have ended well, and so many with a trap, since the process started.
    fn calls(&self, name: &str, good: u64, failed: u64) {
        self.plugins.set_outcomes(name, BTreeMap::from([("ok", good), ("trap", failed), ("refused", 100)]));
        let problem = PluginProblem {
            plugin: name.to_owned(),
            reason: FailureReason::Trap,
            detail: "call stack exhausted".to_owned(),
        };
        let statistics = PluginStatistics { last_problem: Some(problem), ..PluginStatistics::default() };
        self.plugins.set_statistics(name, statistics);
    }

    async fn watch(&self) -> Vec<PluginReceipt> {
        self.world.pipeline.watch_plugins().await.expect("it watches")
    }

    async fn digest(&self, name: &str) -> String {
        self.status(name).await.loaded.expect("it runs").identity.digest
    }
}

#[tokio::test]
async fn a_version_that_fails_too_often_gives_way_to_the_one_before_and_is_in_quarantine() {
    let operator = Operator::new().await;
    let good = operator.install(NAME, "good").await.expect("a receipt").digest.expect("a digest");
    operator.calls(NAME, 100, 0);
    let bad = operator.install(NAME, "new").await.expect("a receipt").digest.expect("a digest");
    operator.calls(NAME, 102, 4);
    assert_eq!(operator.watch().await, [], "four failures are too few");
    operator.calls(NAME, 120, 5);
    assert_eq!(operator.watch().await, [], "five of twenty-five are a fifth, and not more");
    operator.calls(NAME, 119, 5);
    let receipts = operator.watch().await;
    let [receipt] = &receipts[..] else { panic!("one receipt: {receipts:?}") };
    assert_eq!((receipt.action, receipt.by.as_str()), (PluginAction::RollBack, "system:watch"));
    assert_eq!((receipt.digest.as_ref(), receipt.previous.as_ref()), (Some(&good), Some(&bad)));
    let reason = "5 of 24 calls failed, the last (trap): call stack exhausted";
    assert_eq!(receipt.reason.as_deref(), Some(reason));
    assert_eq!(operator.digest(NAME).await, good);
    assert_eq!(operator.watch().await, [], "what it went back to is left alone");

    let health = operator.world.pipeline.plugins_health();
    assert_eq!(health.status, HealthStatus::Degraded);
    let said = format!("{NAME} {} is in quarantine: {reason}", &bad[..12]);
    assert!(health.detail.contains(&said), "{}", health.detail);

    let before = operator.picture().await;
    for refused in [operator.activate(NAME, &bad).await, operator.install(NAME, "new").await] {
        let error = refused.expect_err("it is in quarantine");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(reason) && error.to_string().contains("--force"), "{error}");
    }
    Operator::refused(&before, &operator.picture().await);
    operator.insist(NAME, &bad).await.expect("somebody insists");
    assert_eq!(operator.digest(NAME).await, bad);
    let health = operator.world.pipeline.plugins_health();
    assert!(!health.detail.contains("quarantine"), "{}", health.detail);
}

#[tokio::test]
async fn with_no_version_before_it_what_ships_runs_again() {
    let operator = Operator::new().await;
    operator.install(NAME, "mine").await.expect("a receipt");
    operator.calls(NAME, 0, 5);
    assert_eq!(operator.watch().await.len(), 1);
    assert_eq!(operator.status(NAME).await.loaded.map(|loaded| loaded.origin), Some(PluginOrigin::Shipped));
}

#[tokio::test]
async fn a_version_with_nothing_to_go_back_to_stays() {
    let operator = Operator::new().await;
    operator.install("team-matcher", "mine").await.expect("a receipt");
    operator.calls("team-matcher", 0, 50);
    let before = operator.picture().await;
    assert_eq!(operator.watch().await, []);
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn the_watch_ends_ten_minutes_after_the_change() {
    for (age, receipts) in [(10 * MINUTE, 1), (10 * MINUTE + Duration::from_secs(1), 0)] {
        let operator = Operator::new().await;
        operator.install(NAME, "mine").await.expect("a receipt");
        operator.world.clock.advance(age);
        operator.calls(NAME, 0, 5);
        assert_eq!(operator.watch().await.len(), receipts, "after {age:?}");
    }
}

#[tokio::test]
async fn the_watch_can_be_off() {
    let operator = Operator::with(|settings| settings.plugin_watch = Duration::ZERO).await;
    operator.install(NAME, "mine").await.expect("a receipt");
    operator.calls(NAME, 0, 5);
    assert_eq!(operator.watch().await, []);
}

#[tokio::test]
async fn a_quarantine_is_told_after_the_next_start() {
    let operator = Operator::new().await;
    operator.install(NAME, "mine").await.expect("a receipt");
    operator.calls(NAME, 0, 5);
    operator.watch().await;
    let again = crate::world::World::over(&operator.world, |_| {});
    again.pipeline.load_plugins().await.expect("they load");
    let health = again.pipeline.plugins_health();
    assert!(health.detail.contains("is in quarantine: 5 of 5 calls failed"), "{}", health.detail);
}
