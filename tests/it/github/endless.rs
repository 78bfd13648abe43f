//! Answers of GitHub that never end, or are far larger than they look: each is left within bounds, and what was found
//! before stays.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt as _;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_github::Config;
use grimoire_ports::github::GitHub as _;
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::faults::Fault;

use super::reviews::{OUTPUT, review_with};
use super::{client, client_of, config, pull_request_id, repository, sha};

const RUNS: &str = "/repos/octo/app/actions/runs";
const PULL: &str = "/repos/octo/app/pulls/7";

/// A pull request whose jobs `build` and `test` failed, and a configuration with small limits.
async fn two_failed_jobs() -> (FakeGitHub, PullRequestHandle, Config) {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").pull_request(7);
    let pull = pull.failing_job("build", OUTPUT).failing_job("test", OUTPUT);
    let mut config = config(&github);
    config.caps.answer = 1 << 20;
    config.caps.log_head = 64 << 10;
    config.caps.log_tail = 16 << 10;
    config.caps.log_read = 1 << 20;
    (github, pull, config)
}

/// An answer whose next page is always another one.
fn endless(github: &FakeGitHub, path: &str, pattern: &str, body: &str, pages: u32) {
    for page in 1..=pages {
        let link = format!("<{}{path}?page={}>; rel=\"next\"", github.api_url(), page + 1);
        github.fault(Fault::on("GET", pattern).call(page).answer(200).header("link", &link).body(body));
    }
}

