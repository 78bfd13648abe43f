//! What a server does before it is ready.

use reqwest::Method;
use serde_json::{Value, json};

use super::grimoire_on_duty::story_of_a_start;

const MOVED: &str = "\
error[E0382]: borrow of moved value: `names`
   --> src/main.rs:12:31
";

#[tokio::test]
async fn a_new_server_answers_and_takes_webhooks_in_before_it_has_any_spell() {
    story_of_a_start(async |grimoire| {
        let answer = grimoire.request(Method::GET, "/health").send().await.expect("an answer");
        assert_eq!(answer.status(), 503, "it is not ready");
        let health: Value = answer.json().await.expect("JSON");
        let db = health["db"]["detail"].as_str().expect("a sentence");
        assert!(db.contains("spells are being stored"), "{health}");
        let (status, _, refused) =
            grimoire.send(Method::POST, "/api/match", &json!({ "message": "x" })).await;
        assert_eq!(status, 503, "{refused}");
        assert!(refused.to_string().contains("spells are being stored"), "{refused}");

        let pull_request = grimoire.failing_build(7, "cargo build", MOVED);
        let receipt = grimoire.receive("check_run", &pull_request.check_run_event("build")).await;
        assert_eq!(receipt.status, 202, "{}", receipt.json());

        grimoire.until_ready().await;
        grimoire.until_idle().await;
        // No job ran before it could find a spell.
        let comments = pull_request.comments();
        assert_eq!(comments.len(), 1);
        assert!(comments[0].body.contains("Use of a moved value (E0382)"), "{}", comments[0].body);
        let health = grimoire.get("/health").await;
        assert_eq!(health["db"]["status"], "healthy", "{health}");
    })
    .await;
}
