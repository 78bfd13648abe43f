//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_ruby::Scan;
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
            "a.rb:1:in 'b': x (AError)\n",
            "a.rb:1:in `b': unhandled exception\n",
            "\tfrom a.rb:2:in 'c'\n",
            "\t2: from a.rb:2:in 'c'\n",
            "a.rb:1: syntax error found (SyntaxError)\n",
            "> 1 | x\n",
            "    | ^~ y\n",
            "rake aborted!\n",
            "A::BError: x\n",
            "/a/b.rb:1:in 'c'\n",
            "Caused by:\n",
            "Tasks: TOP => x\n",
            "(See full trace by running task with --trace)\n",
            "Failures:\n",
            "Pending:\n",
            "  1) x\n",
            "  1.1) x\n",
            "     Failure/Error: x\n",
            "       AError:\n",
            "     # ./a_spec.rb:1:in 'x'\n",
            "     # --- Caused by: ---\n",
            "2 examples, 1 failure\n",
            "rspec ./a_spec.rb:1 # x\n",
            "  1) Failure:\n",
            "Error:\n",
            "ATest#test_b [a.rb:1]:\n",
            "ATest#test_b:\n",
            " FAIL ATest#test_b (0.01s)\n",
            "ERROR[\"a\", \"B\", 0.1]\n",
            "        a.rb:1:in 'x'\n",
            "=====\n",
            "Failure: test_a(B)\n",
            "Error: test_a(B): CError: x\n",
            "  Scenario: x # a.feature:1\n",
            "    Given x # a.rb:1\n",
            "      x (A::BError)\n",
            "      a.feature:1:in 'x'\n",
            "cucumber a.feature:1 # Scenario: x\n",
            "Because every version of a depends on b\n",
            "  and c,\n",
            "So, because d, version solving has failed.\n",
            "Could not find gem 'a' in x\n",
            "Bundler could not find compatible versions for gem \"a\":\n",
            "  In Gemfile:\n",
            "ERROR:  Error installing a:\n",
            "\tERROR: Failed to build gem native extension.\n",
            "checking for a... no\n",
            "An error occurred while installing a (1), and Bundler cannot continue.\n",
            "a.rb:1:2: C: [Correctable] A/B: x\n",
            "== a.rb ==\n",
            "C:  1:  2: A/B: x\n",
            "a.rb:1:2: [error] x\n",
            "│ Diagnostic ID: A\n",
            "Confidence: High\n",
            "Message: x\n",
            "File: a.rb\n",
            "Line: 1\n",
            "Name: a\n",
            "Title: x\n",
            "a.rb -- 1 warning:\n",
            "  [1]:A: x\n",
            "In file: a.erb:1\n",
            "a.haml:1 [W] A: x\n",
            "Liquid Exception: x in a.html\n",
            "##[error]x\n",
            "##[group]Run x\n",
            "##[endgroup]\n",
            "é",
            ": ",
            "[",
            "(",
            "\n",
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