#[tokio::test]
async fn pages_of_jobs_are_bounded_for_all_runs_together() {
    let github = FakeGitHub::start().await;
    let runs = (1..=100).map(|id| format!(r#"{{"id": {id}, "conclusion": "failure"}}"#)).collect::<Vec<_>>();
    github.fault(
        Fault::on("GET", RUNS).answer(200).body(format!(r#"{{"workflow_runs": [{}]}}"#, runs.join(","))),
    );
    let job = r#"{"jobs": [{"id": 1, "name": "build", "conclusion": "failure"}]}"#;
    endless(&github, &format!("{RUNS}/1/jobs"), &format!("{RUNS}/*/jobs"), job, 300);
    let runs = client(&github).0.runs(&repository("octo/app"), &sha(&"0".repeat(40))).await.unwrap();
    assert_eq!(github.ledger().count("GET", &format!("{RUNS}/*/jobs")), 100);
    assert_eq!(runs.failed.len(), 10, "ten pages of each of the newest runs");
    assert_eq!(runs.undecided, 90);
}

#[tokio::test]
async fn failed_jobs_and_their_names_are_bounded() {
    let github = FakeGitHub::start().await;
    github.fault(Fault::on("GET", RUNS).answer(200).body(
        r#"{"workflow_runs": [{"id": 1, "conclusion": "failure"}, {"id": 2, "conclusion": "failure"}]}"#,
    ));
    let name = "n".repeat(1_000_000);
    let jobs = (1..=5_000).map(|id| format!(r#"{{"id": {id}, "name": "j", "conclusion": "failure"}}"#));
    let long = format!(r#"{{"id": 0, "name": "{name}", "conclusion": "failure"}}"#);
    let jobs: Vec<_> = std::iter::once(long).chain(jobs).collect();
    github.fault(
        Fault::on("GET", &format!("{RUNS}/*/jobs"))
            .answer(200)
            .body(format!(r#"{{"jobs": [{}]}}"#, jobs.join(","))),
    );
    let runs = client(&github).0.runs(&repository("octo/app"), &sha(&"0".repeat(40))).await.unwrap();
    let jobs: Vec<_> = runs.failed.iter().flat_map(|run| &run.jobs).collect();
    assert_eq!(jobs.len(), 1_000);
    assert!(jobs.iter().all(|job| job.name.len() <= 1_000));
    assert_eq!(github.ledger().count("GET", &format!("{RUNS}/*/jobs")), 1, "there are enough");
}

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..256 {
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 20);
    for path in [PULL, RUNS] {
        let (github, pull, config) = two_failed_jobs().await;
        github.fault(Fault::on("GET", path).answer(200).header("content-encoding", "gzip").body(&packed));
        let (job, review) = review_with(config, &pull).await;
        assert_eq!(job.state, JobState::Dead, "{path}");
        let reason = job.last_error.unwrap();
        assert!(reason.contains("GitHub's answer cannot be read"), "{path}: {reason}");
        assert!(review.is_none());
    }
}

#[tokio::test]
async fn an_answer_without_end_is_left_at_the_cap() {
    let (github, pull, config) = two_failed_jobs().await;
    github.fault(Fault::on("GET", RUNS).repeat());
    let (job, review) = review_with(config, &pull).await;
    assert_eq!(job.state, JobState::Dead);
    let reason = job.last_error.unwrap();
    assert!(reason.contains("1048576 bytes"), "{reason}");
    assert!(review.is_none());
    assert_eq!(github.ledger().count("GET", RUNS), 1, "it would not be shorter the next time");
}

#[tokio::test]
async fn a_log_without_end_is_read_as_far_as_it_may_and_no_further() {
    let (github, pull, config) = two_failed_jobs().await;
    github.fault(Fault::on("GET", "/logs/*").call(1).repeat());
    let (client, _) = client_of(config.clone());
    let log = client.job_log(&repository("octo/app"), pull.job_id("build")).await.unwrap();
    let log: Vec<u8> =
        log.try_fold(Vec::new(), async |all, some| Ok([all, some.to_vec()].concat())).await.unwrap();
    let text = String::from_utf8(log).unwrap();
    assert!(text.len() < 100 << 10, "{}", text.len());
    assert!(text.starts_with(OUTPUT));
    assert!(text.ends_with("\n[grimoire read no further: this log goes on]\n"));

    // A review with such a log still has what is known.
    github.fault(Fault::on("GET", "/logs/*").repeat());
    let (job, review) = review_with(config, &pull).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.last_error);
    assert!(!review.unwrap().diagnosis.errors.is_empty());
}

#[tokio::test]
async fn an_artifact_without_end_is_a_gap() {
    let (github, pull, config) = two_failed_jobs().await;
    let pull = pull.keeping_bytes("build", "junit", vec![b'x'; 1 << 20]);
    github.fault(Fault::on("GET", "/artifacts/*").repeat());
    let (job, review) = review_with(config, &pull).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.last_error);
    let diagnosis = review.unwrap().diagnosis;
    assert!(!diagnosis.errors.is_empty(), "the logs were read");
    assert!(
        diagnosis.gaps.iter().any(|gap| gap.contains("junit") && gap.contains("more than")),
        "{:?}",
        diagnosis.gaps
    );
}

#[tokio::test]
async fn bodies_that_drip_are_gaps_after_their_time() {
    let (github, pull, mut config) = two_failed_jobs().await;
    config.timeouts.download = Duration::from_millis(300);
    let pull = pull.keeping_bytes("build", "junit", vec![b'x'; 1 << 20]);
    github.fault(Fault::on("GET", "/logs/*").call(1).drip(Duration::from_millis(20)));
    github.fault(Fault::on("GET", "/artifacts/*").drip(Duration::from_millis(20)));
    let (job, review) = review_with(config, &pull).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.last_error);
    let diagnosis = review.unwrap().diagnosis;
    assert_eq!(diagnosis.errors.len(), 1, "{diagnosis:?}");
    assert_eq!(diagnosis.gaps.len(), 2, "{:?}", diagnosis.gaps);
}

#[tokio::test]
async fn redirects_without_end_are_given_up() {
    let (github, pull, config) = two_failed_jobs().await;
    github.fault(Fault::on("GET", RUNS).answer(307).header("location", RUNS));
    let (job, _) = review_with(config.clone(), &pull).await;
    assert_eq!(job.state, JobState::Dead);
    let reason = job.last_error.unwrap();
    assert!(reason.contains("GitHub redirects too often"), "{reason}");
    assert_eq!(github.ledger().count("GET", RUNS), 4);
    let error = client_of(config).0.runs(&repository("octo/app"), &sha(&pull.head())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(client(&github).0.pull_request(&pull_request_id(7)).await.is_ok());
}
