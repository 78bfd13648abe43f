//! Merging the reports of several analyzers about one defect.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::{Diagnostic, Location, Position, Span};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_pipeline::{AnalysisReport, Settings};
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins};
use grimoire_ports::plugins::analyzer::Findings;
use proptest::prelude::*;

use crate::world::{World, block_on, bytes_of, log_artifact};

fn diagnostic(message: &str, span: (u64, u64)) -> Diagnostic {
    Diagnostic {
        tool: "tool".to_owned(),
        message: message.to_owned(),
        span: Span { start: span.0, end: span.1 },
        ..Diagnostic::default()
    }
}

fn at(path: &str, line: u32, column: Option<u32>, found: Diagnostic) -> Diagnostic {
    let start = Some(Position { line, column });
    Diagnostic { location: Some(Location { path: path.to_owned(), start, end: None }), ..found }
}

fn coded(code: &str, found: Diagnostic) -> Diagnostic {
    Diagnostic { code: Some(code.to_owned()), ..found }
}

fn findings(plugin: &str, diagnostics: Vec<Diagnostic>) -> Findings {
    let plugin = PluginIdentity { name: plugin.to_owned(), digest: "0".repeat(64) };
    Findings { plugin, diagnostics, problem: None }
}

async fn analyzed(settings: Settings, all: Vec<Findings>) -> AnalysisReport {
    let world = World::with(settings, |ports| {
        ports.plugins =
            Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |_, _| Ok(all.clone()))));
    });
    world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .analyze(&log_artifact(), bytes_of("a log"))
        .await
        .expect("analyzed")
}

/// Plugin, message and count of every remaining diagnostic.
async fn merged(all: Vec<Findings>) -> Vec<(String, String, u32)> {
    let report = analyzed(Settings::default(), all).await;
    let told = report.diagnostics.into_iter();
    told.map(|found| (found.plugin, found.diagnostic.message, found.count)).collect()
}

fn told(plugin: &str, message: &str, count: u32) -> (String, String, u32) {
    (plugin.to_owned(), message.to_owned(), count)
}

#[tokio::test]
async fn of_overlapping_spans_the_more_specific_is_kept() {
    let generic =
        findings("generic", vec![diagnostic("mismatched types", (0, 20)), diagnostic("other", (90, 95))]);
    let rust = findings(
        "rust",
        vec![coded("E0308", at("src/a.rs", 3, Some(5), diagnostic("mismatched types", (5, 60))))],
    );
    let expected = [told("rust", "mismatched types", 1), told("generic", "other", 1)];
    assert_eq!(merged(vec![generic.clone(), rust.clone()]).await, expected);
    assert_eq!(merged(vec![rust, generic]).await, expected, "the order of plugins does not matter");
}

#[tokio::test]
async fn one_analyzer_may_find_several_defects_in_one_place() {
    let both = vec![diagnostic("unused variable", (0, 20)), diagnostic("unused import", (10, 30))];
    let expected = [told("rust", "unused variable", 1), told("rust", "unused import", 1)];
    assert_eq!(merged(vec![findings("rust", both)]).await, expected);
}

#[tokio::test]
async fn repeats_are_counted_where_they_stood_first() {
    let repeated: Vec<Diagnostic> =
        [(0, 5), (50, 55), (20, 25)].map(|span| diagnostic("again", span)).to_vec();
    let report = analyzed(Settings::default(), vec![findings("rust", repeated)]).await;
    assert_eq!(report.diagnostics.len(), 1);
    assert_eq!((report.diagnostics[0].count, report.diagnostics[0].diagnostic.span.start), (3, 0));
}

#[tokio::test]
async fn what_a_build_tool_repeats_about_the_same_place_is_told_once() {
    let compiler =
        coded("TS2304", at("src/a.ts", 3, Some(5), diagnostic("Cannot find name 'foo'.", (0, 20))));
    let annotation =
        at("/home/runner/work/app/app/src/a.ts", 3, None, diagnostic("cannot find name foo", (70, 95)));
    let elsewhere = at("src/a.ts", 4, None, diagnostic("cannot find name foo", (100, 120)));
    let namesake = at("lib/src/b/a.ts", 3, None, diagnostic("cannot find name foo", (130, 140)));
    let unlike = at("src/a.ts", 3, None, diagnostic("missing semicolon", (150, 160)));
    let generic = findings("generic", vec![annotation, elsewhere, namesake, unlike]);
    let expected = [
        told("javascript", "Cannot find name 'foo'.", 1),
        told("generic", "cannot find name foo", 1),
        told("generic", "cannot find name foo", 1),
        told("generic", "missing semicolon", 1),
    ];
    assert_eq!(merged(vec![generic, findings("javascript", vec![compiler])]).await, expected);
}

