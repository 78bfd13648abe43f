//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_ops::{Analysis, Scan};
use grimoire_plugin_sdk::{LineScan, analyze_all, cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// The same without the gate before the recognisers.
type Ungated = LineScan<Analysis<false>>;

#[test]
fn the_gate_hides_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    cases::run::<Ungated>(&folder, media_type::LOG);
    // A line alone, too, as in a fragment.
    for file in folder.read_dir().expect("the cases are there") {
        let text = std::fs::read_to_string(file.expect("an entry").path()).expect("a case is text");
        for line in text.lines() {
            let line = line.replace('␛', "\u{1b}");
            let found = analyze_all::<Scan>(media_type::LOG, line.as_bytes()).expect("logs are read");
            let all = analyze_all::<Ungated>(media_type::LOG, line.as_bytes()).expect("logs are read");
            assert_eq!(found, all, "{line}");
        }
    }
}

/// The lines of all logs of the cases.
fn lines() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut lines = Vec::new();
    for file in folder.read_dir().expect("the cases are there") {
        let text = std::fs::read_to_string(file.expect("an entry").path()).expect("a case is text");
        for block in text.split("```log\n").skip(1) {
            let log = block.split("```").next().unwrap_or_default();
            lines.extend(log.lines().map(|line| line.replace('␛', "\u{1b}") + "\n"));
        }
    }
    lines.sort();
    lines
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(lines()).prop_map(String::into_bytes),
        prop::sample::select(vec!["é", ": ", "[", "{", "\"msg\": \"x", "'", "(1,", "=> ", "\n", "  "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<Scan>(media_type::LOG, &log, size);
    }

    #[test]
    fn the_gate_hides_nothing_in_any_order(lines in proptest::collection::vec(prop::sample::select(lines()), 0..40)) {
        let log = lines.concat();
        let found = analyze_all::<Scan>(media_type::LOG, log.as_bytes()).expect("logs are read");
        let all = analyze_all::<Ungated>(media_type::LOG, log.as_bytes()).expect("logs are read");
        prop_assert_eq!(found, all);
    }
}
