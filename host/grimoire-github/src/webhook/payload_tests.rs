//! The meaning of payloads, and that no content makes parsing fail.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

use grimoire_domain::event::{Subject, WebhookEvent};
use grimoire_domain::kind::ErrorKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::parse;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn read(event: &str, payload: &Value) -> WebhookEvent {
    parse(event, payload.to_string().as_bytes()).unwrap()
}

fn pull_request() -> Value {
    json!({
        "action": "opened",
        "number": 7,
        "pull_request": {
            "url": "https://api.example/ignored",
            "number": 7,
            "state": "open",
            "draft": false,
            "title": "Fix the build",
            "body": null,
            "user": {"login": "ada", "id": 1},
            "head": {"ref": "fix", "sha": SHA, "repo": {"id": 2, "full_name": "ada/app"}},
            "base": {"ref": "main", "sha": SHA, "repo": {"id": 1, "full_name": "octo/app"}},
        },
        "repository": {"id": 1, "name": "app", "full_name": "octo/app", "owner": {"login": "octo"}},
        "sender": {"login": "ada", "id": 1},
    })
}

fn check_run() -> Value {
    json!({
        "action": "completed",
        "check_run": {
            "id": 4, "name": "build", "head_sha": SHA, "status": "completed", "conclusion": "failure",
            "pull_requests": [{"number": 7, "base": {"repo": {"id": 1}}}],
        },
        "repository": {"id": 1, "full_name": "octo/app"},
        "sender": {"login": "ada"},
    })
}

fn facts(payload: &Value) -> grimoire_domain::event::PullRequestFacts {
    match read("pull_request", payload).subject {
        Subject::PullRequest(facts) => facts,
        other => panic!("not a pull request: {other:?}"),
    }
}

fn report(event: &str, payload: &Value) -> grimoire_domain::event::CheckReport {
    match read(event, payload).subject {
        Subject::CheckReport(report) => report,
        other => panic!("not a check report: {other:?}"),
    }
}

#[test]
fn only_a_whole_run_or_suite_that_succeeded_has_passed() {
    let passed = |event: &str, key: &str, status: &str, conclusion: Value| {
        report(event, &json!({ key: { "head_sha": SHA, "status": status, "conclusion": conclusion } })).passed
    };
    assert!(passed("workflow_run", "workflow_run", "completed", "success".into()));
    assert!(passed("check_suite", "check_suite", "completed", "success".into()));
    assert!(!passed("check_run", "check_run", "completed", "success".into()), "one job of several");
    assert!(!passed("workflow_run", "workflow_run", "completed", "failure".into()));
    assert!(!passed("workflow_run", "workflow_run", "in_progress", Value::Null));
}

#[test]
fn a_pull_request_is_read() {
    let event = read("pull_request", &pull_request());
    assert_eq!(event.event, "pull_request");
    assert_eq!(event.action.as_deref(), Some("opened"));
    assert_eq!(event.repository.unwrap().as_str(), "octo/app");
    assert_eq!(event.sender.as_deref(), Some("ada"));
    let facts = facts(&pull_request());
    assert_eq!(facts.id.to_string(), "octo/app#7");
    assert_eq!(facts.head_sha.unwrap().as_str(), SHA);
    assert!(facts.open && !facts.draft);
    assert_eq!(facts.title.as_deref(), Some("Fix the build"));
}

#[test]
fn a_closed_pull_request_is_not_open() {
    let mut payload = pull_request();
    payload["action"] = "closed".into();
    payload["pull_request"]["state"] = "closed".into();
    payload["pull_request"]["draft"] = true.into();
    assert!(!facts(&payload).open);
    assert!(facts(&payload).draft);
    payload["pull_request"]["state"] = Value::Null;
    assert!(!facts(&payload).open, "the action tells where the state is missing");
    payload["action"] = "reopened".into();
    assert!(facts(&payload).open);
}

#[test]
fn the_repository_is_found_wherever_it_is_named() {
    let mut payload = pull_request();
    payload["repository"]["full_name"] = Value::Null;
    assert_eq!(facts(&payload).id.to_string(), "octo/app#7", "from owner and name");
    payload["repository"] = Value::Null;
    assert_eq!(facts(&payload).id.to_string(), "octo/app#7", "from the base");
    payload["pull_request"]["base"]["repo"] = Value::Null;
    let event = read("pull_request", &payload);
    assert_eq!((event.repository, event.subject), (None, Subject::Other));
}

