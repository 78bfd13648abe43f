//! Grimoire's comment on a pull request: written exactly once, whatever happens.

use std::time::Duration;

use futures::future::join_all;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::github::GitHub;
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::faults::Fault;

use super::{client, client_of, config, pull_request_id};

const MARKER: &str = "<!-- grimoire:review -->";
const COMMENTS: &str = "/repos/octo/app/issues/7/comments";
const COMMENT: &str = "/repos/octo/app/issues/comments/*";

async fn github() -> (FakeGitHub, PullRequestHandle) {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7);
    (github, pull)
}

fn body(text: &str) -> String {
    format!("{MARKER}\n{text}")
}

#[tokio::test]
async fn a_comment_is_created_then_edited_in_place_then_left_alone() {
    let (github, pull) = github().await;
    let (client, _) = client(&github);
    let id = pull_request_id(7);
    assert_eq!(client.find_comment(&id, MARKER).await.unwrap(), None);

    let created = client.upsert_comment(&id, MARKER, &body("one")).await.unwrap();
    assert_eq!(client.find_comment(&id, MARKER).await.unwrap(), Some(created.clone()));
    assert!(created.url.as_ref().unwrap().contains("octo/app/pull/7#issuecomment-"));

    assert_eq!(client.upsert_comment(&id, MARKER, &body("two")).await.unwrap(), created);
    assert_eq!(client.upsert_comment(&id, MARKER, &body("two")).await.unwrap(), created);

    let [comment] = &pull.comments()[..] else { panic!("one comment: {:?}", pull.comments()) };
    assert_eq!((comment.id, comment.edits), (created.id, 1));
    assert_eq!((comment.author.as_str(), comment.body.as_str()), (&*github.account(), &*body("two")));
    assert_eq!(github.ledger().count("POST", COMMENTS), 1);
    assert_eq!(github.ledger().count("PATCH", COMMENT), 1);
    assert_eq!(github.ledger().count("GET", "/user"), 1, "whose token it is, is asked once");
}

#[tokio::test]
async fn what_others_wrote_is_never_edited() {
    let (github, pull) = github().await;
    pull.comment_by("mallory", &body("forged"));
    // The token's owner replies with a quotation of our comment.
    pull.comment_by(&github.account(), &format!("> {MARKER}\n> # Findings\n\nNot so."));
    let (client, _) = client(&github);
    assert_eq!(client.find_comment(&pull_request_id(7), MARKER).await.unwrap(), None);
    client.upsert_comment(&pull_request_id(7), MARKER, &body("ours")).await.unwrap();

    let comments = pull.comments();
    assert_eq!(comments.len(), 3);
    assert!(comments.iter().all(|comment| comment.edits == 0));
    assert_eq!(comments[2].body, body("ours"));
}

#[tokio::test]
async fn our_comment_is_found_behind_many_others() {
    let (github, pull) = github().await;
    for number in 0..150 {
        pull.comment_by("ada", &format!("remark {number}"));
    }
    let ours = pull.comment_by(&github.account(), &body("old"));
    pull.comment_by(&github.account(), &body("a second one, which should not be there"));
    let (client, _) = client(&github);
    assert_eq!(client.upsert_comment(&pull_request_id(7), MARKER, &body("new")).await.unwrap().id, ours);
    assert_eq!(github.ledger().count("POST", COMMENTS), 0);
}

#[tokio::test]
async fn markers_are_told_apart() {
    let (github, pull) = github().await;
    let (client, _) = client(&github);
    let id = pull_request_id(7);
    client.upsert_comment(&id, MARKER, &body("one")).await.unwrap();
    client.upsert_comment(&id, "<!-- grimoire:other -->", "<!-- grimoire:other -->\ntwo").await.unwrap();
    assert_eq!(pull.comments().len(), 2);
}

