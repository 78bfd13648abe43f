//! Input that people, programs and attackers send by mistake or on purpose gives a clear error or a
//! clean result, never a panic, a hang or a 500.

use axum::http::Method;
use proptest::prelude::*;
use serde_json::json;

use crate::world::{World, block_on, changed, moved_value};

#[tokio::test]
async fn bodies_that_are_not_json_are_bad_requests() {
    let world = World::new();
    let deep_list = "[".repeat(128);
    let deep_object = format!("{}1{}", r#"{"samples":"#.repeat(128), "}".repeat(128));
    for path in ["/api/spells", "/api/match"] {
        for body in [
            b"".as_slice(),
            b" ",
            b"{",
            b"{\"title\":}",
            b"{\"title\":\"x\"} trailing",
            b"nul",
            b"\xff\xfe{}",
            b"{\"message\":\"\xc3\x28\", \"title\":\"\xc3\x28\"}",
            b"{\"message\":\"\\ud800\", \"title\":\"\\ud800\"}",
            b"{\"context\":1e999, \"title\":1e999}",
            b"{\"title\":\"line\nbreak\", \"message\":\"line\nbreak\"}",
            br#"{'title': "single"}"#,
        ] {
            let error = world.post(path).raw_json(body).await.error(400, "MALFORMED_JSON");
            assert!(error["detail"].as_str().expect("text").contains("line 1") || body.len() > 20, "{error}");
        }
        for deep in [&deep_list, &deep_object] {
            let answer = world.post(path).raw_json(deep.clone()).await;
            assert!(matches!(answer.status.as_u16(), 400 | 422), "{}", answer.text());
        }
    }
    let deep = format!(r#"{{"message":"x","context":{}{}}}"#, "[".repeat(128), "]".repeat(128));
    world.post("/api/match").raw_json(deep).await.error(400, "MALFORMED_JSON");
}

#[tokio::test]
async fn an_offset_above_what_the_document_says_is_refused() {
    let world = World::new();
    for list in ["/api/spells", "/api/reviews", "/api/jobs", "/api/webhooks/deliveries"] {
        world.get(&format!("{list}?skip={}", i64::MAX)).await.expect(200);
        let error = world.get(&format!("{list}?skip={}", i64::MAX as u64 + 1)).await.error(422, "INVALID");
        assert_eq!(error["errors"][0]["field"], "skip", "{error}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_given_more_than_once_is_refused_by_name() {
    let world = World::new();
    for (query, repeated) in [
        ("q=a&q=b", vec!["q"]),
        ("q=a&q=a", vec!["q"]),
        ("limit=5&tag=a&limit=6&tag=b&tag=c", vec!["limit", "tag"]),
        // The second one is written another way.
        ("q=a&%71=b", vec!["q"]),
        ("limit=5&limit=", vec!["limit"]),
    ] {
        let answer = world.get(&format!("/api/spells?{query}")).await;
        assert_eq!(answer.wrong_fields(), repeated, "{query}");
    }
    let error = world.get("/api/spells?skip=1&skip=2&colour=red").await.error(422, "INVALID");
    assert_eq!(error["errors"][0]["message"], "is given more than once; give it once", "{error}");
    assert_eq!(error["errors"][1]["field"], "colour", "{error}");
}

#[tokio::test]
async fn json_of_another_shape_names_what_is_wrong() {
    let world = World::new();
    for (body, field) in [
        ("null", "body"),
        ("[]", "body"),
        ("7", "body"),
        (r#""text""#, "body"),
        (r#"["a title", "a description"]"#, "body"),
    ] {
        assert_eq!(world.post("/api/spells").raw_json(body).await.wrong_fields(), [field], "{body}");
    }
    for (fields, wrong) in [
        (json!({ "title": 5 }), vec!["title"]),
        (json!({ "title": ["x"] }), vec!["title"]),
        (json!({ "tags": ["rust"] }), vec!["tags"]),
        (json!({ "covers_code": "E0382" }), vec!["covers_code"]),
        (json!({ "auto_generated": "yes" }), vec!["auto_generated"]),
        (json!({ "confidence": "high" }), vec!["confidence"]),
        (json!({ "status": "asleep" }), vec!["status"]),
        (json!({ "samples": { "must_match": ["x", 5] } }), vec!["samples.must_match[1]"]),
        (json!({ "samples": [["x"], []] }), vec!["samples"]),
        // All problems at once: types, and the rules of a spell.
        (
            json!({ "title": 5, "description": [], "confidence": "high", "error_type": " ", "tags": "x".repeat(501) }),
            vec!["confidence", "description", "error_type", "tags", "title"],
        ),
    ] {
        let mut named = world.post("/api/spells").json(&changed(&moved_value(), fields)).await.wrong_fields();
        named.sort();
        assert_eq!(named, wrong);
    }
    let mut named = world.post("/api/spells").json(&json!({ "title": 5, "status": 1 })).await.wrong_fields();
    named.sort();
    assert_eq!(named, ["description", "error_pattern", "error_type", "solution_code", "status", "title"]);
    world.spell(&moved_value()).await;
    let change = world.patch("/api/spells/1").json(&json!({ "title": 5, "confidence": [] }));
    assert_eq!(change.await.wrong_fields().len(), 2);
    let question = json!({ "message": 5, "error_type": "x".repeat(101) });
    let mut named = world.post("/api/match").json(&question).await.wrong_fields();
    named.sort();
    assert_eq!(named, ["error_type", "message"]);
    let twice = r#"{"title": "one", "title": "two"}"#;
    let error = world.post("/api/spells").raw_json(twice).await.error(422, "INVALID");
    assert!(error["detail"].as_str().expect("text").contains("duplicate field"), "{error}");
}

#[tokio::test]
async fn fields_that_nobody_knows_are_left_alone() {
    let world = World::new();
    world.spell(&changed(&moved_value(), json!({ "colour": "red", "id": 99, "revision": -1 }))).await;
    assert_eq!(world.get("/api/spells").await.expect(200).json()[0]["id"], 1);
}

#[tokio::test]
async fn odd_characters_are_kept_as_they_were_sent() {
    let world = World::new();
    let odd = "NUL \u{0}, escape \u{1b}[31m, right to left \u{202e}, \u{1f9d9}, \u{fffd}";
    let spell = world.spell(&changed(&moved_value(), json!({ "title": odd, "solution_code": odd }))).await;
    assert_eq!(spell["title"], odd);
    assert_eq!(world.get("/api/spells/1").await.expect(200).json(), spell);
    let question = json!({ "error_type": odd, "message": odd, "context": odd, "stack_trace": odd });
    world.post("/api/match").json(&question).await.expect(200);
}

#[tokio::test]
async fn a_json_body_has_a_limit_and_a_content_type() {
    let world = World::new();
    let large = changed(&moved_value(), json!({ "description": "x".repeat(2 << 20) }));
    world.post("/api/spells").json(&large).await.error(413, "TOO_LARGE");
    world.post("/api/match").raw_json(vec![b' '; 26 << 20]).await.error(413, "TOO_LARGE");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application", ""] {
        let call = world.post("/api/spells").json(&moved_value()).header("content-type", kind);
        call.await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    world.post("/api/spells").body("{}").await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    let packed = world.post("/api/spells").json(&moved_value()).header("content-encoding", "gzip");
    packed.await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    let vendor = world.post("/api/spells").json(&moved_value());
    vendor.header("content-type", "Application/Vnd.Grimoire+JSON; charset=utf-8").await.expect(201);
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused() {
    let world = World::new();
    for list in ["/api/spells", "/api/jobs", "/api/reviews"] {
        for (query, fields) in [
            ("skip=-1", vec!["skip"]),
            ("limit=-1", vec!["limit"]),
            ("limit=0", vec!["limit"]),
            ("limit=1001", vec!["limit"]),
            ("limit=99999999999999999999999999999999999999999999", vec!["limit"]),
            ("skip=9223372036854775808", vec!["skip"]),
            ("skip=18446744073709551616", vec!["skip"]),
            ("skip=1e3&limit=ten", vec!["limit", "skip"]),
            ("skip=0x10", vec!["skip"]),
            ("skip=%00", vec!["skip"]),
            ("limit=%F0%9F%A7%99", vec!["limit"]),
            ("skip=&limit=", vec!["limit", "skip"]),
            ("status=", vec!["status"]),
            ("colour=", vec!["colour"]),
        ] {
            assert_eq!(world.get(&format!("{list}?{query}")).await.wrong_fields(), fields, "{list}?{query}");
        }
        let far = world.get(&format!("{list}?skip=9223372036854775807&limit=1000")).await.expect(200);
        assert_eq!(far.json(), json!([]));
        for query in ["", "&&&", "=", "limit=5&skip=7"] {
            world.get(&format!("{list}?{query}")).await.expect(200);
        }
        // A misspelt filter must not return everything.
        let unknown = world.get(&format!("{list}?colour=red&limit=x&sate=dead")).await.error(422, "INVALID");
        let named: Vec<&str> = unknown["errors"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|e| e["field"].as_str())
            .collect();
        assert_eq!(named, ["colour", "sate", "limit"], "all at once");
        assert!(
            unknown["errors"][0]["message"].as_str().expect("text").contains("skip"),
            "it lists what there is"
        );
    }
    // The empty fields of a form; only a text can be empty.
    world.get("/api/spells?q=&error_type=&tag=%20").await.expect(200);
    world.get("/api/reviews?repository=").await.expect(200);
    assert_eq!(world.get("/api/spells/export?format=").await.wrong_fields(), ["format"]);
}

#[tokio::test]
async fn a_very_long_query_is_refused_and_a_long_one_answered() {
    let world = World::new();
    let long = format!("/api/spells?q={}", "a".repeat(4_000));
    world.get(&long).await.expect(200);
    let longer = format!("/api/spells?q={}", "%F0".repeat(20_000));
    assert_eq!(world.get(&longer).await.wrong_fields(), ["query"]);
}

#[tokio::test]
async fn no_path_leads_out_of_the_house() {
    let world = World::new();
    for path in [
        "/..",
        "/api/spells/../../etc/passwd",
        "/api/spells/..%2f..%2fetc%2fpasswd/revisions/..",
        "/docs/../../../etc/passwd",
        "/docs/..%2f..%2f..%2fetc%2fpasswd",
        "/docs/%2e%2e/%2e%2e/Cargo.toml",
        "/docs//etc/passwd",
        "/redoc/../Cargo.toml",
        "/redoc/..%2fCargo.toml",
        "/health/..%2f..%2fetc",
        "/health/db%00",
        "//api//spells",
        "/api/spells/",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        world.get(path).await.error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn numbers_in_paths_are_numbers() {
    let world = World::new();
    for id in [
        "abc",
        "-1",
        "+1",
        "1.0",
        "0x1",
        "%00",
        "1%00",
        "..%2f1",
        "18446744073709551616",
        "%20",
        "1%2f2",
        "١",
    ] {
        for path in ["/api/spells", "/api/jobs"] {
            let path = format!("{path}/{}", id.replace('١', "%D9%A1"));
            assert_eq!(world.get(&path).await.wrong_fields(), ["id"], "{path}");
        }
    }
    assert_eq!(world.get("/api/spells/%FF").await.wrong_fields(), ["id"]);
    assert_eq!(world.post("/api/spells/1/revisions/first/restore").await.wrong_fields(), ["revision"]);
    for path in ["/api/spells/%FF/revisions/1/restore", "/api/spells/1/revisions/%FF/restore"] {
        let answer = world.post(path).await;
        assert!(answer.status.is_client_error(), "{}", answer.text());
    }
    world.get("/api/spells/0").await.error(404, "SPELL_NOT_FOUND");
}

/// Any bytes in place of JSON, and any bytes in a path or a query.
fn calls(world: &World, bytes: &[u8], path: &str) -> Vec<crate::world::Call> {
    let escaped = format!(
        "%{}",
        hex::encode(bytes).as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join("%")
    );
    vec![
        world.post("/api/spells").raw_json(bytes.to_vec()),
        world.patch("/api/spells/1").raw_json(bytes.to_vec()),
        world.post("/api/match").raw_json(bytes.to_vec()),
        world.post("/api/diagnose").body(bytes.to_vec()),
        world.webhook("pull_request", "d-1", bytes.to_vec()),
        world.get(&format!("/api/spells/{escaped}")),
        world.get(&format!("/api/spells?q={escaped}&skip={escaped}")),
        world.get(&format!("/api/spells?q={escaped}&tag={escaped}")),
        world.get(&format!("/api/reviews/{escaped}/{escaped}/1")),
        world.get(&format!("/health/{escaped}")),
        world.get(&format!("/docs/{escaped}")),
        world.call(Method::PUT, path),
        world.get(path),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_that_is_sent_breaks_the_server(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        path in "(/[a-z.%0-9]{0,8}){1,5}(\\?[a-z=&%0-9.+-]{0,20})?",
    ) {
        block_on(async {
            let world = World::new();
            world.spell(&moved_value()).await;
            for call in calls(&world, &bytes, &path) {
                let answer = call.await;
                assert!(!answer.status.is_server_error(), "{}", answer.text());
            }
        });
    }
}
