use serde_json::json;

use crate::world::{HEAD, World, moved_value};

#[tokio::test]
async fn a_review_tells_what_was_concluded() {
    let world = World::new();
    world.spell(&moved_value()).await;
    for number in [7, 8] {
        world.failing_pull_request(number, "error[E0382]: use of moved value: `names`\n");
        world.opened(number).await;
    }
    world.run_jobs().await;
    let review = world.get("/api/reviews/octo/app/7").await.expect(200).json();
    assert_eq!((&review["repository"], &review["number"]), (&json!("octo/app"), &json!(7)));
    assert_eq!(review["head_sha"], HEAD);
    assert_eq!(review["diagnosis"]["errors"][0]["spells"][0]["id"], 1);
    assert!(review["comment_url"].is_string());

    let all = world.get("/api/reviews?limit=1").await.expect(200);
    assert_eq!(all.header("x-total-count"), Some("2"));
    assert!(all.link("next").is_some());
    let of_app = world.get("/api/reviews?repository=octo/app").await.expect(200);
    assert_eq!(of_app.json().as_array().map(Vec::len), Some(2));
    assert_eq!(world.get("/api/reviews?repository=octo/other").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn what_was_not_reviewed_or_cannot_be_is_said() {
    let world = World::new();
    let error = world.get("/api/reviews/octo/app/7").await.error(404, "REVIEW_NOT_FOUND");
    assert!(error["detail"].as_str().expect("text").contains("octo/app#7"), "{error}");
    assert_eq!(world.get("/api/reviews/octo/app/seven").await.wrong_fields(), ["number"]);
    world.get("/api/reviews/octo/a%20b/7").await.error(422, "INVALID");
    world.get("/api/reviews?repository=octo").await.error(422, "INVALID");
}
