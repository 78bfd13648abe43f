//! Errors and artifacts become ranked spells.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::ranking::{PatternEvidence, PatternHit, Verdict, compare, keyword_verdicts};
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::SpellStatus;
use grimoire_pipeline::{Settings, SpellPatch};
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedPlugins};
use proptest::prelude::*;

use crate::world::{LOG, World, block_on, bytes_of, log_artifact, moved_value, spell_about};

fn report(message: &str) -> ErrorReport {
    ErrorReport { message: message.to_owned(), ..ErrorReport::default() }
}

#[tokio::test]
async fn a_reported_error_gets_the_spell_that_fits() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    world.pipeline.create_spell(spell_about("linker"), &Actor::COMMAND_LINE).await.expect("valid");
    let found = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_error(report("use of moved value: `x`"))
        .await
        .expect("matched");
    assert_eq!(found.spells.iter().map(|ranked| ranked.id).collect::<Vec<_>>(), [spell.id]);
    assert!(!found.degraded && found.problems.is_empty());
    assert_eq!(found.plugins[0].name, "scripted-matcher");
    let invalid = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_error(report("  "))
        .await
        .expect_err("blank");
    assert_eq!((invalid.kind(), invalid.field_errors()[0].field.as_str()), (ErrorKind::Invalid, "message"));
}

#[tokio::test]
async fn what_is_deleted_or_not_active_is_no_candidate() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let matched = async || {
        let found = world
            .pipeline
            .judge(&Actor::COMMAND_LINE)
            .expect("allowed")
            .match_error(report("use of moved value: `x`"))
            .await
            .expect("matched");
        found.spells.len()
    };
    assert_eq!(matched().await, 1);
    let retired = SpellPatch { status: Some(SpellStatus::Retired), ..SpellPatch::default() };
    world.pipeline.patch_spell(spell.id, retired, None, &Actor::COMMAND_LINE).await.expect("patched");
    assert_eq!(matched().await, 0);
    let active = SpellPatch { status: Some(SpellStatus::Active), ..SpellPatch::default() };
    world.pipeline.patch_spell(spell.id, active, None, &Actor::COMMAND_LINE).await.expect("patched");
    assert_eq!(matched().await, 1);
    world.pipeline.delete_spell(spell.id, None, &Actor::COMMAND_LINE).await.expect("deleted");
    assert_eq!(matched().await, 0);
}

#[tokio::test]
async fn the_matcher_is_told_what_the_pattern_found_also_after_the_spell_changed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(move |_, candidates| {
            let patterns = candidates.iter().map(|candidate| candidate.evidence.pattern.clone());
            told.lock().expect("not poisoned").extend(patterns);
            Ok(keyword_verdicts(candidates))
        })));
    });
    let spell = world.moved_value_spell().await;
    world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_error(report("use of moved value: `x`"))
        .await
        .expect("matched");
    let patch = SpellPatch { error_pattern: Some("text:borrowed".to_owned()), ..SpellPatch::default() };
    world.pipeline.patch_spell(spell.id, patch, None, &Actor::COMMAND_LINE).await.expect("patched");
    world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_error(report("use of moved value: `x`"))
        .await
        .expect("matched");
    let seen = seen.lock().expect("not poisoned").clone();
    let text = "use of moved value: `x`".to_owned();
    let hit = PatternEvidence::Hit(PatternHit { text, telling: 7, in_message: true, place: 7..30 });
    assert_eq!(seen, [hit, PatternEvidence::Missed]);
}

#[tokio::test]
async fn keyword_order_stands_in_for_a_failing_matcher_and_says_so() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(FailureReason::Trap)));
    });
    let spell = world.moved_value_spell().await;
    let found = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_error(report("use of moved value: `x`"))
        .await
        .expect("answered");
    assert!(found.degraded);
    assert_eq!(found.problems[0].reason, FailureReason::Trap);
    assert_eq!(found.spells[0].id, spell.id);
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("answered");
    assert!(diagnosis.degraded);
    assert_eq!(diagnosis.problems.len(), 1, "told once, not once for every error");
}

