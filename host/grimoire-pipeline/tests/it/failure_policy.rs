//! How a plugin's failure affects answers and jobs, by failure policy.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::Panel;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_pipeline::{FailurePolicy, MatchReport, Settings};
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedMatchers, ScriptedPlugins};
use grimoire_ports::plugins::analyzer::Findings;

use crate::world::{LOG, World, bytes_of, commit, log_artifact, moved_value, pull_request};

fn policy(plugin: &str, policy: FailurePolicy) -> Settings {
    let mut settings = Settings::default();
    settings.failure_policies.insert(plugin.to_owned(), policy);
    settings
}

fn findings(plugin: &str, message: &str, reason: Option<FailureReason>) -> Findings {
    let diagnostic = Diagnostic {
        tool: "tool".to_owned(),
        message: message.to_owned(),
        // Far away from any other analyzer's finding.
        span: Span { start: message.len() as u64, end: message.len() as u64 + 1 },
        ..Diagnostic::default()
    };
    Findings {
        plugin: PluginIdentity { name: plugin.to_owned(), digest: "0".repeat(64) },
        diagnostics: vec![diagnostic],
        problem: reason.map(|reason| PluginProblem {
            plugin: plugin.to_owned(),
            reason,
            detail: "as the script says".to_owned(),
        }),
    }
}

/// A world where the analyzer `broken` finds something and then fails, and `whole` succeeds.
fn with_broken_analyzer(settings: Settings, reason: FailureReason) -> World {
    World::with(settings, |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |_, _| {
            let broken = findings("broken", "found before the failure", Some(reason));
            Ok(vec![broken, findings("whole", "use of moved value: `x`", None)])
        })));
    })
}

fn with_broken_matcher(policy_of_matcher: FailurePolicy, reason: FailureReason) -> World {
    World::with(policy("scripted-matcher", policy_of_matcher), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(reason)));
    })
}

#[tokio::test]
async fn a_failing_analyzer_leaves_what_it_found_and_the_answer_says_degraded() {
    for settings in [Settings::default(), policy("broken", FailurePolicy::Fallback)] {
        let world = with_broken_analyzer(settings, FailureReason::Trap);
        let report = world
            .pipeline
            .judge(&Actor::COMMAND_LINE)
            .expect("allowed")
            .analyze(&log_artifact(), bytes_of("x"))
            .await
            .expect("answered");
        assert_eq!(report.diagnostics.len(), 2);
        assert_eq!(report.problems[0].plugin, "broken");
        assert!(report.degraded);
        let diagnosis = world
            .pipeline
            .judge(&Actor::COMMAND_LINE)
            .expect("allowed")
            .diagnose(&log_artifact(), bytes_of("x"))
            .await
            .expect("answered");
        assert!(diagnosis.is_incomplete());
        assert!(!diagnosis.degraded, "its matcher did not fail: the rest may be posted");
    }
}

/// The answer about the error of a spell, where the chosen matcher fails and these are its fallbacks.
async fn with_fallbacks(fallbacks: &[&str], policy: FailurePolicy) -> MatchReport {
    let settings = Settings {
        matcher: Panel::one("chosen"),
        fallback_matchers: fallbacks.iter().map(|name| (*name).to_owned()).collect(),
        failure_policies: [("chosen".to_owned(), policy)].into(),
        ..Settings::default()
    };
    let world = World::with(settings, |ports| {
        let matchers = ScriptedMatchers::failing_as("chosen", FailureReason::Trap);
        ports.plugins = Arc::new(ScriptedPlugins::matching(matchers));
    });
    world.moved_value_spell().await;
    let report = ErrorReport { message: "use of moved value: `names`".to_owned(), ..ErrorReport::default() };
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    judge.match_error(report).await.expect("answered")
}

#[tokio::test]
async fn the_first_fallback_that_answers_stands_in_for_the_matcher_and_says_so() {
    let report = with_fallbacks(&["chosen", "second"], FailurePolicy::Fallback).await;
    assert!(report.degraded);
    assert_eq!(report.problems.len(), 2, "the chosen one was asked twice: {:?}", report.problems);
    let spell = &report.spells[0];
    assert!(spell.score < Settings::default().threshold, "{}", spell.score);
    let said = "second replaces chosen, which failed";
    assert!(spell.reasons.iter().any(|reason| reason.detail == said), "{:?}", spell.reasons);
}

#[tokio::test]
async fn a_matcher_that_is_skipped_has_no_fallback() {
    let report = with_fallbacks(&["second"], FailurePolicy::Skip).await;
    assert!(report.degraded && report.spells.is_empty());
}

