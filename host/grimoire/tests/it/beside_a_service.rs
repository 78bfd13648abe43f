//! The command line gives the same results with the data folder and through a running service.

use crate::crash::client;
use crate::process::{Place, Serving};

const SPELL: &str = "\
key: the-flurble
title: Put the quux into its flurble
description: The quux was left outside.
error_type: zz-991
error_pattern: the quux is not in its flurble
covers_code: true
solution_code: quux --into flurble
tags: [quux]
";

const LOG: &str = "src/frobnicate.zz:3:7: error: the quux is not in its flurble [zz-991]\n";

/// The port of a server, as a setting for other commands.
fn port_of(server: &Serving) -> String {
    server.url("").rsplit(':').next().expect("a port").to_owned()
}

#[test]
fn a_spellbook_is_kept_with_commands_where_no_service_runs() {
    let place = Place::new();
    keeps_a_spell(&place, &[]);
}

#[test]
fn the_same_commands_speak_to_a_service_at_an_address() {
    let place = Place::new();
    let server = place.serve(&[]);
    let url = server.url("");
    keeps_a_spell(&Place::new(), &["--url", &url]);
    assert!(server.stop());
}

/// Adds, finds, changes and deletes a spell.
fn keeps_a_spell(place: &Place, target: &[&str]) {
    let run = |arguments: &[&str], input: &str| {
        let all: Vec<&str> = arguments.iter().chain(target).copied().collect();
        let ended = place.run(&all, input.as_bytes());
        assert_eq!(ended.code(), 0, "{all:?}: {}", ended.complaint());
        ended
    };
    let added = run(&["spells", "add", "-"], SPELL);
    assert!(added.complaint().contains("Put the quux into its flurble"), "{}", added.complaint());
    run(&["spells", "add", "-"], SPELL);
    assert_eq!(run(&["spells", "list", "--tag", "quux"], "").output().matches("the-flurble").count(), 1);
    let other = SPELL.replace("Put the quux", "Push the quux");
    let taken = place.run(&[&["spells", "add", "-"], target].concat(), other.as_bytes());
    assert_eq!(taken.code(), 65, "the key is taken: {}", taken.complaint());

    assert!(run(&["spells", "list", "--tag", "quux"], "").output().contains("the-flurble"));
    let shown = run(&["spells", "show", "the-flurble"], "").output();
    assert!(shown.contains("quux --into flurble"), "{shown}");
    let matched = run(&["match", "-"], LOG).output();
    assert!(matched.contains("Put the quux into its flurble"), "{matched}");
    assert!(run(&["analyze", "-"], LOG).output().contains("the quux is not in its flurble"));

    let yaml = run(&["spells", "show", "the-flurble", "--format", "yaml"], "").output();
    let unchanged = run(&["spells", "edit", "the-flurble", "-"], &yaml);
    assert!(unchanged.complaint().contains("nothing was changed"), "{}", unchanged.complaint());
    run(&["spells", "edit", "the-flurble", "-"], &yaml.replace("left outside", "left in the rain"));
    let json = run(&["spells", "show", "the-flurble", "--format", "json"], "").output();
    let spell: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&spell["revision"], &spell["covers_code"]), (&2.into(), &true.into()), "{json}");
    assert!(spell["description"].as_str().expect("text").contains("rain"), "{json}");

    let unasked = place.run(&[&["spells", "delete", "the-flurble"], target].concat(), b"");
    assert_eq!(unasked.code(), 64, "{}", unasked.complaint());
    run(&["spells", "delete", "the-flurble", "--yes"], "");
    let gone = place.run(&[&["spells", "show", "the-flurble"], target].concat(), b"");
    assert_eq!(gone.code(), 65, "{}", gone.complaint());
}

#[test]
fn a_folder_that_a_service_has_is_never_replaced_by_another_spellbook() {
    let place = Place::new();
    let server = place.serve(&[]);
    let port = port_of(&server);
    let asked = |arguments: &[&str], port: &str, input: &str| {
        place.file("input", input);
        let input = std::fs::File::open(place.path().join("input")).expect("the input");
        place.grimoire(arguments).env("API_PORT", port).stdin(input).output().expect("it runs")
    };
    // The commands use the service in the settings.
    for (arguments, input) in [
        (&["spells", "add", "-"][..], SPELL),
        (&["match", "-"], LOG),
        (&["analyze", "-"], LOG),
        (&["spells", "search", "quux"], ""),
    ] {
        let output = asked(arguments, &port, input);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {complaint}");
        assert!(!complaint.contains("starter"), "{complaint}");
        if arguments[0] != "analyze" && arguments[1] != "add" {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("Put the quux into its flurble"), "{arguments:?}: {text}");
        }
    }
    // If it does not answer, the commands say so.
    for arguments in [&["match", "-"][..], &["analyze", "-"], &["spells", "list"]] {
        let output = asked(arguments, "1", LOG);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{arguments:?}: {complaint}");
        assert!(complaint.contains("--url"), "{complaint}");
    }
    // Commands that need the spellbook itself name the remedy.
    let explain = asked(&["match", "--explain", "--", "-"], &port, LOG);
    assert_eq!(explain.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&explain.stderr).contains("spells export"));
    assert!(server.stop());
}

