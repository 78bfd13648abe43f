//! The cases of `grimoire plugin test`, run natively: for debuggers and coverage.

use analyzer_rust::Scan;
use grimoire_plugin_sdk::{cases, media_type};

#[test]
fn cases() {
    cases::run::<Scan>("cases".as_ref(), media_type::LOG);
}
