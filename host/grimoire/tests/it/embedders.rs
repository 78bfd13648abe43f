//! The embedder that ships, in the real program: off by default, found by similarity, replaced while it serves.

use serde_json::{Value, json};

use crate::crash::client;
use crate::guests::{Group, component};
use crate::plugin_admin::done;
use crate::process::{Place, Serving};

/// A spell whose words are others than those of [`LOG`], with parts that are the same.
const BOOK: &str = "version: 1\nspells:\n  - {key: whistle, title: Teekesselpfeife, description: Der Teekessel., \
                    error_type: zz-991, error_pattern: teekesselpfeife, solution_code: undo it}\n";
const LOG: &[u8] = b"error: pfeifenteekessel\n";

#[test]
fn a_spell_is_found_by_similarity_where_an_embedder_is_chosen() {
    let place = Place::new();
    place.file("book.yaml", BOOK);
    assert_eq!(place.run(&["spells", "import", "book.yaml"], b"").code(), 0);
    let candidates = || {
        let ended = place.run(&["match", "--explain"], LOG);
        assert!(ended.output().contains("pfeifenteekessel"), "{}{}", ended.output(), ended.complaint());
        ended.output()
    };
    assert!(!candidates().contains("Teekesselpfeife"), "{}", candidates());
    assert!(!place.path().join("data/vectors").exists(), "nothing is embedded without the setting");

    place.file("grimoire.toml", "[plugins]\nembedder = \"embedder-ngrams\"\n");
    place.allow();
    assert!(candidates().contains("Teekesselpfeife"), "{}", candidates());
}

#[test]
fn a_chosen_embedder_must_be_one() {
    for (name, expected) in [
        (
            "matcher-hybrid",
            "plugins.embedder: matcher-hybrid is no embedder: it implements grimoire:matcher@0.1.0",
        ),
        ("nobody", "plugins.embedder: there is no plugin \"nobody\""),
    ] {
        let place = Place::new();
        place.file("grimoire.toml", format!("[plugins]\nembedder = \"{name}\"\n"));
        place.allow();
        let ended = place.run(&["serve", "--port", "0"], b"");
        assert_eq!(ended.code(), 78, "{}", ended.complaint());
        assert!(ended.complaint().contains(expected), "{}", ended.complaint());
    }
}

/// The answer to a question, and the digest of the embedder that took part.
async fn asked(server: &Serving, name: &str) -> (Value, Option<String>) {
    let question = json!({ "message": "pfeifenteekessel" });
    let answer = client().post(server.url("/api/match")).json(&question).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    let plugins = answer["plugins"].as_array().cloned().unwrap_or_default();
    let embedder = plugins.iter().find(|plugin| plugin["name"] == name);
    let digest = embedder.and_then(|plugin| plugin["digest"].as_str().map(str::to_owned));
    (answer, digest)
}

async fn get(server: &Serving, path: &str) -> Value {
    client().get(server.url(path)).send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn an_embedder_that_is_replaced_embeds_every_spell_again_while_the_service_answers() {
    let place = Place::new();
    let server = place.serve(&[("GRIMOIRE_PLUGINS_EMBEDDER", "embedder-ngrams")]);
    let shipped = loop {
        if let (_, Some(digest)) = asked(&server, "embedder-ngrams").await {
            break digest;
        }
        tokio::task::yield_now().await;
    };
    let listed = get(&server, "/api/plugins/embedder-ngrams").await;
    assert_eq!(listed["digest"], json!(shipped));
    assert_eq!(listed["world"], "grimoire:embedder@0.1.0");
    let embedded = |health: &Value| {
        let detail = health["detail"].as_str().unwrap_or_default();
        detail.contains(", 1 embedder; ") && detail.contains("embedder-ngrams has embedded ")
    };
    let health = get(&server, "/health/plugins").await;
    assert!(embedded(&health), "{health}");

    let operator = Place::new();
    operator.file("other.wasm", component(Group::Embedder, "honest"));
    let url = server.url("");
    done(&operator, &["install", "other.wasm", "--name", "embedder-ngrams"], &["--url", &url]);
    let installed = loop {
        let (answer, digest) = asked(&server, "embedder-ngrams").await;
        assert_eq!(answer["degraded"], json!(false), "{answer}");
        let digest = digest.expect("there are vectors at any time");
        if digest != shipped {
            break digest;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(get(&server, "/api/plugins/embedder-ngrams").await["digest"], json!(installed));
    let health = get(&server, "/health/plugins").await;
    assert!(embedded(&health), "{health}");
    assert!(server.stop());
}
