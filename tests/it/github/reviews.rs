//! How reviews handle logs that GitHub cannot provide, with the real client.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::job::{Job, JobState};
use grimoire_domain::review::Review;
use grimoire_github::Config;
use grimoire_jobs::{RunnerSettings, Tick};
use grimoire_pipeline::{Pipeline, Ports, Settings, WebhookRequest};
use grimoire_ports::fakes::{ManualClock, MemorySearch, MemoryStore, OpenGate, ScriptedPlugins};
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::faults::Fault;
use tracing::subscriber::NoSubscriber;

use super::{client_of, config, pull_request_id};

pub(super) const OUTPUT: &str = "error[E0382]: use of moved value: `names`\n";

/// A pull request with two failed jobs, `build` and `test`.
async fn two_failed_jobs() -> (FakeGitHub, PullRequestHandle) {
    let github = FakeGitHub::start().await;
    let pull_request = github
        .repository("octo/app")
        .pull_request(7)
        .failing_job("build", OUTPUT)
        .failing_job("test", OUTPUT);
    (github, pull_request)
}

/// Reviews a pull request in a single attempt, which is the last one.
async fn review(github: &FakeGitHub, pull_request: &PullRequestHandle) -> (Job, Option<Review>) {
    review_with(config(github), pull_request).await
}

/// The same with other settings of the client. What is logged is dropped, because stories refuse errors in the log of
/// the process, and jobs fail here on purpose.
pub(super) async fn review_with(config: Config, pull_request: &PullRequestHandle) -> (Job, Option<Review>) {
    let _unheard = tracing::subscriber::set_default(NoSubscriber::default());
    let clock = ManualClock::default();
    let store = MemoryStore::with_clock(clock.clone());
    let ports = Ports {
        store: Arc::new(store.clone()),
        search: Arc::new(MemorySearch::new(store)),
        plugins: Arc::new(ScriptedPlugins::default()),
        derived_files: None,
        plugin_files: Arc::new(Vec::new()),
        gate: Arc::new(OpenGate),
        github: Some(Arc::new(client_of(config).0)),
        clock: Arc::new(clock),
    };
    let pipeline = Pipeline::new(ports, Settings::default());
    let opened = WebhookRequest {
        event: Some("pull_request".to_owned()),
        delivery: Some("opened".to_owned()),
        signature: None,
        body: pull_request.event("opened").to_string().into(),
        payload: None,
        headers: BTreeMap::new(),
    };
    let job = pipeline.ingest(opened).await.unwrap().receipt().job_id.unwrap();
    let settings = RunnerSettings { backoff: Vec::new(), ..RunnerSettings::default() };
    assert_eq!(pipeline.runner(settings).tick().await.unwrap(), Tick::Ran(job));
    let review = pipeline.latest_review(&pull_request_id(7), &Actor::COMMAND_LINE).await.unwrap();
    (pipeline.get_job(job, &Actor::COMMAND_LINE).await.unwrap(), review)
}

#[tokio::test]
async fn a_log_that_goes_on_failing_does_not_silence_the_other_and_is_named() {
    type OnLogs = fn(&str) -> Fault;
    let faults: [(OnLogs, &str); 3] = [
        (|logs| Fault::on("GET", logs).answer(502), "GitHub answered 502"),
        (|logs| Fault::on("GET", logs).reset(), "the connection to GitHub broke"),
        (|_| Fault::on("GET", "/logs/*").call(1).truncate(10), "the connection to GitHub broke"),
    ];
    for (fault, why) in faults {
        let (github, pull_request) = two_failed_jobs().await;
        github.fault(fault(&format!("/repos/octo/app/actions/jobs/{}/logs", pull_request.job_id("build"))));
        let (job, review) = review(&github, &pull_request).await;
        assert_eq!(job.state, JobState::Succeeded, "{:?}", job.last_error);
        let diagnosis = review.unwrap().diagnosis;
        let artifacts: Vec<_> = diagnosis.errors.iter().map(|error| error.artifact.as_str()).collect();
        assert_eq!(artifacts, ["CI / test"], "{why}");
        assert_eq!(diagnosis.gaps.len(), 1, "{:?}", diagnosis.gaps);
        let gap = &diagnosis.gaps[0];
        assert!(gap.starts_with("the log of CI / build could not be read: ") && gap.contains(why), "{gap}");
    }
}

#[tokio::test]
async fn the_client_s_own_retries_come_first() {
    let (github, pull_request) = two_failed_jobs().await;
    let logs = format!("/repos/octo/app/actions/jobs/{}/logs", pull_request.job_id("build"));
    github.fault(Fault::on("GET", &logs).first_calls(2).answer(503));
    let (job, review) = review(&github, &pull_request).await;
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(review.unwrap().diagnosis.gaps, Vec::<String>::new());
    assert_eq!(github.ledger().count("GET", &logs), 3);
}

#[tokio::test]
async fn where_nothing_can_be_fetched_the_job_fails_and_says_why() {
    let (github, pull_request) = two_failed_jobs().await;
    for part in ["/repos/octo/app/actions/jobs/*/logs", "/repos/octo/app/check-runs/*/annotations"] {
        github.fault(Fault::on("GET", part).answer(500));
    }
    // The pull request itself is readable, its diff is not.
    for call in 2..=4 {
        github.fault(Fault::on("GET", "/repos/octo/app/pulls/7").call(call).answer(500));
    }
    github.fault(Fault::on("GET", "/repos/octo/app/pulls/7/files").answer(500));
    let (job, review) = review(&github, &pull_request).await;
    assert_eq!(job.state, JobState::Dead);
    let reason = job.last_error.unwrap();
    assert!(reason.contains("the diff could not be read: GitHub answered 500"), "{reason}");
    assert_eq!(review, None);
}
