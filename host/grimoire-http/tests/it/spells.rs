use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::world::{World, about, changed, moved_value};

#[tokio::test]
async fn a_spell_is_stored_read_changed_and_deleted() {
    let world = World::new();
    let created = world.post("/api/spells").json(&moved_value()).await.expect(201);
    assert_eq!(created.header("location"), Some("/api/spells/1"));
    assert_eq!(created.header("etag"), Some("\"1\""));
    assert_eq!(created.header("x-grimoire-sequence"), Some("1"));
    let spell = created.json();
    assert_eq!(spell["id"], 1);
    assert_eq!(spell["tags"], "ownership,rust", "a set, written sorted");
    assert_eq!((&spell["status"], &spell["source"]), (&json!("active"), &json!("human")));
    assert_eq!(spell["updated_at"], Value::Null);

    let read = world.get("/api/spells/1").await.expect(200);
    assert_eq!(read.json(), spell);
    assert_eq!(read.header("etag"), Some("\"1\""));

    let replaced = world.put("/api/spells/1").json(&about("borrow")).await.expect(200);
    assert_eq!(replaced.header("etag"), Some("\"2\""));
    assert_eq!(replaced.json()["tags"], Value::Null, "a replacement keeps nothing");
    assert_eq!(replaced.json()["covers_code"], false, "unless told otherwise");
    assert!(replaced.json()["updated_at"].is_string());

    let change = json!({ "title": "Borrowed", "covers_code": true });
    let patched = world.patch("/api/spells/1").json(&change).await.expect(200).json();
    assert_eq!((&patched["title"], &patched["error_type"]), (&json!("Borrowed"), &json!("borrow")));
    assert_eq!(patched["covers_code"], true);

    let deleted = world.delete("/api/spells/1").await.expect(204);
    assert!(deleted.body.is_empty());
    assert_eq!(deleted.header("x-grimoire-sequence"), Some("4"));
    let gone = world.get("/api/spells/1").await.error(404, "SPELL_NOT_FOUND");
    assert_eq!(gone["detail"], "Spell with id 1 not found");

    let revisions = world.get("/api/spells/1/revisions").await.expect(200).json();
    let changes: Vec<_> = revisions.as_array().expect("a list").iter().map(|r| r["change"].clone()).collect();
    assert_eq!(changes, ["created", "updated", "updated", "deleted"]);
    assert_eq!(revisions[0]["by"], "anonymous");
    assert_eq!((&revisions[1]["covers_code"], &revisions[2]["covers_code"]), (&json!(false), &json!(true)));
    let next = world.spell(&about("another")).await;
    assert_eq!(next["id"], 2, "ids are never reused");
}

