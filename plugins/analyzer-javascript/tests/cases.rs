//! The cases of this analyzer, and properties that hold for any bytes.

use std::path::Path;

use analyzer_javascript::Scan;
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
            "Error: x\n",
            "  ╷\n",
            "1 │ x\n",
            "  ╵\n",
            "  a.scss 1:2  root stylesheet\n",
            "[XError] y\n",
            "  Location:\n",
            "    /a.astro:1:2\n",
            "  Stack trace:\n",
            " ERROR #1  X\n",
            "File: a.js:1:2\n",
            "[11ty] Problem writing x:\n",
            "[11ty] 1. x ./a.njk (via X)\n",
            "[0-0] Error in \"a\"\n",
            "    at ignore-listed frames {\n",
            "TypeError [ERR_X]: x {\n",
            "    at f (/a.js:1:2)\n",
            "    at f (node:internal/x:1:2) {\n",
            "  code: 'X',\n",
            "  [cause]: Error: y\n",
            "}\n",
            "/a.js:3\n",
            "FAIL a.test.js\n",
            "  ● a › b\n",
            "    expect(x)\n",
            "    > 1 | x\n",
            "    at x (a.js:1:2)\n",
            "⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\n",
            " FAIL  a.ts > b\n",
            " ❯ f a.ts:1:2\n",
            "a.ts(1,2): error TS1: x\n",
            "a.ts:1:2 - error TS1: x\n",
            "  y\n",
            "ERROR in ./a.js 1:2\n",
            "[tsl] ERROR in a.ts(1,2)\n",
            "      TS1: x\n",
            "/a/b.js\n",
            "  1:2  error  x  rule\n",
            "a.js: line 1, col 2, Error - x (y)\n",
            "not ok 1 - x\n",
            "  ---\n",
            "  error: 'x'\n",
            "  ...\n",
            "npm ERR! code X\n",
            "npm ERR! y\n",
            "✘ [ERROR] x\n",
            "    a.js:1:2:\n",
            "error during build:\n",
            "Checking formatting...\n",
            "[warn] a.js\n",
            "  1) a.ts:1:2 › b › c ───\n",
            "    Retry #1 ───\n",
            "  1 failed\n",
            "  1 flaky\n",
            "    a.ts:1:2 › b › c ───\n",
            "  1) a\n       b:\n",
            "1 failing\n",
            "Failures:\n",
            "1) a\n  Message:\n    x\n  Stack:\n",
            "✖ a (1ms)\n",
            "✖ a (1ms) # TODO\n",
            "  ✘ [fail]: a\n",
            "(fail) a [1ms]\n",
            "bun test v1\n",
            "error: x\n",
            "TS1 [ERROR]: x\n",
            "a => ./a.ts:1:2\n",
            "npm error code 1\n",
            "npm error path /a/node_modules/b\n",
            "➤ YN0028: │ x\n",
            " ERR_PNPM_X  y\n",
            "error x\ninfo Visit https://yarnpkg.com/x\n",
            "Oops! Something went wrong! :(\n",
            "[webpack-cli] Failed to load 'a' config\n",
            "  × x(y): z\n",
            "   ╭─[a.js:1:2]\n",
            "a.ts:1:2 lint/x/y ━━━━\n",
            "Error occurred prerendering page \"/\"\n",
            "FATAL ERROR: x\n",
            "Unused files (2)\n",
            " NX   x failed\n",
            "web:build: ",
            "<failure message=\"x\">\n",
            "</failure>\n",
            "[{\"filePath\":\"a.js\",\"messages\":[\n",
            "{\"message\":\"x\",\"line\":1}]}]\n",
            "1 failing\n",
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
