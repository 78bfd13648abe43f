use serde_json::{Value, json};

use crate::world::{Answer, Call, World, about, changed, moved_value};

const TYPES: [(&str, &str); 3] = [
    ("json", "application/json"),
    ("yaml", "application/yaml"),
    ("markdown", "text/markdown; charset=utf-8"),
];

async fn filled() -> World {
    let world = World::new();
    world.spell(&changed(&moved_value(), json!({ "key": "moved-value", "confidence": 0.5 }))).await;
    let awkward =
        json!({ "description": "a\r\n---\n## Solution\n\nb\n", "solution_code": "```\nfenced\r\n```" });
    world.spell(&changed(&about("awkward"), awkward)).await;
    world.spell(&changed(&about("retired"), json!({ "status": "retired" }))).await;
    world
}

fn import(world: &World, query: &str, kind: &str, body: &[u8]) -> Call {
    world.post(&format!("/api/spells/import{query}")).header("content-type", kind).body(body.to_vec())
}

fn counts(answer: &Answer) -> [u64; 3] {
    let body = answer.json();
    ["created", "updated", "unchanged"].map(|name| body[name].as_u64().expect("a number"))
}

/// Every spell without the fields that differ between two servers.
async fn contents(world: &World) -> Vec<Value> {
    let spells = world.get("/api/spells").await.expect(200).json();
    let volatile = json!({ "created_at": null, "updated_at": null, "revision": null });
    spells.as_array().expect("a list").iter().map(|spell| changed(spell, volatile.clone())).collect()
}

#[tokio::test]
async fn a_spellbook_goes_out_and_comes_in_elsewhere() {
    let from = filled().await;
    for (format, kind) in TYPES {
        let export = from.get(&format!("/api/spells/export?format={format}")).await.expect(200);
        assert_eq!(export.header("content-type"), Some(kind));
        let to = World::new();
        let preview = import(&to, "?dry_run=true", kind, &export.body).await.expect(200);
        assert_eq!((counts(&preview), &preview.json()["dry_run"]), ([3, 0, 0], &json!(true)));
        assert_eq!(to.get("/api/spells").await.expect(200).json(), json!([]), "nothing was written");
        assert_eq!(counts(&import(&to, "", kind, &export.body).await.expect(200)), [3, 0, 0]);
        assert_eq!(contents(&to).await, contents(&from).await, "{format}");
        for query in ["?dry_run=true", ""] {
            let again = import(&to, query, kind, &export.body).await.expect(200);
            assert_eq!(counts(&again), [0, 0, 3], "a second time changes nothing");
        }
        to.patch("/api/spells/1").json(&json!({ "title": "Changed" })).await.expect(200);
        for query in ["?dry_run=true", ""] {
            assert_eq!(
                counts(&import(&to, query, kind, &export.body).await.expect(200)),
                [0, 1, 2],
                "by its key"
            );
        }
    }
}

#[tokio::test]
async fn what_the_list_shows_can_be_imported() {
    let from = filled().await;
    let list = from.get("/api/spells").await.expect(200);
    let to = World::new();
    assert_eq!(counts(&import(&to, "", "application/json", &list.body).await.expect(200)), [3, 0, 0]);
    assert_eq!(contents(&to).await, contents(&from).await);
}

#[tokio::test]
async fn an_editor_that_ends_lines_with_carriage_returns_changes_nothing() {
    let from = World::new();
    from.spell(&changed(&moved_value(), json!({ "key": "moved-value", "description": "a\n\nb" }))).await;
    let export = from.get("/api/spells/export?format=markdown").await.expect(200);
    let edited = String::from_utf8(export.body.to_vec()).expect("text").replace('\n', "\r\n");
    let again = import(&from, "", "text/markdown", edited.as_bytes()).await.expect(200);
    assert_eq!(counts(&again), [0, 0, 1]);
}

#[tokio::test]
async fn of_many_mistakes_the_first_are_told_and_the_others_counted() {
    let world = World::new();
    let spell = changed(&moved_value(), json!({ "key": "the-same" }));
    let body = Value::from(vec![spell; 2_000]).to_string();
    let refused = import(&world, "", "application/json", body.as_bytes()).await.expect(422);
    let errors = refused.json()["errors"].as_array().expect("a list").clone();
    assert_eq!(errors.len(), 100, "{errors:?}");
    let last = errors[99]["message"].as_str().expect("a sentence");
    assert!(last.ends_with("; 1899 further errors are not listed"), "{last}");
}

#[tokio::test]
async fn an_empty_spellbook_is_one() {
    let world = World::new();
    for (format, kind) in TYPES {
        let export = world.get(&format!("/api/spells/export?format={format}")).await.expect(200);
        assert_eq!(counts(&import(&world, "", kind, &export.body).await.expect(200)), [0, 0, 0], "{format}");
    }
    assert_eq!(world.get("/api/spells/export?format=xml").await.wrong_fields(), ["format"]);
}

#[tokio::test]
async fn a_spellbook_with_anything_wrong_is_refused_whole() {
    let world = World::new();
    let spells =
        json!([moved_value(), changed(&moved_value(), json!({ "title": "", "error_pattern": ".*" }))]);
    let body = spells.to_string();
    for query in ["?dry_run=true", ""] {
        let wrong = import(&world, query, "application/json", body.as_bytes()).await.wrong_fields();
        assert_eq!(wrong, ["spells[1].title", "spells[1].error_pattern"]);
    }
    for (kind, body) in [
        ("application/json", &b"{\"version\": 1, \"spells\": [{}]}"[..]),
        ("application/json", b"\xff"),
        ("application/yaml", b"version: 3\nspells: []"),
        ("text/markdown", b"# no front matter"),
    ] {
        import(&world, "", kind, body).await.error(422, "INVALID");
    }
    import(&world, "", "text/plain", b"x").await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(world.get("/api/spells").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn an_export_is_in_the_notation_that_the_caller_takes() {
    let world = filled().await;
    for (accept, kind) in [
        ("application/yaml", "application/yaml"),
        ("text/markdown, application/json;q=0.5", "text/markdown; charset=utf-8"),
        ("text/html, application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
    ] {
        let export = world.get("/api/spells/export").header("accept", accept).await.expect(200);
        assert_eq!(export.header("content-type"), Some(kind), "{accept}");
    }
    let asked = world.get("/api/spells/export?format=json").header("accept", "application/yaml").await;
    assert_eq!(asked.header("content-type"), Some("application/json"), "what the address says comes first");
}
