//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_mobile::Scan;
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
            "[ERROR] Cordova encountered an error.\n",
            "Error code 1 for command: a with args: b\n",
            "/a.swift:1:2: error: x\n",
            "❌  /a.swift:1:2: x\n",
            "    ^~~\n",
            " 1 | x\n",
            "   | `- error: x\n",
            "/a.swift:1: error: -[A.B testC] : x\n",
            "✘ Test a() recorded an issue at a.swift:1:2: x\n",
            "↳ y\n",
            "    ✗ testA, xyzzy\n",
            "  testA, xyzzy\n",
            "  /a.swift:1\n",
            "ATests\n",
            "a.swift:1: Fatal error: x\n",
            "Fatal error: x: file a.swift, line 1\n",
            "error: Signing for \"a\" requires a development team. x\n",
            "xcodebuild: error: Unable to find a destination matching the provided destination specifier:\n",
            "\t\t{ a }\n",
            "The following build commands failed:\n",
            "\tCompileSwift a\n",
            "** BUILD FAILED **\n",
            "error: x (in target 'a' from project 'b')\n",
            "Swift Compiler Error (Xcode): x\n",
            "/a.swift:1:2\n",
            "[!] CocoaPods could not find compatible versions for pod \"a\":\n",
            "  In Podfile:\n",
            "CocoaPods\n",
            "[!] abc def ghi\n",
            "    - ERROR | xcodebuild: x\n",
            "A shell task (a) failed with exit code 1:\n",
            "fastlane finished with errors\n",
            "[12:00:00]: ▸ x\n",
            "  error • x • a.dart:1:2 • b\n",
            "error - a.dart:1:2 - x - b\n",
            "ERROR|A|B|/a.dart|1|2|3|x\n",
            "1 issue found.\n",
            "a.dart:1:2: Error: x\n",
            "Unhandled exception:\n",
            "#0 main (file:///a.dart:1:2)\n",
            "Changed a.dart\n",
            "Formatted 1 file (1 changed)\n",
            "[SEVERE] a on b.dart:\n",
            "Because a depends on b\n",
            "version solving failed.\n",
            "Error: Target file \"a\" not found.\n",
            "00:01 +0 -1: a [E]\n",
            "  Expected: x\n",
            "  a_test.dart 1:2  main.<fn>\n",
            "══╡ EXCEPTION CAUGHT BY FLUTTER TEST FRAMEWORK ╞══\n",
            "The following A was thrown running a test:\n",
            "The test description was:\n",
            "════════\n",
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
