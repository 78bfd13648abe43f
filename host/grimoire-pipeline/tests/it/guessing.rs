//! When the analyzers of last resort are called, and with which parts of a log.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Role, Span};
use grimoire_domain::review::PluginIdentity;
use grimoire_pipeline::{AnalysisReport, Settings};
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins};
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::{Excerpt, Findings};

use crate::world::{World, log_artifact};

fn findings(plugin: &str, diagnostics: Vec<Diagnostic>) -> Findings {
    let plugin = PluginIdentity { name: plugin.to_owned(), digest: "0".repeat(64) };
    Findings { plugin, diagnostics, problem: None }
}

/// A log in pieces whose size does not divide any line.
fn pieces_of(log: &str) -> ByteStream {
    let pieces: Vec<_> =
        log.as_bytes().chunks(99_991).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

/// Analyzes a log with one analyzer that reports `known` and one that guesses the last line of any part. Also returns
/// the parts that the second one was called with.
async fn analyzed(log: &str, known: Vec<Diagnostic>) -> (AnalysisReport, Vec<Excerpt>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    let analyzers = ScriptedAnalyzers::new(move |_, _| Ok(vec![findings("known", known.clone())])).guessing(
        move |excerpt| {
            record.lock().expect("the record").push(excerpt.clone());
            let text = String::from_utf8_lossy(&excerpt.bytes);
            let last = text.trim_end().lines().last().unwrap_or_default().to_owned();
            let end = excerpt.start + text.trim_end().len() as u64;
            let span = Span { start: end - last.len() as u64, end };
            let confidence = Confidence::Guess;
            vec![findings(
                "last-resort",
                vec![Diagnostic { message: last, confidence, span, ..Diagnostic::default() }],
            )]
        },
    );
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(analyzers));
    });
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let report = judge.analyze(&log_artifact(), pieces_of(log)).await.expect("analyzed");
    let asked = asked.lock().expect("the record").clone();
    (report, asked)
}

fn told(report: &AnalysisReport) -> Vec<&str> {
    report.diagnostics.iter().map(|found| found.diagnostic.message.as_str()).collect()
}

fn error(message: &str, role: Role) -> Diagnostic {
    Diagnostic { message: message.to_owned(), role, span: Span { start: 0, end: 5 }, ..Diagnostic::default() }
}

#[tokio::test]
async fn where_a_cause_is_known_nobody_guesses() {
    let (report, asked) = analyzed("error: no lid\nexit status 1\n", vec![error("no lid", Role::Root)]).await;
    assert_eq!(told(&report), ["no lid"]);
    assert_eq!(asked, []);
    let names: Vec<_> = report.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(names, ["known"]);
}

#[tokio::test]
async fn what_only_sums_up_is_no_cause() {
    let log = "build failed\nthe lid of pot 7 is not there\n";
    let (report, asked) = analyzed(log, vec![error("build failed", Role::Summary)]).await;
    assert_eq!(told(&report), ["the lid of pot 7 is not there"]);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].start, &asked[0].bytes[..]), (0, log.as_bytes()), "a short log is kept whole");
}

#[tokio::test]
async fn a_run_that_passed_needs_no_guess() {
    let (report, asked) = analyzed("the lid is not there\nFinished: SUCCESS\n", Vec::new()).await;
    assert_eq!(told(&report), [""; 0]);
    assert_eq!(asked, []);
}

#[tokio::test]
async fn of_a_long_log_only_the_end_is_kept_from_a_line_on() {
    let noise = "pouring tea into a cup\n".repeat(150_000);
    let log = format!("{noise}the lid of pot 7 is not there\n");
    let (report, asked) = analyzed(&log, Vec::new()).await;
    assert_eq!(told(&report), ["the lid of pot 7 is not there"]);
    let Span { start, end } = report.diagnostics[0].diagnostic.span;
    assert_eq!(
        &log[usize::try_from(start).expect("small")..usize::try_from(end).expect("small")],
        told(&report)[0]
    );
    assert_eq!(asked.len(), 1);
    assert!(asked[0].bytes.len() <= 1 << 20, "{} bytes", asked[0].bytes.len());
    assert!(asked[0].bytes.starts_with(b"pouring tea into a cup\n"), "it begins with a line");
    assert_eq!(asked[0].start + asked[0].bytes.len() as u64, log.len() as u64);
}

#[tokio::test]
async fn the_step_that_failed_is_kept_whatever_comes_after_it() {
    let header =
        |name: &str| format!("##[group]Run {name}\n{name}\nshell: /usr/bin/bash -e {{0}}\n##[endgroup]\n");
    let noise = "pouring tea into a cup\n".repeat(150_000);
    let log = [
        header("kettle heat"),
        noise.clone(),
        header("kettle boil"),
        noise.clone(),
        "##[error]the lid of pot 7 is not there\n##[error]Process completed with exit code 3.\n".to_owned(),
        header("kettle wash"),
        noise,
    ]
    .concat();
    let (report, asked) = analyzed(&log, Vec::new()).await;
    assert_eq!(asked.len(), 2, "the step and the end of the log");
    let step = String::from_utf8_lossy(&asked[0].bytes);
    assert!(step.ends_with("##[error]Process completed with exit code 3.\n"), "{}", &step[step.len() - 80..]);
    assert!(step.len() <= 256 << 10, "{} bytes", step.len());
    assert_eq!(
        told(&report),
        ["##[error]Process completed with exit code 3."],
        "the step that failed counts"
    );
}

#[tokio::test]
async fn a_last_line_without_end_hides_no_step_that_failed() {
    let header = |name: &str| format!("##[group]Run {name}\nshell: sh\n##[endgroup]\n");
    let log = [
        header("kettle boil"),
        "##[error]the lid of pot 7 is not there\n##[error]Process completed with exit code 3.\n".to_owned(),
        header("kettle wash"),
        "progress 10%\r".repeat(200_000),
    ]
    .concat();
    let (report, asked) = analyzed(&log, Vec::new()).await;
    assert_eq!(asked.len(), 2, "the step and the end of the log");
    assert_eq!(told(&report), ["##[error]Process completed with exit code 3."]);
}
