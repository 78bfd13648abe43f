//! The corpus of hostile guests: each one has the outcome in its row, and the host continues to serve others.
//!
//! Groups *time*, *memory* and *boundary* are the tables below; *isolation*, *load* and the cases
//! that need several plugins at once have tests of their own.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::failure_reason::FailureReason::{
    Failed, InvalidOutput, Memory, Output, Timeout, Trap, Unsupported,
};
use grimoire_domain::ranking::Candidate;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{Outcomes, Spell};
use grimoire_ports::plugins::Plugins as _;
use grimoire_ports::plugins::analyzer::Findings;
use grimoire_ports::plugins::embedder::Subject;
use grimoire_ports::plugins::matcher::{Judgement, PreparedSpells};
use grimoire_runtime::{Options, PluginHost, PluginSource, TimeBudget};
use support::guests::{Group, encode, guest, with_modules};
use support::{candidates, content, diagnostic, log};

/// The expected outcome of a guest.
enum Outcome {
    /// The call succeeds.
    Fine,
    /// Its call fails with a reason; the detail contains a text.
    Fails(FailureReason, &'static str),
    /// It is not loaded; the detail contains a text.
    Rejected(&'static str),
}
use Outcome::{Fails, Fine, Rejected};

const MATCHERS: &[(&str, Outcome)] = &[
    ("honest", Fine),
    ("empty", Fine),
    ("reads_facts", Fine),
    ("describes_badly", Rejected("describe: version: must not be empty")),
    // Time.
    ("loop_in_export", Fails(Timeout, "used up its computing time")),
    ("loop_in_tail_calls", Fails(Timeout, "used up its computing time")),
    ("loop_in_start", Rejected("does not start (timeout)")),
    ("loop_in_post_return", Fails(Timeout, "used up its computing time")),
    ("loop_in_realloc", Fails(Timeout, "used up its computing time")),
    ("copy_loop", Fails(Timeout, "used up its computing time")),
    // Memory.
    ("grow_bomb", Fails(Memory, "64 MiB")),
    ("grow_refused", Fine),
    ("many_memories", Fails(Memory, "64 MiB")),
    ("initial_memory", Rejected("bytes of initial memory; a plugin may have at most 67108864")),
    ("table_grow", Fails(Memory, "64 MiB")),
    ("deep_recursion", Fails(Trap, "recursion too deep")),
    ("own_stack_recursion", Fails(Trap, "recursion too deep")),
    // Boundary.
    ("list_of_gigabytes", Fails(InvalidOutput, "")),
    ("million_verdicts", Fails(InvalidOutput, "")),
    ("amplified_text", Fails(InvalidOutput, "")),
    ("pointer_out_of_range", Fails(InvalidOutput, "")),
    ("realloc_out_of_range", Fails(InvalidOutput, "")),
    ("lying_utf8", Fails(InvalidOutput, "utf-8")),
    ("unknown_case", Fails(InvalidOutput, "")),
    ("nan_score", Fails(InvalidOutput, "verdicts[0].score: must be from 0 to 1")),
    ("infinite_score", Fails(InvalidOutput, "verdicts[0].score: must be from 0 to 1")),
    ("negative_score", Fails(InvalidOutput, "verdicts[0].score: must be from 0 to 1")),
    ("foreign_index", Fails(InvalidOutput, "verdicts[0].candidate: 4294967295 of 3")),
    ("duplicate_index", Fails(InvalidOutput, "verdicts[1].candidate: 0 was judged already")),
    ("ansi_text", Fails(InvalidOutput, "reasons[0].detail: has the control character U+001B")),
    ("bidi_text", Fails(InvalidOutput, "reasons[0].detail: has U+202E")),
    ("panics", Fails(Trap, "ended itself (panic): its log has the panic's text and place")),
    ("long_failure", Fails(Failed, "its log has its words")),
    ("log_flood", Fine),
    // Isolation: see the tests below for what they prove.
    ("unreachable", Fine),
    ("counter", Fine),
    ("secret", Fine),
    // Whatever becomes of a preparation, the spells are judged as they are written; see the table below.
    ("prepares", Fine),
    ("prepares_too_much", Fine),
    ("prepares_too_few", Fine),
    ("loop_in_prepare", Fine),
    ("trap_in_prepare", Fine),
];

/// What becomes of a preparation.
const PREPARATIONS: &[(&str, Outcome)] = &[
    ("prepares", Fine),
    ("prepares_too_much", Fails(InvalidOutput, "prepared[0]: 16385 bytes, may be at most 16384")),
    ("prepares_too_few", Fails(InvalidOutput, "prepared: 2 for 3 spells")),
    ("loop_in_prepare", Fails(Timeout, "used up its computing time")),
    ("trap_in_prepare", Fails(Trap, "ended itself")),
];

const ANALYZERS: &[(&str, Outcome)] = &[
    ("honest", Fine),
    ("loop_in_feed", Fails(Timeout, "used up its computing time")),
    ("loop_in_finish", Fails(Timeout, "used up its computing time")),
    ("loop_in_open", Fails(Timeout, "used up its computing time")),
    ("loop_in_describe", Rejected("does not start (timeout)")),
    // Only where there is a configuration.
    ("loop_in_configure", Rejected("does not start (timeout)")),
    ("refuses_settings", Rejected("refuses its configuration: no [1mgood")),
    ("slow_feed", Fails(Timeout, "used up the 50 ms of computing time for what it read so far")),
    ("output_flood", Fails(Output, "it returned more than 16384 KiB for one artifact")),
    ("escaping_name", Rejected("describe: name: ")),
    ("many_tools", Rejected("describe: tools: 257 names, may be at most 256")),
    // Has nothing to look for, so that it gets no artifact.
    ("accepts_nothing", Fine),
    ("accepts_no_media_type", Rejected("describe: accepts[0]: is neither a media type")),
    ("empty_probe", Rejected("describe: probes[0]: has 0 bytes, must have from 1 to 64")),
    ("long_probe", Rejected("describe: probes[0]: has 65 bytes, must have from 1 to 64")),
    ("many_probes", Rejected("describe: probes: 257 texts, may be at most 256")),
    // Never woken; see the tests in `probes.rs`.
    ("sleeper", Fine),
    ("span_outside", Fails(InvalidOutput, "diagnostics[0].span: ends at 65537, but 65536 bytes were fed")),
    ("span_backwards", Fails(InvalidOutput, "diagnostics[0].span: start lies after end")),
    ("ansi_message", Fails(InvalidOutput, "diagnostics[0].message: has the control character U+001B")),
    (
        "warning_as_root",
        Fails(InvalidOutput, "diagnostics[0].role: must be warning below the severity error"),
    ),
    ("unknown_kind", Fails(InvalidOutput, "")),
    ("wrong_fact", Fails(InvalidOutput, "diagnostics[0].facts[0]: its name must have 1 to 64 bytes")),
    ("same_fact_twice", Fails(InvalidOutput, "diagnostics[0].facts[1]: its name was used before")),
    // What is left of its limits is told as it is, and can be kept to.
    ("budget", Fine),
    ("budget_watcher", Fine),
    ("diagnostic_flood", Fails(InvalidOutput, "diagnostics: 12000 in one scan, at most 10000")),
    ("handle_flood", Fails(Memory, "too many handles")),
    ("foreign_handle", Fails(InvalidOutput, "")),
    ("trap_in_second_feed", Fails(Trap, "ended itself")),
    ("unsupported", Fails(Unsupported, "does not handle this input")),
    ("refuses_to_open", Fails(Unsupported, "does not handle this input")),
];

const EMBEDDERS: &[(&str, Outcome)] = &[
    ("honest", Fine),
    ("zeros", Fine),
    ("no_dimension", Rejected("describe: dimension: is 0, must be from 1 to 4096")),
    ("huge_dimension", Rejected("describe: dimension: is 4097, must be from 1 to 4096")),
    ("short_vector", Fails(InvalidOutput, "vectors[0]: has 3 components, must have 4")),
    ("long_vector", Fails(InvalidOutput, "vectors[0]: has 5 components, must have 4")),
    ("too_few_vectors", Fails(InvalidOutput, "vectors: 2 for 3 texts")),
    ("too_many_vectors", Fails(InvalidOutput, "vectors: 4 for 3 texts")),
    ("nan_component", Fails(InvalidOutput, "vectors[0]: component 2 is not a finite number")),
    ("infinite_component", Fails(InvalidOutput, "vectors[0]: component 2 is not a finite number")),
    ("not_normalised", Fails(InvalidOutput, "vectors[0]: has the length 1.0050, must have 1, or all zeros")),
    ("list_of_gigabytes", Fails(InvalidOutput, "")),
    ("amplified_vector", Fails(InvalidOutput, "")),
    ("loop_in_embed", Fails(Timeout, "used up its computing time")),
    ("trap", Fails(Trap, "ended itself")),
    ("refuses", Fails(Failed, "its log has its words")),
];

const WASI: &[(&str, Outcome)] = &[
    ("lifeless", Fine),
    ("exit", Fails(Trap, "ended itself (exit)")),
    ("blocked", Fails(Timeout, "did not return within")),
    ("socket", Fine),
    ("prints_and_aborts", Fails(Trap, "ended itself (abort or exception): its log has what it printed")),
    ("prints_much", Fine),
];

/// Budgets that suffice for a guest that ends by itself, even on a machine under load.
fn options() -> Options {
    let budget = TimeBudget { computing: Duration::from_secs(10), elapsed: Duration::from_secs(60) };
    Options {
        matcher_budget: budget,
        embedder_budget: budget,
        feed_budget: budget,
        first_rest: Duration::from_millis(1),
        ..Options::default()
    }
}

/// The budgets of a row, if the guest needs other ones.
fn options_for(name: &str) -> Options {
    let mut options = options();
    match name {
        // These never end by themselves, so a longer wait is useless.
        name if name.contains("loop") => {
            options.matcher_budget.computing = Duration::from_millis(200);
            options.embedder_budget.computing = Duration::from_millis(200);
            options.feed_budget.computing = Duration::from_millis(200);
            if name == "loop_in_configure" {
                options.configurations.insert("hostile".to_owned(), "{}".to_owned());
            }
        }
        "budget_watcher" => options.feed_budget.computing = Duration::from_millis(300),
        "refuses_settings" => {
            options.configurations.insert("hostile".to_owned(), "{}".to_owned());
        }
        "blocked" => options.matcher_budget.elapsed = Duration::from_millis(100),
        "slow_feed" => {
            options.scan_computing = Duration::from_millis(50);
            options.scan_computing_per_mebibyte = Duration::ZERO;
        }
        _ => {}
    }
    options
}

fn start(options: Options, plugins: Vec<PluginSource>) -> PluginHost {
    PluginHost::start(options, plugins).expect("a host")
}

/// The score by the only matcher of a host.
async fn score(host: &PluginHost) -> Result<f64, PluginProblem> {
    let judgement = judge(host, 3).await?;
    Ok(judgement.verdicts.first().map_or(0.0, |verdict| verdict.score))
}

async fn judge(host: &PluginHost, count: u64) -> Result<Judgement, PluginProblem> {
    let current = host.current();
    let plugins = current.plugins();
    let matcher = plugins.iter().find(|plugin| plugin.world.starts_with("grimoire:matcher"));
    let matcher = matcher.map_or("none", |plugin| plugin.identity.name.as_str());
    current.score(matcher, &diagnostic(), &candidates(count)).await.map_err(|error| error.0)
}

/// Two chunks and a remainder.
const ARTIFACT: usize = (128 << 10) + 10;

async fn analyze(host: &PluginHost) -> Vec<Findings> {
    let bytes = vec![b'x'; ARTIFACT];
    host.current().analyze(&log(), content(&bytes, 100_000)).await.expect("an analysis").findings
}

fn check(name: &str, outcome: &Outcome, host: &PluginHost, problem: Option<PluginProblem>) {
    let rejected = host.current().rejected();
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
    let host = start(options_for(name), vec![source]);
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

fn spells(count: u64) -> Vec<Arc<Spell>> {
    candidates(count).into_iter().map(|candidate| candidate.spell).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_preparation_leaves_the_spells_as_they_are_written() {
    for (name, outcome) in PREPARATIONS {
        let host = start(options_for(name), vec![guest(Group::Matcher, name)]);
        let current = host.current();
        let plugin = name.replace('_', "-");
        // More often than a plugin may fail before it rests.
        for _ in 0..6 {
            let problem = current.prepare_spells(&plugin, spells(3)).await.err();
            check(name, outcome, &host, problem.map(|error| error.0));
        }
        assert_eq!(score(&host).await, Ok(0.5), "{name}");
        assert_eq!(host.statistics(&plugin).failures, 0, "{name}");
    }
}

#[tokio::test]
async fn a_matcher_gets_what_it_prepared_in_place_of_the_spell() {
    let host = start(options(), vec![guest(Group::Matcher, "prepares")]);
    let current = host.current();
    let forms = current.prepare_spells("prepares", spells(64)).await.expect("prepared");
    assert!(forms.len() == 64 && forms.iter().all(|form| form[..] == *b"tea"), "{forms:?}");
    let refused = current.prepare_spells("prepares", spells(65)).await.expect_err("too many");
    assert_eq!(refused.0.detail, "65 spells, at most 64 are prepared at once");
    let candidates = candidates(2);
    let score = async |prepared: &PreparedSpells| {
        let judgement = current.score_prepared("prepares", &diagnostic(), &candidates, prepared).await;
        judgement.expect("a judgement").verdicts.first().map(|verdict| verdict.score)
    };
    let first = candidates[0].spell.id;
    assert_eq!(score(&[(first, Arc::clone(&forms[0]))].into()).await, Some(1.0));
    assert_eq!(score(&[(candidates[1].spell.id, Arc::clone(&forms[0]))].into()).await, Some(0.5));
}

#[tokio::test]
async fn a_prepared_form_is_that_of_a_component_and_its_configuration() {
    let form = |component: &str, settings: Option<&str>| {
        let configurations = settings.map(|settings| ("matcher".to_owned(), settings.to_owned()));
        let options = Options { configurations: configurations.into_iter().collect(), ..options() };
        let source = PluginSource { name: "matcher".to_owned(), ..guest(Group::Matcher, component) };
        start(options, vec![source]).current().prepared_form("matcher")
    };
    let plain = form("prepares", None).expect("it prepares");
    assert_eq!(form("prepares", None), Some(plain.clone()), "on every start");
    assert_ne!(form("prepares", Some("{}")), Some(plain.clone()));
    assert_ne!(form("trap_in_prepare", None), Some(plain));
    assert_eq!(form("honest", None), None, "it prepares nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_embedders_meet_their_outcome_and_disturb_no_neighbour() {
    let texts = || ["one", "two", "three"].map(str::to_owned).to_vec();
    for (name, outcome) in EMBEDDERS {
        let mut hostile = guest(Group::Embedder, name);
        hostile.name = "hostile".to_owned();
        let host = start(options_for(name), vec![hostile, guest(Group::Embedder, "honest")]);
        let current = host.current();
        let problem = current.embed("hostile", Subject::Spell, texts()).await.err();
        check(name, outcome, &host, problem.map(|error| error.0));
        let honest = current.embed("honest", Subject::Error, texts()).await.expect("vectors");
        assert_eq!(honest.vectors, vec![vec![1.0, 0.0, 0.0, 0.0]; 3], "beside {name}");
    }
}

#[tokio::test]
async fn vectors_lie_in_a_space_of_their_component_and_its_configuration() {
    let space = |component: &str, settings: Option<&str>| {
        let configurations = settings.map(|settings| ("embedder".to_owned(), settings.to_owned()));
        let options = Options { configurations: configurations.into_iter().collect(), ..options() };
        let source = PluginSource { name: "embedder".to_owned(), ..guest(Group::Embedder, component) };
        start(options, vec![source, guest(Group::Matcher, "honest")]).current().space("embedder")
    };
    let plain = space("honest", None).expect("it is an embedder");
    assert_eq!(plain.dimension, 4);
    assert_eq!(Some(&plain), space("honest", None).as_ref(), "on every start");
    assert_ne!(Some(&plain), space("honest", Some("{}")).as_ref());
    assert_ne!(space("honest", Some("{}")), space("honest", Some("{\"a\":1}")));
    assert_ne!(Some(&plain), space("zeros", None).as_ref());
}

#[tokio::test]
async fn what_is_no_embedder_is_refused_and_so_are_too_many_texts() {
    let host = start(options(), vec![guest(Group::Embedder, "honest"), guest(Group::Matcher, "empty")]);
    let current = host.current();
    assert_eq!(current.space("empty"), None);
    let refused = async |name: &str, count: usize| {
        let texts = vec!["text".to_owned(); count];
        current.embed(name, Subject::Spell, texts).await.expect_err("refused").0.detail
    };
    assert_eq!(refused("empty", 1).await, "is chosen as the embedder and is none");
    assert_eq!(refused("nobody", 1).await, "is chosen as the embedder and is not loaded");
    assert_eq!(refused("honest", 65).await, "65 texts, at most 64 are embedded at once");
    let embedding = current.embed("honest", Subject::Spell, vec!["text".to_owned(); 64]).await;
    assert_eq!(embedding.expect("vectors").vectors.len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_analyzers_meet_their_outcome_and_disturb_no_neighbour() {
    for (name, outcome) in ANALYZERS {
        let mut hostile = guest(Group::Analyzer, name);
        hostile.name = "hostile".to_owned();
        let host = start(options_for(name), vec![hostile, guest(Group::Analyzer, "honest")]);
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
            Group::Embedder => EMBEDDERS,
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
    let host = start(options(), vec![guest(Group::Analyzer, "trap_in_second_feed")]);
    let findings = analyze(&host).await.remove(0);
    assert_eq!(findings.diagnostics.len(), 1);
    assert_eq!(findings.problem.expect("a problem").reason, Trap);
}

#[tokio::test]
async fn no_call_sees_what_another_left() {
    for (name, expected) in [("counter", 0.0), ("secret", 0.0)] {
        let host = start(options(), vec![guest(Group::Matcher, name)]);
        // Many more calls than slots, so that slots are reused.
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
        let host = start(options(), vec![guest(Group::Wasi, "lifeless")]);
        for _ in 0..3 {
            let value = score(&host).await.expect("a score");
            assert!(value < 1.0, "it found an environment, arguments, folders or a clock that goes");
            assert_eq!(*first.get_or_insert(value.to_bits()), value.to_bits(), "random numbers differ");
        }
    }
}

#[tokio::test]
async fn sockets_are_denied() {
    let host = start(options(), vec![guest(Group::Wasi, "socket")]);
    assert_eq!(score(&host).await, Ok(0.0));
}

#[tokio::test]
async fn a_matcher_reads_the_facts_of_a_spell() {
    let host = start(options(), vec![guest(Group::Matcher, "reads_facts")]);
    let mut candidates = candidates(2);
    let detail = async |candidates: &[Candidate]| {
        let judgement =
            host.current().score("reads-facts", &diagnostic(), candidates).await.expect("an answer");
        judgement.verdicts[0].reasons[0].detail.clone()
    };
    assert_eq!(detail(&candidates).await, "human", "where it comes from");
    candidates[0].outcomes = Outcomes { offered: 12, fixed: 7 };
    assert_eq!(detail(&candidates).await, "7", "in how many pull requests it helped");
}

#[tokio::test]
async fn after_a_trap_the_next_call_is_fine() {
    let host = start(options(), vec![guest(Group::Matcher, "unreachable")]);
    for _ in 0..3 {
        let problem = judge(&host, 0).await.expect_err("a trap");
        assert_eq!(problem.reason, Trap);
        assert_eq!(score(&host).await, Ok(0.5));
    }
    let statistics = host.statistics("unreachable");
    assert_eq!((statistics.calls, statistics.failures), (6, 3));
    assert_eq!(statistics.last_problem.expect("a problem").reason, Trap);
}

#[tokio::test]
async fn a_panic_s_text_and_a_trap_s_place_are_kept_for_operators() {
    let host = start(options(), vec![guest(Group::Matcher, "panics")]);
    score(&host).await.expect_err("a panic");
    let evidence = host.evidence("panics");
    let told = ("error", "panicked at src/lib.rs:7:9: ⏎ index out of bounds".to_owned());
    assert_eq!(evidence.log, [told]);
    assert_eq!(evidence.outcomes, [("trap", 1)].into());
    let trap = evidence.last_trap.expect("it is kept");
    assert_eq!(trap.last_words.as_deref(), Some("panicked at src/lib.rs:7:9: ⏎ index out of bounds"));
    let [calls] = &evidence.calls[..] else { panic!("one version, one outcome: {:?}", evidence.calls) };
    assert_eq!((calls.world, calls.outcome, calls.calls), ("grimoire:matcher@0.1.0", "trap", 1));
    assert_eq!(calls.digest, host.current().plugins()[0].identity.digest);
    assert_eq!((calls.seconds.count(), calls.memory.count(), calls.host_calls.sum), (1, 1, 1.0));

    let host = start(options(), vec![guest(Group::Matcher, "deep_recursion")]);
    score(&host).await.expect_err("a trap");
    let trap = host.evidence("deep-recursion").last_trap.expect("it is kept");
    assert_eq!(trap.detail, "call stack exhausted: recursion too deep");
    assert!(trap.backtrace[0].starts_with("deeper ("), "{:?}", trap.backtrace);
    assert_eq!(trap.backtrace.len(), 20, "the innermost calls");
}

#[tokio::test]
async fn what_a_guest_prints_ends_in_its_log() {
    let host = start(options(), vec![guest(Group::Wasi, "prints_and_aborts")]);
    score(&host).await.expect_err("an abort");
    let evidence = host.evidence("prints-and-aborts");
    let lines = ["Traceback (most recent call last):", "KeyError: [31m'lid'"];
    assert_eq!(evidence.log, lines.map(|line| ("error", line.to_owned())));
    let trap = evidence.last_trap.expect("it is kept");
    assert_eq!(trap.last_words, Some(lines.join(" ⏎ ")));

    let host = start(options(), vec![guest(Group::Wasi, "prints_much")]);
    assert_eq!(score(&host).await, Ok(0.5));
    let log = host.evidence("prints-much").log;
    assert!(log.iter().map(|(_, line)| line.len()).sum::<usize>() <= 8 << 10, "the end is kept");
    assert_eq!(log.last(), Some(&("info", "the last line".to_owned())));
}

#[tokio::test]
async fn failures_are_counted_until_a_call_ends_well() {
    let host = start(options(), vec![guest(Group::Matcher, "unreachable")]);
    for expected in [1, 2] {
        judge(&host, 0).await.expect_err("a trap");
        assert_eq!(host.statistics("unreachable").failures_in_a_row, expected);
    }
    score(&host).await.expect("a score");
    assert_eq!(host.statistics("unreachable").failures_in_a_row, 0);
}

#[tokio::test]
async fn a_flooded_log_is_cut_and_cleaned() {
    let host = start(options(), vec![guest(Group::Matcher, "log_flood")]);
    assert_eq!(score(&host).await, Ok(0.5));
    let lines = host.recent_log("log-flood");
    assert_eq!(lines.len(), 128, "the last lines are kept");
    assert_eq!(lines[0].message, "the same line again");
    // 64 KiB pay for 3,276 lines of 19 bytes and their ends.
    assert_eq!(lines[127].message, "996724 more lines were dropped: the call's log was full");
}

#[tokio::test]
async fn a_plugin_s_words_about_its_failure_go_to_its_log_and_not_into_the_answer() {
    let host = start(options(), vec![guest(Group::Matcher, "long_failure")]);
    let problem = score(&host).await.expect_err("a failure");
    assert!(!problem.detail.contains("xxx"));
    let lines = host.recent_log("long-failure");
    assert_eq!(lines.last().expect("a line").message, "x".repeat(4 << 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_loops_leave_room_for_an_honest_neighbour() {
    // The loops are scans that nobody ends, the neighbour is the matcher: if it had to wait for one of
    // them, its calls would end with `busy` or `timeout` instead of a score.
    let endless = TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) };
    let options = Options {
        max_instances: 100,
        max_analyzers: 1,
        feed_budget: endless,
        scan_computing: Duration::MAX,
        admission_wait: Duration::from_secs(3_600),
        ..options()
    };
    let host = Arc::new(start(
        options,
        vec![guest(Group::Matcher, "honest"), guest(Group::Analyzer, "loop_in_feed")],
    ));
    let loops: Vec<_> = (0..100)
        .map(|_| {
            let host = Arc::clone(&host);
            tokio::spawn(async move { analyze(&host).await })
        })
        .collect();
    while host.statistics("loop-in-feed").calls < 100 {
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
        ..options()
    };
    let host = start(options, vec![guest(Group::Matcher, "loop_in_export")]);
    for _ in 0..20 {
        // The previous call occupies the only slot until the host notices that nobody waits for it.
        let abandoned = tokio::time::timeout(Duration::from_millis(20), score(&host)).await;
        assert!(abandoned.is_err(), "it loops for an hour: {abandoned:?}");
    }
    assert_eq!(host.statistics("loop-in-export").failures, 0, "nobody was turned away");
}

#[tokio::test]
async fn a_full_host_says_that_it_is_busy() {
    let options = Options {
        threads: 1,
        admission_wait: Duration::from_millis(30),
        matcher_budget: TimeBudget { computing: Duration::MAX, elapsed: Duration::from_secs(3_600) },
        ..options()
    };
    let host = start(options, vec![guest(Group::Matcher, "loop_in_export")]);
    // One slot for two: the one that gets it loops for an hour, so the first answer is the other's.
    let calls = [Box::pin(score(&host)), Box::pin(score(&host))];
    let (answer, _, _) = futures::future::select_all(calls).await;
    let problem = answer.expect_err("it never returns");
    assert_eq!(problem.reason, FailureReason::Busy);
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_rests_and_is_tried_again() {
    let options = Options { first_rest: Duration::from_millis(200), ..options() };
    let host = start(options, vec![guest(Group::Matcher, "nan_score")]);
    for _ in 0..5 {
        assert_eq!(score(&host).await.expect_err("a failure").reason, InvalidOutput);
    }
    let refused = score(&host).await.expect_err("a rest");
    assert_eq!(refused.reason, FailureReason::Refused);
    assert!(refused.detail.starts_with("rests after repeated failures"), "{}", refused.detail);
    // Waits for the end of the rest: the next call is the trial.
    loop {
        let problem = score(&host).await.expect_err("a failure or a rest");
        if problem.reason == InvalidOutput {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(score(&host).await.expect_err("a longer rest").reason, FailureReason::Refused);
    let last = host.statistics("nan-score").last_problem.expect("a problem");
    assert_eq!(last.reason, InvalidOutput, "why it rests, not that it rests");
}

#[tokio::test]
async fn without_address_space_for_slots_the_same_limits_hold() {
    // Slots of several gigabytes for this many instances exceed any address space.
    for (name, outcome) in MATCHERS {
        if ["honest", "grow_bomb", "grow_refused", "table_grow", "loop_in_export"].contains(name) {
            let source = guest(Group::Matcher, name);
            let options = Options { max_instances: 100_000, ..options_for(name) };
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
    let host = start(options(), vec![PluginSource::new("two", two)]);
    assert_eq!(host.current().rejected(), [], "48 MiB are allowed");
    // Each of them is far below the limit.
    let four = with_modules(honest, &[GREEDY; 4]);
    let host = start(options(), vec![PluginSource::new("four", four)]);
    let detail = &host.current().rejected()[0].detail;
    assert!(detail.contains("does not start (memory): asked for more memory than it gets"), "{detail}");
}

#[test]
fn a_component_of_too_many_instances_is_refused() {
    let honest = support::guests::component(Group::Matcher, "honest");
    for (count, expected) in [(40, "instances"), (300, "core instances; a plugin may have at most 256")] {
        let many = with_modules(honest.clone(), &vec!["(module (memory 0))"; count][..]);
        let host = start(options(), vec![PluginSource::new("many", many)]);
        let detail = &host.current().rejected()[0].detail;
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
            "budget-of-a-matcher",
            encode(
                Group::Matcher,
                &format!(
                    "(import \"grimoire:types/budget@0.1.0\" \"time-left\" (func $left (result i64)))\n{}",
                    honest.replace("(result i32) (call", "(result i32) (drop (call $left)) (call")
                ),
                |text| {
                    text.replace(
                        "    export match-spells;",
                        "    import grimoire:types/budget@0.1.0;\n    export match-spells;",
                    )
                },
            ),
            "imports grimoire:types/budget@0.1.0, which only analyzers get",
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
        let host = start(options(), vec![PluginSource::new(name, component)]);
        let detail = &host.current().rejected()[0].detail;
        assert!(detail.contains(expected), "{name}: {detail}");
    }
}

#[tokio::test]
async fn what_all_analyzers_of_an_artifact_return_together_is_bounded() {
    let honest = |name: &str| PluginSource::new(name, support::guests::component(Group::Analyzer, "honest"));
    let all = || ["a", "b", "c"].map(honest).to_vec();
    let host = start(options(), all());
    assert!(analyze(&host).await.iter().all(|findings| findings.problem.is_none()));
    let of_one = analyze(&host).await[0].diagnostics.iter().map(Diagnostic::size).sum::<usize>();
    // Enough for each of them, but not for all three.
    let host = start(Options { output_bytes_per_artifact: 2 * of_one, ..options() }, all());
    let problems: Vec<_> = analyze(&host).await.into_iter().filter_map(|findings| findings.problem).collect();
    assert!(!problems.is_empty());
    for problem in problems {
        assert_eq!(problem.reason, Output);
        assert!(
            problem.detail.starts_with("all analyzers together returned more than"),
            "{}",
            problem.detail
        );
    }
}

#[tokio::test]
async fn a_scan_that_is_slow_all_the_way_ends_in_time_that_its_size_earns() {
    let slow = guest(Group::Analyzer, "slow_feed");
    let host = start(
        Options {
            scan_computing: Duration::from_millis(10),
            scan_computing_per_mebibyte: Duration::from_millis(80),
            ..options()
        },
        vec![slow],
    );
    let findings = analyze(&host).await.remove(0);
    let problem = findings.problem.expect("it computes for longer than half a MiB earns");
    assert_eq!(problem.reason, Timeout);
    assert!(problem.detail.ends_with("ms of computing time for what it read so far"), "{}", problem.detail);
}

/// A limit, the guest that breaks it alone, and the outcome.
struct Limit {
    tighten: fn(&mut Options),
    group: Group,
    guest: &'static str,
    outcome: Outcome,
}

const LIMITS: &[Limit] = &[
    Limit {
        tighten: |options| options.matcher_budget.computing = Duration::from_millis(300),
        group: Group::Matcher,
        guest: "loop_in_export",
        outcome: Fails(Timeout, "used up its computing time"),
    },
    Limit {
        tighten: |options| options.matcher_budget.elapsed = Duration::from_secs(2),
        group: Group::Wasi,
        guest: "blocked",
        outcome: Fails(Timeout, "did not return within 2000 ms"),
    },
    Limit {
        tighten: |options| options.memory_bytes_per_call = 48 << 20,
        group: Group::Matcher,
        guest: "grow_bomb",
        outcome: Fails(Memory, "asked for more memory than it gets, 48 MiB"),
    },
    Limit {
        tighten: |options| options.output_bytes_per_call = 4 << 10,
        group: Group::Matcher,
        guest: "million_verdicts",
        outcome: Fails(InvalidOutput, ""),
    },
    Limit {
        tighten: |options| options.log_bytes_per_call = 10,
        group: Group::Matcher,
        guest: "panics",
        outcome: Fails(Trap, "ended itself (panic)"),
    },
    Limit {
        tighten: |options| options.max_component_bytes = 64 << 10,
        group: Group::Matcher,
        guest: "padded",
        outcome: Rejected("a plugin may have at most 65536"),
    },
];

/// The guest of a limit. One of them is a matter of its size only.
fn breaking(limit: &Limit) -> PluginSource {
    if limit.guest != "padded" {
        return guest(limit.group, limit.guest);
    }
    let mut component = support::guests::component(Group::Matcher, "honest");
    support::guests::section(&mut component, 0, &[vec![1, b'x'], vec![0; 64 << 10]].concat());
    PluginSource::new("padded", component)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_holds_alone_and_beside_every_other_and_an_honest_plugin_keeps_all() {
    let checks = LIMITS.iter().map(async |broken| {
        for other in LIMITS {
            let mut options = options();
            (broken.tighten)(&mut options);
            (other.tighten)(&mut options);
            let host = start(options.clone(), vec![breaking(broken)]);
            let problem = score(&host).await.err();
            check(broken.guest, &broken.outcome, &host, problem);
            let honest = start(options, vec![guest(Group::Matcher, "honest")]);
            let limits = format!("the limits of {} and {}", broken.guest, other.guest);
            assert_eq!(score(&honest).await, Ok(0.75), "{limits}");
        }
    });
    futures::future::join_all(checks).await;
}
