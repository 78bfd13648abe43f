//! Operators install plugins and go back, with and without a running service, and despite interruptions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crash::client;
use crate::guests::{Group, component, encode, section};
use crate::process::{Ended, Place};

/// Runs `grimoire plugin` with further arguments.
pub(crate) fn plugin(place: &Place, arguments: &[&str], target: &[&str]) -> Ended {
    place.run(&[&["plugin"], arguments, target].concat(), b"")
}

/// Runs it, and expects success.
#[track_caller]
pub(crate) fn done(place: &Place, arguments: &[&str], target: &[&str]) -> String {
    let ended = plugin(place, arguments, target);
    assert_eq!(ended.code(), 0, "{arguments:?}: {}", ended.complaint());
    ended.output() + &ended.complaint()
}

/// The JSON output of `show`.
pub(crate) fn shown(place: &Place, name: &str, target: &[&str]) -> Value {
    let ended = plugin(place, &["show", name, "--format", "json"], target);
    assert_eq!(ended.code(), 0, "{name}: {}", ended.complaint());
    serde_json::from_str(&ended.output()).expect("JSON")
}

/// A matcher that gives every first candidate this score.
fn matcher(score: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    encode(Group::Matcher, &text.replace("0.75", score), str::to_owned)
}

/// Installs three builds, goes back and forward, and removes all of them.
fn installs_and_goes_back(place: &Place, target: &[&str]) {
    let mut digests = Vec::new();
    for score in ["0.25", "0.5", "0.75"] {
        place.file("team-matcher.wasm", matcher(score));
        done(place, &["install", "team-matcher.wasm", "--name", "team-matcher"], target);
        let details = shown(place, "team-matcher", target);
        assert_eq!((&details["origin"], &details["calls"]), (&json!("installed"), &json!(0)));
        digests.push(details["digest"].as_str().expect("a digest").to_owned());
    }
    assert!(done(place, &["list"], target).contains("team-matcher"));
    done(place, &["rollback", "team-matcher"], target);
    let details = shown(place, "team-matcher", target);
    assert_eq!(details["digest"], json!(digests[1]));
    let kept: Vec<&Value> =
        details["installed"].as_array().expect("a list").iter().map(|v| &v["digest"]).collect();
    assert_eq!(kept, [&digests[2], &digests[1], &digests[0]], "newest first");
    done(place, &["activate", "team-matcher", &digests[2][..8]], target);
    let details = shown(place, "team-matcher", target);
    assert_eq!(details["digest"], json!(digests[2]));
    let receipt = &details["receipts"][0];
    assert_eq!((&receipt["action"], &receipt["previous"]), (&json!("activate"), &json!(digests[1])));
    assert!(receipt["verified"].as_array().is_some_and(|checks| checks.len() >= 5), "{receipt}");

    place.file("team-matcher.wasm", b"no component");
    let refused = plugin(place, &["install", "team-matcher.wasm", "--name", "team-matcher"], target);
    assert_eq!(refused.code(), 65);
    assert!(refused.complaint().contains("a plugin is a WebAssembly component"), "{}", refused.complaint());
    assert_eq!(shown(place, "team-matcher", target)["digest"], json!(digests[2]), "it runs as before");

    done(place, &["remove", "team-matcher"], target);
    let gone = shown(place, "team-matcher", target);
    assert_eq!((&gone["digest"], &gone["receipts"][0]["action"]), (&json!(null), &json!("remove")));
}

#[test]
fn plugins_are_installed_where_no_service_runs() {
    installs_and_goes_back(&Place::new(), &[]);
}

#[test]
fn plugins_are_installed_into_a_running_service() {
    let place = Place::new();
    let server = place.serve(&[]);
    installs_and_goes_back(&Place::new(), &["--url", &server.url("")]);
    assert!(server.stop());
}

