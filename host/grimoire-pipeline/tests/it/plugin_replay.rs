//! A matcher answers the last questions before it runs, and an analyzer reads the last logs.

use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::installed_plugin::PluginReceipt;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::Panel;
use grimoire_pipeline::{PipelineError, PluginRequest, RecordRequest};

use crate::plugins::{Operator, upload};
use crate::world::LOG;

const NAME: &str = "scripted-matcher";

impl Operator {
    /// Asks for the fixes of errors that a spell is about, so often.
    pub(crate) async fn ask_for_fixes(&self, times: usize) {
        self.world.moved_value_spell().await;
        let judge = self.world.pipeline.judge(&Actor::COMMAND_LINE).expect("a judge");
        for _ in 0..times {
            let message = "use of moved value: `names`".to_owned();
            let report = ErrorReport { message, ..ErrorReport::default() };
            let answer = judge.match_error(report).await.expect("an answer");
            assert_eq!(answer.spells.len(), 1);
        }
    }

    async fn replay(
        &self,
        name: &str,
        component: &'static str,
        force: bool,
    ) -> Result<PluginReceipt, PipelineError> {
        let mut upload = upload(name, component);
        (upload.replay, upload.force) = (200, force);
        self.ask(PluginRequest::Install(upload)).await
    }
}

#[tokio::test]
async fn a_matcher_that_answers_as_before_is_installed_and_the_receipt_says_so() {
    let operator = Operator::new().await;
    operator.ask_for_fixes(3).await;
    let receipt = operator.replay(NAME, "mine", false).await.expect("a receipt");
    assert_eq!(
        receipt.verified.last().map(String::as_str),
        Some(
            "shadow replay: 3 asked, 0 failed (before 0), p95 0.0 ms (before 0.0 ms), 0 % of what is shown changes"
        )
    );
}

#[tokio::test]
async fn a_matcher_that_answers_otherwise_or_fails_is_refused_unless_somebody_insists() {
    let operator = Operator::new().await;
    operator.ask_for_fixes(3).await;
    for (component, objection, figures) in [
        ("silent", "more than 20 % of what is shown changes in a replay", "100 % of what is shown changes)"),
        ("trapping", "it fails more often in a replay", "3 asked, 3 failed (before 0)"),
    ] {
        let before = operator.picture().await;
        let error = operator.replay(NAME, component, false).await.expect_err("it is worse");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let error = error.to_string();
        assert!(error.contains(objection) && error.contains(figures) && error.contains("--force"), "{error}");
        Operator::refused(&before, &operator.picture().await);
    }
    let receipt = operator.replay(NAME, "silent", true).await.expect("somebody insists");
    assert!(
        receipt.verified.iter().any(|check| check.ends_with("100 % of what is shown changes")),
        "{receipt:?}"
    );
}

#[tokio::test]
async fn a_new_name_is_compared_with_the_matcher_that_is_chosen() {
    let operator = Operator::new().await;
    operator.ask_for_fixes(1).await;
    operator.replay("team-matcher", "silent", false).await.expect_err("the chosen one shows a spell");
}

#[tokio::test]
async fn without_questions_there_is_nothing_to_replay() {
    let operator = Operator::new().await;
    let receipt = operator.replay(NAME, "silent", false).await.expect("a receipt");
    let said = receipt.verified.last().map(String::as_str);
    assert_eq!(said, Some("shadow replay: no questions since the start"));
    let receipt = operator.replay("scripted-analyzer", "mine", false).await.expect("a receipt");
    let said = receipt.verified.last().map(String::as_str);
    assert_eq!(said, Some("shadow replay: no log or diff that it accepts was read since the start"));
}

#[tokio::test]
async fn an_analyzer_reads_the_last_logs_again_and_is_refused_if_the_answers_are_worse() {
    let operator = Operator::new().await;
    operator.analyze(ArtifactKind::Log, LOG).await;
    operator.analyze(ArtifactKind::Log, LOG).await;
    let name = "scripted-analyzer";
    for (component, objection, figures) in [
        ("silent", "more than 20 % of what is shown changes", "100 % of what is shown changes)"),
        ("trapping", "it fails more often in a replay", "2 read, 2 failed (before 0)"),
    ] {
        let before = operator.picture().await;
        let error = operator.replay(name, component, false).await.expect_err("it is worse").to_string();
        assert!(error.contains(objection) && error.contains(figures), "{error}");
        Operator::refused(&before, &operator.picture().await);
    }
    let receipt = operator.replay(name, "mine", false).await.expect("it is as before");
    assert_eq!(
        receipt.verified.last().map(String::as_str),
        Some(
            "shadow replay: 2 read, 0 failed (before 0), p95 0.0 ms (before 0.0 ms), 0 % of what is shown changes"
        )
    );
    // What is read in a replay is not one of the last logs.
    let recorded = operator.record("scripted-analyzer", RecordRequest::Last(10)).await.expect("cases");
    assert_eq!(recorded.matches("## ").count(), 2, "{recorded}");
}

#[tokio::test]
async fn what_a_new_analyzer_adds_is_no_objection_to_it() {
    let operator = Operator::new().await;
    operator.analyze(ArtifactKind::Log, LOG).await;
    let receipt = operator.replay("team-analyzer", "adding", false).await.expect("nothing is lost");
    let said = receipt.verified.last().map(String::as_str).unwrap_or_default();
    assert!(said.ends_with("0 % of what is shown changes"), "{said}");
    operator.replay("scripted-analyzer", "adding", false).await.expect("it is the same again");
    let error = operator.replay("team-analyzer", "silent", false).await.expect_err("it hides the others");
    assert!(error.to_string().contains("100 % of what is shown changes"), "{error}");
}

#[tokio::test]
async fn one_of_several_matchers_is_compared_together_with_the_others() {
    let operator = Operator::with(|settings| {
        settings.matcher = Panel::parse(["scripted-matcher:3", "another-matcher:1"]).expect("a panel");
    })
    .await;
    operator.install("another-matcher", "mine").await.expect("a receipt");
    operator.ask_for_fixes(2).await;
    let receipt = operator.replay("another-matcher", "also mine", false).await.expect("it judges alike");
    let said = receipt.verified.last().map(String::as_str).unwrap_or_default();
    assert!(said.starts_with("shadow replay: 2 asked, 0 failed (before 0)"), "{said}");
}
