use std::sync::Arc;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::fakes::{ScriptedFiles, ScriptedPlugins, ScriptedSet};
use grimoire_ports::plugins::PluginSource;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn what_is_loaded_and_what_was_refused_is_listed() {
    let world = World::with(|setup| {
        let problem = PluginProblem {
            plugin: "matcher-odd".to_owned(),
            reason: FailureReason::Refused,
            detail: "it is not a component".to_owned(),
        };
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::new(ScriptedSet { rejected: vec![problem], ..ScriptedSet::default() }));
    });
    let body = world.get("/api/plugins").await.expect(200).json();
    assert_eq!(body["generation"], 1);
    assert_eq!(body["plugins"].as_array().map(Vec::len), Some(2));
    assert_eq!(body["plugins"][1]["name"], "scripted-matcher");
    assert_eq!(body["plugins"][1]["world"], "grimoire:matcher@0.1.0");
    assert_eq!(body["plugins"][1]["signature"], "shipped");
    assert_eq!(body["plugins"][1]["last_problem"], json!(null));
    assert_eq!(body["rejected"][0]["reason"], "refused");
}

/// A world whose settings name a matcher that exists.
fn operated() -> World {
    World::with(|setup| {
        let files = ScriptedFiles::default();
        files.add(PluginSource::new("matcher-hybrid", b"shipped".as_slice()));
        setup.ports.plugin_files = Arc::new(files);
    })
}

#[tokio::test]
async fn a_component_is_installed_shown_and_taken_away() {
    let world = operated();
    let call = world.post("/api/plugins/team-matcher?source=build%20412");
    let receipt = call.body("component").await.expect(201).json();
    assert_eq!((&receipt["number"], &receipt["action"]), (&json!(1), &json!("install")));
    assert_eq!((&receipt["source"], &receipt["by"]), (&json!("build 412"), &json!("anonymous")));
    let plugin = world.get("/api/plugins/team-matcher").await.expect(200).json();
    assert_eq!((&plugin["origin"], &plugin["digest"]), (&json!("installed"), &receipt["digest"]));
    assert_eq!((&plugin["signature"], &plugin["signer"]), (&json!("unsigned"), &json!(null)));
    assert_eq!(plugin["installed"][0]["active"], true);
    assert_eq!(plugin["receipts"], json!([receipt]));
    assert_eq!(plugin["evidence"]["last_trap"], json!(null));
    assert_eq!(plugin["preparation"], json!(null));
    let listed = world.get("/api/plugins").await.expect(200).json();
    assert_eq!(listed["generation"], 2);

    world.post("/api/plugins/team-matcher").body("another").await.expect(201);
    let digest = receipt["digest"].as_str().expect("a digest");
    let chosen = world.post(&format!("/api/plugins/team-matcher/activate?digest={}", &digest[..6]));
    assert_eq!(chosen.await.expect(200).json()["digest"], receipt["digest"]);
    let refused = world.delete(&format!("/api/plugins/team-matcher?digest={digest}")).await;
    refused.error(409, "CONFLICT");
    let removed = world.delete("/api/plugins/team-matcher").await.expect(200).json();
    assert_eq!(removed["digest"], json!(null));
    let gone = world.get("/api/plugins/team-matcher").await.expect(200).json();
    assert_eq!((&gone["digest"], &gone["installed"]), (&json!(null), &json!([])), "its receipts stay");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told() {
    let world = operated();
    world.post("/api/plugins/team-matcher").body("bad component").await.error(422, "INVALID");
    world.post("/api/plugins/nobody/rollback").await.error(404, "PLUGIN_NOT_FOUND");
    let shipped = world.post("/api/plugins/matcher-hybrid/rollback").await.error(409, "CONFLICT");
    assert!(
        shipped["detail"].as_str().is_some_and(|text| text.contains("ships with the program")),
        "{shipped}"
    );
    let missing = world.post("/api/plugins/team-matcher/activate").await.error(422, "INVALID");
    assert_eq!(missing["errors"][0]["field"], "digest");
    let world = World::with(|setup| setup.options.plugin_limit = 10);
    world.post("/api/plugins/team-matcher").body("eleven bytes").await.error(413, "TOO_LARGE");
}

#[tokio::test]
async fn what_a_plugin_was_given_is_recorded_as_cases() {
    let world = World::new();
    let nothing = world.get("/api/plugins/scripted-matcher/cases").await.error(404, "NOT_FOUND");
    assert!(nothing["detail"].as_str().is_some_and(|text| text.contains("given nothing")), "{nothing}");
    world.post("/api/analyze?kind=log").body("error[E0382]: use of moved value: `names`\n").await.expect(200);
    let recorded = world.get("/api/plugins/scripted-analyzer/cases?last=1").await.expect(200);
    assert_eq!(recorded.headers["content-type"], "text/markdown; charset=utf-8");
    assert!(recorded.text().contains("```log\nerror[E0382]"), "{}", recorded.text());
    for query in ["last=0", "last=201", "review=octo", "last=1&review=octo%2Fapp%237"] {
        let path = format!("/api/plugins/scripted-analyzer/cases?{query}");
        world.get(&path).await.error(422, "INVALID");
    }
    world.get("/api/plugins/nobody/cases").await.error(404, "PLUGIN_NOT_FOUND");
}
