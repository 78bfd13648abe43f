//! Accounts with their own tokens: the rate limit of one does not affect the others.

use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::github::GitHub as _;
use grimoire_tests::fake_github::FakeGitHub;
use grimoire_tests::ledger::Credentials;

use super::{client_of, config, pull_request_id, repository};

fn other_pull_request() -> PullRequestId {
    PullRequestId { repository: repository("Ada/engine"), number: 1 }
}

/// A GitHub with a pull request of two accounts.
async fn github() -> FakeGitHub {
    let github = FakeGitHub::start().await;
    github.repository("octo/app").pull_request(7);
    github.repository("Ada/engine").pull_request(1);
    github
}

#[tokio::test]
async fn each_call_uses_the_token_for_its_repository() {
    let github = github().await;
    let mut config = config(&github);
    // Account names ignore letter case.
    config.tokens.insert("ada".to_owned(), github.token_for("Ada").into());
    let (client, _) = client_of(config);

    assert!(client.pull_request(&pull_request_id(7)).await.is_ok());
    assert!(client.pull_request(&other_pull_request()).await.is_ok());
    let comment = client.upsert_comment(&other_pull_request(), "<!-- marker -->", "<!-- marker -->").await;
    assert!(comment.is_ok(), "{comment:?}");

    for entry in github.ledger().entries() {
        let expected =
            if entry.path.contains("/octo/") { github.token() } else { "token-for-Ada".to_owned() };
        assert_eq!(entry.credentials, Credentials::Bearer(expected), "{} {}", entry.method, entry.path);
    }
}

#[tokio::test]
async fn the_rate_limit_of_one_account_stops_nobody_else() {
    let github = github().await;
    let mut config = config(&github);
    config.tokens.insert("Ada".to_owned(), github.token_for("Ada").into());
    let (client, clock) = client_of(config);

    github.rate_limit_for("Ada", 0, clock.now().as_second() + 600);
    let error = client.pull_request(&other_pull_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
    assert!(client.pull_request(&pull_request_id(7)).await.is_ok());
    assert_eq!(clock.waits(), [Duration::ZERO; 0]);

    // And the other way round, once the limit of the first has passed.
    clock.advance(error.retry_after().unwrap());
    github.rate_limit_for("Ada", 5000, clock.now().as_second() + 3600);
    github.rate_limit(0, clock.now().as_second() + 600);
    let error = client.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
    assert!(client.pull_request(&other_pull_request()).await.is_ok());
}

#[tokio::test]
async fn a_repository_of_an_account_without_a_token_is_not_asked_for() {
    let github = github().await;
    let mut config = config(&github);
    config.token = None;
    config.tokens.insert("octo".to_owned(), github.token_for("octo").into());
    let error = client_of(config).0.pull_request(&other_pull_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("github.tokens"), "{error}");
    assert!(github.ledger().entries().is_empty());
}
