//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_guess::Scan;
use grimoire_plugin_sdk::{analyze_all, cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// Irrelevant lines.
fn noise() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Downloading boiler 1.2",
        "  compiling pot v0.1",
        "",
        "ok 3 - pours",
        "12% done",
        "│ table │ row │",
    ])
    .prop_map(str::to_owned)
}

/// Sentences like those of tools that report an error, about names that contain no words of a sentence.
fn complaint() -> impl Strategy<Value = String> {
    let how = prop::sample::select(vec![
        "error: {} is broken",
        "{} could not be found",
        "cannot open {}",
        "Unable to resolve {}",
        "{}: permission denied",
        "failed to fetch {}",
        "invalid value for {}",
        "[ERROR] {} timed out",
        "  ⨯ {} does not exist",
    ]);
    (how, "[qxz][a-z]{2,11}").prop_map(|(how, what)| how.replace("{}", &what))
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(
        log in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..20),
            noise().prop_map(|line| (line + "\n").into_bytes()),
            complaint().prop_map(|line| (line + "\n").into_bytes()),
            Just(b"##[error]Process completed with exit code 1.\n".to_vec()),
            Just(b"##[group]Run x\nshell: sh\n##[endgroup]\n".to_vec()),
        ], 0..50).prop_map(|pieces| pieces.concat()),
        size in 1_usize..50,
    ) {
        cases::hold::<Scan>(media_type::LOG, &log, size);
    }

    /// A red log always has a guess: the only complaint, wherever it is.
    #[test]
    fn the_only_complaint_of_a_failed_step_is_found(
        before in proptest::collection::vec(noise(), 0..200),
        complaint in complaint(),
        after in proptest::collection::vec(noise(), 0..200),
    ) {
        let log = [before, vec![complaint.clone()], after, vec!["##[error]Process completed with exit code 1.".to_owned()]]
            .concat()
            .join("\n");
        let found = analyze_all::<Scan>(media_type::LOG, log.as_bytes()).expect("logs are supported");
        prop_assert_eq!(found.len(), 1);
        prop_assert!(complaint.contains(&found[0].message), "{} is not {complaint}", found[0].message);
    }
}
