//! The cases of this analyzer, and what holds for any bytes.

use std::path::Path;

use analyzer_python::Scan;
use grimoire_plugin_sdk::{ArtifactKind, cases};
use proptest::prelude::*;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), ArtifactKind::Log);
}

/// Pieces of real grammar among arbitrary bytes, so that the states of the analyzer are reached.
fn artifact() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "Traceback (most recent call last):\n",
            "  File \"a.py\", line 3, in f\n",
            "  File \"a.py\", line 3\n",
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
        cases::hold::<Scan>(ArtifactKind::Log, &bytes, size);
    }
}