#[tokio::test]
async fn a_service_takes_a_spellbook_and_gives_it_back() {
    let place = Place::new();
    let server = place.serve(&[]);
    let url = server.url("");
    let elsewhere = Place::new();
    elsewhere.file("book.yaml", format!("version: 1\nspells:\n- {}", SPELL.trim_end().replace('\n', "\n  ")));
    let first = elsewhere.run(&["spells", "import", "book.yaml", "--url", &url], b"");
    assert_eq!(first.output(), "1 created, 0 updated, 0 unchanged\n", "{}", first.complaint());
    let second = elsewhere.run(&["spells", "import", "book.yaml", "--url", &url], b"");
    assert_eq!(second.output(), "0 created, 0 updated, 1 unchanged\n", "{}", second.complaint());
    let exported = elsewhere.run(&["spells", "export", "out.yaml", "--url", &url], b"");
    assert_eq!(exported.code(), 0, "{}", exported.complaint());
    let text = std::fs::read_to_string(elsewhere.path().join("out.yaml")).expect("it was written");
    assert!(text.contains("the-flurble") && text.contains("rust-e0382"), "all spells, the starter ones too");

    // What the API lists is a spellbook as well.
    let answer = client().get(server.url("/api/spells?limit=7")).send().await.expect("an answer");
    elsewhere.file("listed.json", answer.bytes().await.expect("a list"));
    let third = elsewhere.run(&["spells", "import", "listed.json", "--url", &url], b"");
    assert_eq!(third.output(), "0 created, 0 updated, 7 unchanged\n", "{}", third.complaint());
    assert!(server.stop());
}

#[test]
fn a_token_is_needed_where_the_service_asks_for_one() {
    let place = Place::new();
    let server = place.serve(&[("GRIMOIRE_SERVER_API_TOKENS", "me:a-token-of-this-test")]);
    let url = server.url("");
    let elsewhere = Place::new();
    let refused = elsewhere.run(&["spells", "add", "-", "--url", &url], SPELL.as_bytes());
    assert_eq!(refused.code(), 77, "{}", refused.complaint());
    assert!(refused.complaint().contains("--token-from"), "{}", refused.complaint());
    elsewhere.file("spell.yaml", SPELL);
    let output = elsewhere
        .grimoire(&["spells", "add", "spell.yaml", "--url", &url, "--token-from", "TOKEN"])
        .env("TOKEN", "a-token-of-this-test")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(server.stop());
}

#[test]
fn what_is_wrong_in_a_spellbook_is_named_with_its_line() {
    let place = Place::new();
    place.file(
        "book.yaml",
        "version: 1\nspells:\n- title: Fine\n  description: d\n  error_type: t\n  error_pattern: p\n  solution_code: s\n\
         - title: \"\"\n  description: d\n  error_type: t\n  error_pattern: '('\n  solution_code: s\n",
    );
    place.file(
        "book.json",
        "{\"version\": 1, \"spells\": [\n {\"title\": \"t\", \"description\": \"\",\n  \"error_type\": \"t\", \"error_pattern\": \"p\", \"solution_code\": \"s\"}\n]}",
    );
    let ended = place.run(&["spells", "check", "book.yaml", "book.json"], b"");
    assert_eq!(ended.code(), 65);
    let complaint = ended.complaint();
    for place in [
        "book.yaml:8: spell 2: title",
        "book.yaml:11: spell 2: error_pattern",
        "book.json:2: spell 1: description",
    ] {
        assert!(complaint.contains(place), "{place} is missing in {complaint}");
    }
}

#[test]
fn a_pattern_with_more_alternatives_than_lines_are_searched_for_is_warned_of() {
    let place = Place::new();
    let list = |count: usize| {
        let words: Vec<String> = (0..count).map(|number| format!("{number:03}x")).collect();
        words.join("|")
    };
    let spell = |key: &str, pattern: &str| {
        format!(
            "- key: {key}\n  title: Fine\n  description: d\n  error_type: t\n  error_pattern: '{pattern}'\n  solution_code: s\n"
        )
    };
    let book = format!("version: 1\nspells:\n{}{}", spell("few", &list(512)), spell("many", &list(513)));
    place.file("book.yaml", &book);
    let ended = place.run(&["spells", "check", "book.yaml"], b"");
    assert_eq!(ended.code(), 0);
    let complaint = ended.complaint();
    assert!(
        complaint.contains("warning: book.yaml:13: many: error_pattern: has more than 512"),
        "{complaint}"
    );
    assert!(complaint.contains("split the spell"), "{complaint}");
    assert!(complaint.contains("2 spells, valid; 1 warning"), "{complaint}");
    assert!(!complaint.contains("few"), "{complaint}");
}

