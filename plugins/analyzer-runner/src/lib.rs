//! Finds what CI systems themselves report: lost runners, time and memory that ran out, refused actions, missing rights, caches and artifacts that failed.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Runner {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Runner>;

export_analyzer!(Scan);

impl LineAnalyzer for Runner {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