#[tokio::test]
async fn an_unknown_id_is_404_whatever_is_asked_of_it() {
    let world = World::new();
    for call in [
        world.get("/api/spells/42"),
        world.put("/api/spells/42").json(&moved_value()),
        world.patch("/api/spells/42").json(&json!({ "title": "x" })),
        world.delete("/api/spells/42"),
        world.get("/api/spells/42/revisions"),
        world.post("/api/spells/42/revisions/1/restore"),
        world.get("/api/spells/18446744073709551615").header("x-request-id", "largest"),
    ] {
        let error = call.await.error(404, "SPELL_NOT_FOUND");
        let detail = error["detail"].as_str().expect("text");
        assert!(detail.contains("42") || detail.contains("18446744073709551615"), "{detail}");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_says_how_many_there_are() {
    let world = World::new();
    for word in ["one", "two", "three", "four", "five"] {
        world.spell(&about(word)).await;
    }
    let all = world.get("/api/spells").await.expect(200);
    assert_eq!(all.header("x-total-count"), Some("5"));
    assert_eq!(all.header("link"), None, "one page holds everything");
    let page = world.get("/api/spells?skip=2&limit=2").await.expect(200);
    let ids: Vec<_> = page.json().as_array().expect("a list").iter().map(|s| s["id"].clone()).collect();
    assert_eq!(ids, [3, 4]);
    assert_eq!(page.link("first").as_deref(), Some("/api/spells?skip=0&limit=2"));
    assert_eq!(page.link("prev").as_deref(), Some("/api/spells?skip=0&limit=2"));
    assert_eq!(page.link("next").as_deref(), Some("/api/spells?skip=4&limit=2"));
    assert_eq!(page.link("last").as_deref(), Some("/api/spells?skip=4&limit=2"));
    let beyond = world.get("/api/spells?skip=100&limit=2").await.expect(200);
    assert_eq!(beyond.json(), json!([]));
    assert_eq!(beyond.header("x-total-count"), Some("5"));
    assert_eq!(beyond.link("prev").as_deref(), Some("/api/spells?skip=3&limit=2"));
}

#[tokio::test]
async fn filters_narrow_the_list_and_stay_in_the_links() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.spell(&changed(&about("borrow"), json!({ "tags": "Rust", "status": "draft" }))).await;
    world.spell(&changed(&about("lifetime"), json!({ "tags": "rust" }))).await;
    world.spell(&about("indentation")).await;
    for (query, ids) in [
        ("error_type=e0382", vec![1]),
        ("tag=rust", vec![1, 2, 3]),
        ("status=draft", vec![2]),
        ("status=retired", vec![]),
        ("tag=rust&status=active", vec![1, 3]),
        ("q=moved", vec![1]),
        ("q=moved&status=draft", vec![]),
        ("q=%20", vec![1, 2, 3, 4]),
    ] {
        let answer = world.get(&format!("/api/spells?{query}")).await.expect(200);
        let found: Vec<u64> =
            answer.json().as_array().expect("a list").iter().filter_map(|s| s["id"].as_u64()).collect();
        assert_eq!(found, ids, "{query}");
        assert_eq!(answer.header("x-total-count"), Some(ids.len().to_string().as_str()), "{query}");
    }
    let first = world.get("/api/spells?tag=rust&limit=1").await.expect(200);
    let second = world.get(&first.link("next").expect("more")).await.expect(200);
    assert_eq!(second.json()[0]["id"], 2);
    assert_eq!(world.get("/api/spells?status=asleep").await.wrong_fields(), ["status"]);
}

#[tokio::test]
async fn a_search_answers_with_scores_and_marked_snippets() {
    let world = World::new();
    world.spell(&moved_value()).await;
    let found = world.get("/api/spells?q=moved").await.expect(200).json();
    assert!(found[0]["score"].as_f64().is_some_and(|score| score > 0.0), "{found}");
    let passages = found[0]["snippet"]["passages"].as_array().expect("passages").clone();
    let marked: Vec<&str> = passages
        .iter()
        .filter(|passage| passage["marked"] == true)
        .filter_map(|passage| passage["text"].as_str())
        .collect();
    assert_eq!(marked.iter().map(|text| text.trim()).collect::<Vec<_>>(), ["moved"], "{found}");
    let listed = world.get("/api/spells").await.expect(200).json();
    assert_eq!((listed[0].get("score"), listed[0].get("snippet")), (None, None));
}

#[tokio::test]
async fn a_caller_who_holds_the_revision_is_not_sent_it_again() {
    let world = World::new();
    world.spell(&moved_value()).await;
    for held in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let answer = world.get("/api/spells/1").header("if-none-match", held).await.expect(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), Some("\"1\""));
    }
    for other in ["\"2\"", "1", "nonsense"] {
        world.get("/api/spells/1").header("if-none-match", other).await.expect(200);
    }
}

#[tokio::test]
async fn a_change_made_from_an_old_revision_is_refused() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.patch("/api/spells/1").json(&json!({ "title": "Second" })).await.expect(200);
    let calls = || {
        [
            world.put("/api/spells/1").json(&moved_value()),
            world.patch("/api/spells/1").json(&json!({ "title": "Third" })),
            world.post("/api/spells/1/revisions/1/restore"),
            world.delete("/api/spells/1"),
        ]
    };
    for call in calls() {
        let error = call.header("if-match", "\"1\"").await.error(412, "PRECONDITION_FAILED");
        assert!(error["detail"].as_str().expect("text").contains("revision 2"), "{error}");
    }
    for call in calls() {
        call.header("if-match", "2").await.error(400, "BAD_REQUEST");
    }
    world.patch("/api/spells/1").json(&json!({})).header("if-match", "\"2\"").await.expect(200);
    world.patch("/api/spells/1").json(&json!({})).header("if-match", "*").await.expect(200);
    world.delete("/api/spells/1").header("if-match", "\"4\"").await.expect(204);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_at_once() {
    let world = World::new();
    let wrong = json!({
        "title": "x".repeat(256),
        "description": " ",
        "error_type": "y".repeat(101),
        "error_pattern": "(unclosed",
        "tags": "z".repeat(501),
        "confidence": 1.5,
        "key": "Not A Key",
    });
    let mut fields = world.post("/api/spells").json(&wrong).await.wrong_fields();
    fields.sort();
    assert_eq!(
        fields,
        ["confidence", "description", "error_pattern", "error_type", "key", "solution_code", "tags", "title"]
    );
    assert_eq!(
        world.post("/api/spells").json(&json!({})).await.wrong_fields(),
        ["title", "description", "error_type", "error_pattern", "solution_code"]
    );
    world.spell(&moved_value()).await;
    assert_eq!(world.put("/api/spells/1").json(&json!({ "title": "x" })).await.wrong_fields().len(), 4);
    assert_eq!(world.patch("/api/spells/1").json(&json!({ "title": "" })).await.wrong_fields(), ["title"]);
}

