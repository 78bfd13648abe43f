//! The scopes of spells, and how spells have fared.

use serde_json::{Value, json};

use crate::world::{World, about, changed, moved_value};

#[tokio::test]
async fn a_spell_has_a_scope() {
    let world = World::new();
    let spell = world.spell(&moved_value()).await;
    assert_eq!(spell["scope"], "global");
    let scoped = changed(&about("borrow"), json!({ "scope": "octo/app" }));
    assert_eq!(world.put("/api/spells/1").json(&scoped).await.expect(200).json()["scope"], "octo/app");
    let patch = |scope: &str| world.patch("/api/spells/1").json(&json!({ "scope": scope }));
    assert_eq!(patch("octo/*").await.expect(200).json()["scope"], "octo/*");
    let revisions = world.get("/api/spells/1/revisions").await.json();
    assert_eq!((&revisions[1]["scope"], &revisions[2]["scope"]), (&json!("octo/app"), &json!("octo/*")));
    for wrong in ["octo", "octo/app/x", "", "*"] {
        assert_eq!(patch(wrong).await.wrong_fields(), ["scope"], "{wrong:?}");
        let body = changed(&moved_value(), json!({ "scope": wrong, "title": "" }));
        let mut fields = world.post("/api/spells").json(&body).await.wrong_fields();
        fields.sort_unstable();
        assert_eq!(fields, ["scope", "title"], "{wrong:?}");
    }
    let unchanged = patch("octo/*").await.expect(200).json();
    let kept = world.patch("/api/spells/1").json(&json!({ "scope": null })).await.expect(200).json();
    assert_eq!(kept["scope"], unchanged["scope"], "null leaves it");
    let matched = |repository: Value| {
        let error = json!({ "error_type": "borrow", "message": "borrow", "repository": repository });
        world.post("/api/match").json(&error)
    };
    for (repository, offered) in [(json!("octo/app"), 1), (json!(null), 0), (json!("other/app"), 0)] {
        let answer = matched(repository.clone()).await.expect(200).json();
        assert_eq!(answer["spells"].as_array().map(Vec::len), Some(offered), "{repository}: {answer}");
    }
    assert_eq!(matched(json!("octo")).await.wrong_fields(), ["repository"]);
    let error = json!({ "message": "", "repository": "octo" });
    assert_eq!(world.post("/api/match").json(&error).await.wrong_fields(), ["message", "repository"]);
    assert_eq!(world.post("/api/diagnose?repository=octo").body("x").await.wrong_fields(), ["repository"]);
    assert_eq!(world.post("/api/analyze?repository=octo").body("x").await.wrong_fields(), ["repository"]);
}

#[tokio::test]
async fn a_spell_tells_how_it_has_fared_and_its_tag_with_it() {
    let world = World::new();
    let spell = world.spell(&moved_value()).await;
    assert_eq!(spell["outcomes"], json!({ "offered": 0, "fixed": 0 }));
    world.get("/api/spells/1").header("if-none-match", "\"1\"").await.expect(304);
    world.failing_pull_request(7, "error[E0382]: use of moved value: `names`\n");
    world.opened(7).await;
    world.run_jobs().await;

    let offered = json!({ "offered": 1, "fixed": 0 });
    let shown = world.get("/api/spells/1").header("if-none-match", "\"1\"").await.expect(200);
    assert_eq!((&shown.json()["outcomes"], shown.header("etag")), (&offered, Some("\"1.1.0\"")));
    assert_eq!(world.get("/api/spells").await.json()[0]["outcomes"], offered);
    world.get("/api/spells/1").header("if-none-match", "\"1.1.0\"").await.expect(304);
    // `If-Match` compares the revision, whatever reviews were written in between.
    for (tag, change) in [("\"1\"", "Second"), ("\"2.9.9\"", "Third"), ("W/\"3.1.0\"", "Fourth")] {
        let change = world.patch("/api/spells/1").header("if-match", tag).json(&json!({ "title": change }));
        assert_eq!(change.await.expect(200).json()["outcomes"], offered, "{tag}");
    }
    let late = world.patch("/api/spells/1").header("if-match", "\"1.1.0\"").json(&json!({ "title": "Late" }));
    late.await.error(412, "PRECONDITION_FAILED");
    let again = world.spell(&about("another")).await;
    assert_eq!(again["outcomes"], json!({ "offered": 0, "fixed": 0 }));
}
