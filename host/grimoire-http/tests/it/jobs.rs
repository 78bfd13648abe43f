use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::world::{World, moved_value};

const LOG: &str = "error[E0382]: use of moved value: `names`\n";

#[tokio::test]
async fn jobs_are_listed_newest_first_and_filtered() {
    let world = World::new();
    for number in [7, 8, 9] {
        world.opened(number).await;
    }
    world.post("/api/jobs/2/cancel").await.expect(200);
    for (query, ids) in [
        ("", vec![3, 2, 1]),
        ("state=queued", vec![3, 1]),
        ("state=cancelled", vec![2]),
        ("state=dead", vec![]),
        ("lane=octo/app%237", vec![1]),
        ("kind=review_pull_request&limit=1", vec![3]),
        ("kind=other", vec![]),
    ] {
        let answer = world.get(&format!("/api/jobs?{query}")).await.expect(200);
        let found: Vec<u64> =
            answer.json().as_array().expect("a list").iter().filter_map(|job| job["id"].as_u64()).collect();
        assert_eq!(found, ids, "{query}");
    }
    let page = world.get("/api/jobs?limit=2").await.expect(200);
    assert_eq!(page.header("x-total-count"), Some("3"));
    let rest = world.get(&page.link("next").expect("more")).await.expect(200);
    assert_eq!(rest.json()[0]["id"], 1);
    assert_eq!(world.get("/api/jobs?state=lost").await.wrong_fields(), ["state"]);
}

#[tokio::test]
async fn a_job_is_cancelled_once_and_can_be_queued_again() {
    let world = World::closed();
    let id = world.opened(7).await;
    let job = world.get(&format!("/api/jobs/{id}")).by_writer().await.expect(200).json();
    assert_eq!((&job["kind"], &job["attempts"]), (&json!("review_pull_request"), &json!(0)));
    for verb in ["cancel", "retry"] {
        world.post(&format!("/api/jobs/{id}/{verb}")).await.error(401, "UNAUTHENTICATED");
        world.post(&format!("/api/jobs/404/{verb}")).by_writer().await.error(404, "JOB_NOT_FOUND");
    }
    world.get("/api/jobs/404").by_writer().await.error(404, "JOB_NOT_FOUND");
    world.post(&format!("/api/jobs/{id}/retry")).by_writer().await.error(409, "CONFLICT");
    let cancelled = world.post(&format!("/api/jobs/{id}/cancel")).by_writer().await.expect(200).json();
    assert_eq!(cancelled["state"], "cancelled");
    world.post(&format!("/api/jobs/{id}/cancel")).by_writer().await.error(409, "CONFLICT");
    let queued = world.post(&format!("/api/jobs/{id}/retry")).by_writer().await.expect(200).json();
    assert_eq!(queued["state"], "queued");
}

/// One event as a browser receives it.
#[derive(Debug, PartialEq)]
struct Event {
    id: u64,
    step: String,
    data: Value,
}

/// The next event of an open stream; `None` at its end.
async fn next_event(stream: &mut Response<Body>) -> Option<Event> {
    let frame = tokio::time::timeout(Duration::from_secs(10), stream.body_mut().frame()).await;
    let chunk =
        frame.expect("an event or the end in time")?.expect("the stream holds").into_data().expect("data");
    let text = String::from_utf8(chunk.to_vec()).expect("UTF-8");
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("{name}: {text}"))
    };
    Some(Event {
        id: field("id").parse().expect("a number"),
        step: field("event").to_owned(),
        data: serde_json::from_str(field("data")).expect("JSON"),
    })
}

async fn rest(mut stream: Response<Body>) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = next_event(&mut stream).await {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn a_story_is_told_as_it_happens_and_ends_with_the_job() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.failing_pull_request(7, LOG);
    let id = world.opened(7).await;
    let mut stream = world.get(&format!("/api/jobs/{id}/events")).open().await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-cache");
    let queued = next_event(&mut stream).await.expect("the job is queued");
    assert_eq!((queued.id, queued.step.as_str()), (1, "queued"));
    assert!(queued.data["at"].is_string() && queued.data["message"].is_string(), "{queued:?}");

    let (events, ()) = tokio::join!(rest(stream), world.run_jobs());
    assert_eq!(events.first().map(|event| event.step.as_str()), Some("started"));
    assert_eq!(events.last().map(|event| event.step.as_str()), Some("succeeded"));
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (2..2 + ids.len() as u64).collect::<Vec<_>>(), "none is left out");
}

#[tokio::test]
async fn a_story_is_resumed_where_it_was_left() {
    let world = World::new();
    let id = world.opened(7).await;
    world.post(&format!("/api/jobs/{id}/cancel")).await.expect(200);
    let path = format!("/api/jobs/{id}/events");
    let whole = rest(world.get(&path).open().await).await;
    let steps: Vec<&str> = whole.iter().map(|event| event.step.as_str()).collect();
    assert_eq!(steps, ["queued", "cancelled"]);

    let resumed = rest(world.get(&path).header("last-event-id", "1").open().await).await;
    assert_eq!(resumed[..], whole[1..]);
    let asked = rest(world.get(&format!("{path}?after=1")).open().await).await;
    assert_eq!(asked[..], whole[1..]);
    // The last event seen is newer than the one in the original URL.
    let both = world.get(&format!("{path}?after=0")).header("last-event-id", "1");
    assert_eq!(rest(both.open().await).await[..], whole[1..]);

    let nothing = world.get(&path).header("last-event-id", "2").await.expect(204);
    assert!(nothing.body.is_empty());
    world.get(&format!("{path}?after=99")).await.expect(204);
}

#[tokio::test]
async fn a_story_that_cannot_be_told_is_an_error() {
    let world = World::new();
    world.get("/api/jobs/1/events").await.error(404, "JOB_NOT_FOUND");
    world.opened(7).await;
    assert_eq!(world.get("/api/jobs/1/events?after=-1").await.wrong_fields(), ["after"]);
}
