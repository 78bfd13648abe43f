//! The shipped components in the host.

mod support;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Position, Role};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::pattern::specificity;
use grimoire_domain::ranking::{
    Candidate, CodeEvidence, Evidence, LanguageEvidence, PatternEvidence, PatternHit, Verdict, grounds,
};
use grimoire_domain::spell::Outcomes;
use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{Options, PluginHost};
use proptest::prelude::*;
use support::{candidates, content, diagnostic, log, shipped};
use tokio::runtime::Runtime;

const ANALYZERS: [&str; 19] = [
    "analyzer-checkers",
    "analyzer-diff",
    "analyzer-dotnet",
    "analyzer-functional",
    "analyzer-generic",
    "analyzer-go",
    "analyzer-guess",
    "analyzer-javascript",
    "analyzer-jvm",
    "analyzer-mobile",
    "analyzer-native",
    "analyzer-ops",
    "analyzer-patterns",
    "analyzer-php",
    "analyzer-python",
    "analyzer-report",
    "analyzer-ruby",
    "analyzer-runner",
    "analyzer-rust",
];
const MATCHERS: [&str; 2] = ["matcher-hybrid", "matcher-keyword"];

const RUSTC: &str = "\
error[E0382]: borrow of moved value: `x`
 --> src/main.rs:4:20
  |