#[tokio::test]
async fn a_write_that_happened_unseen_is_not_repeated() {
    for fault in [
        Fault::on("POST", COMMENTS).after_handling().reset(),
        Fault::on("POST", COMMENTS).after_handling().answer(502).body("<html>"),
        Fault::on("POST", COMMENTS).after_handling().truncate(20),
        Fault::on("POST", COMMENTS).after_handling().shorten(20),
        Fault::on("POST", COMMENTS).after_handling().hang(),
    ] {
        let (github, pull) = github().await;
        github.fault(fault.clone());
        let mut config = config(&github);
        config.timeouts.total = Duration::from_millis(300);
        let posted = client_of(config).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await;
        let comments = pull.comments();
        assert_eq!(comments.len(), 1, "{fault:?}");
        assert_eq!(posted.unwrap().id, comments[0].id);
        assert_eq!(github.ledger().count("POST", COMMENTS), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_did_not_happen_is_repeated() {
    for fault in [Fault::on("POST", COMMENTS).reset(), Fault::on("POST", COMMENTS).answer(502)] {
        let (github, pull) = github().await;
        github.fault(fault.clone().first_calls(2));
        client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap();
        assert_eq!(pull.comments().len(), 1, "{fault:?}");
        assert_eq!(github.ledger().count("POST", COMMENTS), 3);
    }
}

#[tokio::test]
async fn the_last_try_is_looked_at_too() {
    let (github, pull) = github().await;
    github.fault(Fault::on("POST", COMMENTS).first_calls(2).answer(502));
    github.fault(Fault::on("POST", COMMENTS).call(3).after_handling().reset());
    let posted = client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap();
    assert_eq!(posted.id, pull.comments()[0].id);
}

#[tokio::test]
async fn writing_is_given_up_after_three_tries() {
    let (github, pull) = github().await;
    github.fault(Fault::on("POST", COMMENTS).answer(500));
    let error =
        client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(github.ledger().count("POST", COMMENTS), 3);
    assert!(pull.comments().is_empty());
}

#[tokio::test]
async fn an_edit_that_happened_unseen_is_not_repeated() {
    let (github, pull) = github().await;
    pull.comment_by(&github.account(), &body("old"));
    github.fault(Fault::on("PATCH", COMMENT).after_handling().reset());
    client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("new")).await.unwrap();
    assert_eq!(pull.comments()[0].edits, 1);
}

#[tokio::test]
async fn a_comment_that_is_deleted_while_it_is_edited_is_written_anew() {
    let (github, pull) = github().await;
    let old = pull.comment_by(&github.account(), &body("old"));
    // The response to a late deletion; then the comment is really gone.
    github.fault(Fault::on("PATCH", COMMENT).call(1).answer(404));
    github.fault(Fault::on("GET", COMMENTS).call(2).answer(200).body("[]"));
    let posted = client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("new")).await.unwrap();
    assert_ne!(posted.id, old);
    assert_eq!(github.ledger().count("POST", COMMENTS), 1);
}

#[tokio::test]
async fn a_short_rate_limit_of_writes_is_waited_out() {
    let (github, pull) = github().await;
    let said = r#"{"message": "You have exceeded a secondary rate limit."}"#;
    github.fault(Fault::on("POST", COMMENTS).call(1).answer(403).header("retry-after", "2").body(said));
    let (client, clock) = client(&github);
    client.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap();
    assert_eq!(clock.waits(), [Duration::from_secs(2)]);
    assert_eq!(pull.comments().len(), 1);
}

#[tokio::test]
async fn a_long_rate_limit_of_writes_is_for_the_caller_to_wait_out() {
    let (github, pull) = github().await;
    github.fault(Fault::on("POST", COMMENTS).answer(429).header("retry-after", "120"));
    let error =
        client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
    assert!(pull.comments().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_long_is_an_error_at_once() {
    let (github, pull) = github().await;
    let long = body(&"é".repeat(65_536));
    let error = client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &long).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(github.ledger().count("POST", COMMENTS), 1);
    assert!(pull.comments().is_empty());
}

#[tokio::test]
async fn a_body_that_could_not_be_found_again_is_not_written() {
    let (github, _) = github().await;
    let (client, _) = client(&github);
    for (marker, body) in [(MARKER, "no marker"), (MARKER, "text <!-- grimoire:review -->"), ("", "text")] {
        let error = client.upsert_comment(&pull_request_id(7), marker, body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{body}");
    }
    assert!(github.ledger().entries().is_empty());
}

#[tokio::test]
async fn writers_at_the_same_time_make_one_comment() {
    let (github, pull) = github().await;
    let (client, _) = client(&github);
    let writes = (0..8).map(async |_| {
        client.upsert_comment(&pull_request_id(7), MARKER, &body("the same")).await.unwrap().id
    });
    let ids = join_all(writes).await;
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(pull.comments().len(), 1);
    assert_eq!(pull.comments()[0].edits, 0);
}

#[tokio::test]
async fn writes_are_a_second_apart() {
    let (github, _) = github().await;
    let (client, clock) = client(&github);
    for text in ["one", "two", "three"] {
        client.upsert_comment(&pull_request_id(7), MARKER, &body(text)).await.unwrap();
    }
    assert_eq!(clock.waits(), [Duration::from_secs(1); 2]);
}

#[tokio::test]
async fn a_renamed_repository_is_written_to_under_its_new_name() {
    let github = FakeGitHub::start().await;
    let app = github.repository("octo/app");
    let _ = app.pull_request(7);
    let app = app.renamed_to("octo/application");
    client(&github).0.upsert_comment(&pull_request_id(7), MARKER, &body("one")).await.unwrap();
    assert_eq!(app.pull_request(7).comments().len(), 1);
}
