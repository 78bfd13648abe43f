//! The cases of `grimoire plugin test`, run natively: for debuggers and coverage.

use analyzer_rust::Scan;
use grimoire_plugin_sdk::{ArtifactKind, cases};

#[test]
fn cases() {
    cases::run::<Scan>("cases".as_ref(), ArtifactKind::Log);
}
