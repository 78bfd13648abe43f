//! Access control: by token, host and origin.

use axum::http::Method;
use grimoire_domain::actor::Permission;
use serde_json::json;

use crate::world::{ADMIN, Call, READER, TOKEN, World, about, moved_value, opened};

/// Every operation of the OpenAPI document: method, a path to a missing resource, and the required permission.
fn operations() -> Vec<(Method, String, Option<Permission>)> {
    let document = serde_json::to_value(grimoire_http::openapi_document()).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{id}", "999").replace("{revision}", "1").replace("{number}", "1");
        let path = path.replace("{owner}", "octo").replace("{name}", "app").replace("{part}", "db");
        for (method, operation) in item.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let permission = operation["x-permission"].as_str();
            let scheme = operation["security"].to_string().contains("\"token\"");
            assert_eq!(permission.is_some(), scheme, "{path}");
            found.push((method, path.clone(), permission.map(|word| word.parse().expect("a permission"))));
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

fn call(world: &World, method: &Method, path: &str) -> Call {
    world.call(method.clone(), path).json(&json!({}))
}

#[tokio::test]
async fn what_the_document_says_of_permissions_is_what_happens() {
    let world = World::closed();
    for (method, path, needed) in operations() {
        let asked = format!("{method} {path}");
        let Some(needed) = needed else {
            // Health needs nothing; webhooks need a signature and no token.
            let status = call(&world, &method, &path).await.status.as_u16();
            assert!(path.starts_with("/health") && status == 200 || path.starts_with("/webhook"), "{asked}");
            continue;
        };
        call(&world, &method, &path).await.error(401, "UNAUTHENTICATED");
        call(&world, &method, &path).with_token("nobody's").await.error(401, "UNAUTHENTICATED");
        let holders = [(READER, Permission::Read), (TOKEN, Permission::Write), (ADMIN, Permission::Admin)];
        for (token, permission) in holders {
            let answer = call(&world, &method, &path).with_token(token).await;
            let refused = matches!(answer.status.as_u16(), 401 | 403);
            assert_eq!(refused, permission < needed, "{asked} with {permission:?}: {}", answer.text());
            if refused {
                let error = answer.error(403, "FORBIDDEN");
                assert!(error["detail"].as_str().expect("text").contains(needed.as_str()), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn without_tokens_this_machine_may_do_everything() {
    let world = World::new();
    for (method, path, _) in operations() {
        let status = call(&world, &method, &path).await.status.as_u16();
        assert!(
            !matches!(status, 403 | 421) && (status != 401 || path.starts_with("/webhook")),
            "{path}: {status}"
        );
    }
}

#[tokio::test]
async fn reviews_and_jobs_are_not_shown_to_strangers() {
    let world = World::closed();
    world.failing_pull_request(7, "error[E0382]: use of moved value: `names`\n");
    world.opened(7).await;
    world.run_jobs().await;
    for path in ["/api/reviews", "/api/reviews/octo/app/7", "/api/jobs/1", "/api/jobs/1/events", "/metrics"] {
        let refused = world.get(path).await.expect(401);
        assert!(!refused.text().contains("E0382"), "{path}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        world.get(path).with_token(READER).await.expect(200);
    }
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_the_caller_is_known() {
    let world = World::closed();
    let body = crate::world::stuck_body(1, 1);
    world.post("/api/spells").raw_json("").body(body).await.error(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn without_tokens_only_names_of_this_machine_are_answered_to() {
    let world = World::new();
    for host in ["localhost", "localhost:8000", "LOCALHOST:8000", "127.0.0.1:8000", "127.8.9.1", "[::1]:8000"]
    {
        world.get("/api/spells").header("host", host).await.expect(200);
    }
    // Names that an attacker points at this machine after a browser loaded a page from elsewhere.
    for host in [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "10.0.0.7:8000",
        "[::2]",
        "local host",
        "",
    ] {
        for path in ["/api/spells", "/health", "/docs/", "/openapi.json", "/api/jobs/1/events"] {
            let error = world.get(path).header("host", host).await.error(421, "MISDIRECTED_REQUEST");
            assert!(error["detail"].as_str().expect("text").contains("localhost"), "{error}");
        }
    }
    // A tunnel for GitHub's webhooks has its own host name; its requests are signed.
    world.webhook("pull_request", "d-1", opened(7)).header("host", "tunnel.example").await.expect(202);
    let closed = World::closed();
    closed.get("/api/spells").header("host", "grimoire.example").with_token(READER).await.expect(200);
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_ask_for_anything_that_works_or_writes() {
    for world in [World::new(), World::closed()] {
        let host = "127.0.0.1:8000";
        let question = json!({ "message": "x" });
        let unsafe_calls = || {
            [
                world.post("/api/diagnose").body("error: x\n"),
                world.post("/api/analyze").body("error: x\n"),
                world.post("/api/match").json(&question),
                world.post("/api/spells").json(&moved_value()),
                world.put("/api/spells/1").json(&moved_value()),
                world.patch("/api/spells/1").json(&json!({})),
                world.delete("/api/spells/1"),
                world.post("/api/jobs/1/cancel"),
                world.post("/api/admin/backup"),
            ]
        };
        for call in unsafe_calls() {
            let call = call.with_token(ADMIN).header("host", host).header("origin", "https://evil.example");
            call.await.error(403, "FORBIDDEN");
        }
        for call in unsafe_calls() {
            let call = call.with_token(ADMIN).header("host", host).header("sec-fetch-site", "cross-site");
            call.await.error(403, "FORBIDDEN");
        }
        let own = world.post("/api/spells").json(&about("own")).with_token(ADMIN).header("host", host);
        own.header("origin", "http://127.0.0.1:8000")
            .header("sec-fetch-site", "same-origin")
            .await
            .expect(201);
    }
}
