//! Routes to plugins, and several matchers with weights, in the real program.

use serde_json::{Value, json};

use crate::crash::client;
use crate::guests::{Group, component};
use crate::plugin_admin::{done, plugin};
use crate::process::Place;

/// An error that the analyzers find and that a starter spell matches.
const LOG: &[u8] = b"error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n";

/// A place with a matcher that gives the first candidate .75, and these settings.
fn place(settings: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/team-matcher.wasm", component(Group::Matcher, "honest"));
    set(&place, settings);
    place
}

fn set(place: &Place, settings: &str) {
    place.file("grimoire.toml", format!("[plugins]\nfolder = \"plugins\"\n{settings}"));
    place.allow();
}

fn answer(place: &Place, arguments: &[&str]) -> Value {
    let ended = place.run(arguments, LOG);
    serde_json::from_str(&ended.output()).unwrap_or_else(|_| panic!("{}", ended.complaint()))
}

#[test]
fn two_matchers_judge_together_and_each_says_its_part() {
    let place = place("matcher = [\"matcher-hybrid:3\", \"team-matcher\"]\n");
    let explained = place.run(&["match", "--explain"], LOG).output();
    for expected in ["  judged by matcher-hybrid ", " (75 %), team-matcher ", " (25 %)\n", " and counts 75 %"]
    {
        assert!(explained.contains(expected), "{expected:?} is missing in {explained}");
    }
    let together = answer(&place, &["match", "--format", "json"]);
    let names: Vec<&str> = together["plugins"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|plugin| plugin["name"].as_str())
        .filter(|name| name.contains("matcher"))
        .collect();
    assert_eq!(names, ["matcher-hybrid", "team-matcher"]);
    let spell = &together["errors"][0]["spells"][0];
    let parts = spell["reasons"].as_array().expect("reasons").iter();
    let parts: f64 =
        parts.filter(|reason| reason["signal"] == "matcher").filter_map(|r| r["weight"].as_f64()).sum();
    let score = spell["score"].as_f64().expect("a score");
    assert!((parts - score).abs() < 1e-9, "{spell}");

    set(&place, "");
    let alone = answer(&place, &["match", "--format", "json"]);
    let alone = alone["errors"][0]["spells"][0]["score"].as_f64().expect("a score");
    let by_team = [0.0, 0.75].iter().any(|team| (alone * 0.75 + team * 0.25 - score).abs() < 1e-9);
    assert!(by_team, "{alone} alone, {score} together");
}

