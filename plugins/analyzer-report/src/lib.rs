//! Reads structured reports, in a log or as a file of their own.
//!
//! | form | what is read |
//! | --- | --- |
//! | JUnit, NUnit, xUnit, TRX XML | one diagnostic a failed test, with its own frame |
//! | Checkstyle, PMD, cppcheck, SpotBugs, Android lint and any XML whose elements name a line | one a finding |
//! | SARIF | results with rule, message and region |
//! | `go test -json`, mocha, Jest, RSpec, Dart, pytest and PHPUnit JSON | one a failed test |
//! | any JSON whose objects name a file, a line and a message: golangci-lint, rdjson, Code Climate, hadolint … | one a finding |
//!
//! A report is read by its structure, not by its tool's schema: a file may be named by the finding or by what
//! encloses it, and the members have the names that tools give them.
#![deny(unsafe_code)]

mod findings;
mod json_tests;
mod place;
mod sarif;
mod xml;
mod xml_findings;
mod xml_tests;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Span, export_analyzer, json::Objects};

/// The analyzer: see the crate's documentation.
#[derive(Default)]
pub struct Report {
    objects: Objects,
    xml: xml::Documents,
    streams: json_tests::Streams,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Report>;

export_analyzer!(Scan);

impl LineAnalyzer for Report {
    /// Whole reports stand on one line.
    const LINE_LIMIT: usize = 2 * 1024 * 1024;

    const PROBES: &'static [&'static str] =
        &["{", "</", "<?xml", "<testsuite", "<checkstyle", "<testcase", "<TestRun", "<pmd"];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        let Self { objects, xml, streams } = self;
        let read = objects.line(&line.text, line.span, &mut |value, span| {
            if !streams.event(value, span, out)
                && !json_tests::read(value, span, out)
                && !sarif::read(value, span, out)
            {
                findings::read(value, span, out);
            }
        });
        if !read {
            xml.line(&line.text, line.span, &mut |root, span: Span| {
                if !xml_tests::read(root, span, out) {
                    xml_findings::read(root, span, out);
                }
            });
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.streams.finish(out);
        self.xml.finish(&mut |root, span| {
            if !xml_tests::read(root, span, out) {
                xml_findings::read(root, span, out);
            }
        });
    }
}
