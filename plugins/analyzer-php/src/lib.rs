//! Finds what PHP programs, tests and tools report: Composer, PHPUnit, Pest, PHPStan, Psalm and PHP_CodeSniffer.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Php {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Php>;

export_analyzer!(Scan);

impl LineAnalyzer for Php {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