#[tokio::test]
async fn a_log_becomes_its_errors_with_their_spells() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(LOG))
        .await
        .expect("diagnosed");
    let found: Vec<_> = diagnosis
        .errors
        .iter()
        .map(|error| (error.diagnostic.code.as_deref(), error.artifact.as_str(), error.spells.first()))
        .map(|(code, artifact, best)| (code, artifact, best.map(|best| best.id)))
        .collect();
    assert_eq!(found, [(Some("E0382"), "build", Some(spell.id)), (Some("E0999"), "build", None)]);
    assert_eq!(diagnosis.generation, 1);
    assert_eq!(diagnosis.sequence, 1);
}

#[tokio::test]
async fn equal_errors_are_judged_once_and_the_gravest_first() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let settings = Settings { errors_per_diagnosis: 3, ..Settings::default() };
    let world = World::with(settings, |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(move |_, candidates| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(keyword_verdicts(candidates))
        })));
    });
    world.moved_value_spell().await;
    let mut log = "error[E0382]: use of moved value: `a`\n".repeat(50);
    log.push_str("error[E0382]: use of moved value: `b`\n");
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(&log))
        .await
        .expect("diagnosed");
    assert_eq!(diagnosis.errors.iter().map(|error| error.count).collect::<Vec<_>>(), [50, 1]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);

    let many = (0..10).map(|number| format!("error: moved number {number}\n")).collect::<Vec<_>>().concat();
    let diagnosis = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .diagnose(&log_artifact(), bytes_of(&many))
        .await
        .expect("diagnosed");
    assert_eq!(diagnosis.errors.len(), 10);
    assert_eq!(calls.load(Ordering::Relaxed), 5);
    assert!(diagnosis.gaps.iter().any(|gap| gap.starts_with("7 further errors")), "{:?}", diagnosis.gaps);
}

#[tokio::test]
async fn an_artifact_above_the_limit_is_refused_known_or_streamed() {
    let settings = Settings { maximum_artifact_bytes: 10, ..Settings::default() };
    let world = World::with(settings, |_| {});
    let streamed = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .analyze(&log_artifact(), bytes_of("12345678901"))
        .await;
    assert_eq!(streamed.expect_err("too long").kind(), ErrorKind::TooLarge);
    let known = Artifact { size: Some(11), ..log_artifact() };
    let refused =
        world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").analyze(&known, bytes_of("")).await;
    assert_eq!(refused.expect_err("too long").kind(), ErrorKind::TooLarge);
    assert_eq!(world.analyzers.seen(), []);
    let fits = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .analyze(&log_artifact(), bytes_of("1234567890"))
        .await
        .expect("fits");
    assert_eq!(fits.bytes, 10);
}

