//! The cases of this analyzer, and what holds for any bytes.

use analyzer_ops::Scan;
use grimoire_plugin_sdk::{ArtifactKind, cases};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), ArtifactKind::Log);
}

/// Pieces of real grammar among arbitrary bytes, so that the states of the analyzer are reached.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(include_str!("pieces.txt").split_inclusive('\n').collect::<Vec<_>>())
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::sample::select(vec!["é", ": ", "[", "{", "\"msg\": \"x", "'", "(1,", "=> ", "\n", "  "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<Scan>(ArtifactKind::Log, &log, size);
    }
}