#[test]
fn names_that_could_not_stand_in_a_url_are_no_names() {
    for name in ["../..", "octo/..", "octo/app/x", "octo", "octo/a b", "octo/app?x=1", "öcto/app"] {
        let event = read("push", &json!({"repository": {"full_name": name}}));
        assert_eq!(event.repository, None, "{name}");
    }
}

#[test]
fn a_deleted_fork_and_a_deleted_account_are_read() {
    let mut payload = pull_request();
    payload["pull_request"]["head"]["repo"] = Value::Null;
    payload["pull_request"]["user"] = Value::Null;
    payload["sender"] = Value::Null;
    assert_eq!(facts(&payload).head_sha.unwrap().as_str(), SHA);
    assert_eq!(read("pull_request", &payload).sender, None);
}

#[test]
fn every_kind_of_report_is_read() {
    let run = report("check_run", &check_run());
    assert!(run.failed);
    assert_eq!(run.head_sha.as_str(), SHA);
    assert_eq!((run.name.as_deref(), run.conclusion.as_deref()), (Some("build"), Some("failure")));
    assert_eq!(run.pull_requests, [7]);

    let suite = json!({"check_suite": {"head_sha": SHA, "status": "completed", "conclusion": "timed_out",
        "app": {"name": "GitHub Actions"}, "pull_requests": []}});
    let suite = report("check_suite", &suite);
    assert_eq!((suite.failed, suite.name.as_deref()), (true, Some("GitHub Actions")));

    let run = json!({"workflow_run": {"head_sha": SHA, "status": "completed", "conclusion": "startup_failure",
        "name": "CI", "pull_requests": [{"number": 7}, {"number": 8}, {"number": 7}, {"number": null}, 9]}});
    let run = report("workflow_run", &run);
    assert_eq!((run.failed, run.name.as_deref()), (true, Some("CI")));
    assert_eq!(run.pull_requests, [7, 8]);

    let job = json!({"workflow_job": {"head_sha": SHA, "status": "completed", "conclusion": "failure",
        "workflow_name": "CI", "name": "test (3.12)"}});
    let job = report("workflow_job", &job);
    assert_eq!((job.failed, job.name.as_deref()), (true, Some("CI / test (3.12)")));

    let status = json!({"sha": SHA, "state": "error", "context": "ci/build", "name": "octo/app"});
    let status = report("status", &status);
    assert_eq!((status.failed, status.name.as_deref()), (true, Some("ci/build")));
}

#[test]
fn only_an_ended_failure_is_a_failure() {
    let judged = |status: Value, conclusion: Value| {
        let mut payload = check_run();
        payload["check_run"]["status"] = status;
        payload["check_run"]["conclusion"] = conclusion;
        report("check_run", &payload).failed
    };
    for conclusion in ["failure", "timed_out", "startup_failure"] {
        assert!(judged("completed".into(), conclusion.into()), "{conclusion}");
        assert!(!judged("queued".into(), conclusion.into()), "{conclusion} of an earlier attempt");
    }
    for conclusion in ["success", "neutral", "cancelled", "skipped", "stale", "action_required", "new_word"] {
        assert!(!judged("completed".into(), conclusion.into()), "{conclusion}");
    }
    assert!(!judged("completed".into(), Value::Null));
    assert!(judged(Value::Null, "failure".into()));
}

#[test]
fn pull_requests_of_other_repositories_are_left_out() {
    let mut payload = check_run();
    payload["check_run"]["pull_requests"] = json!([
        {"number": 1, "base": {"repo": {"id": 99}}},
        {"number": 2, "base": {"repo": {"id": 1}}},
        {"number": 3},
    ]);
    assert_eq!(report("check_run", &payload).pull_requests, [2, 3]);
}

#[test]
fn a_ping_may_lack_everything() {
    let event = read("ping", &json!({"zen": "Keep it logically awesome.", "hook_id": 1}));
    assert_eq!(event.subject, Subject::Ping { zen: Some("Keep it logically awesome.".into()) });
    assert_eq!(read("ping", &json!({})).subject, Subject::Ping { zen: None });
}

