use serde_json::{Value, json};

use crate::world::{READER, World, opened};

fn ids(page: &Value) -> Vec<&str> {
    let items = page.as_array().expect("a list").iter();
    items.map(|delivery| delivery["id"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn webhook_requests_are_listed_newest_first_and_filtered() {
    let world = World::new();
    for number in [7, 8] {
        world.opened(number).await;
    }
    world.webhook("ping", "a-ping", r#"{"zen":"Design for failure."}"#).await.expect(200);
    world.webhook("mushroom", "odd", r#"{"action":"sprouted"}"#).await.expect(200);
    world.post("/webhook").raw_json("{}").await.error(401, "UNAUTHENTICATED");
    for (query, expected) in [
        ("", vec!["odd", "a-ping", "opened-8", "opened-7"]),
        ("event=pull_request", vec!["opened-8", "opened-7"]),
        ("action=sprouted", vec!["odd"]),
        ("repository=Octo/App", vec!["opened-8", "opened-7"]),
        ("repository=octo/other", vec![]),
        ("verdict=ping", vec!["a-ping"]),
        ("verdict=ignored", vec!["odd"]),
        ("verdict=accepted&event=ping", vec![]),
    ] {
        let answer = world.get(&format!("/api/webhooks/deliveries?{query}")).await.expect(200);
        assert_eq!(ids(&answer.json()), expected, "{query}");
        assert_eq!(answer.header("x-total-count"), Some(expected.len().to_string().as_str()), "{query}");
    }
    let page = world.get("/api/webhooks/deliveries?limit=3").await.expect(200);
    let rest = world.get(&page.link("next").expect("more")).await.expect(200);
    assert_eq!(ids(&rest.json()), ["opened-7"]);
    for (query, field) in [
        ("verdict=nonsense", "verdict"),
        ("repository=octo", "repository"),
        ("limit=0", "limit"),
        ("since=now", "since"),
    ] {
        let answer = world.get(&format!("/api/webhooks/deliveries?{query}")).await;
        assert_eq!(answer.wrong_fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn a_webhook_request_is_shown_with_its_headers_its_payload_and_its_job() {
    let world = World::new();
    let payload = json!({
        "action": "opened", "number": 7,
        "pull_request": { "number": 7, "state": "open", "draft": false, "head": { "sha": crate::world::HEAD },
            "body": "my token is ghp_abcdefghijklmnopqrstuvwxyz0123456789, \"keep\" it" },
        "repository": { "full_name": "octo/app" },
    });
    let call = world.webhook("pull_request", "seven", payload.to_string());
    let call = call.header("user-agent", "GitHub-Hookshot/abc").header("cookie", "session=1");
    let job = call.header("x-github-hook-id", "42").await.expect(202).json()["job_id"].clone();

    let answer = world.get("/api/webhooks/deliveries/seven").await.expect(200);
    let shown = answer.json();
    assert_eq!(
        (&shown["id"], &shown["event"], &shown["action"]),
        (&json!("seven"), &json!("pull_request"), &json!("opened"))
    );
    assert_eq!(
        (&shown["repository"], &shown["verdict"], &shown["reason"]),
        (&json!("octo/app"), &json!("accepted"), &json!(null))
    );
    assert_eq!(
        (&shown["job_id"], &shown["job"]["id"], &shown["job"]["state"]),
        (&job, &job, &json!("queued"))
    );
    assert!(shown["received_at"].is_string() && shown["decided_in_us"].is_u64(), "{shown}");
    assert_eq!(shown["redelivered_at"], Value::Null);
    let expected = json!({
        "content-type": "application/json", "user-agent": "GitHub-Hookshot/abc", "x-github-hook-id": "42",
        "x-github-delivery": "seven", "x-github-event": "pull_request",
    });
    assert_eq!(shown["headers"], expected, "nothing that authenticates is kept");
    assert_eq!(shown["payload"]["number"], 7);
    assert_eq!(shown["payload"]["pull_request"]["body"], "my token is [redacted], \"keep\" it");
    assert_eq!(shown["payload_bytes"], payload.to_string().len());

    let missing = world.get("/api/webhooks/deliveries/eight").await.error(404, "DELIVERY_NOT_FOUND");
    assert_eq!(missing["detail"], "Delivery with id eight not found");
    assert_eq!(world.get("/api/webhooks/deliveries/ei%20ght").await.wrong_fields(), ["id"]);
}

#[tokio::test]
async fn a_webhook_request_is_handled_again() {
    let world = World::new();
    let job = world.opened(7).await;
    let path = "/api/webhooks/deliveries/opened-7";
    let again = world.post(&format!("{path}/redeliver")).await.expect(200).json();
    assert_eq!((&again["status"], &again["job_id"]), (&json!("duplicate"), &json!(job)), "it still waits");

    world.failing_pull_request(7, "error[E0382]: use of moved value: `names`\n");
    world.run_jobs().await;
    assert_eq!(world.get(path).await.json()["job"]["state"], "succeeded");
    let again = world.post(&format!("{path}/redeliver")).await.expect(202).json();
    assert_eq!((&again["status"], &again["delivery_id"]), (&json!("success"), &json!("opened-7")));
    let new = again["job_id"].as_u64().expect("a job");
    assert!(new > job, "{again}");
    let shown = world.get(path).await.json();
    assert_eq!((&shown["job_id"], &shown["job"]["state"]), (&json!(new), &json!("queued")));
    assert!(shown["redelivered_at"].is_string());

    world.webhook("ping", "a-ping", "{}").await.expect(200);
    let ping = world.post("/api/webhooks/deliveries/a-ping/redeliver").await.expect(200).json();
    assert_eq!((&ping["status"], &ping["job_id"]), (&json!("ping"), &json!(null)));
    world.post("/api/webhooks/deliveries/none/redeliver").await.error(404, "DELIVERY_NOT_FOUND");
}

#[tokio::test]
async fn whoever_may_only_read_redelivers_nothing() {
    let world = World::closed();
    world.webhook("pull_request", "seven", opened(7)).await.expect(202);
    world.get("/api/webhooks/deliveries").await.error(401, "UNAUTHENTICATED");
    world.get("/api/webhooks/deliveries/seven").with_token(READER).await.expect(200);
    let redeliver = || world.post("/api/webhooks/deliveries/seven/redeliver");
    redeliver().with_token(READER).await.error(403, "FORBIDDEN");
    redeliver().by_writer().await.expect(200);
}
