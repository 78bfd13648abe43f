//! Backups with the real program: made with or without a running server, verified, restored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::crash::{SECRET, client, deliver};
use crate::process::{Place, Serving};

const TOKEN: &str = "a-token-that-may-write";
/// Queries as people type them, also used to measure search.
const QUERIES: &str = include_str!("../../../../tests/search/queries.jsonl");

async fn write_spell(server: &Serving, title: &str) {
    let body = json!({ "title": title, "description": "d", "error_type": "E",
        "error_pattern": "the quux is gone", "solution_code": "s" });
    let request = client().post(server.url("/api/spells")).bearer_auth(TOKEN).json(&body);
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::CREATED);
}

async fn titles(server: &Serving, query: &str) -> Vec<String> {
    let mut titles = Vec::new();
    loop {
        let url = server.url(&format!("/api/spells?limit=1000&skip={}&{query}", titles.len()));
        let page: Value =
            client().get(url).bearer_auth(TOKEN).send().await.expect("an answer").json().await.expect("JSON");
        let page = page.as_array().expect("a list");
        if page.is_empty() {
            return titles;
        }
        titles.extend(page.iter().filter_map(|spell| Some(spell["title"].as_str()?.to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_service_brings_everything_back() {
    let place = Place::new();
    place.file(".env", format!("GRIMOIRE_SERVER_API_TOKENS=me:{TOKEN}\n"));
    place.allow();
    let server = place.serve(&[]);
    write_spell(&server, "before the flurble").await;
    let base = server.url("");

    let locked = place.run(&["backup", "locked.redb"], b"");
    assert_eq!(locked.code(), 69, "{}", locked.complaint());
    assert!(locked.complaint().contains("--url http://"), "{}", locked.complaint());
    let made = place.run(&["backup", "backup.redb", "--server", &base], b"");
    assert_eq!(made.code(), 0, "{}", made.complaint());
    let again = place.run(&["backup", "backup.redb", "--server", &base], b"");
    assert_eq!(again.code(), 64, "{}", again.complaint());
    assert!(again.complaint().contains("--force"), "{}", again.complaint());
    let device = place.run(&["backup", ".", "--force", "--server", &base], b"");
    assert_eq!(device.code(), 64, "{}", device.complaint());
    assert!(device.complaint().contains("is no regular file"), "{}", device.complaint());
    write_spell(&server, "after the flurble").await;
    let before = titles(&server, "").await;
    assert!(server.stop());

    let refused = place.run(&["restore", "backup.redb"], b"");
    assert_eq!(refused.code(), 64, "{}", refused.complaint());
    let restored = place.run(&["restore", "backup.redb", "--force"], b"");
    assert_eq!(restored.code(), 0, "{}", restored.complaint());
    let server = place.serve(&[]);
    let after = titles(&server, "").await;
    assert_eq!(after.len() + 1, before.len());
    assert!(after.contains(&"before the flurble".to_owned()));
    // The index was rebuilt from the restored store.
    write_spell(&server, "once more the flurble").await;
    let mut found = titles(&server, "q=flurble").await;
    found.sort();
    assert_eq!(found, ["before the flurble", "once more the flurble"]);
    assert!(server.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_needs_a_token_where_writes_do() {
    let place = Place::new();
    let server = place.serve(&[("GRIMOIRE_SERVER_API_TOKENS", &format!("me:{TOKEN}"))]);
    let refused = place.run(&["backup", "backup.redb", "--server", &server.url("")], b"");
    assert_eq!(refused.code(), 77, "{}", refused.complaint());
    assert!(!place.path().join("backup.redb").exists());
    assert!(server.stop());
}

#[test]
fn without_a_service_the_data_folder_is_copied_and_verified() {
    let place = Place::new();
    let missing = place.run(&["backup", "backup.redb"], b"");
    assert_eq!(missing.code(), 66, "{}", missing.complaint());
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    let made = place.run(&["backup", "backup.redb"], b"");
    assert_eq!(made.code(), 0, "{}", made.complaint());
    for arguments in [["verify", "backup.redb"].as_slice(), &["verify"]] {
        let verified = place.run(arguments, b"");
        assert_eq!(verified.code(), 0, "{}", verified.complaint());
        assert!(verified.output().contains("all right"), "{}", verified.output());
    }
    let mut bytes = std::fs::read(place.path().join("backup.redb")).expect("the backup");
    let author = br#""by":""#;
    assert!(bytes.windows(author.len()).any(|part| part == author), "revisions name their author");
    while let Some(start) = bytes.windows(author.len()).position(|part| part == author) {
        bytes[start] = b'?';
    }
    place.file("damaged.redb", bytes);
    let damaged = place.run(&["verify", "damaged.redb"], b"");
    assert_eq!(damaged.code(), 65, "{}", damaged.complaint());
    assert!(damaged.complaint().contains("damaged.redb is damaged"), "{}", damaged.complaint());
    assert_eq!(place.run(&["restore", "damaged.redb", "--force"], b"").code(), 65);
}

/// Returns once the index has reached the last spell. Each spell was created by one change.
async fn until_indexed(server: &Serving) {
    let request = client().get(server.url("/api/spells?limit=1")).bearer_auth(TOKEN);
    let answer = request.send().await.expect("an answer");
    let spells = answer.headers()["x-total-count"].to_str().expect("text").parse().expect("a number");
    loop {
        let request = client().post(server.url("/api/match")).bearer_auth(TOKEN);
        let answer = request.json(&json!({ "message": "anything" })).send().await.expect("an answer");
        if answer.json::<Value>().await.expect("JSON")["sequence"].as_u64() >= Some(spells) {
            return;
        }
    }
}

/// The ids of the first spells for each of 200 queries, with their scores.
async fn answers(server: &Serving) -> Vec<(String, Vec<Value>)> {
    let client = client();
    let mut answers = Vec::new();
    for line in QUERIES.lines().take(200) {
        let line: Value = serde_json::from_str(line).expect("a query a line");
        let words = line["query"].as_str().expect("words").to_owned();
        let request = client.get(server.url("/api/spells")).query(&[("q", words.as_str()), ("limit", "10")]);
        let answer = request.bearer_auth(TOKEN).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{words}");
        let found: Vec<Value> = answer.json().await.expect("a list");
        let found = found.iter().map(|spell| json!([spell["id"], spell["title"], spell["score"]]));
        answers.push((words, found.collect()));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_answers_two_hundred_queries_as_the_service_did() {
    let place = Place::new();
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    let tokens = format!("me:{TOKEN}");
    let environment = [("GRIMOIRE_SERVER_API_TOKENS", tokens.as_str()), ("GITHUB_WEBHOOK_SECRET", SECRET)];
    let server = place.serve(&environment);
    until_indexed(&server).await;
    let before = answers(&server).await;
    assert!(before.iter().filter(|(_, found)| !found.is_empty()).count() > 190, "the queries find something");

    // Deliveries continue during the copy.
    let mut acknowledged = vec![deliver(&server, 1).await];
    let stop = Arc::new(AtomicBool::new(false));
    let load = async {
        let mut number = 1;
        while !stop.load(Ordering::Relaxed) {
            number += 1;
            deliver(&server, number).await;
        }
        number
    };
    let copy = async {
        acknowledged.push(deliver(&server, 1_000_000).await);
        let request = client().post(server.url("/api/admin/backup")).bearer_auth(TOKEN);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let copy = answer.bytes().await.expect("the copy");
        stop.store(true, Ordering::Relaxed);
        copy
    };
    let (delivered, copy) = tokio::join!(load, copy);
    assert!(delivered > 2, "there was load while the copy was made");
    assert!(server.stop());

    let other = Place::new();
    other.file("backup.redb", copy);
    for arguments in [["verify", "backup.redb"], ["restore", "backup.redb"]] {
        let ended = other.run(&arguments, b"");
        assert_eq!(ended.code(), 0, "{}", ended.complaint());
    }
    let server = other.serve(&environment);
    for job in acknowledged {
        let request = client().get(server.url(&format!("/api/jobs/{job}"))).bearer_auth(TOKEN);
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::OK, "job {job}");
    }
    until_indexed(&server).await;
    for (before, after) in before.iter().zip(answers(&server).await) {
        assert_eq!(*before, after);
    }
    assert!(server.stop());
}
