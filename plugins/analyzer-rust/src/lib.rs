//! Finds what rustc, Cargo, Clippy and Rust tests report in a log.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer.
#[derive(Debug, Default)]
pub struct RustAnalyzer {}

impl LineAnalyzer for RustAnalyzer {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}
    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}

/// The analyzer as the component exports it.
pub type RustScan = LineScan<RustAnalyzer>;

export_analyzer!(RustScan);