/// A matcher with the given scores.
fn scored(scores: Vec<f64>) -> ScriptedMatchers {
    ScriptedMatchers::new(move |_, candidates| {
        let verdicts = scores.iter().take(candidates.len()).enumerate();
        Ok(verdicts
            .map(|(candidate, &score)| Verdict { candidate, score, shown: true, reasons: Vec::new() })
            .collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // Property 11
    #[test]
    fn ranked_spells_are_in_descending_score(
        scores in prop::collection::vec(prop_oneof![0.0..=1.0, Just(0.5), Just(1.0)], 1..=3),
        threshold in 0.0..=1.0,
        limit in 1_usize..25,
    ) {
        block_on(async {
            let settings = Settings { threshold, spells_per_error: limit, ..Settings::default() };
            let matchers = scored(scores.clone());
            let world = World::with(settings, |ports| ports.plugins = Arc::new(ScriptedPlugins::matching(matchers)));
            for _ in &scores {
                world.pipeline.create_spell(spell_about("linker"), &Actor::COMMAND_LINE).await.expect("valid");
            }
            let first = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").match_error(report("linker failed")).await.expect("matched");
            let keys: Vec<_> = first.spells.iter().map(|ranked| (ranked.score, ranked.id)).collect();
            prop_assert!(keys.is_sorted_by(|left, right| compare(*left, *right).is_lt()));
            let above = scores.iter().filter(|score| **score >= threshold).count();
            prop_assert_eq!(keys.len(), above.min(limit));
            let second = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").match_error(report("linker failed")).await.expect("matched");
            prop_assert_eq!(first, second);
            Ok(())
        })?;
    }

    // Property 9
    #[test]
    fn a_reported_error_reaches_the_matcher_whole(
        error_type in "[A-Za-z0-9_:]{0,40}",
        message in "linker [ -~é漢]{0,200}",
        context in "[ -~\n]{0,300}",
        stack_trace in prop::collection::vec("[!-~][ -~]{0,60}", 0..8),
    ) {
        block_on(async {
            let seen: Arc<Mutex<Vec<Diagnostic>>> = Arc::default();
            let told = seen.clone();
            let world = World::with(Settings::default(), |ports| {
                ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(move |diagnostic, _| {
                    told.lock().expect("not poisoned").push(diagnostic.clone());
                    Err(PluginProblem {
                        plugin: "scripted-matcher".to_owned(),
                        reason: FailureReason::Failed,
                        detail: String::new(),
                    })
                })));
            });
            world.pipeline.create_spell(spell_about("linker"), &Actor::COMMAND_LINE).await.expect("valid");
            let sent = ErrorReport {
                error_type: error_type.clone(),
                message: message.clone(),
                context: context.clone(),
                stack_trace: stack_trace.join("\n"),
            };
            world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").match_error(sent).await.expect("answered");
            let seen = seen.lock().expect("not poisoned");
            prop_assert_eq!(seen.len(), 1);
            prop_assert_eq!(&seen[0].error_type, &error_type);
            prop_assert_eq!(&seen[0].message, &message);
            prop_assert_eq!(&seen[0].context, &context);
            let frames: Vec<&str> = seen[0].stack_trace.iter().map(|frame| frame.text.as_str()).collect();
            prop_assert_eq!(frames, stack_trace);
            Ok(())
        })?;
    }

    // Property 6, as seen by search and match.
    #[test]
    fn a_deleted_spell_is_gone_from_every_answer(count in 1_usize..5, deleted: prop::sample::Index) {
        block_on(async {
            let settings = Settings { threshold: 0.0, spells_per_error: 100, ..Settings::default() };
            let world = World::with(settings, |_| {});
            let mut ids = Vec::new();
            for _ in 0..count {
                ids.push(world.moved_again().await);
            }
            let gone = ids.remove(deleted.index(count));
            world.pipeline.delete_spell(gone, None, &Actor::COMMAND_LINE).await.expect("deleted");
            let found = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").match_error(report("use of moved value: `x`")).await.expect("matched");
            let matched: Vec<_> = found.spells.iter().map(|ranked| ranked.id).collect();
            prop_assert_eq!(&matched, &ids);
            let query = grimoire_pipeline::SpellQuery { q: Some("moved".to_owned()), ..Default::default() };
            let listed = world.pipeline.list_spells(&query, PageRequest::default(), &Actor::COMMAND_LINE).await.expect("listed");
            prop_assert_eq!(listed.items.iter().map(|listed| listed.spell.id).collect::<Vec<_>>(), ids);
            prop_assert!(world.pipeline.get_spell(gone, &Actor::COMMAND_LINE).await.is_err());
            Ok(())
        })?;
    }
}

impl World {
    async fn moved_again(&self) -> grimoire_domain::spell::SpellId {
        let fields = grimoire_domain::spell::SpellFields { key: None, ..moved_value() };
        self.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
    }
}

#[tokio::test]
async fn a_few_lines_are_an_excerpt_and_a_log_without_a_failure_stays_green() {
    let world = World::new();
    let line = "the reactor of the flurble is not running";
    let fields = grimoire_domain::spell::SpellFields { error_pattern: line.to_owned(), ..moved_value() };
    world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid");
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let long = format!("{line}\n{}", "compiling a part of it\n".repeat(100));
    let step =
        |name: &str| format!("##[group]Run {name}\n{name}\nshell: /usr/bin/bash -e {{0}}\n##[endgroup]\n");
    let passed = format!("{}{line}\n{}done\n", step("make"), step("ls"));
    let tests = format!("{line}\n--- PASS: the flurble recovers\n");
    for (log, told) in [(line, true), (&long, false), (&passed, false), (&tests, false)] {
        let report = judge.analyze(&log_artifact(), bytes_of(log)).await.expect("read");
        let found: Vec<_> =
            report.diagnostics.iter().map(|found| found.diagnostic.message.as_str()).collect();
        assert_eq!(found.contains(&line), told, "{log}");
    }
}