#[test]
fn a_shipped_plugin_that_is_replaced_is_said_aloud_and_comes_back() {
    let place = Place::new();
    place.file("mine.wasm", matcher("0.5"));
    done(&place, &["install", "mine.wasm", "--name", "matcher-hybrid"], &[]);
    let list = done(&place, &["list"], &[]);
    let line = list.lines().find(|line| line.contains("matcher-hybrid")).expect("it is listed");
    assert!(
        line.ends_with("installed, unsigned, replaces the one that is shipped, calls itself guest"),
        "{line}"
    );
    done(&place, &["rollback", "matcher-hybrid"], &[]);
    assert_eq!(shown(&place, "matcher-hybrid", &[])["origin"], json!("shipped"));
}

#[test]
fn a_chosen_plugin_that_is_installed_is_there_and_cannot_be_taken_away() {
    let place = Place::new();
    place.file("team-matcher.wasm", matcher("0.5"));
    done(&place, &["install", "team-matcher.wasm", "--name", "team-matcher"], &[]);
    place.file("grimoire.toml", "[plugins]\nmatcher = \"team-matcher\"\n");
    place.allow();
    assert_eq!(place.run(&["config", "check"], b"").code(), 0);
    let refused = plugin(&place, &["remove", "team-matcher"], &[]);
    assert_eq!(refused.code(), 65);
    let complaint = refused.complaint();
    assert!(complaint.contains("plugins.matcher: team-matcher is not loaded"), "{complaint}");
    // A typing error is noticed even though the name could be an installed plugin.
    place.file("grimoire.toml", "[plugins]\nmatcher = \"taem-matcher\"\n");
    place.allow();
    for arguments in [&["config", "check"][..], &["serve", "--port", "0"]] {
        let ended = place.run(arguments, b"");
        assert_eq!(ended.code(), 78, "{arguments:?}");
        assert!(
            ended.complaint().contains("plugins.matcher: taem-matcher is not loaded"),
            "{}",
            ended.complaint()
        );
    }
    // The repair works while the plugin is missing.
    done(&place, &["remove", "team-matcher"], &[]);
}

#[test]
fn what_cannot_be_installed_says_why_and_what_to_do() {
    let place = Place::new();
    let honest = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    let newer = encode(Group::Matcher, &honest, |text| text.replace("0.1.0", "0.2.0"));
    for (name, content, expected) in [
        ("newer", newer, "this host offers grimoire:"),
        ("cut", component(Group::Matcher, "honest")[..200].to_vec(), "the file is cut off"),
        ("analyzer-rust", matcher("0.5"), "give it another name"),
        ("Bad_Name", matcher("0.5"), "lower-case letters, digits and hyphens"),
        // Nothing of it can be shown.
        ("\u{202e}", matcher("0.5"), "lower-case letters, digits and hyphens"),
        ("looping", component(Group::Matcher, "loop_in_start"), "does not start (timeout)"),
    ] {
        let file = format!("{name}.wasm");
        place.file(&file, content);
        let refused = plugin(&place, &["install", &file, "--name", name], &[]);
        assert_eq!(refused.code(), 65, "{name}: {}", refused.complaint());
        assert!(refused.complaint().contains(expected), "{name}: {}", refused.complaint());
    }
    let missing = plugin(&place, &["install", "nowhere.wasm"], &[]);
    assert_eq!(missing.code(), 66);
    let shipped = plugin(&place, &["remove", "matcher-keyword"], &[]);
    assert!(shipped.complaint().contains("ships with the program"), "{}", shipped.complaint());
    assert!(!done(&place, &["list"], &[]).contains("installed"), "nothing was left behind");
}

/// The honest matcher with a case in which the spell must get this score.
fn with_case(score: &str) -> Vec<u8> {
    let case = format!(
        "```error\nmessage: lid is missing\n```\n```spells\n- title: Put the lid on\n  error_type: K042\n  \
         error_pattern: lid is missing\n```\n```expected\n{score} | - | Put the lid on\n```\n"
    );
    let mut component = component(Group::Matcher, "honest");
    section(&mut component, 0, &[b"\x15grimoire:case:lids.md", case.as_bytes()].concat());
    component
}

