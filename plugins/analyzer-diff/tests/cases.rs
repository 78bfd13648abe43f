//! The cases of this analyzer, and properties that hold for any bytes.

use std::path::Path;

use analyzer_diff::DiffScan;
use grimoire_plugin_sdk::{analyze_all, cases, media_type};
use proptest::prelude::*;

#[test]
fn cases() {
    cases::run::<DiffScan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::DIFF);
}

#[test]
fn secrets_are_found_and_never_repeated() {
    // Built here, so that no secret appears in the repository.
    let body = "aZ3bY9cX7dW5eV2fU1gT8hS6iR4jQ0kP".repeat(3);
    let key = ["-----BEGIN OPENSSH ", "PRIVATE KEY-----"].concat();
    let diff = format!(
        "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n@@ -0,0 +1,3 @@\n+TOKEN=ghp_{}\n+{key}\n+plain=1\n",
        &body[..36]
    );
    let found = analyze_all::<DiffScan>(media_type::DIFF, diff.as_bytes()).unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|found| (found.error_type.as_str(), found.location.as_ref().unwrap().line()))
        .collect();
    assert_eq!(told, [("token", Some(1)), ("private-key", Some(2))]);
    assert!(!format!("{found:?}").contains(&body[..12]));
}

#[test]
fn a_long_line_is_read_in_bounded_memory() {
    let line = "x".repeat(10_000_000);
    let diff = format!("--- a/a.js\n+++ b/a.js\n@@ -0,0 +1,2 @@\n+{line}\n+debugger;\n");
    let found = analyze_all::<DiffScan>(media_type::DIFF, diff.as_bytes()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].location.as_ref().unwrap().line(), Some(2));
}

#[test]
fn logs_are_not_taken() {
    assert!(analyze_all::<DiffScan>(media_type::LOG, b"").is_err());
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn artifact() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "diff --git a/a.rs b/a.rs\n",
            "--- a/a.rs\n",
            "+++ b/a.rs\n",
            "+++ \"b/\\303\\266\\\"\n",
            "@@ -1,2 +1,3 @@\n",
            "@@ -1 +1 @@ x\n",
            "@@@ -1,2 -1,2 +1,3 @@@\n",
            "@@ -4294967295 +4294967295,9 @@\n",
            "+<<<<<<< a\n",
            "+=======\n",
            "+||||||| b\n",
            "+>>>>>>> c\n",
            "++<<<<<<< d\n",
            "+dbg!(x)\n",
            "-x\n",
            " x\n",
            "\\ No newline at end of file\n",
            "-- \n",
            "\r\n",
            "+",
            "é",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(bytes in artifact(), size in 1_usize..50) {
        cases::hold::<DiffScan>(media_type::DIFF, &bytes, size);
    }
}
