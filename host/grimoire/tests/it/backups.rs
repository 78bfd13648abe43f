//! Backups with the real program: made beside a running server or without one, verified, brought back.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::crash::client;
use crate::process::{Place, Serving};

const TOKEN: &str = "a-token-that-may-write";

async fn write_spell(server: &Serving, title: &str) {
    let body = json!({ "title": title, "description": "d", "error_type": "E",
        "error_pattern": "the quux is gone", "solution_code": "s" });
    let request = client().post(server.url("/api/spells")).bearer_auth(TOKEN).json(&body);
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::CREATED);
}

async fn titles(server: &Serving, query: &str) -> Vec<String> {
    let url = server.url(&format!("/api/spells?limit=1000&{query}"));
    let spells: Value = client().get(url).send().await.expect("an answer").json().await.expect("JSON");
    let spells = spells.as_array().expect("a list").iter();
    spells.filter_map(|spell| Some(spell["title"].as_str()?.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_service_brings_everything_back() {
    let place = Place::new();
    place.file(".env", format!("GRIMOIRE_SERVER_API_TOKENS=me:{TOKEN}\n"));
    let server = place.serve(&[]);
    write_spell(&server, "before the flurble").await;
    let base = server.url("");

    let locked = place.run(&["backup", "locked.redb"], b"");
    assert_eq!(locked.code(), 69, "{}", locked.complaint());
    assert!(locked.complaint().contains("--server http://"), "{}", locked.complaint());
    let made = place.run(&["backup", "backup.redb", "--server", &base], b"");
    assert_eq!(made.code(), 0, "{}", made.complaint());
    let again = place.run(&["backup", "backup.redb", "--server", &base], b"");
    assert_eq!(again.code(), 64, "{}", again.complaint());
    assert!(again.complaint().contains("--force"), "{}", again.complaint());
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
    // The index was rebuilt from what was restored.
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
    let author = br#""by":"import""#;
    while let Some(start) = bytes.windows(author.len()).position(|part| part == author) {
        bytes[start] = b'?';
    }
    place.file("damaged.redb", bytes);
    let damaged = place.run(&["verify", "damaged.redb"], b"");
    assert_eq!(damaged.code(), 65, "{}", damaged.complaint());
    assert!(damaged.complaint().contains("damaged.redb is damaged"), "{}", damaged.complaint());
    assert_eq!(place.run(&["restore", "damaged.redb", "--force"], b"").code(), 65);
}
