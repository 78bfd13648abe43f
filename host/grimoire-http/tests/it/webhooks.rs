use futures::future::join_all;
use grimoire_http::HttpOptions;
use serde_json::{Value, json};

use crate::world::{Answer, World, opened, signature, stuck_body};

#[tokio::test]
async fn a_signed_event_becomes_a_job() {
    let world = World::closed();
    let answer = world.webhook("pull_request", "d-1", opened(7)).await.expect(202);
    let job = json!({
        "status": "success", "event": "pull_request", "action": "opened", "delivery_id": "d-1", "job_id": 1,
    });
    assert_eq!(answer.json(), job);
    let job = world.get("/api/jobs/1").by_writer().await.expect(200).json();
    assert_eq!((&job["state"], &job["lane"]), (&json!("queued"), &json!("octo/app#7")));
}

#[tokio::test]
async fn both_paths_are_one_door() {
    let world = World::new();
    let body = opened(7);
    let answer = world
        .post("/webhooks/github")
        .header("content-type", "application/json; charset=utf-8")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", "d-1")
        .header("x-hub-signature-256", &signature(body.as_bytes()))
        .body(body.clone());
    answer.await.expect(202);
    let again = world.webhook("pull_request", "d-1", body).await.expect(200);
    assert_eq!(again.json()["status"], "duplicate");
    assert_eq!(again.json()["job_id"], 1);
}