/// A spellbook in JSON, with texts long enough to need several pieces.
fn long_spellbook() -> String {
    let spells: Vec<serde_json::Value> = (0..60)
        .map(|number| {
            serde_json::json!({
                "key": format!("long-{number}"), "title": format!("Long {number}"), "description": "x".repeat(65_000),
                "error_type": format!("long-{number}"), "error_pattern": format!("text:flurble number {number} is too long"),
                "solution_code": "y".repeat(65_000), "scope": "octo/*",
            })
        })
        .collect();
    serde_json::json!({ "version": 1, "spells": spells }).to_string()
}

#[test]
fn a_spellbook_is_imported_by_a_service_in_pieces() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let server = place.serve(&[]);
    let url = server.url("");
    elsewhere.file("book.json", long_spellbook());
    let import = |arguments: &[&str]| {
        let all = [&["spells", "import", "book.json", "--url", &url], arguments].concat();
        let ended = elsewhere.run(&all, b"");
        assert_eq!(ended.code(), 0, "{}", ended.complaint());
        ended.output()
    };
    let preview = import(&["--dry-run"]);
    assert!(preview.starts_with("60 created, 0 updated, 0 unchanged (nothing was written"), "{preview}");
    assert_eq!(import(&[]), "60 created, 0 updated, 0 unchanged\n");
    assert_eq!(import(&[]), "0 created, 0 updated, 60 unchanged\n");
    let shown = elsewhere.run(&["spells", "show", "long-59", "--url", &url], b"").output();
    assert!(shown.contains("offered to octo/* only"), "{shown}");
    let log = b"src/a.zz:3:7: error: the flurble number 7 is too long for its quux\n";
    let asked = |arguments: &[&str]| {
        elsewhere.run(&[&["match", "-", "--url", &url], arguments].concat(), log).output()
    };
    assert!(asked(&["--repository", "octo/app"]).contains("Long 7"));
    assert!(!asked(&[]).contains("Long 7"), "it is for the repositories of octo");
    assert!(server.stop());
    // The same import with direct access to the data folder.
    let preview = place.run(&["spells", "import", "starter", "--dry-run"], b"").output();
    assert!(preview.contains("0 created, 0 updated") && preview.contains("--dry-run"), "{preview}");
}

#[test]
fn webhook_requests_are_listed_shown_and_handled_again() {
    let place = Place::new();
    let server = place.serve(&[]);
    let url = server.url("");
    let run = |arguments: &[&str]| place.run(&[arguments, &["--url", &url]].concat(), b"");
    let empty = run(&["webhook", "list"]);
    assert_eq!((empty.code(), empty.output().as_str()), (0, "no webhook request was found\n"));
    place.file("ping.json", "{\"zen\":\"Design for failure.\"}");
    let sent = run(&["webhook", "send", "ping.json", "--event", "ping", "--delivery", "a-ping"]);
    assert_eq!(sent.code(), 0, "{}", sent.complaint());
    place.file("closed.json", "{\"action\":\"labeled\",\"repository\":{\"full_name\":\"octo/app\"}}");
    run(&["webhook", "send", "closed.json", "--event", "label", "--delivery", "a-label"]);

    let listed = run(&["webhook", "list"]).output();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].contains("label.labeled") && lines[0].ends_with("a-label"), "{listed}");
    assert!(lines[1].contains("ping") && lines[1].ends_with("a-ping"), "{listed}");
    let ignored = run(&["webhook", "list", "--verdict", "ignored", "--repository", "octo/app"]).output();
    assert_eq!(ignored.lines().count(), 1, "{ignored}");
    let shown: serde_json::Value =
        serde_json::from_str(&run(&["webhook", "show", "a-ping"]).output()).expect("JSON");
    assert_eq!(shown["payload"]["zen"], "Design for failure.");
    let again = run(&["webhook", "redeliver", "a-label"]);
    assert_eq!(again.code(), 0, "{}", again.complaint());
    assert!(again.complaint().contains("asks for no work"), "{}", again.complaint());
    let elsewhere = run(&["webhook", "redeliver", "../../../api/admin/backup?"]);
    assert_eq!(elsewhere.code(), 64);
    assert!(elsewhere.complaint().contains("is no id of a webhook request"), "{}", elsewhere.complaint());
    let missing = run(&["webhook", "show", "nothing"]);
    assert_eq!(missing.code(), 65);
    assert!(missing.complaint().contains("Delivery with id nothing not found"), "{}", missing.complaint());
}