#[tokio::test]
async fn an_analyzer_that_is_skipped_is_as_if_it_were_not_there() {
    let world = with_broken_analyzer(policy("broken", FailurePolicy::Skip), FailureReason::Trap);
    let report = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .analyze(&log_artifact(), bytes_of("x"))
        .await
        .expect("answered");
    let told: Vec<&str> = report.diagnostics.iter().map(|found| found.plugin.as_str()).collect();
    assert_eq!(told, ["whole"]);
    assert_eq!(report.plugins.len(), 1);
    assert!(!report.degraded && report.problems.is_empty());
}

#[tokio::test]
async fn an_analyzer_that_may_not_fail_fails_the_answer_by_name() {
    for (reason, kind) in [
        (FailureReason::Trap, ErrorKind::Unavailable),
        (FailureReason::Busy, ErrorKind::Busy),
        (FailureReason::Timeout, ErrorKind::Timeout),
    ] {
        let world = with_broken_analyzer(policy("broken", FailurePolicy::Fail), reason);
        let error = world
            .pipeline
            .judge(&Actor::COMMAND_LINE)
            .expect("allowed")
            .analyze(&log_artifact(), bytes_of("x"))
            .await
            .expect_err("failed");
        assert_eq!(error.kind(), kind, "{reason}");
        assert_eq!(error.failed_plugin().map(|problem| problem.plugin.as_str()), Some("broken"));
        assert!(error.to_string().contains(&format!("plugin broken failed ({reason})")), "{error}");
    }
}

#[tokio::test]
async fn what_an_analyzer_does_not_handle_is_no_failure() {
    for chosen in [FailurePolicy::Fallback, FailurePolicy::Fail] {
        let world = with_broken_analyzer(policy("broken", chosen), FailureReason::Unsupported);
        let report = world
            .pipeline
            .judge(&Actor::COMMAND_LINE)
            .expect("allowed")
            .analyze(&log_artifact(), bytes_of("x"))
            .await
            .expect("answered");
        assert!(!report.degraded);
    }
}

#[tokio::test]
async fn a_matcher_that_is_skipped_leaves_no_spells_and_says_so() {
    let world = with_broken_matcher(FailurePolicy::Skip, FailureReason::Trap);
    world.moved_value_spell().await;
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("answered");
    assert_eq!(diagnosis.errors.len(), 2);
    assert!(diagnosis.errors.iter().all(|error| error.spells.is_empty()));
    assert!(diagnosis.degraded);
    assert_eq!(diagnosis.problems[0].plugin, "scripted-matcher");
}

#[tokio::test]
async fn the_policy_of_one_plugin_is_not_that_of_another() {
    let world = World::with(policy("another", FailurePolicy::Fail), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(FailureReason::Trap)));
    });
    world.moved_value_spell().await;
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("answered");
    assert!(diagnosis.degraded);
    let stand_in = diagnosis.errors[0].spells.first().expect("keyword order stands in");
    assert!(stand_in.score < world.pipeline.settings().threshold, "and judges nothing: {}", stand_in.score);
    assert!(stand_in.reasons.iter().any(|reason| reason.detail.contains("no matcher answered")));
}

/// The state of a review's job after all attempts, and its last message.
async fn reviewed(world: &World) -> (JobState, String) {
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_all().await;
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new(), "nothing is posted");
    (world.state(job).await, world.job(job).await.last_error.unwrap_or_default())
}

#[tokio::test]
async fn the_job_of_a_plugin_that_may_not_fail_is_tried_again_and_then_dead() {
    let matcher = with_broken_matcher(FailurePolicy::Fail, FailureReason::Trap);
    let (state, error) = reviewed(&matcher).await;
    assert_eq!(state, JobState::Dead);
    assert!(error.contains("plugin scripted-matcher failed (trap)"), "{error}");

    let analyzer = with_broken_analyzer(policy("broken", FailurePolicy::Fail), FailureReason::Timeout);
    let (state, error) = reviewed(&analyzer).await;
    assert_eq!(state, JobState::Dead, "also its last attempt does not go on without it");
    assert!(error.contains("plugin broken failed (timeout)"), "{error}");
}

#[tokio::test]
async fn a_job_whose_matcher_is_skipped_ends_well_and_posts_nothing() {
    let world = with_broken_matcher(FailurePolicy::Skip, FailureReason::Trap);
    assert_eq!(reviewed(&world).await.0, JobState::Succeeded);
    let review = world
        .pipeline
        .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
        .await
        .expect("read")
        .expect("kept");
    assert!(review.diagnosis.degraded);
}

#[tokio::test]
async fn a_matcher_that_may_not_fail_fails_only_what_it_is_asked() {
    let world = with_broken_matcher(FailurePolicy::Fail, FailureReason::Timeout);
    world.pipeline.create_spell(moved_value(), &Actor::COMMAND_LINE).await.expect("valid");
    let error = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let nothing = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of("all is well"))
        .await;
    assert!(nothing.is_ok(), "where there is nothing to judge nobody fails");
}
