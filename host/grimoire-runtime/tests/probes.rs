//! Analyzers that sleep until an artifact contains one of their probes.

mod support;

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::plugins::Plugins as _;
use grimoire_ports::plugins::analyzer::{Excerpt, Findings};
use grimoire_runtime::{Options, PluginHost, PluginSource};
use support::guests::{Group, guest};
use support::{content, log, shipped};

/// Size in bytes of the pages that are read around a probe.
const PAGE: usize = 8 << 10;
/// Number of bytes that a guest is fed at a time.
const CHUNK: usize = 8 * PAGE;

fn start(options: Options, plugins: Vec<PluginSource>) -> PluginHost {
    let host = PluginHost::start(options, plugins).expect("a host");
    assert_eq!(host.current().rejected(), []);
    host
}

fn sleeper() -> PluginHost {
    start(Options::default(), vec![guest(Group::Analyzer, "sleeper")])
}

async fn analyze(host: &PluginHost, bytes: &[u8]) -> Vec<Findings> {
    host.current().analyze(&log(), content(bytes, 100_000)).await.expect("an analysis").findings
}

/// Lines of dots, with a text at the given offset.
fn lines(length: usize, line: usize, text: &str, at: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (1..=length).map(|number| if number % line == 0 { b'\n' } else { b'.' }).collect();
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// The parts that the sleeper was fed, as ranges of the artifact, without the inserted line end between two parts.
async fn parts(host: &PluginHost, bytes: &[u8]) -> Vec<(usize, usize)> {
    let findings = analyze(host, bytes).await.remove(0);
    assert_eq!(findings.problem, None);
    let place = |offset: u64| usize::try_from(offset).expect("it is in the artifact");
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for Span { start, end } in findings.diagnostics.iter().map(|found| found.span) {
        match parts.last_mut() {
            Some(last) if last.1 == place(start) => last.1 = place(end),
            _ => parts.push((place(start), place(end))),
        }
    }
    parts
}

#[tokio::test]
async fn one_that_never_wakes_costs_nothing_and_says_nothing() {
    let host = sleeper();
    for bytes in [&b""[..], b"need", &lines(20 * CHUNK, 100, "needl", 4 * CHUNK)] {
        let findings = analyze(&host, bytes).await.remove(0);
        assert_eq!((findings.diagnostics, findings.problem), (Vec::new(), None));
    }
    assert_eq!(host.statistics("sleeper").calls, 0);
    assert_eq!(host.statistics("sleeper").peak_memory, 0, "there was no instance");
}

#[tokio::test]
async fn a_short_artifact_is_fed_as_a_whole() {
    assert_eq!(parts(&sleeper(), b"a needle").await, [(0, 8)]);
}

#[tokio::test]
async fn what_is_fed_are_the_pages_around_a_probe_from_a_lines_beginning_on() {
    let host = sleeper();
    let length = 8 * CHUNK + 10;
    // The start of the line that reaches into a page, with lines of 100 bytes.
    let from = |page: usize| page * PAGE / 100 * 100;
    for (at, expected) in [
        (0, (0, 5 * PAGE)),
        (PAGE, (0, 6 * PAGE)),
        (2 * PAGE, (from(1), 7 * PAGE)),
        // The end of the probe counts.
        (2 * PAGE - 3, (from(1), 7 * PAGE)),
        (2 * PAGE - 6, (0, 6 * PAGE)),
        // Around the end of a chunk.
        (30 * PAGE, (from(29), 35 * PAGE)),
        (32 * PAGE, (from(31), 37 * PAGE)),
        (33 * PAGE, (from(32), 38 * PAGE)),
        // In the last pages.
        (62 * PAGE, (from(61), length)),
        (length - 6, (from(63), length)),
    ] {
        assert_eq!(parts(&host, &lines(length, 100, "needle", at)).await, [expected], "{at}");
    }
}

#[tokio::test]
async fn between_two_parts_a_line_ends() {
    let mut bytes = lines(8 * CHUNK, 100, "needle", 10 * PAGE);
    bytes[40 * PAGE..40 * PAGE + 6].copy_from_slice(b"needle");
    let second = 39 * PAGE / 100 * 100;
    // The inserted line end corresponds to the byte before the second part.
    assert_eq!(parts(&sleeper(), &bytes).await, [(9 * PAGE / 100 * 100, 15 * PAGE), (second - 1, 45 * PAGE)]);
}

#[tokio::test]
async fn a_line_of_many_pages_is_fed_from_the_page_before_on_to_its_end() {
    let bytes = lines(4 * CHUNK, 30 * PAGE, "needle", 20 * PAGE + 5);
    assert_eq!(parts(&sleeper(), &bytes).await, [(19 * PAGE, 30 * PAGE)]);
}

#[tokio::test]
async fn a_line_that_begins_with_a_page_has_nothing_before_it() {
    let bytes = lines(4 * CHUNK, 64, "needle", 20 * PAGE + 5);
    assert_eq!(parts(&sleeper(), &bytes).await, [(19 * PAGE, 25 * PAGE)]);
}

#[tokio::test]
async fn one_without_probes_is_always_awake_beside_it() {
    let host =
        start(Options::default(), vec![guest(Group::Analyzer, "sleeper"), guest(Group::Analyzer, "honest")]);
    let bytes = lines(3 * CHUNK, 100, "needle", 3 * CHUNK - 10);
    let findings = analyze(&host, &bytes).await;
    let spans =
        |findings: &Findings| -> Vec<Span> { findings.diagnostics.iter().map(|found| found.span).collect() };
    assert_eq!(spans(&findings[0]).first(), Some(&Span { start: 0, end: CHUNK as u64 }), "honest");
    assert_eq!(findings[0].diagnostics.len(), 3);
    assert_eq!(parts(&host, &bytes).await[0], (0, 3 * CHUNK));
    assert_eq!(spans(&findings[1]).last().map(|span| span.end), Some(3 * CHUNK as u64), "sleeper");
}

#[tokio::test]
async fn a_report_is_read_by_those_only_with_whose_probe_it_begins() {
    let host = start(
        Options::default(),
        vec![shipped("analyzer-report"), shipped("analyzer-python"), guest(Group::Analyzer, "honest")],
    );
    let report = "\u{feff}<?xml version=\"1.0\"?>\n<testsuite><testcase classname=\"a.B\" name=\"c\">\
                  <failure message=\"no tea\"/></testcase><system-out>\n\
                  Traceback (most recent call last):\n  File \"app/main.py\", line 3, in <module>\n    run()\n\
                  KeyError: 'x'\n</system-out></testsuite>\n";
    let artifact = Artifact { kind: ArtifactKind::Report, ..log() };
    let findings = host
        .current()
        .analyze(&artifact, content(report.as_bytes(), 100))
        .await
        .expect("an analysis")
        .findings;
    let found: Vec<(&str, &str)> = findings
        .iter()
        .flat_map(|findings| {
            findings.diagnostics.iter().map(|found| (&*findings.plugin.name, &*found.message))
        })
        .collect();
    assert_eq!(found, [("analyzer-report", "no tea")]);

    let list = "[\n {\"file\": \"src/a.js\", \"line\": 3, \"message\": \"no tea\"}]";
    let findings =
        host.current().analyze(&artifact, content(list.as_bytes(), 100)).await.expect("an analysis").findings;
    assert_eq!(findings.iter().map(|findings| findings.diagnostics.len()).sum::<usize>(), 1);
}

/// Some shipped analyzers with a log that wakes them.
const SHIPPED: [(&str, &str); 3] = [
    (
        "analyzer-rust",
        "error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:20\n  |\n4 |     f(x);\n  |       ^\n\n",
    ),
    (
        "analyzer-python",
        "Traceback (most recent call last):\n  File \"app/main.py\", line 3, in <module>\n    run()\nKeyError: 'x'\n",
    ),
    ("analyzer-javascript", "src/app.ts(3,5): error TS2304: Cannot find name 'foo'.\n"),
];

#[tokio::test]
async fn woken_late_a_shipped_analyzer_finds_the_same() {
    for (name, text) in SHIPPED {
        let host = start(Options::default(), vec![shipped(name)]);
        let alone = analyze(&host, text.as_bytes()).await.remove(0).diagnostics;
        assert_ne!(alone, [], "{name}");
        let quiet = "some line that says nothing of interest to anybody\n".repeat(8 * CHUNK / 50);
        let late = analyze(&host, format!("{quiet}{text}").as_bytes()).await.remove(0);
        assert_eq!(late.problem, None, "{name}");
        let shifted = |found: Diagnostic| {
            let span = Span {
                start: found.span.start + quiet.len() as u64,
                end: found.span.end + quiet.len() as u64,
            };
            Diagnostic { span, ..found }
        };
        assert_eq!(late.diagnostics, alone.into_iter().map(shifted).collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test]
async fn only_those_that_are_awake_take_places() {
    let options = Options {
        max_instances: 1,
        max_analyzers: 1,
        admission_wait: Duration::from_millis(10),
        content_wait: Duration::from_secs(3_600),
        ..Options::default()
    };
    let host = start(options, vec![guest(Group::Analyzer, "sleeper")]);
    // Occupies the only slot for as long as its content does not end.
    let endless =
        content(&vec![b'x'; CHUNK - 6], CHUNK).chain(content(b"needle", 6)).chain(stream::pending()).boxed();
    let artifact = log();
    let running = host.current();
    let mut first = Box::pin(running.analyze(&artifact, endless));
    while host.statistics("sleeper").calls == 0 {
        assert!(futures::poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
    }
    let findings = analyze(&host, b"nothing").await.remove(0);
    assert_eq!((findings.diagnostics, findings.problem), (Vec::new(), None));
    let error = running.analyze(&artifact, content(b"a needle", 8)).await.expect_err("no place is free");
    assert_eq!(error.kind(), ErrorKind::Busy);
    drop(first);
    while running.analyze(&artifact, content(b"a needle", 8)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_of_last_resort_is_left_alone_until_it_is_asked() {
    let host = start(Options::default(), vec![shipped("analyzer-guess").last_resort(true)]);
    let text = "reading the lid\nerror: the lid of pot 7 cannot be found\nexit status 3\n";
    assert_eq!(analyze(&host, text.as_bytes()).await, []);
    assert_eq!(host.statistics("analyzer-guess").calls, 0);

    let excerpt = Excerpt { start: 5_000_000_000, bytes: Bytes::from_static(text.as_bytes()) };
    let analysis = host.current().guess(&log(), excerpt).await.expect("an analysis");
    let [findings] = &analysis.findings[..] else { panic!("{:?}", analysis.findings) };
    assert_eq!(findings.problem, None);
    let messages: Vec<_> = findings.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["the lid of pot 7 cannot be found"]);
    let line = 5_000_000_000 + "reading the lid\n".len() as u64;
    assert_eq!(findings.diagnostics[0].span.start, line, "spans are those of the artifact");
}
