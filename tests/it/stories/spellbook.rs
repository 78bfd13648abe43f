//! A person teaches Grimoire a spell.

use reqwest::Method;
use serde_json::json;

use super::grimoire_on_duty::story;

#[tokio::test]
async fn a_new_spell_is_found_changed_and_forgotten() {
    story(async |grimoire| {
    let spell = json!({
        "title": "The quux is not in its flurble", "description": "Quuxes leave their flurble when nobody looks.",
        "error_type": "zz-991", "error_pattern": "the quux is not in its flurble", "solution_code": "put --it back",
        "tags": "zz,quux",
    });
    let (status, sequence, created) = grimoire.send(Method::POST, "/api/spells", &spell).await;
    assert_eq!(status, 201, "{created}");
    let path = format!("/api/spells/{}", created["id"]);
    grimoire.until_searchable(sequence).await;

    let error = json!({ "error_type": "zz-991", "message": "the quux is not in its flurble" });
    let (_, _, found) = grimoire.send(Method::POST, "/api/match", &error).await;
    assert_eq!(found["spells"][0]["id"], created["id"], "{found}");
    let listed = grimoire.get("/api/spells?q=flurble").await;
    assert_eq!(listed[0]["id"], created["id"]);

    let (status, _, changed) =
        grimoire.send(Method::PATCH, &path, &json!({ "solution_code": "leave it" })).await;
    assert_eq!((status, &changed["solution_code"]), (200, &json!("leave it")));
    assert_eq!(changed["revision"], 2);
    assert_eq!(grimoire.get(&format!("{path}/revisions")).await.as_array().map(Vec::len), Some(2));

    let (status, sequence, _) = grimoire.send(Method::DELETE, &path, &json!(null)).await;
    assert_eq!(status, 204);
    grimoire.until_searchable(sequence).await;
    let (_, _, forgotten) = grimoire.send(Method::POST, "/api/match", &error).await;
    let ids: Vec<_> =
        forgotten["spells"].as_array().expect("a list").iter().map(|spell| &spell["id"]).collect();
    assert!(!ids.contains(&&created["id"]), "{forgotten}");
    assert_eq!(grimoire.get("/api/spells?q=flurble").await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_log_is_diagnosed_over_http_as_on_the_command_line() {
    story(async |grimoire| {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let log = "src/app.ts(3,7): error TS2304: Cannot find name 'document'.\n";
        let answer =
            client.post(grimoire.url("/api/diagnose?name=build")).body(log).send().await.expect("an answer");
        let diagnosis: serde_json::Value = answer.json().await.expect("JSON");
        let error = &diagnosis["errors"][0];
        assert_eq!(error["diagnostic"]["code"], "TS2304", "{diagnosis}");
        assert_eq!(error["diagnostic"]["location"]["line"], 3);
        assert_eq!(error["artifact"], "build");
        assert!(!error["spells"].as_array().expect("a list").is_empty(), "{diagnosis}");
    })
    .await;
}