#[tokio::test]
async fn a_server_names_routes_and_shares() {
    let place = place(
        "[[plugins.matcher_routes]]\nrepositories = [\"octo/*\"]\n\
         matcher = [\"team-matcher:1\", \"matcher-keyword:3\"]\n",
    );
    // Without a spell there is nothing to judge.
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    let server = place.serve(&[]);
    let asked = async |repository: &str| -> Value {
        let question = json!({ "message": "borrow of moved value: `x`", "repository": repository });
        let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let routed = asked("octo/app").await;
    assert_eq!(
        routed["routes"],
        json!([{
            "route": "plugins.matcher_routes 1",
            "because": "an error of report, from octo/app",
            "plugins": ["team-matcher", "matcher-keyword"],
        }]),
        "{routed}"
    );
    let shares: Vec<(&Value, &Value)> = routed["matchers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|matcher| (&matcher["name"], &matcher["share"]))
        .collect();
    assert_eq!(shares, [(&json!("team-matcher"), &json!(0.25)), (&json!("matcher-keyword"), &json!(0.75))]);
    let other = asked("else/app").await;
    assert_eq!(other["routes"], json!([]));
    assert_eq!(other["matchers"][0]["name"], "matcher-hybrid");
}

#[test]
fn a_log_meets_the_analyzers_of_its_route() {
    let place = place(
        "[[plugins.analyzer_routes]]\nrepositories = [\"octo/*\"]\nartifacts = [\"text/x-log\"]\n\
         analyzers = [\"analyzer-python\"]\ntools = [\"rustc\"]\nexcept = [\"analyzer-guess\"]\n",
    );
    let routed = answer(&place, &["analyze", "--format", "json", "--repository", "octo/app"]);
    assert_eq!(routed["errors"][0]["diagnostic"]["code"], "E0382", "analyzer-rust knows rustc: {routed}");
    let route = &routed["routes"][0];
    assert_eq!(route["route"], "plugins.analyzer_routes 1");
    let because = route["because"].as_str().expect("a reason");
    assert!(because.ends_with(" is text/x-log, from octo/app"), "{because}");
    assert_eq!(route["plugins"], json!(["analyzer-python", "analyzer-rust"]));
    let elsewhere = answer(&place, &["analyze", "--format", "json"]);
    assert_eq!(elsewhere["routes"], json!([]));
    assert!(elsewhere["plugins"].as_array().is_some_and(|plugins| plugins.len() > 10), "{elsewhere}");

    let explained = place.run(&["match", "--explain", "--repository", "octo/app"], LOG).output();
    assert!(explained.contains("plugins.analyzer_routes 1: "), "{explained}");
    assert!(explained.contains(": analyzer-python, analyzer-rust"), "{explained}");
}

#[test]
fn an_analyzer_that_is_tried_meets_the_log_whatever_a_route_says() {
    let place = place("[[plugins.analyzer_routes]]\nanalyzers = [\"analyzer-python\"]\n");
    place.file("mine.wasm", component(Group::Analyzer, "honest"));
    let tried = answer(&place, &["analyze", "--format", "json", "--plugin", "mine.wasm"]);
    let met = tried["routes"][0]["plugins"].as_array().expect("a list");
    assert!(met.contains(&json!("analyzer-python")) && met.len() == 2, "{tried}");
}

#[test]
fn mistakes_in_routes_are_named_with_their_place_and_the_remedy() {
    let place = place("");
    let analyzer = "[[plugins.analyzer_routes]]\n";
    let matcher = "[[plugins.matcher_routes]]\n";
    for (settings, expected) in [
        (
            format!("{analyzer}analyser = [\"x\"]\n"),
            "grimoire.toml:3: plugins.analyzer_routes: route 1: unknown field `analyser`, expected one of `repositories`",
        ),
        (
            format!("{analyzer}repositories = [\"octo/*\"]\n"),
            "route 1: chooses nothing: add analyzers, tools or except",
        ),
        (
            format!("{analyzer}repositories = [\"octo\"]\nanalyzers = []\n"),
            "repositories: \"octo\" must be owner/* or owner/name",
        ),
        (
            format!("{analyzer}repositories = [\"global\"]\nanalyzers = []\n"),
            "repositories: \"global\" must be owner/* or owner/name",
        ),
        (format!("{analyzer}tools = [\"*test\"]\n"), "tools: \"*test\" may have * only at its end"),
        (
            format!("{analyzer}artifacts = [\"text/x-lgo\"]\nanalyzers = []\n"),
            "artifacts: no artifact is text/x-lgo; there are text/x-log, text/x-diff",
        ),
        (
            format!("{analyzer}analyzers = []\n{analyzer}repositories = [\"octo/app\"]\nanalyzers = []\n"),
            "route 2: is never taken, because route 1 fits all that it is for",
        ),
        (
            format!("{analyzer}analyzers = [\"analyzer-rsut\"]\n"),
            "plugins.analyzer_routes: there is no plugin \"analyzer-rsut\"; there are analyzer-checkers,",
        ),
        (
            format!("{analyzer}except = [\"matcher-hybrid\"]\n"),
            "plugins.analyzer_routes 1: matcher-hybrid is no analyzer: it implements grimoire:matcher@",
        ),
        (
            format!("{analyzer}tools = [\"rustc\", \"pytst\"]\n"),
            "plugins.analyzer_routes 1: no analyzer says that it knows the tool pytst",
        ),
        (
            "[plugins.analyzer_routes]\nanalyzers = []\n".to_owned(),
            "must be a list of tables, each with its key in double brackets",
        ),
        (
            format!("{matcher}tools = [\"rustc\"]\n"),
            "plugins.matcher_routes: route 1: missing field `matcher`",
        ),
        (
            format!("{matcher}matcher = 3\n"),
            "matcher must be a name, or a list of names with or without weights",
        ),
        (
            format!("{matcher}matcher = [\"matcher-hybrid:0\"]\n"),
            "route 1: matcher: \"matcher-hybrid:0\" must be matcher or matcher:weight",
        ),
        (
            format!("{matcher}matcher = \"matcher-hybird\"\n"),
            "plugins.matcher_routes: there is no plugin \"matcher-hybird\"",
        ),
        (
            format!("{matcher}matcher = \"analyzer-rust\"\n"),
            "plugins.matcher_routes 1: analyzer-rust is no matcher",
        ),
        (
            "matcher = [\"matcher-hybrid:0.5\", \"matcher-hybrid\"]\n".to_owned(),
            "plugins.matcher: names matcher-hybrid twice",
        ),
    ] {
        set(&place, &settings);
        for arguments in [&["config", "check"][..], &["match"]] {
            let ended = place.run(arguments, LOG);
            assert_eq!(ended.code(), 78, "{settings}: {}", ended.complaint());
            assert!(ended.complaint().contains(expected), "{settings}: {}", ended.complaint());
        }
    }
    // JSON in the environment is the same.
    set(&place, "");
    let output = place
        .grimoire(&["config", "check"])
        .env("GRIMOIRE_PLUGINS_ANALYZER_ROUTES", "[{\"analyzers\": [\"analyzer-rust\"]}, 3]")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(78));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("plugins.analyzer_routes: route 2: must be a table"), "{complaint}");
}

#[test]
fn an_installed_plugin_that_a_route_names_stays() {
    let place = Place::new();
    place.file("team-matcher.wasm", component(Group::Matcher, "honest"));
    done(&place, &["install", "team-matcher.wasm", "--name", "team-matcher"], &[]);
    place.file("grimoire.toml", "[[plugins.matcher_routes]]\nmatcher = \"team-matcher\"\n");
    place.allow();
    assert_eq!(place.run(&["config", "check"], b"").code(), 0);
    let refused = plugin(&place, &["remove", "team-matcher"], &[]);
    assert_eq!(refused.code(), 65);
    let expected = "plugins.matcher_routes 1: team-matcher is not loaded; choose another";
    assert!(refused.complaint().contains(expected), "{}", refused.complaint());
}