#[tokio::test]
async fn limits_count_characters_and_hold_to_the_last_one() {
    let world = World::new();
    let longest = json!({ "title": "ü".repeat(255), "error_type": "ü".repeat(100), "tags": "ü".repeat(500) });
    world.spell(&changed(&moved_value(), longest)).await;
}

#[tokio::test]
async fn a_useless_pattern_is_refused_and_says_why() {
    let world = World::new();
    for (pattern, reason) in [
        (".*", "matches everything"),
        ("a{1000}{1000}", "too large"),
        ("[", "regular expression"),
        ("text:", "empty"),
    ] {
        let spell = changed(&moved_value(), json!({ "error_pattern": pattern }));
        let error = world.post("/api/spells").json(&spell).await.error(422, "INVALID");
        assert_eq!(error["errors"][0]["field"], "error_pattern");
        assert!(error["errors"][0]["message"].as_str().expect("text").contains(reason), "{pattern}: {error}");
    }
    let samples = json!({ "must_match": ["use of moved value: `x`", "nothing"], "must_not_match": [] });
    let spell = changed(&moved_value(), json!({ "samples": samples }));
    assert_eq!(world.post("/api/spells").json(&spell).await.wrong_fields(), ["samples.must_match[1]"]);
}

#[tokio::test]
async fn a_title_in_which_nothing_can_be_seen_is_empty() {
    let world = World::new();
    let spell = changed(&moved_value(), json!({ "title": "\u{200b}\u{2060} \u{feff}" }));
    assert_eq!(world.post("/api/spells").json(&spell).await.wrong_fields(), ["title"]);
}

#[tokio::test]
async fn a_key_belongs_to_one_spell() {
    let world = World::new();
    let spell = changed(&moved_value(), json!({ "key": "moved-value" }));
    world.spell(&spell).await;
    let different = changed(&spell, json!({ "title": "Something else" }));
    world.post("/api/spells").json(&different).await.error(409, "CONFLICT");
    world.spell(&about("other")).await;
    let taken = world.patch("/api/spells/2").json(&json!({ "key": "moved-value" }));
    taken.header("if-match", "\"1\"").await.error(409, "CONFLICT");
}

