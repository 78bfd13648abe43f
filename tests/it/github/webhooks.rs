//! Webhooks as the fake GitHub sends them, and payloads as the gate parses them.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use grimoire_domain::event::Subject;
use grimoire_domain::kind::ErrorKind;
use grimoire_github::Gate;
use grimoire_ports::github::WebhookGate;
use grimoire_tests::fake_github::{FakeGitHub, Webhook};
use serde_json::{Value, json};

use super::{pull_request_id, sha};

/// Verifies and parses a request, and responds with the event's subject.
async fn receive(State(gate): State<Arc<Gate>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if gate.verify(&body, header("x-hub-signature-256")).is_err() {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let is_form = header("content-type") == Some("application/x-www-form-urlencoded");
    let body = if is_form { form_payload(&body) } else { body.to_vec() };
    match gate.parse(header("x-github-event").unwrap(), &body) {
        Ok(event) => {
            (StatusCode::ACCEPTED, json!({"event": event, "id": header("x-github-delivery")}).to_string())
        }
        Err(error) if error.kind() == ErrorKind::Invalid => (StatusCode::BAD_REQUEST, error.to_string()),
        Err(error) => panic!("{error:?}"),
    }
}

/// The payload field of GitHub's forms.
fn form_payload(body: &[u8]) -> Vec<u8> {
    let (_, payload) = form_urlencoded::parse(body).find(|(name, _)| name == "payload").unwrap();
    payload.into_owned().into_bytes()
}

async fn receiver(secrets: &[&str]) -> String {
    let gate = Gate::new(secrets.iter().map(|secret| (*secret).into()).collect()).unwrap();
    let router = axum::Router::new().route("/webhook", post(receive)).with_state(Arc::new(gate));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_signed_webhook_passes_and_others_do_not() {
    let github = FakeGitHub::start().await;
    let payload = github.repository("octo/app").pull_request(7).event("opened");
    let url = receiver(&["old", "new"]).await;
    for secret in ["old", "new"] {
        let receipt = github.deliver(&url, "pull_request", &payload, secret).await;
        assert_eq!(receipt.status, StatusCode::ACCEPTED);
        assert_eq!(receipt.json()["id"], receipt.delivery.as_str());
        assert_eq!(receipt.json()["event"]["subject"]["PullRequest"]["id"]["number"], 7);
    }
    let webhook = Webhook::new("pull_request", &payload);
    let signed = webhook.clone().signed_with("new");
    assert_eq!(webhook.deliver(&url).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        webhook.clone().with_signature("sha256=").deliver(&url).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(webhook.signed_with("stale").deliver(&url).await.status, StatusCode::UNAUTHORIZED);

    let again = signed.clone().with_id(signed.id()).deliver(&url).await;
    assert_eq!(again.delivery, signed.deliver(&url).await.delivery, "sent again with its old id");
}

#[tokio::test]
async fn a_form_is_signed_as_it_is_sent() {
    let github = FakeGitHub::start().await;
    let payload = github.repository("octo/app").pull_request(7).titled("50 % + ä & more").event("opened");
    let url = receiver(&["secret"]).await;
    let receipt =
        Webhook::new("pull_request", &payload).in_a_form().signed_with("secret").deliver(&url).await;
    assert_eq!(receipt.json()["event"]["subject"]["PullRequest"]["title"], "50 % + ä & more");
}

#[tokio::test]
async fn what_is_no_json_is_invalid() {
    let url = receiver(&["secret"]).await;
    let receipt = Webhook::raw("push", "{\"a\": ").signed_with("secret").deliver(&url).await;
    assert_eq!(receipt.status, StatusCode::BAD_REQUEST);
}

fn subject(event: &str, payload: &Value) -> Subject {
    Gate::insecure().parse(event, payload.to_string().as_bytes()).unwrap().subject
}

#[tokio::test]
async fn every_payload_of_the_fake_is_read() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");

    let Subject::PullRequest(facts) = subject("pull_request", &pull.event("synchronize")) else {
        panic!("a pull request")
    };
    assert_eq!((facts.id, facts.head_sha), (pull_request_id(7), Some(sha(&pull.head()))));

    for (event, payload, listed) in [
        ("check_run", pull.check_run_event("build"), vec![7]),
        ("check_suite", pull.check_suite_event("build"), vec![7]),
        ("workflow_run", pull.workflow_run_event("build"), vec![7]),
        ("workflow_job", pull.workflow_job_event("build"), vec![]),
        ("status", pull.status_event("ci/build", "failure"), vec![]),
    ] {
        let Subject::CheckReport(report) = subject(event, &payload) else { panic!("{event} is a report") };
        assert!(report.failed, "{event}");
        assert_eq!(report.head_sha, sha(&pull.head()), "{event}");
        assert_eq!(report.pull_requests, listed, "{event}");
    }
    assert!(matches!(subject("ping", &github.ping_event()), Subject::Ping { zen: Some(_) }));
}

#[tokio::test]
async fn events_about_forks_list_no_pull_request() {
    let github = FakeGitHub::start().await;
    let pull =
        github.repository("octo/app").pull_request(7).of_fork("mallory/app").failing_job("build", "log");
    for (event, payload) in
        [("check_run", pull.check_run_event("build")), ("workflow_run", pull.workflow_run_event("build"))]
    {
        let Subject::CheckReport(report) = subject(event, &payload) else { panic!("{event} is a report") };
        assert!(report.pull_requests.is_empty(), "{event}");
    }
}

/// The payloads in `fixtures/github`, whose names are `EVENT.WHAT.json`.
#[test]
fn every_fixture_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/github");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let (event, what) = name.trim_end_matches(".json").split_once('.').unwrap();
        let read = Gate::insecure().parse(event, &std::fs::read(&path).unwrap()).unwrap();
        match read.subject {
            Subject::PullRequest(facts) => {
                assert_eq!(event, "pull_request");
                assert_eq!(facts.id.repository, read.repository.unwrap(), "{name}");
                assert_eq!(facts.open, !what.starts_with("closed"), "{name}");
                assert!(facts.head_sha.is_some(), "{name}");
            }
            Subject::CheckReport(report) => {
                assert_eq!(report.failed, !what.starts_with("success"), "{name}");
                assert_eq!(
                    report.pull_requests.is_empty(),
                    what.contains("fork") || matches!(event, "workflow_job" | "status"),
                    "{name}"
                );
            }
            Subject::Ping { zen } => assert!(event == "ping" && zen.is_some(), "{name}"),
            Subject::Other => assert!(what.starts_with("other"), "{name}"),
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen} fixtures");
}
