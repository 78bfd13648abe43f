//! Failures of GitHub, and how the client handles them.

use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::clock::Clock;
use grimoire_ports::github::GitHub;
use grimoire_tests::fake_github::FakeGitHub;
use grimoire_tests::faults::Fault;
use grimoire_tests::ledger::Server;

use super::{all_of, client, client_of, config, pull_request_id, repository, sha};
use crate::log::log;

const PULL: &str = "/repos/octo/app/pulls/7";

async fn github() -> FakeGitHub {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7);
    github
}

#[tokio::test]
async fn a_read_that_fails_in_passing_is_repeated() {
    let faults = [
        Fault::on("GET", PULL).answer(500),
        Fault::on("GET", PULL).answer(502).body("<html>Bad gateway</html>"),
        Fault::on("GET", PULL).answer(503),
        Fault::on("GET", PULL).answer(504),
        Fault::on("GET", PULL).answer(200).body(""),
        Fault::on("GET", PULL).answer(202).body(""),
        Fault::on("GET", PULL).answer(200).body("[]"),
        Fault::on("GET", PULL).reset(),
        Fault::on("GET", PULL).after_handling().reset(),
        Fault::on("GET", PULL).truncate(100),
        Fault::on("GET", PULL).shorten(100),
    ];
    for fault in faults {
        let github = github().await;
        github.fault(fault.clone().first_calls(2));
        let (client, clock) = client(&github);
        assert!(client.pull_request(&pull_request_id(7)).await.is_ok(), "{fault:?}");
        assert_eq!(github.ledger().count("GET", PULL), 3, "{fault:?}");
        let waits = clock.waits();
        assert_eq!(waits.len(), 2);
        assert!(
            waits[0] >= Duration::from_millis(150) && waits[0] <= Duration::from_millis(450),
            "{waits:?}"
        );
        assert!(
            waits[1] >= Duration::from_millis(600) && waits[1] <= Duration::from_millis(1800),
            "{waits:?}"
        );
    }
}

