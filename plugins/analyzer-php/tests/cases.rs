//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_php::Scan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "PHP Fatal error:  Uncaught AException: x in /a.php:1\n",
            "PHP Parse error:  x in a.php on line 1\n",
            "Stack trace:\n",
            "#0 /a.php(1): b()\n",
            "#1 {main}\n",
            "  thrown in /a.php on line 1\n",
            "Next BException: y in /a.php:2\n",
            "Parse error: a.php:1\n",
            "Unexpected x in a.php on line 1\n",
            "There was 1 failure:\n",
            "There was 1 skipped test:\n",
            "1) A::b\n",
            "Failed asserting that x.\n",
            "--- Expected\n",
            "-'a'\n",
            "+'b'\n",
            "/a.php:1\n",
            "Caused by\n",
            "FAILURES!\n",
            "Tests: 1, Assertions: 1, Failures: 1.\n",
            " ✘ x\n",
            "   │ y\n",
            "   │ /a.php:1\n",
            "   FAILED  A > b\n",
            "  • A > b\n",
            "  A\\BException\n",
            "  at a.php:1\n",
            "  ➜   1▕ x\n",
            "In A.php line 1:\n",
            "  [A\\BException]\n",
            " [ERROR] x\n",
            "         y\n",
            "  Problem 1\n",
            "    - a requires b -> it is missing from your system.\n",
            "Could not find package a.\n",
            "| Package | a |\n",
            "| Title | x |\n",
            " ------ ----\n",
            "  Line   a.php\n",
            "  1      x\n",
            "         🪪  a.b\n",
            "a.php:1:x [identifier=a.b]\n",
            "ERROR: A - a.php:1:2 - x\n",
            "ERROR: A\n",
            "at a.php:1:2\n",
            "a.php:1:2: error - x (A.B.C)\n",
            "FILE: a.php\n",
            " 1 | ERROR | [x] y\n",
            "   |       |     z\n",
            "a.php:1\tx y\n",
            "   1) a.php (b)\n",
            "      ---------- begin diff ----------\n",
            "      ----------- end diff -----------\n",
            "Applied rules:\n",
            " * A\n",
            "Found 1 of 1 files that can be fixed in 1 seconds\n",
            "  ⨯ a.php  b, c\n",
            "  Scenario: x # a.feature:1\n",
            "    Then x # A::b()\n",
            "      Failed asserting x\n",
            "--- Failed scenarios:\n",
            "##[error]x\n",
            "##[group]Run x\n",
            "##[endgroup]\n",
            "é",
            ": ",
            "[",
            "(",
            "\n",
            "  ",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<Scan>(media_type::LOG, &log, size);
    }
}
