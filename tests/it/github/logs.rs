//! Job logs: redirects, sizes, and where the token must not be sent.

use std::time::Duration;

use futures::TryStreamExt;
use grimoire_domain::kind::ErrorKind;
use grimoire_github::GitHubClient;
use grimoire_ports::PortError;
use grimoire_ports::github::GitHub;
use grimoire_tests::fake_github::FakeGitHub;
use grimoire_tests::fake_github::log::actions_log;
use grimoire_tests::faults::Fault;
use grimoire_tests::ledger::{Credentials, Server};

use super::{all_of, client, client_of, config, repository};

const LOGS: &str = "/repos/octo/app/actions/jobs/*/logs";

async fn read(client: &GitHubClient, job: u64) -> Result<Vec<u8>, PortError> {
    let log = client.job_log(&repository("octo/app"), job).await?;
    log.try_fold(Vec::new(), async |mut whole, chunk| {
        whole.extend_from_slice(&chunk);
        Ok(whole)
    })
    .await
}

#[tokio::test]
async fn a_log_is_fetched_without_the_token() {
    let github = FakeGitHub::start().await;
    let log = actions_log("cargo build", "error[E0308]: mismatched types\n");
    let pull = github.repository("octo/app").private().pull_request(7).failing_job("build", &log);
    let fetched = read(&client(&github).0, pull.job_id("build")).await.unwrap();
    assert_eq!(fetched, log.as_bytes());

    let calls = github.ledger().entries();
    let seen: Vec<_> = calls.iter().map(|call| (call.server, &call.credentials)).collect();
    let token = Credentials::Bearer(github.token());
    assert_eq!(seen, [(Server::Api, &token), (Server::Storage, &Credentials::None)]);
    assert!(calls[1].headers.values().all(|value| !value.to_str().unwrap().contains(&github.token())));
}

#[tokio::test]
async fn a_log_that_is_not_there_is_not_found() {
    for status in [404, 410] {
        let github = FakeGitHub::start().await;
        let pull = github.repository("octo/app").pull_request(7).failing_job_without_log("build", status);
        let error = read(&client(&github).0, pull.job_id("build")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{status}");
        assert_eq!(github.ledger().entries().len(), 1);
    }
}

#[tokio::test]
async fn a_log_that_the_storage_has_lost_is_not_found() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    github.fault(Fault::on("GET", "/logs/*").answer(404));
    let error = read(&client(&github).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_expired_link_is_replaced() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    github.fault(Fault::on("GET", "/logs/*").call(1).answer(403).body("<Error/>"));
    assert_eq!(read(&client(&github).0, pull.job_id("build")).await.unwrap(), b"log");
    let links: Vec<_> = github.ledger().calls("GET", "/logs/*").into_iter().map(|call| call.path).collect();
    assert_eq!(links.len(), 2);
    assert_ne!(links[0], links[1]);
}

#[tokio::test]
async fn a_storage_that_fails_is_asked_three_times() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    github.fault(Fault::on("GET", "/logs/*").first_calls(2).answer(503));
    assert_eq!(read(&client(&github).0, pull.job_id("build")).await.unwrap(), b"log");
    github.fault(Fault::on("GET", "/logs/*").answer(503));
    let error = read(&client(&github).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(github.ledger().count("GET", "/logs/*"), 6);
}

#[tokio::test]
async fn redirects_to_elsewhere_are_refused_and_never_followed() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    let job = pull.job_id("build");
    let storage = github.storage_url();
    let port = storage.rsplit(':').next().unwrap();
    let mut config = config(&github);
    config.storage_origins.clear();
    config.storage_hosts = vec!["localhost".to_owned(), "blob.core.windows.net".to_owned()];
    let (client, _) = client_of(config);
    for (call, target) in (1..).zip([
        format!("{storage}/logs/secret?sig=hunter2"),
        "http://169.254.169.254/latest/meta-data?sig=hunter2".to_owned(),
        "https://10.0.0.1/?sig=hunter2".to_owned(),
        format!("http://localhost:{port}/?sig=hunter2"),
        // Permitted by name, but not by address.
        format!("https://localhost:{port}/?sig=hunter2"),
        "https://blob.core.windows.net.evil.example/?sig=hunter2".to_owned(),
        format!("https://user:hunter2@localhost:{port}/"),
        "file:///etc/passwd?sig=hunter2".to_owned(),
    ]) {
        github.fault(Fault::on("GET", LOGS).call(1).answer(302).header("location", &target));
        let error = read(&client, job).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{target}: {error}");
        assert!(!all_of(&error).contains("hunter2"), "{error:?}");
        assert_eq!(github.ledger().entries().len(), call, "only GitHub was asked");
    }
}

#[tokio::test]
async fn a_redirect_to_the_api_itself_does_not_carry_the_token_either() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    github.fault(Fault::on("GET", LOGS).answer(302).header("location", "/zen"));
    assert!(!read(&client(&github).0, pull.job_id("build")).await.unwrap().is_empty());
    assert_eq!(github.ledger().calls("GET", "/zen")[0].credentials, Credentials::None);
}

#[tokio::test]
async fn redirects_are_followed_three_times_at_most() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    let loops = format!("{}/logs/round", github.storage_url());
    github.fault(Fault::on("GET", "/logs/*").answer(302).header("location", &loops));
    let error = read(&client(&github).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(github.ledger().count("GET", "/logs/*"), 9, "three hops in each of three tries");
}

#[tokio::test]
async fn a_renamed_repository_has_its_logs_still() {
    let github = FakeGitHub::start().await;
    let app = github.repository("octo/app");
    let job = app.pull_request(7).failing_job("build", "log").job_id("build");
    let _ = app.renamed_to("octo/application");
    assert_eq!(read(&client(&github).0, job).await.unwrap(), b"log");
}

#[tokio::test]
async fn of_a_long_log_both_ends_are_kept() {
    let github = FakeGitHub::start().await;
    let log = (0..200_000).fold(String::new(), |log, number| log + &format!("line {number}\n"));
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", &log);
    let mut config = config(&github);
    config.caps.log_head = 100_000;
    config.caps.log_tail = 50_000;
    let text = String::from_utf8(read(&client_of(config).0, pull.job_id("build")).await.unwrap()).unwrap();
    assert!(text.starts_with("line 0\nline 1\n"));
    assert!(text.ends_with("\nline 199998\nline 199999\n"));
    assert!(text.contains("\n[grimoire left out "), "and says so");
    assert!(text.len() < 150_100);
    let whole = read(&client(&github).0, pull.job_id("build")).await.unwrap();
    assert_eq!(whole, log.as_bytes());
}

#[tokio::test]
async fn a_log_that_breaks_off_ends_with_an_error() {
    let github = FakeGitHub::start().await;
    let log = "x".repeat(10_000);
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", &log);
    github.fault(Fault::on("GET", "/logs/*").truncate(5_000));
    let error = read(&client(&github).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!all_of(&error).contains("sig="), "{error:?}");
}

#[tokio::test]
async fn a_storage_that_says_nothing_is_a_timeout() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "log");
    github.fault(Fault::on("GET", "/logs/*").hang());
    let mut config = config(&github);
    config.timeouts.idle = Duration::from_millis(50);
    let error = read(&client_of(config).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_log_that_drips_meets_its_deadline() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).failing_job("build", "x".repeat(100_000));
    github.fault(Fault::on("GET", "/logs/*").drip(Duration::from_millis(5)));
    let mut config = config(&github);
    config.timeouts.download = Duration::from_millis(200);
    let error = read(&client_of(config).0, pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
