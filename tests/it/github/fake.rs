//! The fake GitHub itself: it rejects what it does not know, and serves the rest.

use grimoire_tests::fake_github::FakeGitHub;
use grimoire_tests::ledger::Credentials;
use serde_json::Value;

use super::client;

async fn ask(github: &FakeGitHub, target: &str, token: Option<&str>) -> (u16, Value) {
    // Building a client installs the TLS provider that HTTP clients need.
    let _ = client(github);
    let base = if target.starts_with("/logs") { github.storage_url() } else { github.api_url() };
    let mut request = reqwest::Client::new().get(format!("{base}{target}")).header("user-agent", "test");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn an_unknown_route_is_a_violation() {
    let github = FakeGitHub::start().await;
    assert_eq!(ask(&github, "/repos/octo/app/unheard-of", None).await.0, 404);
    assert_eq!(github.ledger().take_violations().len(), 1);
}

#[tokio::test]
async fn a_token_at_the_storage_is_a_violation() {
    let github = FakeGitHub::start().await;
    assert_eq!(ask(&github, "/logs/x", Some("token")).await.0, 400);
    assert_eq!(github.ledger().take_violations().len(), 1);
    assert_eq!(ask(&github, "/logs/x", None).await.0, 403);
}

#[tokio::test]
async fn a_request_without_a_user_agent_is_a_violation() {
    let github = FakeGitHub::start().await;
    let _ = client(&github);
    let status = reqwest::get(format!("{}/zen", github.api_url())).await.unwrap().status();
    assert_eq!(status, 403);
    assert_eq!(github.ledger().take_violations().len(), 1);
}

#[tokio::test]
#[should_panic(expected = "the fake GitHub was misused")]
async fn a_violation_that_is_left_over_fails_the_test() {
    let github = FakeGitHub::start().await;
    ask(&github, "/unheard-of", None).await;
}

#[tokio::test]
async fn private_things_are_hidden_and_wrong_tokens_refused() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").private().pull_request(7);
    assert_eq!(ask(&github, "/repos/octo/app/pulls/7", None).await.0, 404);
    assert_eq!(ask(&github, "/repos/octo/app/pulls/7", Some("wrong")).await.0, 401);
    let (status, pull) = ask(&github, "/repos/octo/app/pulls/7", Some(&github.token())).await;
    assert_eq!((status, pull["number"].as_u64()), (200, Some(7)));
    let seen: Vec<_> = github.ledger().entries().into_iter().map(|call| call.credentials).collect();
    assert_eq!(seen[0], Credentials::None);
    assert_eq!(seen[1], Credentials::Bearer("wrong".to_owned()));
}

#[tokio::test]
async fn what_is_set_up_is_there() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log").annotated(
        "build",
        "src/lib.rs",
        3,
        "mismatched types",
    );
    let job = pull.job_id("build");
    let token = github.token();
    let get = async |target: String| {
        let (status, value) = ask(&github, &target, Some(&token)).await;
        assert_eq!(status, 200, "{target}");
        value
    };
    assert_eq!(get("/user".to_owned()).await["login"], github.account());
    assert_eq!(get("/repos/octo/app".to_owned()).await["full_name"], "octo/app");
    let checks = get(format!("/repos/octo/app/commits/{}/check-runs", pull.head())).await;
    assert_eq!(checks["check_runs"][0]["conclusion"], "failure");
    let annotations = get(format!("/repos/octo/app/check-runs/{job}/annotations")).await;
    assert_eq!(annotations[0]["start_line"], 3);
    assert_eq!(get(format!("/repos/octo/app/actions/jobs/{job}")).await["name"], "build");
    let by_branch = get("/repos/octo/app/pulls?head=octo:change-7".to_owned()).await;
    assert_eq!(by_branch[0]["number"], 7);
    assert_eq!(get("/repos/octo/app/pulls?head=octo:other".to_owned()).await, Value::Array(Vec::new()));
    assert!(get("/meta".to_owned()).await["hooks"].is_array());
    assert!(get("/rate_limit".to_owned()).await["rate"]["used"].as_u64().unwrap() > 0);
}