#[test]
fn a_plugin_is_held_against_the_cases_that_it_carries() {
    let place = Place::new();
    place.file("team-matcher.wasm", with_case("0.9000"));
    let refused = plugin(&place, &["install", "team-matcher.wasm"], &[]);
    assert_eq!(refused.code(), 65);
    for expected in ["its own case lids.md:1", "\n-0.9000 | -", "\n+0.7500 | -"] {
        assert!(refused.complaint().contains(expected), "{}", refused.complaint());
    }
    assert!(!done(&place, &["list"], &[]).contains("team-matcher"), "nothing was left behind");
    place.file("team-matcher.wasm", with_case("0.7500"));
    assert!(done(&place, &["inspect", "team-matcher.wasm"], &[]).contains("cases        1 file\n"));
    done(&place, &["install", "team-matcher.wasm"], &[]);
    let details = shown(&place, "team-matcher", &[]);
    let verified = details["receipts"][0]["verified"].as_array().expect("a list");
    assert!(verified.contains(&json!("golden vectors: 1 of 1")), "{verified:?}");
    assert_eq!(details["calls"], 0, "what it was asked before it ran counts for nobody");
}

#[tokio::test]
async fn a_trap_can_be_looked_at() {
    let place = Place::new();
    place.file("team-matcher.wasm", component(Group::Matcher, "deep_recursion"));
    done(&place, &["install", "team-matcher.wasm", "--name", "team-matcher"], &[]);
    let server = place.serve(&[("GRIMOIRE_PLUGINS_MATCHER", "team-matcher")]);
    let question = json!({ "message": "borrow of moved value: `x`" });
    let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let details = shown(&Place::new(), "team-matcher", &["--url", &server.url("")]);
    let trap = &details["evidence"]["last_trap"];
    assert_eq!(trap["detail"], "call stack exhausted: recursion too deep");
    let place_of_trap = trap["backtrace"][0].as_str().expect("a place");
    assert!(place_of_trap.starts_with("deeper ("), "{trap}");
    assert_eq!(details["evidence"]["outcomes"]["trap"], 1);
    let calls = &details["evidence"]["calls"][0];
    assert_eq!((&calls["digest"], &calls["outcome"]), (&details["digest"], &json!("trap")));
    assert_eq!(calls["memory_bytes"]["classes"].as_array().map(Vec::len), Some(9));
    let told = Place::new().run(&["plugin", "show", "team-matcher", "--url", &server.url("")], b"").output();
    assert!(told.contains("  1 trap: 95 % ≤ "), "{told}");
    let health: Value =
        client().get(server.url("/health/plugins")).send().await.expect("health").json().await.expect("JSON");
    assert_eq!(health["status"], "degraded");
    assert!(
        health["detail"]
            .as_str()
            .is_some_and(|text| text.contains("the last call of team-matcher failed (trap)")),
        "{health}"
    );
}

