//! Finds what Swift, Xcode, CocoaPods, fastlane, Dart and Flutter report: compilers, signing, packages and tests.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Mobile {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Mobile>;

export_analyzer!(Scan);

impl LineAnalyzer for Mobile {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
