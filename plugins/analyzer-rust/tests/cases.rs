//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_rust::RustScan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<RustScan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "error[E0382]: x\n",
            "warning: x\n",
            "  --> src/a.rs:1:2\n",
            "   |\n",
            "12 | let x = 1;\n",
            " = note: `#[warn(dead_code)]` on\n",
            "note: the lint level is defined here\n",
            "   | #![deny(a)]\n",
            "   |         ^\n",
            "thread 'a::b' panicked at 'x', src/a.rs:1:2\n",
            "thread 'a' panicked at src/a.rs:1:2:\n",
            "  left: 1\n",
            "stack backtrace:\n",
            "   0: f\n",
            "    at ./a.rs:1\n",
            "---- a stdout ----\n",
            "error: failed to parse manifest at `/a/Cargo.toml`\n",
            "Caused by:\n",
            "Diff in a.rs:1:\n",
            "{\"message\":\"x\",\"level\":\"error\",\"spans\":[]}\n",
            "Error: A { b }\n",
            "Error: x\n",
            "Error:\n",
            "  Caused by: x\n",
            "    0: x\n",
            "error: x\n",
            "error: failed to run custom build command for `a v1`\n",
            "  process didn't exit successfully: `x` (exit status: 1)\n",
            "  --- stderr\n",
            "  The system library `x` was not found\n",
            "error: could not compile `a`\n",
            "  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)\n",
            "error: linking with `cc` failed: exit status: 1\n",
            "  = note: \"_x\", referenced from:\n",
            "error: unexpected argument 'x' found\n",
            "Usage: cargo x\n",
            "running 2 tests\n",
            "test a::b ... FAILED\n",
            "test a::b - should panic ... ok\n",
            "failures:\n",
            "    a::b\n",
            "test result: FAILED. 1 failed\n",
            "        FAIL [   0.004s] (1/2) a a::b\n",
            "   TRY 1 FAIL [   0.004s] a a::b\n",
            "--- STDERR: a a::b ---\n",
            "     Summary [   0.1s] 2 tests run\n",
            "Crate:     a\n",
            "Title:     x\n",
            "ID:        RUSTSEC-1\n",
            "--- failure x: y ---\n",
            "error[banned]: x\n",
            "   ┌─ /a/Cargo.lock:1:1\n",
            "\n",
            ": ",
            "é",
            "`",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(log in log(), size in 1_usize..50) {
        cases::hold::<RustScan>(media_type::LOG, &log, size);
    }
}