4 |     println!(\"{}\", x);
  |                    ^ value borrowed here after move

error: could not compile `demo` (bin \"demo\") due to 1 previous error
";

/// Hosts start one after another, so that the others load what the first compiles.
static START: Mutex<()> = Mutex::new(());

fn host(names: &[&str], cache_folder: Option<&Path>) -> PluginHost {
    host_with(names, cache_folder, Options::default())
}

fn host_with(names: &[&str], cache_folder: Option<&Path>, options: Options) -> PluginHost {
    let _alone = START.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let options = Options { cache_folder: Some(cache_folder.map_or_else(shared, Path::to_owned)), ..options };
    let host = PluginHost::start(options, names.iter().map(|name| shipped(name)).collect()).expect("a host");
    assert_eq!(host.current().rejected(), []);
    host
}

#[tokio::test]
async fn the_analyzer_for_rust_finds_an_error_with_its_place() {
    let host = host(&["analyzer-rust"], None);
    assert_eq!(host.current().plugins()[0].world, "grimoire:analyzer@0.1.0");
    let analysis = host.current().analyze(&log(), content(RUSTC.as_bytes(), 10)).await.expect("an analysis");
    assert_eq!(analysis.bytes, RUSTC.len() as u64);
    assert_eq!(host.current().generation(), 1);
    let findings = &analysis.findings[0];
    assert_eq!(findings.problem, None);
    let roots: Vec<_> = findings.diagnostics.iter().filter(|found| found.role == Role::Root).collect();
    assert_eq!(roots.len(), 1, "{:#?}", findings.diagnostics);
    let diagnostic = roots[0];
    assert_eq!(diagnostic.kind, Kind::Compile);
    assert_eq!(diagnostic.code.as_deref(), Some("E0382"));
    let location = diagnostic.location.as_ref().expect("a location");
    assert_eq!(location.path, "src/main.rs");
    assert_eq!(location.start, Some(Position { line: 4, column: Some(20) }));
}

#[tokio::test]
async fn only_analyzers_of_the_artifact_s_kind_are_asked() {
    let host = host(&ANALYZERS, None);
    let diff = Artifact { kind: ArtifactKind::Diff, ..log() };
    let analysis = host.current().analyze(&diff, content(b"", 1)).await.expect("an analysis");
    let names: Vec<_> = analysis.findings.iter().map(|findings| findings.plugin.name.as_str()).collect();
    assert_eq!(names, ["analyzer-diff"]);
    let analysis = host.current().analyze(&log(), content(b"", 1)).await.expect("an analysis");
    assert!(analysis.findings.len() >= 4, "{:?}", analysis.findings);
    assert!(analysis.findings.is_sorted_by_key(|findings| findings.plugin.name.clone()));
}

#[tokio::test]
async fn what_is_found_does_not_depend_on_the_pieces_of_the_transfer() {
    let host = host(&ANALYZERS, None);
    // Long enough for several chunks, with errors across their boundaries.
    let text = RUSTC.replace("src/main.rs", "src/a/very/long/path/to/main.rs").repeat(3_000);
    let mut first = None;
    for piece in [1_000, 65_536, 262_144, 300_000, 2_000_000] {
        let analysis =
            host.current().analyze(&log(), content(text.as_bytes(), piece)).await.expect("an analysis");
        assert!(
            analysis.findings.iter().all(|findings| findings.problem.is_none()),
            "{:?}",
            analysis.findings
        );
        assert_eq!(*first.get_or_insert_with(|| analysis.clone()), analysis, "pieces of {piece}");
    }
}

#[tokio::test]
async fn hostile_logs_are_read_by_every_analyzer() {
    let host = host(&ANALYZERS, None);
    let size = 3 << 20;
    let report = r#"{"reason":"compiler-message","message":{"message":"\u001b[31m\u202ex\u0000","level":"error","spans":[],"children":[]}}"#;
    let bombs: [(&str, Vec<u8>); 7] = [
        ("one line", vec![b'a'; size]),
        ("nothing but NUL", vec![0; size]),
        ("nothing but escapes", b"\x1b[31;1m".repeat(size / 7)),
        ("open escapes", b"\x1b]0;".repeat(size / 4)),
        ("invalid UTF-8", vec![0xff; size]),
        ("controls in a report's escapes", format!("{report}\n").repeat(size / 200).into_bytes()),
        ("bidirectional controls", "error: \u{202e}x\u{2066}\n".repeat(size / 16).into_bytes()),
    ];
    for (name, bytes) in bombs {
        let analysis = host.current().analyze(&log(), content(&bytes, 1 << 20)).await.expect("an analysis");
        for findings in analysis.findings {
            assert_eq!(findings.problem, None, "{name}");
        }
    }
}

/// A host with the analyzer of an operator's expressions.
fn with_expressions(settings: &str) -> PluginHost {
    let configurations = [("analyzer-patterns".to_owned(), settings.to_owned())].into();
    host_with(&["analyzer-patterns"], None, Options { configurations, ..Options::default() })
}

#[tokio::test]
async fn expressions_of_an_operator_cost_nothing_where_they_cannot_match() {
    let kettle = r#"{"tool": [{"name": "kettle", "pattern": "kettle: (?<message>.*)"}]}"#;
    for (host, text, found) in [
        (host(&["analyzer-patterns"], None), "kettle: no lid\n", None),
        (with_expressions(kettle), "pot: no lid\n", None),
        (with_expressions(kettle), "kettle: no lid\n", Some("no lid")),
    ] {
        let analysis =
            host.current().analyze(&log(), content(text.as_bytes(), 100)).await.expect("an analysis");
        let messages: Vec<_> = analysis
            .findings
            .iter()
            .flat_map(|findings| &findings.diagnostics)
            .map(|diagnostic| diagnostic.message.as_str())
            .collect();
        assert_eq!(messages, Vec::from_iter(found));
        assert_eq!(host.statistics("analyzer-patterns").calls, u64::from(found.is_some()), "{text}");
    }
}

/// What passes the plugin's own limits ends by the sandbox's: with an answer, or with a reason.
#[tokio::test]
async fn hostile_expressions_and_logs_end_within_the_limits_of_a_call() {
    let tool = |pattern: &str| format!(r#"{{"name": "kettle", "pattern": "{pattern}"}}"#);
    let many = vec![tool("(.*)(.*)(.*)(.*)(?:a|aa|aaa)*(?<message>.*)[bc]$"); 100].join(", ");
    let large = tool("(?:a{0,20}){0,30}(?<message>[bc])");
    for tools in [many, large] {
        let host = with_expressions(&format!(r#"{{"tool": [{tools}]}}"#));
        for text in [vec![b'a'; 1 << 20], b"aaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(40_000), vec![0xff; 1 << 20]] {
            let analysis =
                host.current().analyze(&log(), content(&text, 1 << 20)).await.expect("an analysis");
            for findings in analysis.findings {
                assert_eq!(findings.diagnostics, []);
                let reason = findings.problem.map(|problem| problem.reason);
                assert!(matches!(reason, None | Some(FailureReason::Timeout)), "{reason:?}");
            }
        }
        assert!(host.statistics("analyzer-patterns").peak_memory <= 64 << 20);
    }
}

#[tokio::test]
async fn memory_does_not_grow_with_the_log() {
    let host = host(&ANALYZERS, None);
    let mut peaks = Vec::new();
    for count in [5_000, 100_000] {
        let text = "some line of a log that says nothing of interest to anybody\n".repeat(count);
        host.current().analyze(&log(), content(text.as_bytes(), 1 << 20)).await.expect("an analysis");
        peaks.push(ANALYZERS.map(|name| host.statistics(name).peak_memory));
    }
    assert_eq!(peaks[0], peaks[1]);
}

#[tokio::test]
async fn both_matchers_prefer_the_spell_that_fits() {
    for name in MATCHERS {
        let host = host(&MATCHERS, None);
        let mut candidates = candidates(2);
        let mut other = (*candidates[1].spell).clone();
        let mut fields = other.fields.clone().into_fields();
        fields.title = "Start the database first".to_owned();
        fields.description = "The connection is refused because nothing listens.".to_owned();
        fields.error_type = "ConnectionRefused".to_owned();
        fields.error_pattern = "connection refused".to_owned();
        other.fields = fields.validate().expect("valid fields");
        candidates[1] = Candidate {
            spell: other.into(),
            evidence: Evidence { keyword: 0.2, pattern: PatternEvidence::Missed, ..Evidence::default() },
            outcomes: Outcomes::default(),
        };
        let judgement = host.current().score(name, &diagnostic(), &candidates).await.expect("a judgement");
        assert_eq!(judgement.plugin.name, name);
        let score = |index| {
            judgement.verdicts.iter().find(|verdict| verdict.candidate == index).map_or(0.0, |it| it.score)
        };
        assert!(score(0) > score(1), "{name}: {:?}", judgement.verdicts);
    }
}

#[tokio::test]
async fn a_diagnostic_beyond_all_bounds_is_cut_for_the_plugin() {
    let host = host(&MATCHERS, None);
    let huge = Diagnostic { message: "é".repeat(1 << 20), context: "x y ".repeat(1 << 20), ..diagnostic() };
    host.current().score("matcher-hybrid", &huge, &candidates(64)).await.expect("a judgement");
    let many = host.current().score("matcher-hybrid", &diagnostic(), &candidates(10_001)).await;
    let many = many.expect_err("too many").0;
    assert_eq!(many.reason, FailureReason::Refused);
    assert_eq!(many.detail, "10001 candidates, at most 10000 are judged at once");
}

/// Every kind of evidence, as candidates.
fn all_evidence() -> Vec<Candidate> {
    let hit = |telling, in_message| {
        let text = "lamp".to_owned();
        PatternEvidence::Hit(PatternHit { text, telling, in_message, place: 0..4 })
    };
    let hits =
        [0, 4, 5, 11, 12, 40].into_iter().flat_map(|telling| [hit(telling, true), hit(telling, false)]);
    let patterns: Vec<_> =
        [PatternEvidence::Untried, PatternEvidence::Missed].into_iter().chain(hits).collect();
    let codes = [CodeEvidence::None, CodeEvidence::Other, CodeEvidence::Partial, CodeEvidence::Covered];
    let languages =
        [LanguageEvidence::Unknown, LanguageEvidence::Same, LanguageEvidence::Other("Rust".to_owned())];
    let mut all = Vec::new();
    for pattern in &patterns {
        for code in codes {
            for language in &languages {
                let (pattern, language) = (pattern.clone(), language.clone());
                all.push(Evidence { keyword: 0.5, pattern, code, language, ..Evidence::default() });
            }
        }
    }
    let candidates = candidates(all.len() as u64).into_iter().zip(all);
    candidates.map(|(candidate, evidence)| Candidate { evidence, ..candidate }).collect()
}

/// The guard's rule is implemented twice, for the host and for matchers: both must agree.
#[tokio::test]
async fn matchers_show_what_the_guard_of_the_host_allows() {
    let all = all_evidence();
    for name in MATCHERS {
        let host = host(&MATCHERS, None);
        for confidence in [Confidence::Guess, Confidence::Likely, Confidence::Certain] {
            for role in [Role::Root, Role::Warning] {
                let message = "the lamp is out".to_owned();
                let error = Diagnostic { message, confidence, role, ..Diagnostic::default() };
                let judgement = host.current().score(name, &error, &all).await.expect("a judgement");
                assert_eq!(judgement.verdicts.len(), all.len());
                for verdict in judgement.verdicts {
                    let evidence = &all[verdict.candidate].evidence;
                    let allowed = grounds(&error, evidence);
                    assert_eq!(
                        verdict.shown,
                        allowed.is_ok(),
                        "{name}, {error:?}, {evidence:?}: {allowed:?}"
                    );
                }
            }
        }
    }
}

/// A verdict with its score and its reasons' weights as bits.
type Bits = (usize, u64, Vec<(String, u64, String)>);

fn bits(verdicts: &[Verdict]) -> Vec<Bits> {
    let reasons = |verdict: &Verdict| {
        let reason = |reason: &grimoire_domain::ranking::Reason| {
            (reason.signal.clone(), reason.weight.to_bits(), reason.detail.clone())
        };
        verdict.reasons.iter().map(reason).collect()
    };
    verdicts.iter().map(|verdict| (verdict.candidate, verdict.score.to_bits(), reasons(verdict))).collect()
}

/// Errors and candidates with arbitrary text.
fn inputs() -> impl Strategy<Value = (Diagnostic, Vec<Candidate>)> {
    let text =
        || prop_oneof![any::<String>(), "[a-zA-Z0-9_:`' ]{0,80}", "error\\[E[0-9]{4}\\]: [a-z ]{1,40}"];
    let evidence = (0.0..=1.0_f64, prop::option::of(text()));
    let spell = (text(), text(), text(), evidence);
    (text(), text(), prop::collection::vec(spell, 0..12)).prop_map(|(message, context, spells)| {
        let mut all = candidates(spells.len() as u64);
        for (candidate, (title, description, solution, (keyword, found))) in all.iter_mut().zip(spells) {
            let mut spell = (*candidate.spell).clone();
            let mut fields = spell.fields.clone().into_fields();
            // Texts that the domain rejects leave the candidate unchanged.
            fields.title.push_str(&title);
            fields.description.push_str(&description);
            fields.solution_code.push_str(&solution);
            if let Ok(valid) = fields.validate() {
                spell.fields = valid;
            }
            let hit = |text: String| {
                PatternEvidence::Hit(PatternHit {
                    telling: specificity(&text),
                    text,
                    in_message: true,
                    ..PatternHit::default()
                })
            };
            let pattern = found.map_or(PatternEvidence::Missed, hit);
            *candidate = Candidate {
                spell: spell.into(),
                evidence: Evidence { keyword, pattern, ..Evidence::default() },
                outcomes: Outcomes::default(),
            };
        }
        (Diagnostic { message: format!("m{message}"), context, ..diagnostic() }, all)
    })
}

/// Property 10: the similarity score is a function of its input. A host with earlier calls and one
/// started for this call give the same bits, for both matchers.
#[test]
fn property_10_same_input_same_bits() {
    let runtime = Runtime::new().expect("a runtime");
    let cache = tempfile::tempdir().expect("a folder");
    for name in MATCHERS {
        let old = host(&MATCHERS, Some(cache.path()));
        proptest!(ProptestConfig::with_cases(100), |((diagnostic, candidates) in inputs())| {
            let fresh = host(&MATCHERS, Some(cache.path()));
            prop_assert_eq!(fresh.cache_report().compiled, 0);
            let (first, second) = runtime.block_on(async {
                let (old, fresh) = (old.current(), fresh.current());
                let first = old.score(name, &diagnostic, &candidates).await;
                (first, fresh.score(name, &diagnostic, &candidates).await)
            });
            let (first, second) = (first.expect("a judgement"), second.expect("a judgement"));
            prop_assert_eq!(bits(&first.verdicts), bits(&second.verdicts));
        });
    }
}
