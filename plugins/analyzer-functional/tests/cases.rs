//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_functional::Scan;
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
            "Traceback (most recent call last)\n",
            "a.nim(1)   b\n",
            "/a/b.nim(1, 2) Error: x\n",
            "Error: unhandled exception: x\n",
            "  y [Z]\n",
            "but expected x\n",
            "error: ././a.lean:1:2: x\n",
            "./a.lean:1:2: error: x\n",
            "error: Lean exited with code 3\n",
            "error: build failed\n",
            "a.chs:1: (column 2) [ERROR]  >>> x\n",
            "  >>> y\n",
            "a: \"open\" failed on b: Permission denied\n",
            "### output ###\n",
            "# Error:\n",
            "# x:\n",
            "** (AError) a.ex:1: x\n",
            "** (Mix) x\n",
            "== Compilation error in file a.ex ==\n",
            "    (a 1.0) a.ex:1: A.b/1\n",
            "    error: x\n",
            "warning: x\n",
            "    │\n",
            "  1 │ x\n",
            "    └─ a.ex:1:2: A.b/1\n",
            "  a.ex:1: A.b/1\n",
            "Compilation failed due to warnings while using the --warnings-as-errors option\n",
            "* a (Hex package)\n",
            "  the dependency is not available\n",
            "The following files are not formatted:\n",
            "  * a.ex\n",
            "Because a depends on b, version solving failed.\n",
            "  1) test a (A)\n",
            "     a.exs:1\n",
            "     left:  1\n",
            "     stacktrace:\n",
            "       a.exs:1: (test)\n",
            "[W] ↗ x\n",
            "┃       a.ex:1:2 #(A)\n",
            "a.ex:1:no_return\n",
            "____\n",
            "===> Compiling a failed\n",
            "   ┌─ a.erl:\n",
            "   │  ╰── x\n",
            "a.erl:1:2: x\n",
            "%%% a_SUITE ==> b: FAILED\n",
            "Failure/Error: x\n",
            "%% a.erl:1:in x\n",
            "a.hs:1:2: error: [GHC-1]\n",
            "a.hs:(1,2)-(3,4): warning:\n",
            "    • x\n",
            "    • In y\n",
            "  | ^\n",
            "a: x\n",
            "CallStack (from HasCallStack):\n",
            "  error, called at a.hs:1:2 in a:B\n",
            "Could not resolve dependencies:\n",
            "[__1] rejecting: a (conflict: b)\n",
            "In the dependencies for a:\n",
            "  * a needed, but x\n",
            "  a.hs:1:2: \n",
            "  1) a\n",
            "       expected: 1\n",
            "  a: FAIL\n",
            "Use -p 'a' to rerun this test only.\n",
            "### Failure in: a\n",
            "File \"a.ml\", line 1, characters 2-3:\n",
            "Error: x\n",
            "       y\n",
            "--- a\n",
            "-b\n",
            "Fatal error: exception A\n",
            "Called from a in file \"a.ml\", line 1\n",
            "#=== ERROR while compiling a ===#\n",
            "### output ###\n",
            "# Error: x\n",
            "[ERROR] Package conflict!\n",
            "│ [FAIL]  a  0  b. │\n",
            "error:\n",
            "       … while x\n",
            "       error: undefined variable 'a'\n",
            "       at /a.nix:1:2:\n",
            "error: hash mismatch in a\n",
            "         specified: a\n",
            "error: builder for '/nix/store/a.drv' failed\n",
            "       last 1 log lines:\n",
            "       > x\n",
            "Syntax error compiling at (a.clj:1:2).\n",
            "FAIL in (a) (b.clj:1)\n",
            "expected: x\n",
            "-- A B ------ a.elm\n",
            "1|  x\n",
            "Error found:\n",
            "at a.purs:1:2 - 3:4 (line 1)\n",
            "See https://a/errors/B.md\n",
            "   ┌─ a.gleam:1:2\n",
            "A:1:2--3:4\n",
            "a > x\n",
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
