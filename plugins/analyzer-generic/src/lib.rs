//! Finds what compilers, linters, test runners and CI systems of many languages report in a log.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer.
#[derive(Debug, Default)]
pub struct GenericAnalyzer {}

impl LineAnalyzer for GenericAnalyzer {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}
    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}

/// The analyzer as the component exports it.
pub type GenericScan = LineScan<GenericAnalyzer>;

export_analyzer!(GenericScan);
