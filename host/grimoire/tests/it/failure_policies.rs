//! The failure policies for plugins, with plugins that really fail.

use crate::guests::{Group, component};
use serde_json::{Value, json};

use crate::crash::client;
use crate::process::Place;

/// An error that the analyzers find and that a starter spell matches.
const LOG: &[u8] = b"error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n";

/// A place with a matcher that traps in every call, and an analyzer whose findings contain escape codes.
fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/trapping-matcher.wasm", component(Group::Matcher, "deep_recursion"));
    place.file("plugins/escaping-analyzer.wasm", component(Group::Analyzer, "ansi_message"));
    place
}

fn settings(place: &Place, policies: &str) {
    let text = format!(
        "[plugins]\nfolder = \"plugins\"\nmatcher = \"trapping-matcher\"\nfailure_policies = [{policies}]\n"
    );
    place.file("grimoire.toml", text);
    place.allow();
}

/// The result of `grimoire match`: its exit code, its JSON, its error output.
fn matched(place: &Place) -> (i32, Value, String) {
    let ended = place.run(&["match", "--format", "json"], LOG);
    let answer = serde_json::from_str(&ended.output()).unwrap_or_default();
    (ended.code(), answer, ended.complaint())
}

fn has_spells(answer: &Value) -> bool {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().any(|error| error["spells"].as_array().is_some_and(|spells| !spells.is_empty()))
}

#[test]
fn by_default_keyword_order_stands_in_and_the_others_go_on() {
    let place = place();
    settings(&place, "");
    let (_, answer, complaint) = matched(&place);
    assert_eq!(answer["errors"][0]["diagnostic"]["code"], "E0382", "{complaint}");
    assert_eq!(answer["degraded"], true);
    assert!(has_spells(&answer), "{answer}");
    assert!(complaint.contains("trapping-matcher failed (trap)"), "{complaint}");
    assert!(complaint.contains("escaping-analyzer failed (invalid_output)"), "{complaint}");
}

#[test]
fn what_is_skipped_is_as_if_it_were_not_there() {
    let place = place();
    settings(&place, r#""trapping-matcher:skip", "escaping-analyzer:skip""#);
    let (code, answer, complaint) = matched(&place);
    assert_eq!(code, 0, "errors were found: {complaint}");
    assert_eq!(answer["errors"][0]["diagnostic"]["code"], "E0382");
    assert!(!has_spells(&answer), "{answer}");
    assert!(!complaint.contains("escaping-analyzer failed"), "{complaint}");
    assert!(complaint.contains("no matcher answered; no spell is shown"), "{complaint}");
}

#[test]
fn what_may_not_fail_ends_the_command_by_name() {
    let place = place();
    for plugin in ["trapping-matcher", "escaping-analyzer"] {
        settings(&place, &format!("\"{plugin}:fail\""));
        let (code, _, complaint) = matched(&place);
        assert_eq!(code, 69, "{complaint}");
        assert!(complaint.contains(&format!("plugin {plugin} failed")), "{complaint}");
    }
}

#[tokio::test]
async fn a_server_answers_503_and_names_the_plugin() {
    let place = place();
    settings(&place, r#""trapping-matcher:fail""#);
    let server = place.serve(&[]);
    let question = json!({ "message": "borrow of moved value: `x`" });
    let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    let body: Value = answer.json().await.expect("JSON");
    let detail = body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("plugin trapping-matcher failed (trap)"), "{body}");
}

#[test]
fn mistakes_are_named_with_their_place() {
    let place = place();
    settings(&place, r#""matcher-hybird:fail", "matcher-hybrid:never", "matcher-keyword""#);
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    let complaint = ended.complaint();
    for expected in [
        "grimoire.toml:4: plugins.failure_policies",
        "there is no plugin \"matcher-hybird\"; there are analyzer-checkers,",
        "matcher-hybrid: \"never\" is no policy: it must be fallback, skip or fail",
        "\"matcher-keyword\" must be plugin:policy",
    ] {
        assert!(complaint.contains(expected), "{expected} is missing in {complaint}");
    }
}

#[test]
fn nothing_starts_without_a_plugin_that_may_not_fail() {
    let place = place();
    place.file("plugins/broken.wasm", b"this is not WebAssembly");
    settings(&place, r#""broken:fail""#);
    let ended = place.run(&["match"], LOG);
    assert_eq!(ended.code(), 78);
    assert!(ended.complaint().contains("nothing works without broken"), "{}", ended.complaint());
}

#[test]
fn a_chosen_matcher_that_cannot_judge_stops_the_start() {
    let place = place();
    place.file("plugins/broken.wasm", b"this is not WebAssembly");
    for (matcher, expected) in [
        ("broken", "plugins.matcher: broken was refused: a plugin is a WebAssembly component"),
        (
            "escaping-analyzer",
            "plugins.matcher: escaping-analyzer is no matcher: it implements grimoire:analyzer@",
        ),
    ] {
        place.file("grimoire.toml", format!("[plugins]\nfolder = \"plugins\"\nmatcher = \"{matcher}\"\n"));
        place.allow();
        let ended = place.run(&["match"], LOG);
        assert_eq!(ended.code(), 78, "{}", ended.complaint());
        assert!(ended.complaint().contains(expected), "{}", ended.complaint());
    }
    place.file("grimoire.toml", "[plugins]\nmatcher = \"absent\"\n");
    place.allow();
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    assert!(
        ended.complaint().contains("grimoire.toml:2: plugins.matcher: there is no plugin \"absent\""),
        "{}",
        ended.complaint()
    );
}

#[test]
fn an_answer_without_a_plugin_that_was_refused_says_so() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("plugins/analyzer-rust.wasm")).expect("a folder can be made");
    place.file("grimoire.toml", "[plugins]\nfolder = \"plugins\"\n");
    place.allow();
    let ended = place.run(&["match", "--format", "json"], LOG);
    let answer: Value = serde_json::from_str(&ended.output()).unwrap_or_default();
    assert_eq!(answer["degraded"], true, "{answer}");
    assert!(ended.complaint().contains("analyzer-rust failed (refused)"), "{}", ended.complaint());
    assert!(ended.complaint().contains("is a folder; a plugin is a file"), "{}", ended.complaint());
}
