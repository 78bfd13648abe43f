//! From a wrong answer of a server to a better build: record, replay, compare.

use std::path::Path;

use serde_json::json;

use crate::crash::client;
use crate::guests::{Group, component, encode};
use crate::process::Place;

const LOG: &str = "error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n";

fn shipped(name: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/prebuilt").join(format!("{name}.wasm"));
    std::fs::read(path).expect("it ships")
}

#[tokio::test]
async fn what_a_server_was_asked_is_replayed_at_home() {
    let server_place = Place::new();
    let server = server_place.serve(&[]);
    let question = json!({ "message": "borrow of moved value: `x`", "code": "E0382", "tool": "rustc" });
    let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let answer = client().post(server.url("/api/analyze")).body(LOG).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);

    let home = Place::new();
    for name in ["matcher-hybrid", "analyzer-rust"] {
        let (file, url) = (format!("{name}.md"), server.url(""));
        let recorded = home.run(&["plugin", "record", name, &file, "--last", "5", "--url", &url], b"");
        assert_eq!(recorded.code(), 0, "{}", recorded.complaint());
        assert!(recorded.complaint().contains("look through it"), "{}", recorded.complaint());

        // The same build answers alike, also as the plugin's own cases.
        home.file("same.wasm", shipped(name));
        let replayed = home.run(&["plugin", "replay", "same.wasm", &file], b"");
        assert_eq!(replayed.code(), 0, "{}{}", replayed.output(), replayed.complaint());
        assert!(replayed.output().starts_with("1 of 1 cases are answered alike\nsame.wasm: 0 failed"));
        let tested = home.run(&["plugin", "test", "same.wasm", "--cases", &file], b"");
        assert_eq!(tested.code(), 0, "{}{}", tested.output(), tested.complaint());
    }

    home.file("other.wasm", component(Group::Matcher, "honest"));
    let replayed = home.run(&["plugin", "replay", "other.wasm", "matcher-hybrid.md"], b"");
    assert_eq!(replayed.code(), 65, "{}", replayed.complaint());
    let output = replayed.output();
    assert!(output.contains("matcher-hybrid.md:") && output.contains("is answered otherwise"), "{output}");
    assert!(output.contains("  --- recorded\n  +++ other.wasm\n"), "{output}");
    assert!(output.contains("  +0.7500 | - | "), "{output}");
}

#[test]
fn two_builds_are_compared_with_each_other() {
    let place = Place::new();
    let honest = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    place.file("old.wasm", component(Group::Matcher, "honest"));
    place.file("new.wasm", encode(Group::Matcher, &honest.replace("0.75", "0.5"), str::to_owned));
    place.file("trapping.wasm", component(Group::Matcher, "panics"));
    place.file("analyzer.wasm", component(Group::Analyzer, "honest"));
    let case = "```error\nmessage: lid is missing\n```\n```spells\n- title: Put it on\n  error_type: K1\n  \
                error_pattern: lid\n```\n```expected\nsomething else\n```\n";
    place.file("cases.md", case);
    let replay = |new: &str| place.run(&["plugin", "replay", new, "cases.md", "--against", "old.wasm"], b"");
    let same = replay("old.wasm");
    assert_eq!(same.code(), 0, "{}", same.complaint());
    let other = replay("new.wasm");
    assert_eq!(other.code(), 65);
    let expected = "  --- old.wasm\n  +++ new.wasm\n  @@ -1 +1 @@\n  -0.7500 | - | Put it on\n  +0.5000 | - | Put it on\n\
                    0 of 1 cases are answered alike\nold.wasm: 0 failed";
    assert!(other.output().contains(expected), "{}", other.output());
    let failing = replay("trapping.wasm");
    assert_eq!(failing.code(), 65);
    assert!(failing.output().contains("+failed: trap: ended itself (panic)"), "{}", failing.output());
    assert!(failing.output().contains("trapping.wasm: 1 failed"), "{}", failing.output());
    let wrong = replay("analyzer.wasm");
    assert_eq!(wrong.code(), 64);
    let complaint = wrong.complaint();
    assert!(complaint.contains("analyzer.wasm is of the world analyzer, old.wasm of matcher"), "{complaint}");
}

#[test]
fn without_a_service_there_are_no_last_calls() {
    let ended = Place::new().run(&["plugin", "record", "matcher-hybrid"], b"");
    assert_ne!(ended.code(), 0);
    let complaint = ended.complaint();
    assert!(complaint.contains("nothing was recorded"), "{complaint}");
}
