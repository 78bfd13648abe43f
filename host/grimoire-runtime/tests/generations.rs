//! Plugin sets that replace each other while in use.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{Options, PluginHost, PluginSource};
use support::guests::{Group, component, encode, guest, section};
use support::{candidates, content, diagnostic, log, shipped};

/// The honest matcher with another digest.
fn other_build() -> PluginSource {
    let mut other = component(Group::Matcher, "honest");
    section(&mut other, 0, &[1, b'n', 2]);
    PluginSource::new("honest", other)
}

#[tokio::test]
async fn whoever_took_a_set_works_with_it_to_the_end() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Matcher, "honest")]).expect("a host");
    let first = host.current();
    let before = first.score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    host.load(vec![other_build()]).expect("loaded");
    let second = host.current();
    assert_eq!((first.generation(), second.generation()), (1, 2));

    let after = second.score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_ne!(before.plugin.digest, after.plugin.digest);
    let still = first.score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(still.plugin, before.plugin, "the set that was taken is the set that answers");
    assert_eq!(host.statistics("honest").calls, 3, "calls are counted over both generations");
}

#[tokio::test]
async fn what_is_called_before_it_runs_counts_for_nobody() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Matcher, "honest")]).expect("a host");
    let prepared = host.prepare(vec![other_build()]).expect("it is ready");
    prepared.set().score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(host.statistics("honest").calls, 0);
    prepared.run().expect("it runs");
    host.current().score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(host.statistics("honest").calls, 1);
}

#[tokio::test]
async fn a_scan_ends_in_the_generation_in_which_it_began() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Analyzer, "honest")]).expect("a host");
    let host = Arc::new(host);
    let taken = host.current();
    let swapping = Arc::clone(&host);
    // The set is replaced while the artifact is being read.
    let swap = stream::once(async move {
        swapping.load(Vec::new()).expect("an empty set");
        Ok("and more".into())
    });
    let artifact = content(b"some text, ", 4).chain(swap).boxed();
    let analysis = taken.analyze(&log(), artifact).await.expect("an analysis");
    assert_eq!(analysis.findings[0].plugin, taken.plugins()[0].identity);
    assert_eq!(analysis.findings[0].problem, None);
    assert!(host.current().plugins().is_empty(), "the next analysis has no analyzers");
}

#[tokio::test]
async fn a_set_outlives_its_host() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Matcher, "honest")]).expect("a host");
    let set = host.current();
    drop(host);
    set.score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
}

#[test]
fn a_new_host_has_the_empty_set() {
    let host = PluginHost::new(Options::default()).expect("a host");
    assert_eq!(host.current().generation(), 0);
    assert!(host.current().plugins().is_empty());
}

#[test]
fn no_more_analyzers_than_the_host_has_places_for() {
    let options = Options { max_analyzers: 1, ..Options::default() };
    let second = PluginSource::new("second", component(Group::Analyzer, "honest"));
    let host = PluginHost::start(options, vec![guest(Group::Analyzer, "honest"), second]).expect("a host");
    let rejected = host.current().rejected();
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].detail, "1 analyzers were loaded before it, and this host runs no more");
}

#[test]
fn what_is_not_ready_yet_is_told() {
    let host = Arc::new(PluginHost::new(Options::default()).expect("a host"));
    let loading = {
        let host = Arc::clone(&host);
        // Without a cache the component is compiled.
        std::thread::spawn(move || host.load(vec![shipped("analyzer-generic")]).map(drop))
    };
    let mut told = None;
    while told.is_none() && !loading.is_finished() {
        told = host.notices().into_iter().next();
        std::thread::yield_now();
    }
    let expected = "plugins are being prepared: 0 of 1 are done, analyzer-generic is under way";
    assert_eq!(told.as_deref(), Some(expected));
    loading.join().expect("no panic").expect("loaded");
    assert_eq!(host.notices(), Vec::<String>::new());
    assert_eq!(host.current().generation(), 1);
}

#[tokio::test]
async fn a_set_that_is_made_ready_does_not_run_until_it_is_told_to() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Matcher, "honest")]).expect("a host");
    let running = host.current().plugins();
    let prepared = host.prepare(vec![other_build()]).expect("a set");
    assert_eq!(prepared.set().generation(), 2);
    assert_ne!(prepared.set().plugins()[0].identity.digest, running[0].identity.digest);
    assert_eq!(host.current().plugins(), running);
    let late = host.prepare(vec![guest(Group::Matcher, "empty")]).expect("a set");
    prepared.run().expect("nothing else ran meanwhile");
    assert_eq!(host.current().generation(), 2);
    let error = late.run().expect_err("it was made to follow another set");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(host.current().generation(), 2);
}

#[tokio::test]
async fn a_plugin_that_does_not_change_goes_on_resting() {
    let options =
        Options { failures_before_rest: 1, first_rest: Duration::from_secs(3_600), ..Options::default() };
    let failing = || guest(Group::Matcher, "nan_score");
    let host = PluginHost::start(options, vec![failing()]).expect("a host");
    let score = async || {
        let answer = host.current().score("nan-score", &diagnostic(), &candidates(3)).await;
        answer.expect_err("it never answers").0.reason
    };
    assert_eq!(score().await, FailureReason::InvalidOutput);
    host.load(vec![failing(), guest(Group::Matcher, "honest")]).expect("a set");
    assert_eq!(score().await, FailureReason::Refused, "it rests in the next generation too");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_continuous_swap_no_request_is_lost_and_none_is_answered_by_two_sets() {
    let text = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    let build = |score: &str| {
        PluginSource::new("honest", encode(Group::Matcher, &text.replace("0.75", score), str::to_owned))
    };
    let host = Arc::new(PluginHost::start(Options::default(), vec![build("0.25")]).expect("a host"));
    let first = host.current().plugins()[0].identity.digest.clone();
    let is_over = Arc::new(AtomicBool::new(false));
    let swapping = {
        let (host, is_over, builds) =
            (Arc::clone(&host), Arc::clone(&is_over), [build("0.75"), build("0.25")]);
        std::thread::spawn(move || {
            for next in builds.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                host.load(vec![next.clone()]).expect("a set");
            }
        })
    };
    let asking = (0..4).map(|_| {
        let (host, first) = (Arc::clone(&host), first.clone());
        tokio::spawn(async move {
            for _ in 0..2_500 {
                let set = host.current();
                // One request asks twice, as a diagnosis of two errors does.
                let mut answers = Vec::new();
                for _ in 0..2 {
                    answers
                        .push(set.score("honest", &diagnostic(), &candidates(1)).await.expect("an answer"));
                }
                let expected = if answers[0].plugin.digest == first { 0.25 } else { 0.75 };
                assert_eq!(answers[0].plugin, answers[1].plugin, "one set for one request");
                assert!(
                    answers.iter().all(|answer| (answer.verdicts[0].score - expected).abs() < 0.01),
                    "{answers:?}"
                );
            }
        })
    });
    for asked in futures::future::join_all(asking.collect::<Vec<_>>()).await {
        asked.expect("every request was answered");
    }
    is_over.store(true, Ordering::Relaxed);
    swapping.join().expect("no panic");
    assert!(host.current().generation() > 2, "it was swapped all the while");
}