#[tokio::test]
async fn a_read_that_goes_on_failing_is_given_up_after_three_tries() {
    for (fault, kind) in [
        (Fault::on("GET", PULL).answer(502), ErrorKind::Unavailable),
        (Fault::on("GET", PULL).reset(), ErrorKind::Unavailable),
        (Fault::on("GET", PULL).shorten(10), ErrorKind::Unavailable),
        (Fault::on("GET", PULL).hang(), ErrorKind::Timeout),
        (Fault::on("GET", PULL).drip(Duration::from_millis(5)), ErrorKind::Timeout),
    ] {
        let github = github().await;
        github.fault(fault.clone());
        let mut config = config(&github);
        config.timeouts.total = Duration::from_millis(150);
        let error = client_of(config).0.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error:?}");
        assert_eq!(github.ledger().count("GET", PULL), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_listening_is_unavailable() {
    let mut config = config(&github().await);
    // The port was free a moment ago, and its listener is gone.
    config.timeouts.connect = Duration::from_millis(500);
    let error = client_of(config).0.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_definite_refusal_is_not_repeated() {
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::NotFound),
        (422, ErrorKind::Invalid),
        (451, ErrorKind::Forbidden),
    ] {
        let github = github().await;
        github.fault(Fault::on("GET", PULL).answer(status).body(r#"{"message": "No"}"#));
        let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(github.ledger().entries().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_said_with_its_remedy() {
    let github = github().await;
    let mut config = config(&github);
    config.token = Some("ghp_hunter2".into());
    let error = client_of(config).0.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("GITHUB_API_TOKEN"), "{error}");
    assert!(!all_of(&error).contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let github = github().await;
    github.fault(
        Fault::on("GET", PULL)
            .answer(403)
            .header("x-accepted-github-permissions", "pull_requests=read")
            .body(r#"{"message": "Resource not accessible by personal access token"}"#),
    );
    let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert!(error.to_string().contains("pull_requests=read"), "{error}");
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_out() {
    let github = github().await;
    let said = r#"{"message": "You have exceeded a secondary rate limit."}"#;
    github.fault(Fault::on("GET", PULL).call(1).answer(403).header("retry-after", "2").body(said));
    let (client, clock) = client(&github);
    assert!(client.pull_request(&pull_request_id(7)).await.is_ok());
    assert_eq!(clock.waits(), [Duration::from_secs(2)]);
}

#[tokio::test]
async fn a_long_rate_limit_is_for_the_caller_to_wait_out() {
    let github = github().await;
    let (client, clock) = client(&github);
    github.rate_limit(0, clock.now().as_second() + 600);
    let error = client.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
    let wait = error.retry_after().unwrap();
    assert!(wait > Duration::from_secs(590) && wait <= Duration::from_secs(601), "{wait:?}");

    // Nothing is sent until then, for any call.
    let error = client.runs(&repository("octo/app"), &sha(&"0".repeat(40))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
    assert_eq!(github.ledger().entries().len(), 1);

    github.rate_limit(5000, clock.now().as_second() + 3600);
    clock.advance(wait);
    assert!(client.pull_request(&pull_request_id(7)).await.is_ok());
    assert_eq!(clock.waits(), [Duration::ZERO; 0]);
}

#[tokio::test]
async fn a_rate_limit_that_does_not_say_how_long_takes_a_minute() {
    for status in [403, 429] {
        let github = github().await;
        let said = r#"{"message": "You have exceeded a secondary rate limit. Please wait."}"#;
        github.fault(Fault::on("GET", PULL).answer(status).body(said));
        let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)), "{status}");
        assert_eq!(github.ledger().entries().len(), 1);
    }
}

#[tokio::test]
async fn a_rate_limit_that_does_not_end_is_given_up() {
    for wait in ["0", "1"] {
        let github = github().await;
        github.fault(Fault::on("GET", PULL).answer(429).header("retry-after", wait));
        let (client, clock) = client(&github);
        let error = client.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyRequests);
        assert_eq!(github.ledger().entries().len(), 3);
        assert_eq!(clock.waits(), [Duration::from_secs(1); 2]);
    }
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect_to_another_origin() {
    let github = github().await;
    for status in [301, 302, 307, 308] {
        let target = format!("{}/logs/x", github.storage_url());
        github.fault(Fault::on("GET", PULL).call(1).answer(status).header("location", &target));
        let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{status}");
    }
    assert!(github.ledger().entries().iter().all(|call| call.server == Server::Api));
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let github = github().await;
    github.fault(Fault::on("GET", PULL).answer(301).header("location", PULL));
    let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(github.ledger().entries().len(), 4);
}

#[tokio::test]
async fn a_redirect_without_a_target_is_an_error() {
    let github = github().await;
    github.fault(Fault::on("GET", PULL).answer(302));
    assert!(client(&github).0.pull_request(&pull_request_id(7)).await.is_err());
    assert_eq!(github.ledger().entries().len(), 1);
}

#[tokio::test]
async fn a_next_page_must_be_of_the_api_and_new() {
    const RUNS: &str = "/repos/octo/app/actions/runs";
    let github = github().await;
    let head = "0".repeat(40);
    let answer =
        |link: &str| Fault::on("GET", RUNS).answer(200).header("link", link).body(r#"{"workflow_runs": []}"#);

    let foreign = format!("<{}/logs/x>; rel=\"next\"", github.storage_url());
    github.fault(answer(&foreign).call(1));
    let error = client(&github).0.runs(&repository("octo/app"), &sha(&head)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);

    let circle = format!("<{}{RUNS}?page=2>; rel=\"next\"", github.api_url());
    github.fault(answer(&circle));
    let error = client(&github).0.runs(&repository("octo/app"), &sha(&head)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(github.ledger().count("GET", RUNS), 3);
    assert!(github.ledger().entries().iter().all(|call| call.server == Server::Api));
}

#[tokio::test]
async fn pages_are_bounded() {
    const RUNS: &str = "/repos/octo/app/actions/runs";
    let github = github().await;
    for call in 1..=40 {
        let link = format!("<{}{RUNS}?page={}>; rel=\"next\"", github.api_url(), call + 1);
        github.fault(
            Fault::on("GET", RUNS)
                .call(call)
                .answer(200)
                .header("link", &link)
                .body(r#"{"workflow_runs": []}"#),
        );
    }
    let jobs = client(&github).0.runs(&repository("octo/app"), &sha(&"0".repeat(40))).await.unwrap().failed;
    assert!(jobs.is_empty());
    assert_eq!(github.ledger().count("GET", RUNS), 10);
}

#[tokio::test]
async fn an_answer_above_the_cap_is_refused_and_not_asked_for_again() {
    for announced in [true, false] {
        let github = github().await;
        let body = format!("{{\"title\": \"{}\"}}", "x".repeat(5000));
        let fault = Fault::on("GET", PULL).answer(200).body(&body);
        // A dripping response does not announce its length.
        github.fault(if announced { fault } else { Fault::on("GET", PULL).drip(Duration::ZERO) });
        let mut config = config(&github);
        config.caps.answer = 500;
        let error = client_of(config).0.pull_request(&pull_request_id(7)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(github.ledger().entries().len(), 1);
    }
}

#[tokio::test]
async fn the_token_is_in_no_error_and_no_log() {
    let log = log();
    let github = github().await;
    let token = github.token();
    let echo = format!("{{\"message\": \"you sent {token}\", \"errors\": [\"{token}\"]}}");
    let mut errors = String::new();
    for status in [400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 500, 302] {
        let (client, _) = client(&github);
        let location = format!("http://127.0.0.1:1/?token={token}");
        for fault in [
            Fault::on("GET", "/repos/**").answer(status).header("location", &location).body(&echo),
            Fault::on("GET", "/repos/**").reset(),
        ] {
            github.fault(fault.first_calls(3));
            let error = client.pull_request(&pull_request_id(7)).await;
            errors += &error.map_or_else(|error| all_of(&error), |read| format!("{read:?}"));
        }
        errors += &format!("{client:?} {:?}", config(&github));
    }
    let logged = log.text();
    assert!(logged.contains("GitHub answered"), "something was logged: {logged}");
    assert!(!errors.contains(&token), "{errors}");
    assert!(!logged.contains(&token), "{logged}");
}
