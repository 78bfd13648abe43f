//! Artifacts of runs: which of them count, and that the token is not sent to the storage.

use futures::TryStreamExt;
use grimoire_domain::kind::ErrorKind;
use grimoire_github::GitHubClient;
use grimoire_ports::PortError;
use grimoire_ports::github::{GitHub, RunArtifact};
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::faults::Fault;
use grimoire_tests::ledger::{Credentials, Server};

use super::{all_of, client, client_of, config, repository, sha};

const LIST: &str = "/repos/octo/app/actions/runs/*/artifacts";
const ARCHIVE: &str = "/repos/octo/app/actions/artifacts/*/zip";

async fn listed(client: &GitHubClient, pull: &PullRequestHandle) -> Result<Vec<RunArtifact>, PortError> {
    let runs = client.runs(&repository("octo/app"), &sha(&pull.head())).await.unwrap().failed;
    client.run_artifacts(&repository("octo/app"), &runs[0]).await
}

async fn names(client: &GitHubClient, pull: &PullRequestHandle) -> Vec<String> {
    listed(client, pull).await.unwrap().into_iter().map(|artifact| artifact.name).collect()
}

async fn read(client: &GitHubClient, artifact: u64) -> Result<Vec<u8>, PortError> {
    let archive = client.artifact_archive(&repository("octo/app"), artifact).await?;
    archive.try_fold(Vec::new(), async |whole, chunk| Ok([whole, chunk.to_vec()].concat())).await
}

/// A pull request whose job `build` failed.
async fn failing() -> (FakeGitHub, PullRequestHandle) {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").private().pull_request(7).failing_job("build", "log");
    (github, pull)
}

#[tokio::test]
async fn an_archive_is_fetched_without_the_token() {
    let (github, pull) = failing().await;
    let pull = pull.keeping_bytes("build", "junit", *b"an archive");
    assert_eq!(read(&client(&github).0, pull.artifact_id("junit")).await.unwrap(), b"an archive");

    let calls = github.ledger().entries();
    let seen: Vec<_> = calls.iter().map(|call| (call.server, &call.credentials)).collect();
    let token = Credentials::Bearer(github.token());
    assert_eq!(seen, [(Server::Api, &token), (Server::Storage, &Credentials::None)]);
    assert!(calls[1].headers.values().all(|value| !value.to_str().unwrap().contains(&github.token())));
}

#[tokio::test]
async fn a_redirect_to_elsewhere_is_refused_and_never_followed() {
    let (github, pull) = failing().await;
    let artifact = pull.keeping_bytes("build", "junit", *b"an archive").artifact_id("junit");
    let mut config = config(&github);
    config.storage_origins.clear();
    let error = read(&client_of(config).0, artifact).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(!all_of(&error).contains("sig="), "{error:?}");
    assert_eq!(github.ledger().entries().len(), 1, "only GitHub was asked");
}

#[tokio::test]
async fn an_expired_link_is_replaced_and_an_expired_artifact_is_not_found() {
    let (github, pull) = failing().await;
    let pull = pull.keeping_bytes("build", "junit", *b"an archive").having_kept("build", "old");
    let (client, _) = client(&github);
    github.fault(Fault::on("GET", "/artifacts/*").call(1).answer(403).body("<Error/>"));
    assert_eq!(read(&client, pull.artifact_id("junit")).await.unwrap(), b"an archive");
    assert_eq!(github.ledger().count("GET", ARCHIVE), 2);

    let error = read(&client, pull.artifact_id("old")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let old = listed(&client, &pull).await.unwrap().into_iter().find(|artifact| artifact.name == "old");
    assert!(old.is_some_and(|artifact| artifact.expired));
}

#[tokio::test]
async fn all_artifacts_are_listed_with_their_sizes() {
    let (github, mut pull) = failing().await;
    for number in 0..130 {
        pull = pull.keeping_bytes("build", &format!("junit ({number})"), vec![0; number]);
    }
    let artifacts = listed(&client(&github).0, &pull).await.unwrap();
    assert_eq!(artifacts.len(), 130);
    let last = RunArtifact {
        id: pull.artifact_id("junit (129)"),
        name: "junit (129)".to_owned(),
        bytes: 129,
        expired: false,
    };
    assert_eq!(artifacts[0], last);
    assert_eq!(github.ledger().count("GET", LIST), 2);
}

#[tokio::test]
async fn only_what_the_latest_attempt_kept_counts() {
    let (github, pull) = failing().await;
    let pull = pull.keeping_bytes("build", "first attempt", "x");
    assert_eq!(names(&client(&github).0, &pull).await, ["first attempt"]);
    let pull = pull
        .failing_job("build", "log of the second attempt")
        .keeping_bytes("build", "second attempt", "x")
        .keeping_bytes("build", "twice", "older")
        .keeping_bytes("build", "twice", "newer");
    let newer = pull.artifact_id("twice");
    let artifacts = listed(&client(&github).0, &pull).await.unwrap();
    let seen: Vec<_> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(seen, ["twice", "second attempt"]);
    assert_eq!(artifacts[0].id, newer);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let (github, pull) = failing().await;
    github.fault(Fault::on("GET", LIST).answer(403).header("x-accepted-github-permissions", "actions=read"));
    let error = listed(&client(&github).0, &pull).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("needs: actions=read"), "{error}");
}
