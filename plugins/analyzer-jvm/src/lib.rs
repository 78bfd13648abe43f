//! Finds what the builds and tests of the Java virtual machine report: Gradle, Maven, Ant, sbt, javac, Kotlin, Android, JUnit and exceptions.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Jvm {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Jvm>;

export_analyzer!(Scan);

impl LineAnalyzer for Jvm {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