#[tokio::test]
async fn a_new_version_that_traps_gives_way_to_the_one_before() {
    let place = Place::new();
    let server = place.serve(&[("GRIMOIRE_PLUGINS_MATCHER", "matcher-hybrid")]);
    let url = server.url("");
    let (operator, target) = (Place::new(), ["--url", url.as_str()]);
    operator.file("good.wasm", matcher("0.5"));
    operator.file("bad.wasm", component(Group::Matcher, "deep_recursion"));
    for file in ["good.wasm", "bad.wasm"] {
        done(&operator, &["install", file, "--name", "matcher-hybrid"], &target);
    }
    let bad = shown(&operator, "matcher-hybrid", &target)["digest"].clone();
    let question = json!({ "message": "borrow of moved value: `x`" });
    for _ in 0..5 {
        let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    let patience = Instant::now() + Duration::from_secs(120);
    let details = loop {
        let details = shown(&operator, "matcher-hybrid", &target);
        if details["digest"] != bad {
            break details;
        }
        assert!(Instant::now() < patience, "it never gave way: {details}");
        tokio::task::yield_now().await;
    };
    assert_eq!(details["digest"], details["installed"][1]["digest"]);
    let receipt = &details["receipts"][0];
    assert_eq!((&receipt["action"], &receipt["by"]), (&json!("rollback"), &json!("system:watch")));
    let reason = "5 of 5 calls failed, the last (trap): call stack exhausted: recursion too deep";
    assert_eq!(receipt["reason"], json!(reason));
    assert_eq!(details["installed"][0]["quarantine"], json!(reason));
    let bad = bad.as_str().expect("a digest");
    let refused = plugin(&operator, &["activate", "matcher-hybrid", bad], &target);
    assert!(refused.complaint().contains("--force"), "{}", refused.complaint());
    done(&operator, &["activate", "matcher-hybrid", bad, "--force"], &target);
    assert_eq!(shown(&operator, "matcher-hybrid", &target)["digest"], bad);
}

#[tokio::test]
async fn a_matcher_answers_the_last_questions_before_it_runs() {
    let place = Place::new();
    let server = place.serve(&[]);
    let url = server.url("");
    let (operator, target) = (Place::new(), ["--url", url.as_str()]);
    let question = json!({ "message": "borrow of moved value: `x`" });
    let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    operator.file("trapping.wasm", component(Group::Matcher, "deep_recursion"));
    let install = ["install", "trapping.wasm", "--name", "matcher-hybrid", "--replay", "10"];
    let refused = plugin(&operator, &install, &target);
    assert_ne!(refused.code(), 0);
    assert!(refused.complaint().contains("1 asked, 1 failed (before 0)"), "{}", refused.complaint());
    assert_eq!(shown(&operator, "matcher-hybrid", &target)["origin"], json!("shipped"));
    let told = done(&operator, &[&install[..], &["--force"]].concat(), &target);
    assert!(told.contains("shadow replay: 1 asked, 1 failed"), "{told}");
}

#[tokio::test]
async fn the_folder_is_watched() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    let server = place.serve(&[("GRIMOIRE_PLUGINS_FOLDER", "plugins")]);
    let names = async || -> Vec<String> {
        let answer = client().get(server.url("/api/plugins")).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        let plugins = body["plugins"].as_array().cloned().unwrap_or_default();
        plugins.iter().map(|plugin| plugin["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    while names().await.is_empty() {
        tokio::task::yield_now().await;
    }
    place.file("plugins/team-matcher.wasm", matcher("0.5"));
    let patience = Instant::now() + Duration::from_secs(120);
    while !names().await.iter().any(|name| name == "team-matcher") {
        assert!(Instant::now() < patience, "the file was never taken up");
        tokio::task::yield_now().await;
    }
    let details = shown(&Place::new(), "team-matcher", &["--url", &server.url("")]);
    assert_eq!((&details["origin"], &details["receipts"][0]["action"]), (&json!("folder"), &json!("folder")));
}

#[tokio::test]
async fn a_kill_in_the_middle_of_an_install_leaves_the_old_or_the_new() {
    let place = Place::new();
    place.file("team-matcher.wasm", matcher("0.25"));
    done(&place, &["install", "team-matcher.wasm", "--name", "team-matcher"], &[]);
    let old = shown(&place, "team-matcher", &[])["digest"].clone();
    // The longer the service lives, the further the install gets: before it, during it, and finally to its answer.
    for (milliseconds, score) in
        [(0, "0.31"), (2, "0.32"), (5, "0.33"), (10, "0.34"), (40, "0.35"), (60_000, "0.36")]
    {
        let before = shown(&place, "team-matcher", &[])["digest"].clone();
        let server = place.serve(&[]);
        let ready = || async { client().get(server.url("/api/plugins/team-matcher")).send().await };
        while !ready().await.is_ok_and(|answer| answer.status() == 200) {
            tokio::task::yield_now().await;
        }
        let install = client().post(server.url("/api/plugins/team-matcher")).body(matcher(score)).send();
        let _ = tokio::time::timeout(Duration::from_millis(milliseconds), install).await;
        server.kill();
        let after = shown(&place, "team-matcher", &[]);
        let newest = &after["installed"][0]["digest"];
        assert!(after["digest"] == before || after["digest"] == *newest, "{after}");
        assert_eq!(after["digest"], *newest, "what is active is the newest that is whole: {after}");
        assert_eq!(place.run(&["verify"], b"").code(), 0, "after {milliseconds} ms");
    }
    assert_ne!(shown(&place, "team-matcher", &[])["digest"], old, "the last one was answered");
}
