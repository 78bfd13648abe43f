//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_dotnet::Scan;
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
            "Paket failed with\n",
            "-> x\n",
            "Something went wrong while downloading a 1\n",
            "Message: x\n",
            "/a/dotnet b returned Exit Code 1\n",
            "a.cs(1,2): error CS1: x [a.csproj]\n",
            "  3>a.cs(1,2): warning CS12: x [/a/b.csproj::TargetFramework=net8.0]\n",
            "/a/b.csproj : error NU1605: x\n",
            "  y [/a/b.csproj]\n",
            "CSC : error CS5001: x\n",
            "error CS2008: x\n",
            "EXEC : error : x [a.csproj]\n",
            "a.cs (10): Error XYZ: x\n",
            "  Failed A.B.C [1 ms]\n",
            "  X A.B.C [1ms]\n",
            "failed A.B.C (1ms)\n",
            "[xUnit.net 00:00:01.23]     A.B.C [FAIL]\n",
            "[xUnit.net 00:00:01.23]       Assert.Equal() Failure\n",
            "1) Failed : A.B.C\n",
            "/a/b.cs(9): error TESTERROR:\n",
            "  A.B.C (1ms): Error Message: x\n",
            "  Error Message:\n",
            "   Assert.Equal() Failure\n",
            "  Stack Trace:\n",
            "     at A.B.C() in /a/b.cs:line 7\n",
            "  Standard Output Messages:\n",
            "Failed!  - Failed:     1, Passed:     5\n",
            "Unhandled exception. A.B.CException: x ---> D.EException: y\n",
            "System.InvalidOperationException: x\n",
            " ---> System.IO.IOException: y\n",
            "   --- End of inner exception stack trace ---\n",
            "Stack overflow.\n",
            "A compatible .NET SDK was not found.\n",
            "Requested SDK version: 9.0.100\n",
            "You must install or update .NET to run this application.\n",
            "Could not execute because the specified command or file was not found.\n",
            "Build FAILED.\n",
            "Build succeeded.\n",
            "##[error]x\n",
            "##[group]Run x\n",
            "行 1:",
            "é",
            ": ",
            "[",
            "(1,",
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
