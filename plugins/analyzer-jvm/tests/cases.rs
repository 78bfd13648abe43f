//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_jvm::Scan;
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
            "[ERROR] pkg:maven/a/b@1:\n",
            "[ERROR]  - x\n",
            "[ERROR] Nexus Staging Rules Failure Report\n",
            "[ERROR]   Rule \"a-b\" failures\n",
            "[ERROR]     * x\n",
            "[INFO] gpg: signing failed: x\n",
            "68] [error] a/b.mill:1:2\n",
            "68] ^^^\n",
            "a.sc:1: x\n",
            "Minimum supported Gradle version is 8.\n",
            "FAILURE: Build failed with an exception.\n",
            "FAILURE: Build completed with 2 failures.\n",
            "1: Task failed with an exception.\n",
            "* Where:\n",
            "Build file '/a/build.gradle' line: 7\n",
            "* What went wrong:\n",
            "    * What went wrong:\n",
            "Execution failed for task ':a:b'.\n",
            "> x\n",
            "   > Could not find a:b:1.\n",
            "     Required by:\n",
            "> startup failed:\n",
            "build file '/a/build.gradle': 7: x @ line 7, column 1.\n",
            "Script compilation error:\n",
            "  Line 7: x\n",
            "          ^ y\n",
            "> There were failing tests. See the report at: x\n",
            "* Try:\n",
            "* Exception is:\n",
            "====================\n",
            "> Task :a FAILED\n",
            "BUILD FAILED in 1s\n",
            "BUILD FAILED\n",
            "BUILD SUCCESSFUL in 1s\n",
            "[INFO] BUILD SUCCESS\n",
            "[INFO] BUILD FAILURE\n",
            "/a/build.xml:7: x\n",
            "[ERROR] Failed to execute goal a:b:1:c (d) on project e: x: y -> [Help 1]\n",
            "[ERROR] Failed to execute goal a:b:1:c (d) on project e:\n",
            "[ERROR] -> [Help 1]\n",
            "[ERROR] \n",
            "[ERROR] x @ line 1, column 2\n",
            "[ERROR]   The project a:b:1 (/a/pom.xml) has 1 error\n",
            "[ERROR] Rule 0: a.b.C failed with message:\n",
            "[WARNING] /a/B.java:1:2: x [Abc]\n",
            "[ERROR] /a/B.java:[1,2] x\n",
            "B.java:1: error: cannot find symbol\n",
            "    x y z;\n",
            "      ^\n",
            "  symbol:   class C\n",
            "error: invalid source release: 21\n",
            "e: file:///a/B.kt:1:2 x:\n",
            "e: /a/B.kt: (1, 2): x\n",
            "[error] /a/B.scala:1:2: x\n",
            "[error]     ^\n",
            "-- [E007] Type Mismatch Error: B.scala:1:2 ---\n",
            "1 | x\n",
            "  | ^\n",
            "  | Found: y\n",
            "[error] (Compile / compile) x\n",
            "[ERROR] Tests run: 1, Failures: 1 <<< FAILURE! - in a.BTest\n",
            "[ERROR] a.BTest.c -- Time elapsed: 0.1 s <<< FAILURE!\n",
            "[ERROR] Failures:\n",
            "[WARNING] Flakes:\n",
            "[ERROR]   BTest.c:7->d:8 x\n",
            "[ERROR]   BTest>A.c:7 » NullPointer y\n",
            "[ERROR] a.BTest.c\n",
            "[ERROR]   Run 1: BTest.c:7 x\n",
            "[ERROR] Tests run: 1, Failures: 1\n",
            "BTest > c() FAILED\n",
            "BTest > c() PASSED\n",
            "    java.lang.Error at BTest.java:7\n",
            "java.lang.IllegalStateException: x\n",
            "\tat a.B.c(B.java:7)\n",
            "        at a.BTest.c(BTest.java:7)\n",
            "Caused by: a.b.CError: y\n",
            "Caused by:\n",
            "\t... 7 more\n",
            "Exception in thread \"main\" a.b.CException: x\n",
            "Failures (1):\n",
            "  JUnit Jupiter:BTest:c()\n",
            "    => a.b.CError: x\n",
            "       a.BTest.c(BTest.java:7)\n",
            "'-- c() [X] x\n",
            "1) c(a.BTest)\n",
            "Testcase: c(a.BTest):\tFAILED\n",
            "FAILED: c\n",
            "[info] - x *** FAILED ***\n",
            "[info]   1 did not equal 2 (B.scala:7)\n",
            "==> X a.B.c  0.1s a.b.CException: /a/B.scala:7 x\n",
            "Condition not satisfied:\n",
            "ERROR: /a/res/b.xml:7: AAPT: error: x\n",
            "/a/AndroidManifest.xml:1:2-3 Error:\n",
            "\tx\n",
            "AGPBI: {\"kind\":\"error\",\"text\":\"x\\n\",\"sources\":[{\"file\":\"/a/b\",\"position\":{\"startLine\":7}}]}\n",
            "Error: Could not find or load main class a.B\n",
            "# A fatal error has been detected by the Java Runtime Environment:\n",
            "#  SIGSEGV (0xb) at pc=0x0\n",
            "##[error]x\n",
            "##[group]Run x\n",
            "行 1:",
            "é",
            ": ",
            "[",
            "> ",
            "\n",
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
