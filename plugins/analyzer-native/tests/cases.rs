//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_native::Scan;
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
            "a.c:1:2: error: x [-Wx]\n",
            "a.c:1: note: x requested here\n",
            "In file included from a.h:1,\n",
            "a.c:1:2:   required from here\n",
            "   1 | x\n",
            "     ^\n",
            "cc1: error: x\n",
            "nvcc fatal   : x\n",
            "/usr/bin/ld: a.o: in function `x':\n",
            "a.c:(.text+0x1): undefined reference to `x'\n",
            "ld.lld: error: undefined symbol: x\n",
            ">>> referenced by a.c:1\n",
            "Undefined symbols for architecture x:\n",
            "  \"_x\", referenced from:\n",
            "      _y in a.o\n",
            "a.cpp(1,2): error C2065: x [a.vcxproj]\n",
            "a.cpp(1): note: see x\n",
            "LINK : fatal error LNK1104: x\n",
            "a.f90:1:2:\n",
            "Error: x at (1)\n",
            "At line 1 of file a.f90\n",
            "Fortran runtime error: x\n",
            "make[1]: *** [Makefile:1: x] Error 1\n",
            "Makefile:1: x.mk: No such file or directory\n",
            "FAILED: a.o\n",
            "[1/2] x\n",
            "ninja: build stopped: x\n",
            "CMake Error at a.cmake:1 (x):\n",
            "CMake Error: x\n",
            "  x\n",
            "Call Stack (most recent call first):\n",
            "  CMakeLists.txt:1 (y)\n",
            "configure: error: x:\n",
            "No package 'x' found\n",
            "meson.build:1:2: ERROR: x\n",
            "ERROR: x\n",
            "Summary of Failures:\n",
            "1/2 x FAIL 0.1s exit status 1\n",
            "ERROR: /a/BUILD:1:2: Traceback (most recent call last):\n",
            "\tFile \"/a/BUILD\", line 1, column 2, in x\n",
            "Error in x: y\n",
            "1/2 Test #1: x ....***Failed 0.1 sec\n",
            "The following tests FAILED:\n",
            "  1 - x (Failed)\n",
            "[ RUN      ] A.B\n",
            "a.cc:1: Failure\n",
            "Expected: x\n",
            "[  FAILED  ] A.B (0 ms)\n",
            "[       OK ] A.B (0 ms)\n",
            "[  FAILED  ] 1 test, listed below:\n",
            "----------------------------------------\n",
            "a.cpp:1: FAILED:\n",
            "with expansion:\n",
            "a.cpp:1: ERROR: CHECK( x ) is NOT correct!\n",
            "a.cpp(1): error: in \"x\": y\n",
            "a.c:1:F:x:y:0: z\n",
            "FAIL!  : A::b() x\n",
            "   Loc: [a.cpp(1)]\n",
            "==1==ERROR: AddressSanitizer: x on address 0x1\n",
            "    #0 0x1 in f /a/b.c:1:2\n",
            "SUMMARY: AddressSanitizer: x\n",
            "==1== Invalid read of size 4\n",
            "==1==    at 0x1: f (a.c:1)\n",
            "x: a.c:1: f: Assertion `y' failed.\n",
            "terminate called after throwing an instance of 'x'\n",
            "  what():  y\n",
            "Segmentation fault (core dumped)\n",
            "--- a.c (original)\n",
            "@@ -1 +1 @@\n",
            "a.cc should add these lines:\n",
            "#include <x>\n",
            "******************** TEST 'x' FAILED ********************\n",
            "FAIL: x\n",
            "# FAIL:  1\n",
            "##[error]a.c:1:2: error: x\n",
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
