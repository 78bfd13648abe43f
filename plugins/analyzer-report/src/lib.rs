//! Reads structured reports, in a log or in separate files.
//!
//! | format | diagnostics |
//! | --- | --- |
//! | JUnit, NUnit, xUnit, TRX, Catch2, doctest, Boost.Test, CppUnit, TestNG, Robot Framework XML | one diagnostic a failed test, with its own frame |
//! | Checkstyle, PMD, cppcheck, SpotBugs, Android lint and any XML whose elements name a line | one per finding |
//! | SARIF | results with rule, message and region |
//! | Clang's property lists | one a finding |
//! | `go test -json`, mocha, Jest, RSpec, Cucumber, Playwright, GoogleTest, libtest, Dart, pytest, Allure and CTRF JSON | one a failed test |
//! | JSON that names vulnerabilities by their numbers: Trivy, Grype, pip-audit, OWASP Dependency-Check | one per vulnerability |
//! | any JSON whose objects name a file, a line and a message: golangci-lint, rdjson, Code Climate, hadolint … | one per finding |
//!
//! A report is read by its structure, not by its tool's schema: a finding or an enclosing element may name
//! the file, and the members have the names that tools commonly use.
#![deny(unsafe_code)]

mod findings;
mod json_tests;
mod members;
mod place;
mod plist;
mod sarif;
mod shapes;
mod weakness;
mod xml;
mod xml_findings;
mod xml_tests;

use grimoire_plugin_sdk::{
    Diagnostic, Line, LineAnalyzer, LineScan, Span, export_analyzer, json::Objects, media_type,
};

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
    /// Whole reports may be on one line.
    const LINE_LIMIT: usize = 2 * 1024 * 1024;

    const ACCEPTS: &'static [&'static str] = &[
        media_type::LOG,
        media_type::TEXT,
        media_type::XML,
        media_type::JSON,
        media_type::JSON_LINES,
        media_type::SARIF,
    ];

    const PROBES: &'static [&'static str] = &[
        "{",
        "</",
        "<?xml",
        "<testsuite",
        "<checkstyle",
        "<testcase",
        "<TestRun",
        "<pmd",
        "<StyleCopViolations",
        "<TestLog",
        "<doctest",
        "<testng-results",
        "<Catch",
        "<robot",
        "<valgrindoutput",
    ];

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
            xml.line(&line.text, line.span, &mut |root, span| document(root, span, out));
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.streams.finish(out);
        self.xml.finish(&mut |root, span| document(root, span, out));
    }
}

fn document(root: &xml::Element, span: Span, out: &mut Vec<Diagnostic>) {
    if !xml_tests::read(root, span, out) && !plist::read(root, span, out) {
        xml_findings::read(root, span, out);
    }
}
