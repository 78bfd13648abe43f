//! A job prints only that it failed, and uploads a report with the reason.

use grimoire_tests::fake_github::PullRequestHandle;
use grimoire_tests::fake_github::log::actions_log;
use grimoire_tests::faults::Fault;
use serde_json::Value;

use super::grimoire_on_duty::{OnDuty, story};

/// pytest's report, with the output of a passed test.
const JUNIT: &str = "\
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<testsuites><testsuite name=\"pytest\" errors=\"0\" failures=\"1\" tests=\"2\">
<testcase classname=\"tests.test_lid\" name=\"test_shuts\"><system-out>
error[E0382]: borrow of moved value: `names`
   --> src/main.rs:12:31
</system-out></testcase>
<testcase classname=\"tests.test_pot\" name=\"test_pours\">
<failure message=\"ModuleNotFoundError: No module named 'distutils'\">def test_pours():
&gt;       import distutils
E       ModuleNotFoundError: No module named 'distutils'

tests/test_pot.py:3: ModuleNotFoundError</failure></testcase>
</testsuite></testsuites>
";

/// pytest's output for the same failure.
const PYTEST: &str = "\
=================================== FAILURES ===================================
__________________________________ test_pours __________________________________

    def test_pours():
>       import distutils
E       ModuleNotFoundError: No module named 'distutils'

tests/test_pot.py:3: ModuleNotFoundError
=========================== short test summary info ============================
FAILED tests/test_pot.py::test_pours - ModuleNotFoundError: No module named 'distutils'
============================== 1 failed in 0.03s ===============================
";

/// A pull request whose job `test` failed with this output.
fn failing_tests(grimoire: &OnDuty, output: &str) -> PullRequestHandle {
    grimoire.pull_request(7).failing_job("test", actions_log("make test", output))
}

async fn review(grimoire: &OnDuty, pull_request: &PullRequestHandle) -> Value {
    grimoire.work_off("check_run", &pull_request.check_run_event("test")).await;
    grimoire.get("/api/reviews/octo/app/7").await["diagnosis"].take()
}

#[tokio::test]
async fn a_report_among_the_artifacts_tells_what_the_log_does_not() {
    story(async |grimoire| {
        let pull_request = failing_tests(grimoire, "")
            .keeping("test", "test-results", &[("reports/junit.xml", JUNIT)])
            .keeping_bytes("test", "wheels", "no report");

        let diagnosis = review(grimoire, &pull_request).await;

        let errors = diagnosis["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "what a passed test printed is no error: {errors:#?}");
        assert_eq!(errors[0]["artifact"], "test-results: reports/junit.xml");
        assert_eq!(errors[0]["diagnostic"]["test"], "tests.test_pot.test_pours");
        let comments = pull_request.comments();
        assert_eq!(comments.len(), 1);
        let body = &comments[0].body;
        assert!(
            body.contains("No module named 'distutils'") && body.contains("`tests/test_pot.py:3`"),
            "{body}"
        );
        let ledger = grimoire.github.ledger();
        assert_eq!(
            ledger.count("GET", "/repos/*/*/actions/artifacts/*/zip"),
            1,
            "the wheels stay where they are"
        );
    })
    .await;
}

#[tokio::test]
async fn one_test_in_the_log_and_in_the_report_is_told_once() {
    story(async |grimoire| {
        let pull_request =
            failing_tests(grimoire, PYTEST).keeping("test", "test-results", &[("junit.xml", JUNIT)]);

        let diagnosis = review(grimoire, &pull_request).await;

        let errors = diagnosis["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{errors:#?}");
        let error = &errors[0]["diagnostic"];
        assert_eq!((&errors[0]["artifact"], &error["count"]), (&"CI / test".into(), &1.into()));
        assert_eq!((&error["tool"], &error["test"]), (&"pytest".into(), &"tests.test_pot.test_pours".into()));
        assert_eq!(pull_request.comments().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_the_comment() {
    story(async |grimoire| {
        let bomb = " ".repeat(20 << 20);
        let pull_request = failing_tests(grimoire, PYTEST)
            .having_kept("test", "junit-old")
            .keeping("test", "junit-bomb", &[("bomb.xml", &bomb)])
            .keeping_bytes("test", "junit-damaged", "<html>");

        let diagnosis = review(grimoire, &pull_request).await;

        let gaps: Vec<&str> =
            diagnosis["gaps"].as_array().expect("gaps").iter().filter_map(Value::as_str).collect();
        assert_eq!(gaps.len(), 3, "{gaps:#?}");
        assert!(
            gaps[0].starts_with("the artifact junit-damaged could not be read: it is no zip archive"),
            "{gaps:#?}"
        );
        assert_eq!(
            gaps[1],
            "the artifact junit-bomb: bomb.xml could not be read: it has more than 200 times its packed size"
        );
        assert_eq!(gaps[2], "the artifact junit-old has expired");
        let body = &pull_request.comments()[0].body;
        assert!(body.contains("Not looked at: ") && body.contains("junit-bomb"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn without_the_right_to_read_artifacts_the_log_is_told() {
    story(async |grimoire| {
        grimoire.github.fault(Fault::on("GET", "/repos/*/*/actions/runs/*/artifacts").answer(403));
        let pull_request =
            failing_tests(grimoire, PYTEST).keeping("test", "test-results", &[("junit.xml", JUNIT)]);

        let diagnosis = review(grimoire, &pull_request).await;

        assert_eq!(diagnosis["errors"].as_array().map(Vec::len), Some(1));
        let gap = diagnosis["gaps"][0].as_str().expect("a gap");
        assert!(gap.starts_with("the artifacts of CI could not be read: the token may not do this"), "{gap}");
        assert_eq!(pull_request.comments().len(), 1);
    })
    .await;
}
