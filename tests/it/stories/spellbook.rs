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

#[tokio::test]
async fn letters_are_the_same_however_they_are_composed() {
    // One character, as most systems write it, and a letter with an accent, as macOS does.
    let (composed, decomposed) =
        ("r\u{e9}solution \u{e9}chou\u{e9}e", "re\u{301}solution e\u{301}choue\u{301}e");
    story(async |grimoire| {
        for (written, asked) in [(composed, decomposed), (decomposed, composed)] {
            let spell = json!({
                "title": format!("La {written}"), "description": written, "error_type": "zz-992",
                "error_pattern": format!("{written} du nom"), "solution_code": "attendre", "tags": "zz",
            });
            let (status, sequence, created) = grimoire.send(Method::POST, "/api/spells", &spell).await;
            assert_eq!(status, 201, "{created}");
            grimoire.until_searchable(sequence).await;

            let listed = grimoire.request(Method::GET, "/api/spells").query(&[("q", asked)]);
            let listed: serde_json::Value =
                listed.send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(listed[0]["id"], created["id"], "{listed}");
            let error = json!({ "message": format!("{asked} du nom d'h\u{f4}te") });
            let (_, _, found) = grimoire.send(Method::POST, "/api/match", &error).await;
            assert_eq!(found["spells"][0]["id"], created["id"], "{found}");
            // Also where only the spell makes a line of a log an error.
            let log =
                grimoire.request(Method::POST, "/api/diagnose").body(format!("{asked} du nom d'h\u{f4}te\n"));
            let diagnosis: serde_json::Value =
                log.send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(diagnosis["errors"][0]["spells"][0]["id"], created["id"], "{diagnosis}");

            let path = format!("/api/spells/{}", created["id"]);
            let (status, sequence, _) = grimoire.send(Method::DELETE, &path, &json!(null)).await;
            assert_eq!(status, 204);
            grimoire.until_searchable(sequence).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_log_that_powershell_has_written_is_read() {
    let log = "src/app.ts(3,7): error TS2304: Cannot find name 'document'.\r\n";
    let bytes: Vec<u8> =
        std::iter::once(0xfeff).chain(log.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    story(async |grimoire| {
        let request = grimoire.request(Method::POST, "/api/diagnose").body(bytes);
        let diagnosis: serde_json::Value =
            request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(diagnosis["errors"][0]["diagnostic"]["code"], "TS2304", "{diagnosis}");
    })
    .await;
}
