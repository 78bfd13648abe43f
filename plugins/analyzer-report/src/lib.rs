//! Reads structured reports: JUnit, TRX and Checkstyle XML, SARIF, and the JSON of test runners and linters.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Report {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Report>;

export_analyzer!(Scan);

impl LineAnalyzer for Report {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
