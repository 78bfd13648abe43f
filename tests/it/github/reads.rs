//! Reading pull requests and jobs.

use grimoire_domain::kind::ErrorKind;
use grimoire_github::GitHubClient;
use grimoire_ports::github::{FailedJob, GitHub};
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::ledger::Credentials;

use super::{client, client_of, config, pull_request_id, repository, sha, url};

#[tokio::test]
async fn a_pull_request_is_read_as_it_is_now() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").private().pull_request(7).titled("Fix <the> build").draft();
    let (client, _) = client(&github);

    let read = client.pull_request(&pull_request_id(7)).await.unwrap();
    assert_eq!(read.id, pull_request_id(7));
    assert_eq!(read.head_sha, sha(&pull.head()));
    assert_eq!(read.title, "Fix <the> build");
    assert!(read.open && read.draft);

    let pull = pull.push().closed();
    let read = client.pull_request(&pull_request_id(7)).await.unwrap();
    assert_eq!(read.head_sha, sha(&pull.head()));
    assert!(!read.open);
}

#[tokio::test]
async fn every_request_says_what_github_wants_to_hear() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7);
    client(&github).0.pull_request(&pull_request_id(7)).await.unwrap();

    let [call] = &github.ledger().entries()[..] else { panic!("one call was made") };
    assert_eq!(call.credentials, Credentials::Bearer(github.token()));
    assert_eq!(call.headers["accept"], "application/vnd.github+json");
    assert_eq!(call.headers["x-github-api-version"], "2022-11-28");
    assert!(call.headers["user-agent"].to_str().unwrap().starts_with("grimoire/"));
}

#[tokio::test]
async fn an_enterprise_server_has_a_path_before_the_api() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7);
    let mut config = config(&github);
    config.api_base = url(&format!("{}/api/v3/", github.api_url()));
    assert!(client_of(config).0.pull_request(&pull_request_id(7)).await.is_ok());
}

#[tokio::test]
async fn a_renamed_repository_is_followed_within_the_api() {
    let github = FakeGitHub::start().await;
    let app = github.repository("octo/app");
    let pull = app.pull_request(7);
    let head = pull.head();
    let _ = app.renamed_to("octo/application");
    let read = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap();
    assert_eq!(read.head_sha, sha(&head));
    assert_eq!(github.ledger().count("GET", "/repos/octo/application/pulls/7"), 1);
}

#[tokio::test]
async fn an_unchanged_pull_request_costs_nothing_of_the_rate_limit() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7);
    let (client, _) = client(&github);
    let first = client.pull_request(&pull_request_id(7)).await.unwrap();
    let second = client.pull_request(&pull_request_id(7)).await.unwrap();
    assert_eq!(first, second);
    let _ = pull.titled("Another title");
    assert_eq!(client.pull_request(&pull_request_id(7)).await.unwrap().title, "Another title");

    let statuses: Vec<_> = github.ledger().entries().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), Some(304), Some(200)]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app");
    let error = client(&github).0.pull_request(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(github.ledger().entries().len(), 1, "and is asked for once");
}

#[tokio::test]
async fn pull_requests_are_found_by_their_head() {
    let github = FakeGitHub::start().await;
    let app = github.repository("octo/app");
    let own = app.pull_request(3);
    let fork = app.pull_request(5).of_fork("mallory/app");
    let deleted = app.pull_request(6).of_deleted_fork();
    let closed = app.pull_request(8).closed();
    let (client, _) = client(&github);
    let numbers = async |head: &str| {
        let found = client.pull_requests_at(&repository("octo/app"), &sha(head)).await.unwrap();
        assert!(found.iter().all(|id| id.repository == repository("octo/app")));
        found.iter().map(|id| id.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&own.head()).await, [3]);
    assert_eq!(numbers(&fork.head()).await, [5]);
    assert_eq!(numbers(&deleted.head()).await, [6]);
    assert_eq!(numbers(&closed.head()).await, [0; 0]);

    let before = own.head();
    let own = own.push();
    assert_eq!(numbers(&before).await, [0; 0], "its head has moved on");
    assert_eq!(numbers(&own.head()).await, [3]);
    assert_eq!(numbers(&"0".repeat(40)).await, [0; 0], "nobody knows the commit");

    // Two pull requests with one head, as with stacked branches.
    let _ = app.pull_request(2).at(&own.head());
    assert_eq!(numbers(&own.head()).await, [2, 3]);
}

