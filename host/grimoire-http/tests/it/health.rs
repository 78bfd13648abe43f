use std::sync::Arc;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::fakes::FixedInventory;
use serde_json::json;

use crate::world::{BrokenSearch, World};

const PARTS: [&str; 4] = ["db", "queue", "index", "plugins"];

#[tokio::test]
async fn a_service_that_is_well_says_so() {
    let world = World::new();
    let health = world.get("/health").await.expect(200).json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["started_at"], "2026-01-01T00:00:00Z");
    for part in PARTS {
        let alone = world.get(&format!("/health/{part}")).await.expect(200).json();
        assert_eq!(alone, health[part], "{part}");
        assert_eq!(alone["status"], "ok");
    }
    world.get("/health/heart").await.error(404, "not_found");
}

#[tokio::test]
async fn a_failing_part_is_503_and_still_told_in_words() {
    let world = World::with(|setup| {
        setup.ports.inventory = Arc::new(FixedInventory { plugins: Vec::new(), ..FixedInventory::default() });
        setup.ports.search = Arc::new(BrokenSearch::Fails(ErrorKind::Internal));
    });
    let health = world.get("/health").await.expect(503).json();
    assert_eq!(health["status"], "failing");
    assert_eq!(health["db"]["status"], "ok");
    for part in ["plugins", "index"] {
        let alone = world.get(&format!("/health/{part}")).await.expect(503).json();
        assert_eq!(alone, health[part]);
        assert_eq!(alone["status"], "failing");
    }
    assert!(health["plugins"]["detail"].as_str().expect("text").contains("at least one"), "{health}");
    // Compressed like every other answer, not torn by it.
    let packed = world.get("/health").header("accept-encoding", "gzip").await.expect(503);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn less_than_whole_strength_is_no_outage() {
    let world = World::with(|setup| {
        let refused = PluginProblem {
            plugin: "matcher-odd".to_owned(),
            reason: "not_a_component".to_owned(),
            detail: "it is not a component".to_owned(),
        };
        setup.ports.inventory =
            Arc::new(FixedInventory { rejected: vec![refused], ..FixedInventory::default() });
        setup.ports.github = None;
    });
    let health = world.get("/health").await.expect(200).json();
    assert_eq!((&health["status"], &health["github"]["status"]), (&json!("degraded"), &json!("degraded")));
    assert!(health["plugins"]["detail"].as_str().expect("text").contains("matcher-odd"), "{health}");
}

#[tokio::test]
async fn compilations_that_nobody_waits_for_are_told() {
    let world = World::with(|setup| {
        setup.ports.inventory =
            Arc::new(FixedInventory { abandoned_compilations: 2, ..FixedInventory::default() });
    });
    let plugins = world.get("/health/plugins").await.expect(200).json();
    assert_eq!(plugins["status"], "degraded");
    let detail = plugins["detail"].as_str().expect("text");
    assert!(detail.contains("2 compilations went over their time"), "{detail}");
}

#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let answer = World::new().get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.text(), "grimoire_up 1\n");
}
