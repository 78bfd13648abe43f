//! The bodies of errors, reviewed as files: what clients parse and people read.

use serde_json::{Value, json};

use crate::world::{Call, World, changed, moved_value};

/// The body of a refusal without what differs in each.
async fn body(call: Call, status: u16) -> String {
    let mut body = call.await.expect(status).json();
    for varying in ["request_id", "timestamp"] {
        body[varying] = Value::from("…");
    }
    serde_json::to_string_pretty(&body).expect("JSON")
}

#[tokio::test]
async fn error_bodies_read_well() {
    let world = World::new();
    let wrong = changed(&moved_value(), json!({ "title": "", "error_pattern": "(", "tags": "a b, , c" }));
    let refusals = [
        body(world.get("/api/spells/999"), 404).await,
        body(world.get("/nowhere"), 404).await,
        body(world.delete("/api/match"), 405).await,
        body(world.post("/api/spells").raw_json(&b"{\"title\":}"[..]), 400).await,
        body(world.post("/api/spells").json(&wrong), 422).await,
        body(world.post("/api/spells").body("title=x").header("content-type", "text/plain"), 415).await,
        body(world.get("/api/spells?skip=a&limit=0"), 422).await,
        body(world.post("/webhook").raw_json(&b"{}"[..]), 401).await,
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}