#[test]
fn other_events_ask_for_no_work() {
    for event in ["push", "issue_comment", "installation", "sponsorship", "", "repository", "Pull_Request"] {
        let read = read(event, &pull_request());
        assert_eq!(read.subject, Subject::Other, "{event}");
        assert_eq!(read.repository.unwrap().as_str(), "octo/app");
    }
}

#[test]
fn what_is_not_an_object_is_invalid_and_says_where() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    for (body, place) in [
        (&b""[..], "line 1 column 0"),
        (b"[]", "line 1 column 1"),
        (b"null", "line 1 column 1"),
        (b"{\"number\": }", "line 1 column 12"),
        (b"{\n\"number\": 1", "line 2 column 11"),
        (b"{\"title\": \"\xff\"}", "byte 11"),
        (deep.as_bytes(), "line 1 column"),
    ] {
        let error = parse("pull_request", body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(place), "{error} does not name {place}");
    }
}

#[test]
fn the_last_of_a_repeated_key_wins() {
    let event = parse(
        "push",
        br#"{"action": "a", "action": "b", "repository": 1, "repository": {"full_name": "o/r"}}"#,
    );
    let event = event.unwrap();
    assert_eq!(event.action.as_deref(), Some("b"));
    assert_eq!(event.repository.unwrap().as_str(), "o/r");
}

/// Values of every type, used in place of expected ones.
fn oddity() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([1, null, {"number": "x"}])),
        Just(json!({})),
        Just(json!({"sha": {"sha": []}, "repo": [], "full_name": {}, "unknown": 1})),
    ]
}

/// The paths of all values within `value`; for a scalar only that of `value` itself.
fn paths(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(array) => array.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        found.extend(paths(child).into_iter().map(|rest| format!("/{key}{rest}")));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Properties 2 and 7: parsing a pull request's payload keeps repository, number and action.
    #[test]
    fn repository_number_and_action_are_kept(
        owner in "[A-Za-z0-9][A-Za-z0-9-]{0,38}",
        name in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}",
        number in 1_u64..,
        action in "\\PC{0,30}",
        title in any::<String>(),
    ) {
        let mut payload = pull_request();
        let full_name = format!("{owner}/{name}");
        payload["repository"]["full_name"] = full_name.clone().into();
        payload["number"] = number.into();
        payload["pull_request"]["number"] = number.into();
        payload["pull_request"]["title"] = title.clone().into();
        payload["action"] = action.clone().into();
        let event = read("pull_request", &payload);
        let Subject::PullRequest(facts) = event.subject else { panic!("no pull request") };
        prop_assert_eq!(event.repository.map(String::from), Some(full_name.clone()));
        prop_assert_eq!(facts.id.repository.as_str(), full_name.as_str());
        prop_assert_eq!(facts.id.number, number);
        prop_assert_eq!(event.action, Some(action));
        prop_assert_eq!(facts.title, Some(title));
    }

    /// Property 7, for events that list pull requests.
    #[test]
    fn listed_numbers_are_kept(numbers in proptest::collection::btree_set(1_u64.., 0..20)) {
        let mut payload = check_run();
        let listed: Vec<Value> = numbers.iter().map(|number| json!({"number": number})).collect();
        payload["check_run"]["pull_requests"] = listed.into();
        prop_assert_eq!(report("check_run", &payload).pull_requests, Vec::from_iter(numbers));
    }

    /// Any value may be missing or have any type: parsing never fails.
    #[test]
    fn nothing_within_a_payload_makes_reading_fail(
        event in prop::sample::select(vec![
            "pull_request", "check_run", "check_suite", "workflow_run", "workflow_job", "status", "ping", "new_event",
        ]),
        base in prop::sample::select(vec![pull_request(), check_run()]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), oddity()), 0..6),
    ) {
        let mut payload = base;
        for (at, oddity) in changes {
            // The first path is the payload itself, which must remain an object.
            let paths = paths(&payload);
            if paths.len() > 1 {
                *payload.pointer_mut(&paths[1 + at.index(paths.len() - 1)]).unwrap() = oddity;
            }
        }
        prop_assert_eq!(read(event, &payload).event, event);
    }

    #[test]
    fn no_body_panics(event in "[a-z_]{0,12}", body: Vec<u8>) {
        let _ = parse(&event, &body);
    }

    #[test]
    fn no_text_like_json_panics(body in r#"[\[\]{}":,0-9a-z\\ ]{0,60}"#) {
        let _ = parse("pull_request", body.as_bytes());
    }
}