#[tokio::test]
async fn a_commit_that_github_has_not_connected_yet_is_found_among_the_open_ones() {
    let github = FakeGitHub::start().await;
    let app = github.repository("octo/app");
    let pull = app.pull_request(1).of_fork("mallory/app").unlinked();
    for number in 2..=150 {
        let _ = app.pull_request(number);
    }
    let found =
        client(&github).0.pull_requests_at(&repository("octo/app"), &sha(&pull.head())).await.unwrap();
    assert_eq!(found, [pull_request_id(1)]);
    assert_eq!(github.ledger().count("GET", "/repos/octo/app/pulls"), 2, "on the second page");
}

async fn failed_jobs(client: &GitHubClient, pull: &PullRequestHandle) -> Vec<FailedJob> {
    let runs = client.runs(&repository("octo/app"), &sha(&pull.head())).await.unwrap().failed;
    assert!(runs.iter().all(|run| !run.jobs.is_empty()));
    runs.into_iter().flat_map(|run| run.jobs).collect()
}

#[tokio::test]
async fn the_failed_jobs_of_all_workflows_are_listed_by_id() {
    let github = FakeGitHub::start().await;
    let pull = github
        .repository("octo/app")
        .pull_request(7)
        .failing_job("build", "log")
        .passing_job("lint")
        .job_of("Nightly", "soak", "timed_out", "log")
        .job_of("Nightly", "docs", "cancelled", "log")
        .job_of("Release", "pack", "success", "log");
    let (client, _) = client(&github);
    let jobs = failed_jobs(&client, &pull).await;
    let seen: Vec<_> = jobs.iter().map(|job| (job.id, job.name.as_str())).collect();
    assert_eq!(seen, [(pull.job_id("build"), "CI / build"), (pull.job_id("soak"), "Nightly / soak")]);
    assert_eq!(
        github.ledger().count("GET", "/repos/octo/app/actions/runs/*/jobs"),
        2,
        "a run that succeeded has no failed jobs"
    );
}

#[tokio::test]
async fn only_the_latest_attempt_of_a_job_counts() {
    let github = FakeGitHub::start().await;
    let pull = github
        .repository("octo/app")
        .pull_request(7)
        .failing_job("flaky", "first")
        .passing_job("flaky")
        .failing_job("broken", "first")
        .failing_job("broken", "second");
    let jobs = failed_jobs(&client(&github).0, &pull).await;
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [pull.job_id("broken")]);
}

#[tokio::test]
async fn a_run_that_goes_on_may_have_failed_jobs() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7).running_job("slow").failing_job("quick", "log");
    let jobs = failed_jobs(&client(&github).0, &pull).await;
    assert_eq!(jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["CI / quick"]);
}

#[tokio::test]
async fn jobs_beyond_the_first_page_are_listed() {
    let github = FakeGitHub::start().await;
    let mut pull = github.repository("octo/app").pull_request(7);
    for number in 0..230 {
        pull = pull.failing_job(&format!("test ({number})"), "log");
    }
    let jobs = failed_jobs(&client(&github).0, &pull).await;
    assert_eq!(jobs.len(), 230);
    assert!(jobs.is_sorted_by_key(|job| job.id));
}

#[tokio::test]
async fn a_commit_without_runs_has_no_failed_jobs() {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7);
    let jobs = failed_jobs(&client(&github).0, &pull).await;
    assert!(jobs.is_empty());
}
