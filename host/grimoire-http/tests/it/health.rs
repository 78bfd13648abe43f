use std::sync::Arc;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::fakes::{MemoryStore, ScriptedPlugins, ScriptedSet};
use serde_json::json;

use crate::world::{BrokenSearch, World};

const PARTS: [&str; 4] = ["db", "queue", "index", "plugins"];

#[tokio::test]
async fn a_service_that_is_well_says_so() {
    let world = World::new();
    let health = world.get("/health").await.expect(200).json();
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["started_at"], "2026-01-01T00:00:00Z");
    for part in PARTS {
        let alone = world.get(&format!("/health/{part}")).await.expect(200).json();
        assert_eq!(alone, health[part], "{part}");
        assert_eq!(alone["status"], "healthy");
    }
    world.get("/health/heart").await.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_failing_part_is_503_and_still_told_in_words() {
    let world = World::with(|setup| {
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::new(ScriptedSet { plugins: Vec::new(), ..ScriptedSet::default() }));
        setup.ports.search = Arc::new(BrokenSearch::Fails(ErrorKind::Internal));
    });
    let health = world.get("/health").await.expect(503).json();
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["db"]["status"], "healthy");
    for part in ["plugins", "index"] {
        let alone = world.get(&format!("/health/{part}")).await.expect(503).json();
        assert_eq!(alone, health[part]);
        assert_eq!(alone["status"], "unhealthy");
    }
    assert!(health["plugins"]["detail"].as_str().expect("text").contains("at least one"), "{health}");
    // Compressed like every other response, and not damaged by it.
    let packed = world.get("/health").header("accept-encoding", "gzip").await.expect(503);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn less_than_whole_strength_is_no_outage() {
    let world = World::with(|setup| {
        let refused = PluginProblem {
            plugin: "matcher-odd".to_owned(),
            reason: FailureReason::Refused,
            detail: "it is not a component".to_owned(),
        };
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::new(ScriptedSet { rejected: vec![refused], ..ScriptedSet::default() }));
        setup.ports.github = None;
    });
    let health = world.get("/health").await.expect(200).json();
    assert_eq!((&health["status"], &health["github"]["status"]), (&json!("degraded"), &json!("degraded")));
    assert!(health["plugins"]["detail"].as_str().expect("text").contains("matcher-odd"), "{health}");
}

#[tokio::test]
async fn what_the_plugin_host_has_to_say_is_told() {
    let world = World::with(|setup| {
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::default().with_notices(vec!["2 compilations still run".to_owned()]));
    });
    let plugins = world.get("/health/plugins").await.expect(200).json();
    assert_eq!(plugins["status"], "degraded");
    let detail = plugins["detail"].as_str().expect("text");
    assert!(detail.ends_with("; 2 compilations still run"), "{detail}");
}

#[tokio::test]
async fn of_many_refused_plugins_the_first_are_told_and_the_others_counted() {
    let refused = |number: usize| PluginProblem {
        plugin: format!("junk-{number}"),
        reason: FailureReason::Refused,
        detail: "is not a valid component".to_owned(),
    };
    let set = ScriptedSet { rejected: (0..10_000).map(refused).collect(), ..ScriptedSet::default() };
    let world = World::with(|setup| setup.ports.plugins = Arc::new(ScriptedPlugins::new(set)));
    let plugins = world.get("/health/plugins").await.expect(200).json();
    assert_eq!(plugins["status"], "degraded");
    let detail = plugins["detail"].as_str().expect("text");
    assert!(detail.contains("; junk-9 was refused"), "{detail}");
    assert!(detail.ends_with("; and 9990 more, which `grimoire plugin list` lists"), "{detail}");
}

#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let answer = World::new().get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.text(), "grimoire_up 1\n");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_an_outage_and_says_what_it_needs() {
    let store = MemoryStore::new();
    let given = store.clone();
    let world = World::with(|setup| setup.ports.store = Arc::new(given));
    store.set_trouble(Some("the disk of grimoire.redb is full: free at least 3 MiB"));
    let db = world.get("/health/db").await.expect(503).json();
    assert_eq!(db["status"], "unhealthy");
    assert!(db["detail"].as_str().expect("text").contains("free at least 3 MiB"), "{db}");
    world.get("/health").await.expect(503);
    store.set_trouble(None);
    assert_eq!(world.get("/health/db").await.expect(200).json()["status"], "healthy");
}