#[tokio::test]
async fn what_asks_for_no_work_is_acknowledged() {
    let world = World::new();
    let ping = world.webhook("ping", "d-1", r#"{"zen":"Design for failure."}"#).await.expect(200).json();
    assert_eq!((&ping["status"], &ping["job_id"]), (&json!("ping"), &Value::Null));
    let star = world.webhook("star", "d-2", r#"{"action":"created"}"#).await.expect(200).json();
    assert_eq!((&star["status"], &star["action"]), (&json!("ignored"), &json!("created")));
    assert!(star["reason"].is_string());
    for (number, payload) in
        ["{}", r#"{"action":null,"pull_request":null}"#, r#"{"action":"unheard of"}"#].iter().enumerate()
    {
        let answer = world.webhook("pull_request", &format!("lenient-{number}"), *payload).await.expect(200);
        assert_eq!(answer.json()["status"], "ignored", "{payload}");
    }
    let jobs = world.get("/api/jobs").await.expect(200);
    assert_eq!(jobs.header("x-total-count"), Some("0"));
}

#[tokio::test]
async fn a_form_is_read_as_github_sends_it() {
    let world = World::new();
    let body = format!(
        "payload={}&ignored=1",
        form_urlencoded::byte_serialize(opened(7).as_bytes()).collect::<String>()
    );
    let form = world.webhook("pull_request", "d-1", body);
    let answer = form.header("content-type", "application/x-www-form-urlencoded").await.expect(202);
    assert_eq!(answer.json()["action"], "opened");
    let form = world.webhook("pull_request", "d-2", "nothing=here");
    form.header("content-type", "application/x-www-form-urlencoded").await.error(400, "INVALID");
}

#[tokio::test]
async fn a_form_whose_payload_is_not_utf_8_is_refused() {
    let world = World::new();
    let form = world.webhook("pull_request", "d-1", "payload=%7B%22action%22%3A%22%FF%22%7D");
    form.header("content-type", "application/x-www-form-urlencoded").await.error(400, "INVALID");
}

#[tokio::test]
async fn sixteen_identical_deliveries_at_once_make_one_job() {
    let world = World::new();
    let answers =
        join_all((0..16).map(|_| world.webhook("pull_request", "d-1", opened(7)).into_future())).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 1);
    for answer in &answers {
        let body = answer.json();
        assert_eq!(body["job_id"], 1, "{body}");
        assert_eq!(body["status"], if answer.status == 202 { "success" } else { "duplicate" });
    }
    assert_eq!(world.get("/api/jobs").await.expect(200).header("x-total-count"), Some("1"));
}

#[tokio::test]
async fn a_delivery_whose_job_was_cancelled_is_queued_again() {
    let world = World::new();
    let job = world.opened(7).await;
    world.post(&format!("/api/jobs/{job}/cancel")).await.expect(200);
    let again = world.webhook("pull_request", "opened-7", opened(7)).await.expect(202);
    assert_eq!(again.json()["job_id"], job);
}

#[tokio::test]
async fn an_unsigned_request_is_refused_without_a_word_why() {
    let world = World::new();
    let refused = |answer: Answer| answer.error(401, "UNAUTHENTICATED")["detail"].clone();
    let missing = refused(world.webhook("ping", "d-1", "{}").without("x-hub-signature-256").await);
    for wrong in ["sha256=00", "", "sha1=abc", &signature(b"another body")] {
        let answer = world.webhook("ping", "d-1", "{}").header("x-hub-signature-256", wrong).await;
        assert_eq!(refused(answer), missing, "{wrong}");
    }
    assert!(!missing.as_str().expect("text").contains("sha"), "{missing}");
    // The signature is checked before any other property of body or headers.
    let nonsense = world.webhook("ping", "d-1", "{}").body("not json").without("x-github-event");
    refused(nonsense.await);
    assert_eq!(refused(world.webhook("", "", "{").header("x-hub-signature-256", "").await), missing);
}

#[tokio::test]
async fn a_missing_header_is_named() {
    let world = World::new();
    for header in ["X-GitHub-Event", "X-GitHub-Delivery"] {
        let error = world.webhook("ping", "d-1", "{}").without(header).await.error(400, "INVALID");
        assert!(error["detail"].as_str().expect("text").contains(header), "{error}");
        assert_eq!(error["errors"][0]["field"], header);
    }
    let neither = world.webhook("ping", "d-1", "{}").without("x-github-event").without("x-github-delivery");
    let error = neither.await.error(400, "INVALID");
    assert_eq!(error["errors"].as_array().map(Vec::len), Some(2), "{error}");
    for (header, value) in [("x-github-event", "two words"), ("x-github-delivery", "a b")] {
        world.webhook("ping", "d-1", "{}").header(header, value).await.error(400, "INVALID");
    }
}

#[tokio::test]
async fn a_payload_that_is_no_json_object_is_a_bad_request() {
    let world = World::new();
    let deep = "[".repeat(200);
    for payload in ["", "{", "nul", "[]", "\"text\"", "{\"a\":\u{1}}", deep.as_str()] {
        world.webhook("pull_request", "d-1", payload.to_owned()).await.error(400, "INVALID");
    }
    world.webhook("pull_request", "d-1", vec![0xff, 0xfe]).await.error(400, "INVALID");
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let world = World::new();
    for kind in ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""] {
        let call = world.webhook("ping", "d-1", "{}").header("content-type", kind);
        call.await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    world.webhook("ping", "d-1", "{}").without("content-type").await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    world
        .webhook("ping", "d-1", "{}")
        .header("content-encoding", "gzip")
        .await
        .error(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn a_body_of_25_mib_is_taken_and_one_byte_more_is_not() {
    let world = World::new();
    let limit = HttpOptions::default().webhook_limit;
    assert_eq!(limit, 25 << 20);
    let mut body = opened(7).into_bytes();
    body.resize(limit, b' ');
    world.webhook("pull_request", "d-1", body.clone()).await.expect(202);
    body.push(b' ');
    let error = world.webhook("pull_request", "d-2", body).await.error(413, "TOO_LARGE");
    assert!(error["detail"].as_str().expect("text").contains("25 MiB"), "{error}");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_ends() {
    let world = World::new();
    // This body never ends: only a server that stops reading can respond.
    let call = world.webhook("pull_request", "d-1", "").body(stuck_body(26, 1 << 20));
    call.await.error(413, "TOO_LARGE");
}
