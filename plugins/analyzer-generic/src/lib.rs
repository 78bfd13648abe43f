//! Finds what compilers, linters, test runners and CI systems of many languages report in a log:
//! whatever has the shape *place, severity, message*, and the blocks of Go, Java, .NET, Ruby, PHP,
//! Terraform, CMake, Docker and linkers. Rust, Python and JavaScript have analyzers of their own.
#![deny(unsafe_code)]

mod annotation;
mod block;
mod cmake;
mod deferred;
mod describe;
mod exception;
mod fortran;
mod go;
mod located;
mod phpunit;
mod plain;
mod prefix;
mod rspec;
mod script;
mod terraform;
mod tool;

use deferred::Deferred;
use grimoire_plugin_sdk::{
    Diagnostic, Line, LineAnalyzer, LineScan, Marker, Span, export_analyzer,
    text::{closes_generically, trim_start},
};

/// The analyzer. Holds at most one open record and a bounded number of deferred ones.
#[derive(Debug, Default)]
pub struct GenericAnalyzer {
    open: Option<Record>,
    go: go::Tests,
    deferred: Deferred,
    /// The failed test that a test runner named before its exception.
    failed_test: Option<String>,
    phpunit: bool,
}

/// A record of several lines.
#[derive(Debug)]
enum Record {
    Located(block::Located),
    Exception(exception::Block),
    Fortran(fortran::Block),
    GoPanic(go::Panic),
    Rspec(rspec::Block),
    Phpunit(phpunit::Block),
    Terraform(terraform::Block),
    Cmake(cmake::Block),
    Plain(plain::Block),
}

/// What a record says to a line.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// It is mine, and more may come.
    Taken,
    /// It is mine, and the last.
    Last,
    /// It is not mine: I am complete.
    Foreign,
}

/// The analyzer as the component exports it.
pub type GenericScan = LineScan<GenericAnalyzer>;

export_analyzer!(GenericScan);

impl LineAnalyzer for GenericAnalyzer {
    /// `go test -json` prints a line of output a line; reports of other tools are longer.
    const LINE_LIMIT: usize = 64 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.deferred.see(line.marker, &line.text);
        if line.echoed || line.marker == Some(Marker::Debug) {
            self.close(out);
            return;
        }
        if line.marker.is_some() {
            self.close(out);
            if let Some(diagnostic) = annotation::read(line) {
                out.push(diagnostic);
                return;
            }
            if line.marker != Some(Marker::Error) {
                return;
            }
        }
        self.text(&line.text, line.span, out);
        if line.marker == Some(Marker::Error) {
            self.close(out);
        }
        if self.deferred.has_failed() {
            self.deferred.release(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.go.finish(out);
        self.deferred.finish(out);
    }
}

impl GenericAnalyzer {
    fn text(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        let start = trim_start(text);
        if start.starts_with('{')
            && let Some(output) = go::json_output(start)
        {
            for line in output.lines() {
                self.text(line, span, out);
            }
            return;
        }
        if let Some(record) = &mut self.open {
            match record.line(text, span) {
                Step::Taken => return,
                Step::Last => return self.close(out),
                Step::Foreign => {}
            }
        }
        if self.start(text, span, out) {
            return;
        }
        // What begins nothing new may still belong to the record before it.
        let belongs = match &mut self.open {
            Some(Record::Located(block)) => block.also(text, span),
            _ => false,
        };
        if !belongs {
            self.close(out);
        }
    }

    /// Begins a record or reports a line; whether it did.
    fn start(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if self.go.line(text, span, out) {
            self.close(out);
            return true;
        }
        let line = prefix::strip(text);
        if line.text.is_empty() {
            return false;
        }
        if let Some(test) = exception::failed_test(line.text) {
            self.close(out);
            self.failed_test = Some(test.to_owned());
            return true;
        }
        if phpunit::begins(line.text) {
            self.phpunit = true;
        }
        let record = self.record(&line, text, span);
        if let Some(record) = record {
            self.close(out);
            if matches!(record, Record::Exception(_)) {
                self.failed_test = None;
            }
            self.open = Some(record);
            return true;
        }
        if let Some(diagnostic) = script::read(&line, span) {
            self.close(out);
            out.push(diagnostic);
            return true;
        }
        if closes_generically(line.text, line.characters) {
            self.close(out);
            return true;
        }
        if let Some(block) = plain::Block::start(&line, span) {
            self.close(out);
            self.open = Some(Record::Plain(block));
            return true;
        }
        false
    }

    /// The record that a line begins.
    fn record(&self, line: &prefix::Stripped<'_>, raw: &str, span: Span) -> Option<Record> {
        // One after the other: chained, every step would move the whole record.
        if let Some(block) = terraform::Block::start(line.text, span) {
            return Some(Record::Terraform(block));
        }
        if let Some(block) = cmake::Block::start(line.text, span) {
            return Some(Record::Cmake(block));
        }
        if let Some(block) = rspec::Block::start(line, span) {
            return Some(Record::Rspec(block));
        }
        if self.phpunit
            && let Some(block) = phpunit::Block::start(line.text, span)
        {
            return Some(Record::Phpunit(block));
        }
        if let Some(block) = fortran::Block::start(line.text, span) {
            return Some(Record::Fortran(block));
        }
        if let Some(panic) = go::Panic::start(line.text, span) {
            return Some(Record::GoPanic(panic));
        }
        if let Some(block) = exception::Block::start(line.text, span, self.failed_test.as_deref()) {
            return Some(Record::Exception(block));
        }
        block::Located::start(line, raw, span).map(Record::Located)
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(record) = self.open.take() else { return };
        match record {
            Record::Located(block) => out.extend(block.finish()),
            Record::Exception(block) => {
                let certain = block.is_certain();
                if let Some(found) = block.finish() {
                    if certain {
                        self.deferred.explain();
                        out.push(found);
                    } else {
                        self.deferred.push_exception(found, out);
                    }
                }
            }
            Record::Fortran(block) => out.extend(block.finish()),
            Record::GoPanic(block) => out.push(block.finish()),
            Record::Rspec(block) => out.extend(block.finish()),
            Record::Phpunit(block) => out.extend(block.finish()),
            Record::Terraform(block) => out.extend(block.finish()),
            Record::Cmake(block) => out.push(block.finish()),
            Record::Plain(block) => self.deferred.push(block.finish(), out),
        }
    }
}

impl Record {
    fn line(&mut self, text: &str, span: Span) -> Step {
        match self {
            Self::Located(block) => block.line(text, span),
            Self::Exception(block) => block.line(text, span),
            Self::Fortran(block) => block.line(text, span),
            Self::GoPanic(block) => block.line(text, span),
            Self::Rspec(block) => block.line(text, span),
            Self::Phpunit(block) => block.line(text, span),
            Self::Terraform(block) => block.line(text, span),
            Self::Cmake(block) => block.line(text, span),
            Self::Plain(block) => block.line(text, span),
        }
    }
}
