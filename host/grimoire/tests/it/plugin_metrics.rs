//! The metrics of plugins in `/metrics`.

use serde_json::{Value, json};

use crate::crash::client;
use crate::guests::{Group, component};
use crate::process::Place;

#[tokio::test]
async fn every_call_is_counted_with_its_outcome() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/trapping-matcher.wasm", component(Group::Matcher, "deep_recursion"));
    let server = place
        .serve(&[("GRIMOIRE_PLUGINS_FOLDER", "plugins"), ("GRIMOIRE_PLUGINS_MATCHER", "trapping-matcher")]);
    let client = client();
    let question = json!({ "message": "borrow of moved value: `x`" });
    let answer = client.post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let log = "error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n";
    let answer = client.post(server.url("/api/analyze")).body(log).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);

    let metrics = client.get(server.url("/metrics")).send().await.expect("metrics");
    let metrics = metrics.text().await.expect("text");
    let listed: Value =
        client.get(server.url("/api/plugins")).send().await.expect("a list").json().await.expect("JSON");
    let labels = |plugin: &str, outcome: &str| {
        let listed = listed["plugins"].as_array().expect("a list");
        let found = listed.iter().find(|listed| listed["name"] == plugin).expect("it is listed");
        let (digest, world) = (found["digest"].as_str().expect("a digest"), found["world"].as_str());
        let world = world.expect("a world");
        format!("plugin=\"{plugin}\",digest=\"{}\",world=\"{world}\",outcome=\"{outcome}\"", &digest[..12])
    };
    for (plugin, outcome) in [("trapping-matcher", "trap"), ("analyzer-rust", "ok")] {
        let labels = labels(plugin, outcome);
        for expected in [
            format!("grimoire_plugin_calls_total{{{labels}}} 1"),
            format!("grimoire_plugin_call_seconds_count{{{labels}}} 1"),
            format!("grimoire_plugin_guest_seconds_count{{{labels}}} 1"),
            format!("grimoire_plugin_instantiation_seconds_bucket{{{labels},le=\"0.00001\"}}"),
            format!("grimoire_plugin_memory_bytes_bucket{{{labels},le=\"67108864\"}} 1"),
            format!("grimoire_plugin_host_calls_bucket{{{labels},le=\"0\"}} 1"),
        ] {
            assert!(metrics.contains(&expected), "{expected} is missing in\n{metrics}");
        }
    }
    let returned = format!("grimoire_plugin_output_bytes_sum{{{}}} ", labels("analyzer-rust", "ok"));
    let bytes =
        metrics.lines().find_map(|line| line.strip_prefix(&returned)).and_then(|sum| sum.parse().ok());
    assert!(bytes.is_some_and(|bytes: f64| bytes > log.len() as f64), "{bytes:?} bytes of one diagnostic");
}
