//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_go::Scan;
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
            "# a/b\n",
            "./a.go:1:2: x:\n",
            "\thave (x)\n",
            "package a/b\n",
            "\timports c from a.go\n",
            "\timports a/b: import cycle not allowed\n",
            "go: a@v1 requires\n",
            "\tb@v2: x\n",
            "go: errors parsing go.mod:\n",
            "go.mod:1: x\n",
            "=== RUN   TestA\n",
            "=== NAME  TestA/b\n",
            "    a_test.go:1: x\n",
            "        y\n",
            "        \tError Trace:\t/a/a_test.go:1\n",
            "        \tError:      \tNot equal: x\n",
            "        \tMessages:   \tx\n",
            "--- FAIL: TestA (0.00s)\n",
            "    --- FAIL: TestA/b (0.00s)\n",
            "--- PASS: TestA (0.00s)\n",
            "--- FAIL: ExampleA (0.00s)\n",
            "got:\n",
            "want:\n",
            "FAIL\ta/b\t0.1s\n",
            "ok  \ta/b\t0.1s\n",
            "panic: x\n",
            "panic: test timed out after 1s\n",
            "fatal error: x\n",
            "WARNING: DATA RACE\n",
            "Write at 0x1 by goroutine 1:\n",
            "goroutine 1 [running]:\n",
            "a/b.f(0x1)\n",
            "\t/a/b.go:1 +0x1\n",
            "created by a.b in goroutine 1\n",
            "exit status 2\n",
            "• [FAILED] [0.1 seconds]\n",
            "[FAILED] x\n",
            "In [It] at: /a/a_test.go:1 @ x\n",
            "• Failure [0.1 seconds]\n",
            "Summarizing 1 Failure:\n",
            "[FAIL] x\n",
            "FAIL: a_test.go:1: A.B\n",
            "... expected x\n",
            "* a_test.go\n",
            "a.go:1:2: x (linter)\n",
            "a.go:1:2  linter  x\n",
            "level=error msg=\"x\"\n",
            "diff a.go.orig a.go\n",
            "@@ -1 +1 @@\n",
            "gofmt -l .\n",
            "a/b.go\n",
            "Vulnerability #1: GO-1\n",
            "    x\n",
            "##[error]a.go:1:2: x\n",
            "##[group]x\n",
            "\n",
            "é",
            ": ",
            "(",
            "[",
        ])
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
