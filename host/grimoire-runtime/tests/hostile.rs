//! The hostile corpus: each guest meets the outcome in its row, and the host goes on serving others.
//!
//! Groups *time*, *memory* and *boundary* are the tables below; *isolation*, *load* and the cases
//! that need several plugins at once have tests of their own.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::PluginInventory as _;
use grimoire_ports::plugins::analyzer::{Analyzers as _, Findings};
use grimoire_ports::plugins::matcher::Matchers as _;
use grimoire_runtime::{Options, PluginHost, PluginSource, TimeBudget};
use support::guests::{Group, encode, guest, with_modules};
use support::{candidates, content, diagnostic, log};

/// What must come of a guest.
enum Outcome {
    /// It answers.
    Fine,
    /// Its call fails with a reason; the detail contains a text.
    Fails(&'static str, &'static str),
    /// It is not loaded; the detail contains a text.
    Rejected(&'static str),
}
use Outcome::{Fails, Fine, Rejected};

const MATCHERS: &[(&str, Outcome)] = &[
    ("honest", Fine),
    ("empty", Fine),
    // Time.
    ("loop_in_export", Fails("timeout", "used up its computing time")),
    ("loop_in_start", Rejected("does not start (timeout)")),
    ("loop_in_post_return", Fails("timeout", "used up its computing time")),
    ("loop_in_realloc", Fails("timeout", "used up its computing time")),
    ("copy_loop", Fails("timeout", "used up its computing time")),
    // Memory.
    ("grow_bomb", Fails("memory", "64 MiB")),
    ("grow_refused", Fine),
    ("initial_memory", Rejected("bytes of initial memory; a plugin may have at most 67108864")),
    ("table_grow", Fails("memory", "64 MiB")),
    ("deep_recursion", Fails("trap", "recursion too deep")),
    // Boundary.
    ("list_of_gigabytes", Fails("invalid_output", "")),
    ("million_verdicts", Fails("invalid_output", "")),
    ("amplified_text", Fails("invalid_output", "")),
    ("pointer_out_of_range", Fails("invalid_output", "")),
    ("realloc_out_of_range", Fails("invalid_output", "")),
    ("lying_utf8", Fails("invalid_output", "utf-8")),
    ("unknown_case", Fails("invalid_output", "")),
    ("nan_score", Fails("invalid_output", "verdicts[0].score: must be from 0 to 1")),
    ("infinite_score", Fails("invalid_output", "verdicts[0].score: must be from 0 to 1")),
    ("negative_score", Fails("invalid_output", "verdicts[0].score: must be from 0 to 1")),
    ("foreign_index", Fails("invalid_output", "verdicts[0].candidate: 4294967295 of 3")),
    ("duplicate_index", Fails("invalid_output", "verdicts[1].candidate: 0 was judged already")),
    ("ansi_text", Fails("invalid_output", "reasons[0].detail: has the control character U+001B")),
    ("bidi_text", Fails("invalid_output", "reasons[0].detail: has U+202E")),
    ("long_failure", Fails("failed", "its log has its words")),
    ("log_flood", Fine),
    // Isolation: see the tests below for what they prove.
    ("unreachable", Fine),
    ("counter", Fine),
    ("secret", Fine),
];

const ANALYZERS: &[(&str, Outcome)] = &[
    ("honest", Fine),
    ("loop_in_feed", Fails("timeout", "used up its computing time")),
    ("loop_in_finish", Fails("timeout", "used up its computing time")),
    ("loop_in_constructor", Fails("timeout", "used up its computing time")),
    ("loop_in_supports", Rejected("does not start (timeout)")),
    ("loop_in_probes", Rejected("does not start (timeout)")),
    ("slow_feed", Fails("timeout", "used up its computing time")),
    ("supports_nothing", Rejected("supports: must name at least one kind")),
    ("empty_probe", Rejected("probes[0]: has 0 bytes, must have from 1 to 64")),
    ("long_probe", Rejected("probes[0]: has 65 bytes, must have from 1 to 64")),
    ("many_probes", Rejected("probes: 257 texts, may be at most 256")),
    // Never woken; see the tests in `probes.rs`.
    ("sleeper", Fine),
    (
        "span_outside",
        Fails("invalid_output", "diagnostics[0].span: ends at 262145, but 262144 bytes were fed"),
    ),
    ("span_backwards", Fails("invalid_output", "diagnostics[0].span: start lies after end")),
    ("ansi_message", Fails("invalid_output", "diagnostics[0].message: has the control character U+001B")),
    (
        "warning_as_root",
        Fails("invalid_output", "diagnostics[0].role: must be warning below the severity error"),
    ),
    ("unknown_kind", Fails("invalid_output", "")),
    ("diagnostic_flood", Fails("invalid_output", "diagnostics: 12000 in one scan, at most 10000")),
    ("handle_flood", Fails("memory", "too many handles")),
    ("foreign_handle", Fails("invalid_output", "")),
    ("trap_in_second_feed", Fails("trap", "ended itself")),
    ("unsupported", Fails("unsupported", "does not handle this input")),
];

const WASI: &[(&str, Outcome)] = &[
    ("lifeless", Fine),
    ("exit", Fails("trap", "ended itself (exit)")),
    ("blocked", Fails("timeout", "did not return within")),
    ("socket", Fine),
];

/// Budgets long enough for a guest that ends by itself, on a machine under load.
fn options(matcher: &str) -> Options {
    let budget = TimeBudget { computing: Duration::from_secs(10), elapsed: Duration::from_secs(60) };
    Options {
        active_matcher: matcher.to_owned(),
        matcher_budget: budget,
        feed_budget: budget,
        first_rest: Duration::from_millis(1),
        ..Options::default()
    }
}

/// The budgets of a row, where the guest needs other ones to show what it is about.
fn options_for(name: &str, matcher: &str) -> Options {
    let mut options = options(matcher);
    match name {
        // These never end by themselves: nothing is won by waiting.
        name if name.contains("loop") => {
            options.matcher_budget.computing = Duration::from_millis(200);
            options.feed_budget.computing = Duration::from_millis(200);
        }
        "blocked" => options.matcher_budget.elapsed = Duration::from_millis(100),
        "slow_feed" => {
            options.scan_computing = Duration::from_millis(50);
        }
        _ => {}
    }
    options
}

fn start(options: Options, plugins: Vec<PluginSource>) -> PluginHost {
    PluginHost::start(options, plugins).expect("a host")
}

async fn score(host: &PluginHost) -> Result<f64, PluginProblem> {
    let judgement = host.score(&diagnostic(), &candidates(3)).await.map_err(|error| error.0)?;
    Ok(judgement.verdicts.first().map_or(0.0, |verdict| verdict.score))
}

/// Two chunks and a rest.
const ARTIFACT: usize = (512 << 10) + 10;

async fn analyze(host: &PluginHost) -> Vec<Findings> {
    let bytes = vec![b'x'; ARTIFACT];
    host.analyze(&log(), content(&bytes, 100_000)).await.expect("an analysis").findings
}

fn check(name: &str, outcome: &Outcome, host: &PluginHost, problem: Option<PluginProblem>) {
    let rejected = host.rejected();
    match outcome {
        Fine => {
            assert_eq!(rejected, [], "{name}");
            assert_eq!(problem, None, "{name}");
        }
        Fails(reason, detail) => {
            assert_eq!(rejected, [], "{name}");
            let problem = problem.unwrap_or_else(|| panic!("{name} must fail"));
            assert_eq!(problem.reason, *reason, "{name}: {}", problem.detail);
            assert!(problem.detail.contains(detail), "{name}: {}", problem.detail);
            assert!(problem.detail.len() <= 400, "{name}: {}", problem.detail);
        }
        Rejected(detail) => {
            assert_eq!(rejected.len(), 1, "{name}");
            assert!(rejected[0].detail.contains(detail), "{name}: {}", rejected[0].detail);
        }
    }
}

async fn check_matcher(group: Group, name: &str, outcome: &Outcome) {
    let source = guest(group, name);
    let host = start(options_for(name, &source.name), vec![source]);
    let problem = score(&host).await.err();
    check(name, outcome, &host, problem);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_matchers_meet_their_outcome() {
    for (name, outcome) in MATCHERS {
        check_matcher(Group::Matcher, name, outcome).await;
    }
    for (name, outcome) in WASI {
        check_matcher(Group::Wasi, name, outcome).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_analyzers_meet_their_outcome_and_disturb_no_neighbour() {
    for (name, outcome) in ANALYZERS {
        let mut hostile = guest(Group::Analyzer, name);
        hostile.name = "hostile".to_owned();
        let host = start(options_for(name, "none"), vec![hostile, guest(Group::Analyzer, "honest")]);
        let mut findings = analyze(&host).await;
        let honest = findings.remove(0);
        assert_eq!(honest.plugin.name, "honest");
        assert_eq!(honest.problem, None, "beside {name}");
        assert_eq!(honest.diagnostics.len(), 3, "beside {name}");
        assert_eq!(honest.diagnostics[2].span.end, ARTIFACT as u64);
        check(name, outcome, &host, findings.pop().and_then(|findings| findings.problem));
    }
}

#[test]
fn every_guest_has_a_row() {
    for group in Group::ALL {
        let table = match group {
            Group::Analyzer => ANALYZERS,
            Group::Matcher => MATCHERS,
            Group::Wasi => WASI,
        };
        let rows: BTreeSet<String> = table.iter().map(|(name, _)| format!("{name}.wat")).collect();
        let files: BTreeSet<String> = std::fs::read_dir(group.folder())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
            .map(|path| path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned())
            .collect();
        assert_eq!(rows, files);
    }
}

#[tokio::test]
async fn what_was_found_before_a_failure_stays() {
    let host = start(options("none"), vec![guest(Group::Analyzer, "trap_in_second_feed")]);
    let findings = analyze(&host).await.remove(0);
    assert_eq!(findings.diagnostics.len(), 1);
    assert_eq!(findings.problem.expect("a problem").reason, "trap");
}

#[tokio::test]
async fn no_call_sees_what_another_left() {
    for (name, expected) in [("counter", 0.0), ("secret", 0.0)] {
        let host = start(options(name), vec![guest(Group::Matcher, name)]);
        // Far more calls than slots, so that slots are used again.
        for _ in 0..100 {
            assert_eq!(score(&host).await, Ok(expected), "{name}");
        }
        let together = futures::future::join_all((0..50).map(|_| score(&host))).await;
        assert!(together.iter().all(|score| *score == Ok(expected)), "{name}: {together:?}");
    }
}

#[tokio::test]
async fn nothing_of_the_machine_reaches_a_guest() {
    let mut first = None;
    for _ in 0..2 {
        let host = start(options("lifeless"), vec![guest(Group::Wasi, "lifeless")]);
        for _ in 0..3 {
            let value = score(&host).await.expect("a score");
            assert!(value < 1.0, "it found an environment, arguments, folders or a clock that goes");
            assert_eq!(*first.get_or_insert(value.to_bits()), value.to_bits(), "random numbers differ");
        }
    }
}

#[tokio::test]
async fn sockets_are_denied() {
    let host = start(options("socket"), vec![guest(Group::Wasi, "socket")]);
    assert_eq!(score(&host).await, Ok(0.0));
}

#[tokio::test]
async fn after_a_trap_the_next_call_is_fine() {
    let host = start(options("unreachable"), vec![guest(Group::Matcher, "unreachable")]);
    for _ in 0..3 {
        let error = host.score(&diagnostic(), &[]).await.expect_err("a trap");
        assert_eq!(error.0.reason, "trap");
        assert_eq!(score(&host).await, Ok(0.5));
    }
    let status = &host.plugins()[0];
    assert_eq!((status.calls, status.failures), (6, 3));
    assert_eq!(status.last_problem.as_ref().expect("a problem").reason, "trap");
}

#[tokio::test]
async fn a_flooded_log_is_cut_and_cleaned() {
    let host = start(options("log-flood"), vec![guest(Group::Matcher, "log_flood")]);
    assert_eq!(score(&host).await, Ok(0.5));
    let lines = host.recent_log("log-flood");
    assert_eq!(lines.len(), 128, "the last lines are kept");
    assert_eq!(lines[0].message, "the same line again");
    // 64 KiB pay for 3,276 lines of 19 bytes and their ends.
    assert_eq!(lines[127].message, "996724 more lines were dropped: the call's log was full");
}

#[tokio::test]
async fn a_plugin_s_words_about_its_failure_go_to_its_log_and_not_into_the_answer() {
    let host = start(options("long-failure"), vec![guest(Group::Matcher, "long_failure")]);
    let problem = score(&host).await.expect_err("a failure");
    assert!(!problem.detail.contains("xxx"));
    let lines = host.recent_log("long-failure");
    assert_eq!(lines.last().expect("a line").message, "x".repeat(4 << 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_loops_leave_room_for_an_honest_neighbour() {
    // The loops are scans that nobody ends, the neighbour is the matcher: did it have to wait for one of
    // them, its calls would end with `busy` or `timeout`, and not with a score.
    let endless = TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) };
    let options = Options {
        max_instances: 100,
        feed_budget: endless,
        scan_computing: Duration::MAX,
        admission_wait: Duration::from_secs(3_600),
        ..options("honest")
    };
    let host = std::sync::Arc::new(start(
        options,
        vec![guest(Group::Matcher, "honest"), guest(Group::Analyzer, "loop_in_feed")],
    ));
    let loops: Vec<_> = (0..100)
        .map(|_| {
            let host = std::sync::Arc::clone(&host);
            tokio::spawn(async move { analyze(&host).await })
        })
        .collect();
    let under_way = |host: &PluginHost| {
        let plugins = host.plugins();
        plugins.iter().find(|plugin| plugin.identity.name == "loop-in-feed").expect("it is loaded").calls
    };
    while under_way(&host) < 100 {
        tokio::task::yield_now().await;
    }
    for _ in 0..200 {
        assert_eq!(score(&host).await, Ok(0.75));
    }
    assert!(loops.iter().all(|task| !task.is_finished()), "the loops run beside the calls");
    for task in loops {
        task.abort();
    }
}

#[tokio::test]
async fn dropped_calls_give_their_place_back() {
    let options = Options {
        threads: 1,
        admission_wait: Duration::from_secs(30),
        matcher_budget: TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) },
        ..options("loop-in-export")
    };
    let host = start(options, vec![guest(Group::Matcher, "loop_in_export")]);
    for _ in 0..20 {
        // The one place is taken by the call before, until the host notices that nobody waits for it.
        let abandoned = tokio::time::timeout(Duration::from_millis(20), score(&host)).await;
        assert!(abandoned.is_err(), "it loops for an hour: {abandoned:?}");
    }
    assert_eq!(host.plugins()[0].failures, 0, "nobody was turned away");
}

#[tokio::test]
async fn a_full_host_says_that_it_is_busy() {
    let options = Options {
        threads: 1,
        admission_wait: Duration::from_millis(30),
        matcher_budget: TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) },
        ..options("loop-in-export")
    };
    let host = start(options, vec![guest(Group::Matcher, "loop_in_export")]);
    // One place for two: whoever gets it loops for an hour, so the first answer is the other's.
    let calls = [Box::pin(score(&host)), Box::pin(score(&host))];
    let (answer, _, _) = futures::future::select_all(calls).await;
    let problem = answer.expect_err("it never returns");
    assert_eq!(problem.reason, "busy");
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_rests_and_is_tried_again() {
    let options = Options { first_rest: Duration::from_millis(200), ..options("nan-score") };
    let host = start(options, vec![guest(Group::Matcher, "nan_score")]);
    for _ in 0..5 {
        assert_eq!(score(&host).await.expect_err("a failure").reason, "invalid_output");
    }
    let refused = score(&host).await.expect_err("a rest");
    assert_eq!(refused.reason, "refused");
    assert!(refused.detail.starts_with("rests after repeated failures"), "{}", refused.detail);
    // Wait for the rest to end: the next call is the trial.
    loop {
        let problem = score(&host).await.expect_err("a failure or a rest");
        if problem.reason == "invalid_output" {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(score(&host).await.expect_err("a longer rest").reason, "refused");
    let last = host.plugins()[0].last_problem.clone().expect("a problem");
    assert_eq!(last.reason, "invalid_output", "why it rests, not that it rests");
}

#[tokio::test]
async fn without_address_space_for_slots_the_same_limits_hold() {
    // Slots of several gigabytes for so many instances fit into no address space.
    for (name, outcome) in MATCHERS {
        if ["honest", "grow_bomb", "grow_refused", "table_grow", "loop_in_export"].contains(name) {
            let source = guest(Group::Matcher, name);
            let options = Options { max_instances: 100_000, ..options_for(name, &source.name) };
            let host = start(options, vec![source]);
            let problem = score(&host).await.err();
            check(name, outcome, &host, problem);
        }
    }
}

#[test]
fn memories_of_several_modules_count_together() {
    const GREEDY: &str = r"
        (module
          (memory 1)
          (func $main (if (i32.eq (memory.grow (i32.const 384)) (i32.const -1)) (then (unreachable))))
          (start $main))";
    let honest = support::guests::component(Group::Matcher, "honest");
    let two = with_modules(honest.clone(), &[GREEDY; 2]);
    let host = start(options("two"), vec![PluginSource::new("two", two)]);
    assert_eq!(host.rejected(), [], "48 MiB are allowed");
    // Each of them is far below the limit.
    let four = with_modules(honest, &[GREEDY; 4]);
    let host = start(options("four"), vec![PluginSource::new("four", four)]);
    let detail = &host.rejected()[0].detail;
    assert!(detail.contains("does not start (memory): asked for more memory than it gets"), "{detail}");
}

#[test]
fn a_component_of_too_many_instances_is_refused() {
    let honest = support::guests::component(Group::Matcher, "honest");
    for (count, expected) in [(40, "instances"), (300, "core instances; a plugin may have at most 256")] {
        let many = with_modules(honest.clone(), &vec!["(module (memory 0))"; count][..]);
        let host = start(options("many"), vec![PluginSource::new("many", many)]);
        let detail = &host.rejected()[0].detail;
        assert!(detail.contains(expected) || detail.contains("at most"), "{count}: {detail}");
    }
}

#[test]
fn other_versions_and_imports_are_refused_by_name() {
    let honest = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    let calling_log = honest.replace(
        "(result i32) (call",
        "(result i32) (call $log (i32.const 0) (i32.const 0) (i32.const 0)) (call",
    );
    for (name, component, expected) in [
        (
            "newer-minor",
            encode(Group::Matcher, &honest, |text| text.replace("0.1.0", "0.2.0")),
            "this host offers grimoire:",
        ),
        (
            "newer-patch",
            encode(Group::Matcher, &calling_log, |text| text.replace("0.1.0", "0.1.1")),
            "this host offers grimoire:types/",
        ),
        (
            "unknown-import",
            encode(Group::Matcher, &calling_log, |text| {
                text.replace("interface log", "interface spy").replace("types/log@", "types/spy@")
            }),
            "imports grimoire:types/spy@0.1.0, which no plugin gets",
        ),
        (
            "http",
            encode(
                Group::Wasi,
                &format!(
                    "(import \"wasi:http/outgoing-handler@0.2.0\" \"handle\" (func $handle))\n{}",
                    honest.replace("(result i32) (call", "(result i32) (call $handle) (call")
                ),
                |text| {
                    text.replace(
                    "package wasi:random@0.2.0",
                    "package wasi:http@0.2.0 { interface outgoing-handler { handle: func(); } }\npackage wasi:random@0.2.0",
                )
                },
            ),
            "imports wasi:http/outgoing-handler@0.2.0, which no plugin gets",
        ),
    ] {
        let host = start(options("none"), vec![PluginSource::new(name, component)]);
        let detail = &host.rejected()[0].detail;
        assert!(detail.contains(expected), "{name}: {detail}");
    }
}