#[tokio::test]
async fn a_request_that_gives_a_key_can_be_repeated_when_its_answer_was_lost() {
    let world = World::new();
    let spell = changed(&moved_value(), json!({ "key": "moved-value" }));
    let first = world.post("/api/spells").json(&spell).await.expect(201);
    let again = world.post("/api/spells").json(&spell).await.expect(201);
    assert_eq!(again.json(), first.json());
    for header in ["location", "etag", "x-grimoire-sequence"] {
        assert_eq!(again.headers[header], first.headers[header], "{header}");
    }
    assert_eq!(world.get("/api/spells").await.expect(200).json().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn null_clears_what_may_be_absent_and_leaves_the_rest() {
    let world = World::new();
    world.spell(&changed(&moved_value(), json!({ "key": "moved-value", "confidence": 0.5 }))).await;
    let nulls = json!({ "key": null, "confidence": null, "tags": null, "title": null, "status": null });
    let spell = world.patch("/api/spells/1").json(&nulls).await.expect(200).json();
    for cleared in ["key", "confidence", "tags"] {
        assert_eq!(spell[cleared], Value::Null, "{cleared}");
    }
    assert_eq!(spell["title"], "Use of a moved value");
    assert_eq!(spell["status"], "active");
}

#[tokio::test]
async fn an_answer_can_be_sent_back_as_it_is() {
    let world = World::new();
    let spell = world.spell(&changed(&moved_value(), json!({ "key": "moved-value" }))).await;
    let again = world.put("/api/spells/1").json(&spell).await.expect(200).json();
    let volatile = json!({ "revision": 1, "updated_at": null });
    assert_eq!(changed(&again, volatile), spell);
}

#[tokio::test]
async fn changes_can_be_undone() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.patch("/api/spells/1").json(&json!({ "title": "Worse" })).await.expect(200);
    let restored = world.post("/api/spells/1/revisions/1/restore").await.expect(200);
    assert_eq!(restored.json()["title"], "Use of a moved value");
    assert_eq!(restored.header("etag"), Some("\"3\""));
    world.post("/api/spells/1/revisions/9/restore").await.error(404, "REVISION_NOT_FOUND");
    world.delete("/api/spells/1").await.expect(204);
    let back = world.post("/api/spells/1/revisions/2/restore").await.expect(201);
    assert_eq!(back.header("location"), Some("/api/spells/1"));
    let back = back.json();
    assert_eq!((&back["id"], &back["title"], &back["revision"]), (&json!(1), &json!("Worse"), &json!(5)));
    assert_eq!(world.get("/api/spells/1").await.expect(200).json(), back);
}

#[tokio::test]
async fn where_tokens_are_configured_only_their_holders_write() {
    let world = World::closed();
    let writes = || {
        [
            world.post("/api/spells").json(&moved_value()),
            world.put("/api/spells/1").json(&moved_value()),
            world.patch("/api/spells/1").json(&json!({ "title": "x" })),
            world.delete("/api/spells/1"),
            world.post("/api/spells/1/revisions/1/restore"),
        ]
    };
    world.post("/api/spells").json(&moved_value()).by_writer().await.expect(201);
    for call in writes() {
        let refused = call.await.expect(401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        refused.error(401, "UNAUTHENTICATED");
    }
    for call in writes() {
        call.with_token("not-the-token").await.error(401, "UNAUTHENTICATED");
    }
    for call in writes() {
        call.header("authorization", "Basic YW5hOmFuYQ==").await.error(401, "UNAUTHENTICATED");
    }
    let revisions = world.get("/api/spells/1/revisions").by_writer().await.expect(200).json();
    assert_eq!(revisions.as_array().map(Vec::len), Some(1), "nothing was written");
    assert_eq!(revisions[0]["by"], "token:ana");
    // The scheme before the token ignores letter case.
    world.delete("/api/spells/1").header("authorization", "bearer a-token-that-may-write").await.expect(204);
}

#[tokio::test]
async fn pages_of_other_origins_cannot_write_to_a_server_without_tokens() {
    let world = World::with(|setup| setup.options.cors_origins = vec!["https://ci.example.org".to_owned()]);
    world.spell(&moved_value()).await;
    let restore = |origin| {
        let call = world.post("/api/spells/1/revisions/1/restore").header("host", "127.0.0.1:8000");
        call.header("origin", origin)
    };
    for stranger in
        ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:8000.evil.example"]
    {
        restore(stranger).await.error(403, "FORBIDDEN");
    }
    // The attacker's host name, pointed at this machine after the page was loaded.
    let rebound = restore("http://evil.example:8000").header("host", "evil.example:8000");
    rebound.await.error(421, "MISDIRECTED_REQUEST");
    restore("http://127.0.0.1:8000").await.expect(200);
    restore("http://localhost:8000").header("host", "localhost:8000").await.expect(200);
    restore("http://[::1]:8000").header("host", "[::1]:8000").await.expect(200);
    restore("https://ci.example.org").await.expect(200);
}

#[tokio::test]
async fn a_spell_that_was_read_before_shows_every_later_write() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.spell(&about("other")).await;
    let first = world.get("/api/spells/1").await.expect(200);
    let again = world.get("/api/spells/1").await.expect(200);
    assert_eq!(first.body, again.body);
    for header in ["etag", "content-type", "cache-control"] {
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    let title = async || world.get("/api/spells/1").await.expect(200).json()["title"].clone();

    world.put("/api/spells/2").json(&about("changed")).await.expect(200);
    assert_eq!(world.get("/api/spells/1").await.expect(200).body, first.body, "another one was written");

    world.patch("/api/spells/1").json(&json!({ "title": "Patched" })).await.expect(200);
    assert_eq!(title().await, "Patched");
    let held = world.get("/api/spells/1").header("if-none-match", "\"1\"").await.expect(200);
    assert_eq!(held.header("etag"), Some("\"2\""));
    world.get("/api/spells/1").header("if-none-match", "\"2\"").await.expect(304);

    world.put("/api/spells/1").json(&about("replaced")).await.expect(200);
    assert_eq!(title().await, about("replaced")["title"]);
    world.post("/api/spells/1/revisions/2/restore").await.expect(200);
    assert_eq!(title().await, "Patched");
    world.delete("/api/spells/1").await.expect(204);
    world.get("/api/spells/1").await.error(404, "SPELL_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_reader_is_behind_an_acknowledged_write() {
    let world = Arc::new(World::new());
    world.spell(&about("counted")).await;
    let acknowledged = Arc::new(AtomicU64::new(1));
    let readers = [(); 2].map(|()| {
        let (world, acknowledged) = (Arc::clone(&world), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            loop {
                let known = acknowledged.load(Ordering::SeqCst);
                if known == u64::MAX {
                    break;
                }
                let shown = world.get("/api/spells/1").await.expect(200).json()["revision"].as_u64();
                assert!(shown >= Some(known), "{shown:?} after {known}");
            }
        })
    });
    for _ in 0..200 {
        let written = world.patch("/api/spells/1").json(&json!({ "title": "Counted" })).await.expect(200);
        acknowledged.store(written.json()["revision"].as_u64().expect("a number"), Ordering::SeqCst);
    }
    acknowledged.store(u64::MAX, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("no reader was behind");
    }
}
