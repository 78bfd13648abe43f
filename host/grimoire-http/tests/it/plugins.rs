use std::sync::Arc;

use grimoire_domain::review::PluginProblem;
use grimoire_ports::fakes::FixedInventory;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn what_is_loaded_and_what_was_refused_is_listed() {
    let world = World::with(|setup| {
        let problem = PluginProblem {
            plugin: "matcher-odd".to_owned(),
            reason: "not_a_component".to_owned(),
            detail: "it is not a component".to_owned(),
        };
        setup.ports.inventory =
            Arc::new(FixedInventory { rejected: vec![problem], ..FixedInventory::default() });
    });
    let body = world.get("/api/plugins").await.expect(200).json();
    assert_eq!(body["generation"], 1);
    assert_eq!(body["plugins"].as_array().map(Vec::len), Some(2));
    assert_eq!(body["plugins"][1]["name"], "scripted-matcher");
    assert_eq!(body["plugins"][1]["world"], "grimoire:matcher@0.1.0");
    assert_eq!(body["plugins"][1]["last_problem"], json!(null));
    assert_eq!(body["rejected"][0]["reason"], "not_a_component");
}
