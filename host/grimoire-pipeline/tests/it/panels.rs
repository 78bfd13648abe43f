//! Several matchers judge together.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::{Panel, Reason, Verdict};
use grimoire_domain::review::PluginProblem;
use grimoire_pipeline::{FailurePolicy, MatchReport, PipelineError, Settings};
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedPlugins};

use crate::world::World;

/// The answer about the error of a spell, where `big` gives it .8 with three quarters of the weight, and `small` .4; some
/// fail, with a policy.
async fn asked(
    failing: &'static [&'static str],
    policy: FailurePolicy,
) -> Result<MatchReport, PipelineError> {
    let settings = Settings {
        matcher: Panel::parse(["big:0.9", "small:0.3"]).expect("a panel"),
        fallback_matchers: vec!["substitute".to_owned()],
        failure_policies: failing.iter().map(|name| ((*name).to_owned(), policy)).collect(),
        ..Settings::default()
    };
    let world = World::with(settings, |ports| {
        let matchers = ScriptedMatchers::by_name(move |name, _, candidates| {
            if failing.contains(&name) {
                let detail = "as the script says".to_owned();
                return Err(PluginProblem { plugin: name.to_owned(), reason: FailureReason::Trap, detail });
            }
            let score = if name == "small" { 0.4 } else { 0.8 };
            let verdict = |candidate| {
                let reason = Reason { signal: "words".to_owned(), weight: score, detail: "alike".to_owned() };
                Verdict { candidate, score, shown: true, reasons: vec![reason] }
            };
            Ok((0..candidates.len()).map(verdict).collect())
        });
        ports.plugins = Arc::new(ScriptedPlugins::matching(matchers));
    });
    world.moved_value_spell().await;
    let report = ErrorReport { message: "use of moved value: `names`".to_owned(), ..ErrorReport::default() };
    world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").match_error(report).await
}

/// The matchers that judged, with their shares in percent.
fn judges(report: &MatchReport) -> Vec<String> {
    let told = report.matchers.iter();
    told.map(|part| format!("{} {:.0} %", part.plugin.name, part.share * 100.0)).collect()
}

fn names(report: &MatchReport) -> Vec<&str> {
    report.plugins.iter().map(|plugin| plugin.name.as_str()).collect()
}

#[tokio::test]
async fn the_score_is_the_weighted_mean_and_the_answer_names_each_part() {
    let report = asked(&[], FailurePolicy::Fallback).await.expect("answered");
    assert_eq!(judges(&report), ["big 75 %", "small 25 %"]);
    assert_eq!(names(&report), ["big", "small"]);
    let spell = &report.spells[0];
    assert!((spell.score - 0.7).abs() < 1e-9, "{}", spell.score);
    let told: Vec<&str> = spell.reasons.iter().map(|reason| reason.detail.as_str()).collect();
    assert!(told.contains(&"big scores 0.80 and counts 75 %"), "{told:?}");
    assert!(told.contains(&"small: alike"), "{told:?}");
    assert!(!report.degraded && report.problems.is_empty());
    let again = asked(&[], FailurePolicy::Fallback).await.expect("answered");
    assert_eq!(again.spells[0].score.to_bits(), spell.score.to_bits());
}

#[tokio::test]
async fn a_matcher_that_fails_is_left_out_and_the_answer_says_so() {
    let report = asked(&["small"], FailurePolicy::Fallback).await.expect("answered");
    assert_eq!(judges(&report), ["big 100 %"]);
    assert!((report.spells[0].score - 0.8).abs() < 1e-9);
    assert!(!report.degraded, "a chosen matcher judged: the answer may be posted");
    let problems: Vec<&str> = report.problems.iter().map(|problem| problem.plugin.as_str()).collect();
    assert_eq!(problems, ["small"]);
    assert!(
        report.spells[0].reasons.iter().any(|reason| reason.detail == "big scores 0.80 and counts 100 %"),
        "{:?}",
        report.spells[0].reasons
    );

    // One that may be skipped is as if it were not there.
    let report = asked(&["small"], FailurePolicy::Skip).await.expect("answered");
    assert_eq!(judges(&report), ["big 100 %"]);
    assert!(report.problems.is_empty());

    let error = asked(&["small"], FailurePolicy::Fail).await.expect_err("it may not fail");
    assert!(error.to_string().contains("plugin small failed"), "{error}");
}

#[tokio::test]
async fn a_fallback_stands_in_where_all_of_them_fail() {
    let report = asked(&["big", "small"], FailurePolicy::Fallback).await.expect("answered");
    assert!(report.degraded && report.matchers.is_empty());
    assert_eq!(names(&report), ["substitute"]);
    let spell = &report.spells[0];
    assert!(spell.score < Settings::default().threshold, "{}", spell.score);
    let said = "substitute replaces big and small, which failed";
    assert!(spell.reasons.iter().any(|reason| reason.detail == said), "{:?}", spell.reasons);

    let report = asked(&["big", "small"], FailurePolicy::Skip).await.expect("answered");
    assert!(report.degraded && report.spells.is_empty());
}
