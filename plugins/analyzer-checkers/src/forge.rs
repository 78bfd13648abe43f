//! Foundry's tests of contracts in Solidity.
//!
//! ```text
//! Ran 2 tests for test/Kettle.t.sol:KettleTest
//! [PASS] test_Pours() (gas: 31222)
//! [FAIL: the lid is open] test_Boils() (gas: 31222)
//! [FAIL. Reason: panic; counterexample: calldata=0x5c args=[0]] testFuzz_Fills(uint256) (runs: 0)
//! ```

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location,
    recognise::panel::{Reader, Seen, single, typed},
};

/// Reads failed tests. Tests that are listed again at the end are not repeated.
#[derive(Debug, Default)]
pub(crate) struct Forge {
    /// The file and the contract whose tests follow.
    suite: Option<(String, String)>,
}

impl Reader for Forge {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        // Yarn puts its mark in front of a script's output.
        let text = line.start.strip_prefix("➤ YN0000: ").unwrap_or(line.start).trim_start_matches(['│', ' ']);
        if let Some(suite) = suite(text) {
            self.suite = Some(suite);
        } else if let Some((reason, test)) = failed(text) {
            let contract = self.suite.as_ref().map(|(_, contract)| format!("{contract}::"));
            out.push(typed(Diagnostic {
                test: Some(contract.unwrap_or_default() + test),
                location: self.suite.as_ref().map(|(path, _)| Location::file(path)),
                ..single("forge", Kind::Test, reason, line)
            }));
        }
    }
}

/// `Ran 2 tests for test/Kettle.t.sol:KettleTest`, `Running …`, `Encountered 1 failing test in …`.
fn suite(text: &str) -> Option<(String, String)> {
    let counted = ["Ran ", "Running ", "Encountered "].iter().find_map(|start| text.strip_prefix(start))?;
    let (count, suite) = counted.split_once(" for ").or_else(|| counted.split_once(" in "))?;
    let (path, contract) = suite.rsplit_once(':')?;
    let is_count = count.starts_with(|c: char| c.is_ascii_digit()) && count.contains("test");
    (is_count && !path.contains(' ') && !contract.contains(' '))
        .then(|| (path.to_owned(), contract.to_owned()))
}

/// The reason and the test of `[FAIL: reason] test_Boils() (gas: 31222)`.
fn failed(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("[FAIL. Reason: ").or_else(|| text.strip_prefix("[FAIL: "))?;
    let (rest, _) = rest.rsplit_once(" (gas: ").or_else(|| rest.rsplit_once(" (runs: "))?;
    let (reason, test) = rest.rsplit_once("] ")?;
    (!reason.is_empty() && test.contains('(')).then_some((reason, test))
}
