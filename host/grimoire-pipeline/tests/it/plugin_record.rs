//! What a plugin was given lately, as cases that its author can take home.

use std::path::Path;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_cases::{Input, Outcome, World as Kind};
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::{PipelineError, RecordRequest};

use crate::plugins::Operator;
use crate::world::{LOG, World, commit, pull_request};

impl Operator {
    pub(crate) async fn record(&self, name: &str, request: RecordRequest) -> Result<String, PipelineError> {
        self.world.pipeline.record_plugin(name, &request, &Actor::COMMAND_LINE).await
    }

    pub(crate) async fn analyze(&self, kind: ArtifactKind, text: &str) {
        let judge = self.world.pipeline.judge(&Actor::COMMAND_LINE).expect("a judge");
        let artifact = Artifact { kind, name: "build".to_owned(), size: None };
        let pieces: Vec<_> =
            text.as_bytes().chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        judge.analyze(&artifact, stream::iter(pieces).boxed()).await.expect("a report");
    }
}

fn last(count: usize) -> RecordRequest {
    RecordRequest::Last(count)
}

#[tokio::test]
async fn a_matcher_s_questions_are_cases_that_it_answers_as_recorded() {
    let operator = Operator::new().await;
    operator.ask_for_fixes(3).await;
    let text = operator.record("scripted-matcher", last(2)).await.expect("cases");
    assert!(text.starts_with("# Recorded calls of scripted-matcher\n"), "{text}");
    let cases = grimoire_cases::parse(Path::new("a.md"), &text, Kind::Matcher).expect("they can be read");
    assert_eq!(cases.len(), 2);
    let set = operator.world.pipeline.plugins().current();
    for case in &cases {
        let Input::Error(question) = &case.input else { panic!("a question") };
        assert_eq!(question.error.message, "use of moved value: `names`");
        assert_eq!(question.candidates.len(), 1);
        let outcome = grimoire_cases::run(&*set, "scripted-matcher", case).await.expect("an answer");
        assert_eq!(outcome, Outcome::Same);
    }
}

#[tokio::test]
async fn an_analyzer_s_logs_are_cases_without_the_secrets_in_them() {
    let operator = Operator::new().await;
    let token = format!("ghp_{}", "a1B2c3D4".repeat(5));
    operator.analyze(ArtifactKind::Log, &format!("the first log, with {token}\n")).await;
    operator.analyze(ArtifactKind::Report, "<testsuite/>").await;
    operator.analyze(ArtifactKind::Log, LOG).await;
    let text = operator.record("scripted-analyzer", last(10)).await.expect("cases");
    assert!(!text.contains(&token), "{text}");
    let cases = grimoire_cases::parse(Path::new("a.md"), &text, Kind::Analyzer).expect("they can be read");
    let logs: Vec<_> = cases
        .iter()
        .map(|case| match &case.input {
            Input::Artifact { text, .. } => text.as_str(),
            Input::Error(_) | Input::Texts(_) => panic!("a log"),
        })
        .collect();
    assert_eq!(logs, [LOG, "the first log, with [redacted]\n"], "the last one first");
}

#[tokio::test]
async fn large_artifacts_are_not_kept_and_many_push_out_the_oldest() {
    let operator = Operator::new().await;
    operator.analyze(ArtifactKind::Log, &"x".repeat((256 << 10) + 1)).await;
    let error = operator.record("scripted-analyzer", last(10)).await.expect_err("it was too large");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    for number in 0..40 {
        operator.analyze(ArtifactKind::Log, &format!("log {number}\n{}\n", "x".repeat(250 << 10))).await;
    }
    let text = operator.record("scripted-analyzer", last(200)).await.expect("cases");
    assert!(text.len() < 5 << 20, "{} bytes", text.len());
    assert!(text.contains("log 39\n") && !text.contains("log 0\n"));
}

#[tokio::test]
async fn the_errors_of_a_review_are_cases_of_a_matcher() {
    let operator = Operator::new().await;
    operator.world.moved_value_spell().await;
    operator.world.failing_pull_request(7, &commit('a'), Some(LOG));
    operator.world.opened(7, &commit('a')).await;
    operator.world.run_due().await;
    let review = RecordRequest::Review(pull_request(7));
    let text = operator.record("scripted-matcher", review.clone()).await.expect("cases");
    assert!(text.contains("use of moved value: `names`"), "{text}");
    let error = operator.record("scripted-analyzer", review).await.expect_err("logs are not stored");
    assert!(error.to_string().contains("the logs of a review are not stored"), "{error}");
    let unknown = RecordRequest::Review(pull_request(8));
    let error = operator.record("scripted-matcher", unknown).await.expect_err("no such review");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn recording_needs_the_permission_for_everything() {
    let operator = Operator::new().await;
    operator.ask_for_fixes(1).await;
    let reader = Actor::Token { label: "ana".to_owned(), permission: Permission::Write };
    let error = operator.world.pipeline.record_plugin("scripted-matcher", &last(1), &reader).await;
    assert_eq!(error.expect_err("it may not").kind(), ErrorKind::Forbidden);
    assert_eq!(operator.record("nobody", last(1)).await.expect_err("unknown").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn nothing_to_record_is_told() {
    let world = World::new();
    for name in ["scripted-matcher", "scripted-analyzer"] {
        let recorded = world.pipeline.record_plugin(name, &last(5), &Actor::COMMAND_LINE).await;
        let error = recorded.expect_err("nothing was asked");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("given nothing since the process started"), "{error}");
    }
}

#[test]
fn what_to_record_is_checked() {
    let request = |count, review| RecordRequest::new(count, review).expect("a request");
    assert_eq!(request(None, None), last(20));
    assert_eq!(request(Some(200), None), last(200));
    assert_eq!(request(None, Some("octo/app#7")), RecordRequest::Review(pull_request(7)));
    for (count, review) in [
        (Some(0), None),
        (Some(201), None),
        (Some(1), Some("octo/app#7")),
        (None, Some("octo/app")),
        (None, Some("octo#7")),
        (None, Some("octo/app#0")),
        (None, Some("octo/app#-1")),
    ] {
        let error = RecordRequest::new(count, review).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{count:?} {review:?}");
    }
}
