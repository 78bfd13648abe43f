//! Finds errors in the formats that many tools share: *location, severity, code, message* in any order,
//! `error: message` without a location, the CI system's annotations, and sentences of many languages'
//! interpreters. Its findings are likely; the analyzers of the families are certain, and take
//! precedence for the same lines.
#![deny(unsafe_code)]

mod annotation;
mod block;
mod coded;
mod deferred;
mod describe;
mod linker;
mod located;
mod mentioned;
mod plain;
mod prefix;
mod script;
mod stated;
mod tool;

use deferred::Deferred;
use grimoire_plugin_sdk::{
    Diagnostic, Line, LineAnalyzer, LineScan, Marker, Span, export_analyzer, text::closes_generically,
};

/// The analyzer. Holds at most one open record and a bounded number of deferred diagnostics.
#[derive(Debug, Default)]
pub struct GenericAnalyzer {
    open: Option<Record>,
    deferred: Deferred,
}

/// A record of several lines.
#[derive(Debug)]
enum Record {
    Located(block::Located),
    Plain(plain::Block),
    Stated(stated::Stated),
}

/// A record's answer to a line.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The line belongs to the record, and more may follow.
    Taken,
    /// The line does not belong to the record, which is complete.
    Foreign,
}

/// The analyzer as the component exports it.
pub type GenericScan = LineScan<GenericAnalyzer>;

export_analyzer!(GenericScan);

impl LineAnalyzer for GenericAnalyzer {
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
        self.deferred.finish(out);
    }
}

impl GenericAnalyzer {
    fn text(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        if let Some(record) = &mut self.open
            && record.line(text, span) == Step::Taken
        {
            return;
        }
        if self.start(text, span, out) {
            return;
        }
        // A line that begins nothing new may still belong to the previous record.
        let belongs = match &mut self.open {
            Some(Record::Located(block)) => block.also(text, span),
            _ => false,
        };
        if !belongs {
            self.close(out);
        }
    }

    /// Begins a record or reports a line; returns whether it did.
    fn start(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let line = prefix::strip(text);
        if line.text.is_empty() {
            return false;
        }
        if let Some(block) = stated::Stated::start(&line, span) {
            self.close(out);
            self.open = Some(Record::Stated(block));
            return true;
        }
        if let Some(block) = block::Located::start(&line, text, span) {
            self.close(out);
            self.open = Some(Record::Located(block));
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

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        match self.open.take() {
            Some(Record::Located(block)) => out.extend(block.finish()),
            Some(Record::Plain(block)) => self.deferred.push(block.finish(), out),
            Some(Record::Stated(block)) => out.extend(block.finish()),
            None => {}
        }
    }
}

impl Record {
    fn line(&mut self, text: &str, span: Span) -> Step {
        match self {
            Self::Located(block) => block.line(text, span),
            Self::Plain(block) => block.line(text, span),
            Self::Stated(block) => block.line(text, span),
        }
    }
}
