//! Answers during a replacement of plugins: each comes from one generation and names it.

use std::sync::Arc;

use futures::FutureExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::Diagnosis;
use grimoire_pipeline::Settings;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins, ScriptedSet};
use grimoire_ports::plugins::analyzer::{Analyzers as _, Findings};

use crate::world::{LOG, World, bytes_of, commit, log_artifact, pull_request};

/// Plugins of generation 1 that are replaced by generation 2 after each analysis.
fn replaced_while_analyzing() -> ScriptedPlugins {
    let plugins = ScriptedPlugins::default();
    let swapped = plugins.clone();
    plugins.replace(ScriptedSet {
        analyzers: ScriptedAnalyzers::new(move |_, content| {
            swapped.replace(ScriptedSet { generation: 2, ..ScriptedSet::default() });
            Ok(found_in(content))
        }),
        ..ScriptedSet::default()
    });
    plugins
}

/// The findings of the default scripted analyzer.
fn found_in(content: &[u8]) -> Vec<Findings> {
    let text = String::from_utf8_lossy(content).into_owned();
    let (artifact, content) = (log_artifact(), bytes_of(&text));
    let analyzers = ScriptedAnalyzers::default();
    let analysis = analyzers.analyze(&artifact, content).now_or_never().expect("it never waits");
    analysis.expect("analyzed").findings
}

/// The generation that a diagnosis names, and those of the plugin builds that took part.
fn generations(diagnosis: &Diagnosis) -> (u64, Vec<(&str, u64)>) {
    let builds = diagnosis.plugins.iter().map(|plugin| {
        let generation = plugin.digest.trim_start_matches('0').parse().expect("a scripted digest");
        (plugin.name.as_str(), generation)
    });
    (diagnosis.generation, builds.collect())
}

const BOTH_OF_THE_FIRST: [(&str, u64); 2] = [("scripted-analyzer", 1), ("scripted-matcher", 1)];

#[tokio::test]
async fn a_review_whose_plugins_are_replaced_in_the_middle_is_made_by_the_first() {
    let plugins = replaced_while_analyzing();
    let running = plugins.clone();
    let world = World::with(Settings::default(), |ports| ports.plugins = Arc::new(running));
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);

    let review = world
        .pipeline
        .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
        .await
        .expect("read")
        .expect("kept");
    assert_eq!(generations(&review.diagnosis), (1, BOTH_OF_THE_FIRST.to_vec()));
    assert_eq!(
        world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").generation(),
        2,
        "the next review is made by the second"
    );
}

#[tokio::test]
async fn a_request_whose_plugins_are_replaced_in_the_middle_is_answered_by_the_first() {
    let world =
        World::with(Settings::default(), |ports| ports.plugins = Arc::new(replaced_while_analyzing()));
    world.moved_value_spell().await;
    let first = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("answered");
    assert_eq!(generations(&first), (1, BOTH_OF_THE_FIRST.to_vec()));
    let second = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("answered");
    assert_eq!(generations(&second), (2, vec![("scripted-analyzer", 2), ("scripted-matcher", 2)]));
}

#[tokio::test]
async fn what_one_generation_found_is_not_matched_by_another() {
    let plugins = ScriptedPlugins::default();
    let running = plugins.clone();
    let world = World::with(Settings::default(), |ports| ports.plugins = Arc::new(running));
    let report = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .analyze(&log_artifact(), bytes_of(LOG))
        .await
        .expect("analyzed");
    plugins.replace(ScriptedSet { generation: 2, ..ScriptedSet::default() });
    let mixed = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_reports(vec![("build".to_owned(), report)])
        .await;
    let error = mixed.expect_err("two generations");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let message = error.to_string();
    assert!(message.contains("generation 1") && message.contains("generation 2"), "{message}");
}

#[tokio::test]
async fn before_the_first_plugins_are_ready_nothing_is_judged() {
    let empty = ScriptedSet { generation: 0, plugins: Vec::new(), ..ScriptedSet::default() };
    let world =
        World::with(Settings::default(), |ports| ports.plugins = Arc::new(ScriptedPlugins::new(empty)));
    let refused = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect_err("not ready");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.retry_after().is_some());
}
