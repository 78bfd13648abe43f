//! Names are chosen by whoever opens a pull request, and may contain secrets like any other text.

use grimoire_tests::fake_github::log::actions_log;
use reqwest::Method;

use super::grimoire_on_duty::story;
use crate::log::log;

/// One token for each place, so that a leak names its place.
const OF_JOB: &str = "ghp_0123456789abcdefghijJOB";
const OF_ARTIFACT: &str = "ghp_0123456789abcdefghijART";
const OF_LOST: &str = "ghp_0123456789abcdefghijGON";
const OF_FILE: &str = "ghp_0123456789abcdefghijFIL";
const OF_PATH: &str = "ghp_0123456789abcdefghijPAT";

#[tokio::test]
async fn a_secret_in_a_name_is_masked_before_it_is_stored_or_shown() {
    story(async |grimoire| {
        let job = format!("build {OF_JOB}");
        let artifact = format!("junit report {OF_ARTIFACT}");
        let junit = "<testsuite><testcase classname=\"a\" name=\"b\"><failure message=\"ValueError: no\">x</failure></testcase></testsuite>";
        let output = format!("error[E0382]: borrow of moved value: `names`\n   --> src/{OF_PATH}/main.rs:12:31\n");
        let pull_request = grimoire
            .pull_request(7)
            .failing_job(&job, actions_log("cargo build", &output))
            .keeping(&job, &artifact, &[(&format!("reports/{OF_FILE}.xml"), junit)])
            .having_kept(&job, &format!("lint report {OF_LOST}"));
        grimoire.work_off("check_run", &pull_request.check_run_event(&job)).await;

        let review = grimoire.get("/api/reviews/octo/app/7").await.to_string();
        let mut outputs = vec![("review", review.clone())];
        for comment in pull_request.comments() {
            outputs.push(("comment", comment.body));
        }
        let jobs = grimoire.get("/api/jobs?limit=1000").await;
        for job in jobs.as_array().expect("a list") {
            let events = grimoire.request(Method::GET, &format!("/api/jobs/{}/events", job["id"]));
            outputs.push(("events", events.send().await.expect("a stream").text().await.expect("it ends")));
        }
        outputs.push(("jobs", jobs.to_string()));
        outputs.push(("deliveries", grimoire.get("/api/webhooks/deliveries").await.to_string()));
        let found = "error[E0382]: borrow of moved value: `names`\n   --> src/main.rs:12:31\n";
        for path in ["/api/analyze", "/api/diagnose"] {
            let request = grimoire.request(Method::POST, &format!("{path}?name=build-{OF_FILE}.log"));
            outputs.push((path, request.body(found).send().await.expect("an answer").text().await.expect("text")));
        }
        outputs.push(("log", log().text()));
        for (place, text) in &outputs {
            for secret in [OF_JOB, OF_ARTIFACT, OF_LOST, OF_FILE, OF_PATH] {
                let at = text.find(secret);
                let around = at.map(|at| &text[at.saturating_sub(200)..(at + 40).min(text.len())]);
                assert_eq!(around, None, "{place} shows {secret}");
            }
        }
        // Masked, and not left out.
        for masked in ["build [redacted]", "junit report [redacted]", "src/[redacted]/main.rs"] {
            assert!(review.contains(masked), "{masked} in {review}");
        }
    })
    .await;
}
