//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_generic::GenericScan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<GenericScan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "a.c:1:2: error: x\n",
            "a.cs(1,2): error CS1: x [a.csproj]\n",
            "a.md:1 error A/1 — x\n",
            "[ERROR] /a/B.java:[1,2] x\n",
            "   1 | x\n",
            "     | ^\n",
            "##[error]x\n",
            "::error file=a.c,line=1::x%0Ay\n",
            "=== RUN   TestA\n",
            "    a_test.go:1: x\n",
            "        y\n",
            "--- FAIL: TestA (0.00s)\n",
            "--- PASS: TestA (0.00s)\n",
            "panic: x\n",
            "goroutine 1 [running]:\n",
            "main.f(0x1)\n",
            "\t/a/b.go:1 +0x1\n",
            "java.lang.Error: x\n",
            "\tat a.B.c(B.java:1)\n",
            "Caused by: a.b.CError: y\n",
            "  Failed A.B.C [1 ms]\n",
            "  Error Message:\n",
            "  Stack Trace:\n",
            "  1) x\n",
            "     Failure/Error: x\n",
            "     # ./a_spec.rb:1\n",
            "PHPUnit 1\n",
            "1) A::b\n",
            "/a/b.php:1\n",
            "╷\n",
            "│ Error: x\n",
            "│   on a.tf line 1:\n",
            "╵\n",
            "Error: x\n",
            "CMake Error at a.cmake:1 (x):\n",
            "  x\n",
            "a.f90:1:2:\n",
            "Error: x at (1)\n",
            "sh: 1: x: not found\n",
            "x at a.pl line 1.\n",
            "{\"Action\":\"output\",\"Output\":\"a.go:1:2: x\\n\"}\n",
            "BUILD FAILED\n",
            "error: x\n",
            "行 1:",
            "é",
            ": ",
            "[",
            "(1,",
            "\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<GenericScan>(media_type::LOG, &log, size);
    }
}
