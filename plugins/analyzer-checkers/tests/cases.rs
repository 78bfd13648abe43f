//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_checkers::Scan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[test]
fn cases() {
    cases::run::<Scan>(&folder(), media_type::LOG);
}

/// The logs of all cases.
fn logs() -> Vec<String> {
    let mut logs = Vec::new();
    for file in folder().read_dir().expect("the cases are there") {
        let text = std::fs::read_to_string(file.expect("an entry").path()).expect("a case is text");
        for block in text.split("```log\n").skip(1) {
            let log = block.split("```").next().unwrap_or_default();
            logs.push(log.to_owned());
        }
    }
    logs.sort();
    logs
}

/// The lines of all logs of the cases.
fn lines() -> Vec<String> {
    logs().iter().flat_map(|log| log.lines().map(|line| line.to_owned() + "\n").collect::<Vec<_>>()).collect()
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(lines()).prop_map(String::into_bytes),
        prop::sample::select(vec!["é", ": ", "[", "(", "|", " line 1", "\n", "  "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<Scan>(media_type::LOG, &log, size);
    }
}