#[tokio::test]
async fn a_place_that_only_the_other_analyzer_knew_is_not_lost() {
    let placeless = coded("E0308", diagnostic("mismatched types", (0, 50)));
    let placed = at("src/a.rs", 3, None, diagnostic("mismatched types", (10, 20)));
    let all = vec![findings("generic", vec![placed]), findings("rust", vec![placeless])];
    let report = analyzed(Settings::default(), all).await;
    assert_eq!(report.diagnostics.len(), 1);
    let kept = &report.diagnostics[0];
    assert_eq!(kept.plugin, "rust");
    assert_eq!(kept.diagnostic.location.as_ref().map(|place| place.path.as_str()), Some("src/a.rs"));
}

#[tokio::test]
async fn the_facts_of_both_reports_are_kept_and_those_of_the_kept_one_first() {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut kept = coded("E0308", diagnostic("mismatched types", (0, 50)));
    kept.facts = vec![fact("crate", "kettle"), fact("edition", "2024")];
    let mut absorbed = diagnostic("mismatched types", (10, 20));
    absorbed.facts = vec![fact("edition", "unknown"), fact("step", "build")];
    let all = vec![findings("generic", vec![absorbed]), findings("rust", vec![kept])];
    let report = analyzed(Settings::default(), all).await;
    assert_eq!(report.diagnostics.len(), 1);
    let facts = &report.diagnostics[0].diagnostic.facts;
    assert_eq!(*facts, [fact("crate", "kettle"), fact("edition", "2024"), fact("step", "build")]);
}

#[tokio::test]
async fn a_failing_analyzer_is_a_problem_and_the_others_answer() {
    let mut failing = findings("python", vec![diagnostic("before the end", (0, 5))]);
    let problem = PluginProblem {
        plugin: "python".to_owned(),
        reason: FailureReason::Timeout,
        detail: "took too long".to_owned(),
    };
    failing.problem = Some(problem.clone());
    let report =
        analyzed(Settings::default(), vec![failing, findings("rust", vec![diagnostic("fine", (9, 10))])])
            .await;
    assert_eq!(report.diagnostics.len(), 2);
    assert_eq!(report.problems, [problem]);
    assert_eq!(report.plugins.len(), 2);
}

#[tokio::test]
async fn more_errors_than_allowed_are_a_gap() {
    let settings = Settings { diagnostics_per_artifact: 2, ..Settings::default() };
    let many = (0..5).map(|index| diagnostic(&format!("error {index}"), (index, index + 1))).collect();
    let report = analyzed(settings, vec![findings("rust", many)]).await;
    assert_eq!(report.diagnostics.len(), 2);
    assert_eq!(report.gaps, ["3 further errors were left out"]);
}

fn any_findings() -> impl Strategy<Value = Vec<Diagnostic>> {
    let one = (0_u64..200, 0_u64..40, prop::option::of(1_u32..4), any::<bool>(), 0_u8..4).prop_map(
        |(start, length, line, has_code, message)| {
            let found = diagnostic(&format!("message number {message}"), (start, start + length));
            let found = if has_code { coded("X1", found) } else { found };
            match line {
                Some(line) => at("a.rs", line, None, found),
                None => found,
            }
        },
    );
    prop::collection::vec(one, 0..15)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn merging_invents_nothing_and_forgets_no_message(one in any_findings(), other in any_findings()) {
        let all = vec![findings("one", one.clone()), findings("other", other.clone())];
        let (report, again) = block_on(async {
            let report = analyzed(Settings::default(), all.clone()).await;
            (report, analyzed(Settings::default(), all.into_iter().rev().collect()).await)
        });
        prop_assert_eq!(&report.diagnostics, &again.diagnostics);
        let given = one.len() + other.len();
        let counted: usize = report.diagnostics.iter().map(|found| found.count as usize).sum();
        prop_assert!(counted <= given);
        prop_assert_eq!(report.diagnostics.is_empty(), given == 0);
        let places: Vec<_> = report.diagnostics.iter().map(|found| found.diagnostic.span.start).collect();
        prop_assert!(places.is_sorted());
        // If only one analyzer reports, nothing is merged.
        if other.is_empty() {
            prop_assert_eq!(counted, given);
        }
    }
}

#[tokio::test]
async fn a_failed_test_wins_over_what_its_report_quotes() {
    let of_test = |name: &str| {
        let test = Some(name.to_owned());
        Diagnostic { test, ..diagnostic(&format!("{name} failed"), (0, 90)) }
    };
    let report = findings("report", vec![of_test("pours"), of_test("steeps")]);
    let quoted = coded("E0308", at("src/a.rs", 3, Some(5), diagnostic("mismatched types", (5, 60))));
    let rust = findings("rust", vec![quoted]);
    let expected = [told("report", "pours failed", 1), told("report", "steeps failed", 1)];
    assert_eq!(merged(vec![report.clone(), rust.clone()]).await, expected);
    assert_eq!(merged(vec![rust, report]).await, expected, "the order of plugins does not matter");
}
