//! A plugin is held against the golden cases that its component carries.

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::Verdict;
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedSet};

use crate::plugins::Operator;

/// A component with a case to which the plugin must give a spell this line.
fn with_case(expected: &str) -> &'static str {
    let case = format!(
        "mine\n\n```error\nmessage: lid is missing\n```\n```spells\n- title: Put the lid on\n  error_type: K042\n  \
         error_pattern: lid is missing\n```\n```expected\n{expected}\n```\n"
    );
    case.leak()
}

#[tokio::test]
async fn a_plugin_that_answers_its_own_cases_otherwise_is_refused_with_the_difference() {
    let operator = Operator::new().await;
    let matchers = ScriptedMatchers::new(|_, candidates| {
        let verdict = |candidate| Verdict { candidate, score: 0.5, shown: true, reasons: Vec::new() };
        Ok((0..candidates.len()).map(verdict).collect())
    });
    operator.plugins.replace(ScriptedSet { matchers, ..operator.plugins.current_set() });
    let before = operator.picture().await;
    let wrong = with_case("0.9000 | shown | Put the lid on");
    let error = operator.install("team-matcher", wrong).await.expect_err("it answers otherwise");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "team-matcher was refused: it answers its own case cases.md:2 otherwise than expected:\n\
         --- expected\n+++ found\n@@ -1 +1 @@\n-0.9000 | shown | Put the lid on\n+0.5000 | shown | Put the lid on"
    );
    Operator::refused(&before, &operator.picture().await);

    let right = with_case("0.5000 | shown | Put the lid on");
    let receipt = operator.install("team-matcher", right).await.expect("a receipt");
    assert_eq!(receipt.verified, ["as the script says", "golden vectors: 1 of 1"]);
}

#[tokio::test]
async fn a_plugin_that_fails_at_its_own_cases_is_refused() {
    let operator = Operator::new().await;
    let matchers = ScriptedMatchers::failing(FailureReason::Trap);
    operator.plugins.replace(ScriptedSet { matchers, ..operator.plugins.current_set() });
    let error = operator.install("team-matcher", with_case("0.9000 | shown | Put the lid on")).await;
    let error = error.expect_err("it fails").to_string();
    assert!(error.ends_with("case cases.md:2 with a failure (trap): as the script says"), "{error}");
    let error = operator
        .install("team-matcher", "mine\n```error\nmessage: x\n```\n")
        .await
        .expect_err("no case")
        .to_string();
    assert!(error.contains("its cases cannot be read: "), "{error}");
}
