//! The cases of this analyzer, and properties that hold for any bytes.

use std::path::Path;

use analyzer_python::Scan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// Pieces of real grammar among arbitrary bytes, to reach the states of the analyzer.
fn artifact() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "Traceback (most recent call last):\n",
            "  File \"a.py\", line 3, in f\n",
            "  File \"a.py\", line 3\n",
            ">   File \"a.py\", line 3, in f\n",
            "***   File \"a.py\", line 3\n",
            "==========\n[FAIL]\n",
            "a.b.C.test_x\n",
            "Error compiling Cython file:\n",
            "a.pyx:1:2: x\n",
            "a 1.0 requires b, which is not installed.\n",
            "ValueError: x\n",
            "AssertionError:\n",
            "\nDuring handling of the above exception, another exception occurred:\n\n",
            "  + Exception Group Traceback (most recent call last):\n",
            "  +-+---------------- 1 ----------------\n",
            "    | ",
            "=== FAILURES ===\n",
            "=== short test summary info ===\n",
            "____ test_x ____\n",
            "E   x\n",
            "E     File \"a.py\", line 3\n",
            "a.py:3: \n",
            "a.py:3: in f\n",
            "FAILED a.py::x - y\n",
            "F401 [*] x\n",
            " --> a.py:1:2\n",
            "  | \n",
            "a.py:1:2: error: x  [misc]\n",
            "a.py:1: note: y\n",
            "a.py:1:2: E501 x\n",
            "a.py:\n",
            "  1:2 F401 x\n",
            ">> Issue: [B1:x] y\n",
            "   Location: a.py:1:2\n",
            "=== test session starts ===\n",
            "E   AssertionError: x\n",
            "FAILED a.py::x[a - b] - y\n",
            "1 failed, 2 passed in 0.1s\n",
            "INTERNALERROR> ",
            "+++ Timeout +++\n",
            "~~~ Stack of MainThread (1) ~~~\n",
            "***********************************\nFile \"a.py\", line 3, in f\n",
            "Failed example:\n    f()\nExpected:\n    1\nGot:\n    2\n",
            "Ran 1 test in 0.1s\n",
            "OK\n",
            "2026-03-04 ERROR x Traceback (most recent call last):\n",
            "KeyError                 Traceback (most recent call last)\n",
            "----> 1 x\n",
            "╭─── Traceback (most recent call last) ───╮\n",
            "│ a.py:1 in f │\n",
            "╰───╯\n",
            "  × Building wheel for x did not run successfully.\n",
            "  ╰─> [1 lines of output]\n",
            "      [end of output]\n",
            "The conflict is caused by:\n",
            "    x depends on y\n",
            "  × Failed to build `x`\n",
            "  ╰─▶ y\n",
            "error: No solution found when resolving dependencies\n",
            "  cause: x\n",
            "Because a depends on b (1.0)\n",
            "version solving failed.\n",
            "  SomeError\n\n  x\n\n  at /a.py:1 in f\n",
            "PackagesNotFoundError: x\n",
            "  - x=1\n",
            "[PdmUsageError]: x\n",
            "py311: exit 1 (0.5 seconds) /x> y\n",
            "nox > Session x failed.\n",
            "SystemCheckError: x\n",
            "ERRORS:\n",
            "a.b: (fields.E1) x\n",
            "a.rst:1: WARNING: x [ref.ref]\n",
            "build finished with problems, 1 warning (with warnings treated as errors).\n",
            "Warning, treated as error:\n",
            "x          | FAIL |\n",
            "  Scenario: x  # a.feature:1\n",
            "      ASSERT FAILED: x\n",
            "Failing scenarios:\n",
            "Fatal Python error: x\n",
            "Usage: x [OPTIONS]\n",
            "ERROR    HTTPError: 400 from https://upload.pypi.org/legacy/\n",
            "#12 3.456 ",
            "web-1  | ",
            "ERROR: No matching distribution found for x\n",
            "{\"code\":\"F401\",\n",
            "\"filename\":\"a.py\",\"message\":\"x\",\"location\":{\"row\":1}}\n",
            "[\n",
            "::error title=ruff (F401),file=a.py,line=1::x\n",
            "FAIL: a (b.c)\n",
            "\n",
            ": ",
            "é",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(bytes in artifact(), size in 1_usize..50) {
        cases::hold::<Scan>(media_type::LOG, &bytes, size);
    }
}
