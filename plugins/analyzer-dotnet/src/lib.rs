//! Finds what .NET builds and tests report: MSBuild, NuGet, the SDK, vstest, xUnit, NUnit and unhandled exceptions.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Dotnet {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Dotnet>;

export_analyzer!(Scan);

impl LineAnalyzer for Dotnet {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
