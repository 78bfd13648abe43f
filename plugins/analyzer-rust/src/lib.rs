//! Finds reports of rustc, Cargo, Clippy, rustfmt and Rust tests in a log.
//!
//! | file | input |
//! | --- | --- |
//! | `compiler`, `lint`, `linker` | rustc, Clippy, rustdoc, Miri, cargo-deny: the human and the short form, linkers' output |
//! | `json` | rustc's, Cargo's and libtest's JSON lines |
//! | `cargo`, `build_script`, `closing` | Cargo's and rustup's own errors with their causes, build scripts, closing lines |
//! | `cause` | `error: …` with `Caused by:` of any other program |
//! | `panic`, `tests` | panics of both grammars with backtraces; libtest's and nextest's verdicts |
//! | `format`, `extra` | rustfmt's differences; cargo-audit, cargo-machete, cargo-semver-checks |
#![deny(unsafe_code)]

mod build_script;
mod cargo;
mod cause;
mod closing;
mod compiler;
mod extra;
mod format;
mod json;
mod linker;
mod lint;
mod panic;
mod tests;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Role, Span, export_analyzer};

/// The analyzer. Holds at most one open record and a bounded number of panics.
#[derive(Debug, Default)]
pub struct RustAnalyzer {
    open: Option<Record>,
    /// The lines of a record that may come to nothing: then they are read again.
    unsure: Vec<(String, Span)>,
    tests: tests::Tests,
    lints: lint::Known,
}

/// Maximum number of lines kept of such a record.
const UNSURE: usize = 16;

/// The record being read.
#[derive(Debug)]
enum Record {
    Compiler(compiler::Block),
    Panic(panic::Block),
    Cargo(cargo::Block),
    BuildScript(Box<build_script::Block>),
    Cause(cause::Block),
    Closing(closing::Block),
    Extra(extra::Block),
    Format(format::Block),
}

/// A record's answer to a line.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The line belongs to the record, and more may follow.
    Taken,
    /// The line belongs to the record, and is its last one.
    Last,
    /// The line does not belong to the record, which is complete.
    Foreign,
}

/// The analyzer as the component exports it.
pub type RustScan = LineScan<RustAnalyzer>;

export_analyzer!(RustScan);

impl LineAnalyzer for RustAnalyzer {
    const TOOLS: &'static [&'static str] = &[
        "cargo",
        "cargo-audit",
        "cargo-deny",
        "cargo-machete",
        "cargo-semver-checks",
        "cargo-test",
        "clippy",
        "miri",
        "rust",
        "rustc",
        "rustdoc",
        "rustfmt",
        "rustup",
    ];

    /// A JSON diagnostic contains the explanation of its code and its rendered form.
    const LINE_LIMIT: usize = 256 * 1024;

    const PROBES: &'static [&'static str] = &[
        "-->",
        "┌─",
        ".rs:",
        "error[",
        "warning[",
        "panicked at",
        "could not compile",
        "argo",
        "rustc",
        "rustup",
        "rustfmt",
        "clippy",
        "Diff in ",
        "Caused by:",
        "RUSTSEC",
        "... FAILED",
        "test result: FAILED",
        "linking with",
        "linker `",
        "\"spans\"",
        "\"event\"",
        "toolchain '",
        "fatal runtime error",
        "overflowed its stack",
        "memory allocation of",
        "custom build command",
        "lock file",
        "(signal: ",
        "Undefined Behavior",
        "nextest",
        "STDERR:",
        "failed to select",
        "no matching package",
        "Error: \"",
        " { kind: ",
        "Usage: ",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            self.close(out);
            return;
        }
        self.text(without_prefix(&line.text), line.span, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.tests.flush(out);
    }
}

impl RustAnalyzer {
    fn text(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        if matches!(self.open, Some(Record::Panic(_))) && tests::Tests::are_told_by(text.trim_start()) {
            self.close(out);
        }
        if let Some(record) = &mut self.open {
            match record.line(text, span) {
                Step::Taken => {
                    if record.is_unsure() && self.unsure.len() < UNSURE && !text.trim().is_empty() {
                        self.unsure.push((text.to_owned(), span));
                    }
                    return;
                }
                Step::Last => return self.close(out),
                Step::Foreign => self.close(out),
            }
        }
        let start = text.trim_start();
        if start.is_empty() {
            return;
        }
        if start.starts_with('{') {
            if let Some(report) = json::read(start) {
                match report {
                    json::Report::Diagnostic(diagnostic) => out.push(Diagnostic { span, ..*diagnostic }),
                    json::Report::FailedTest { name, output } => self.captured(&name, &output, span, out),
                }
            }
            return;
        }
        if self.tests.line(start, span, out) {
            return;
        }
        if let Some(found) = extra::summary(start, span) {
            self.open = Some(Record::Closing(closing::Block::start(found)));
            return;
        }
        self.open = start
            .strip_prefix("error: ")
            .and_then(|headline| build_script::Block::start(headline, span))
            .map(|script| Record::BuildScript(Box::new(script)))
            .or_else(|| compiler::Block::start(text, span).map(Record::Compiler))
            .or_else(|| panic::Block::start(start, span, self.tests.captured()).map(Record::Panic))
            .or_else(|| format::Block::start(start, span).map(Record::Format))
            .or_else(|| extra::Block::start(start, span).map(Record::Extra));
        if self.open.is_none()
            && let Some(diagnostic) = compiler::short_form(start, span)
                .or_else(|| panic::returned_error(start, span, self.tests.captured()))
                .or_else(|| panic::runtime_error(start, span))
        {
            self.tell(diagnostic, out);
        } else if self.open.is_none() {
            self.open = cause::Block::of_main(start, span).map(Record::Cause);
        }
    }

    /// The output of a test that libtest reports in JSON.
    fn captured(&mut self, name: &str, output: &str, span: Span, out: &mut Vec<Diagnostic>) {
        self.tests.set_captured(Some(name));
        for line in output.lines() {
            self.text(line, span, out);
        }
        self.close(out);
        self.tests.set_captured(None);
        self.tests.flush(out);
    }

    /// Reports at once, or when the test's result is known.
    fn tell(&mut self, mut found: Diagnostic, out: &mut Vec<Diagnostic>) {
        if found.test.is_none() && found.role == Role::Root {
            found.test = self.tests.captured().map(str::to_owned);
        }
        if found.test.is_some() {
            self.tests.hold(found, out);
        } else {
            out.push(found);
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let found = match self.open.take() {
            Some(Record::Compiler(block)) => {
                // The log may end with one of Cargo's headlines.
                let cargo =
                    block.headline_alone().and_then(|headline| cargo::Block::start(headline, block.span()));
                match block.finish(&mut self.lints) {
                    compiler::Outcome::Found(diagnostic) => Some(*diagnostic),
                    compiler::Outcome::Nothing => cargo.and_then(cargo::Block::finish),
                }
            }
            Some(Record::Panic(mut block)) => {
                if self.tests.are_running() && block.is_thread_of_test() {
                    block.name_test();
                }
                Some(block.finish())
            }
            Some(Record::Cargo(block)) => block.finish(),
            Some(Record::BuildScript(block)) => Some(block.finish()),
            Some(Record::Cause(block)) => block.finish(),
            Some(Record::Closing(block)) => Some(block.finish()),
            Some(Record::Extra(block)) => block.finish(),
            Some(Record::Format(block)) => Some(block.finish()),
            None => None,
        };
        let lines = std::mem::take(&mut self.unsure);
        if let Some(found) = found {
            self.tell(found, out);
        } else {
            for (text, span) in lines {
                self.text(&text, span, out);
            }
        }
    }
}

impl Record {
    /// Returns true if it may come to nothing.
    fn is_unsure(&self) -> bool {
        match self {
            Self::Compiler(block) => block.headline_alone().is_some(),
            Self::Cause(_) => true,
            _ => false,
        }
    }

    fn line(&mut self, text: &str, span: Span) -> Step {
        match self {
            Self::Compiler(block) => {
                let step = block.line(text, span);
                // A headline without a location is Cargo's, or any program's with a cause.
                if step != Step::Taken
                    && let Some(headline) = block.headline_alone()
                {
                    let span_before = block.span();
                    *self = if let Some(cargo) = cargo::Block::start(headline, span_before) {
                        Self::Cargo(cargo)
                    } else {
                        Self::Cause(cause::Block::start(headline, "log", span_before))
                    };
                    return self.line(text, span);
                }
                step
            }
            Self::Panic(block) => block.line(text, span),
            Self::Cargo(block) => block.line(text, span),
            Self::BuildScript(block) => block.line(text, span),
            Self::Cause(block) => block.line(text, span),
            Self::Closing(block) => block.line(text, span),
            Self::Extra(block) => block.line(text, span),
            Self::Format(block) => block.line(text, span),
        }
    }
}

/// Removes a task runner's `[build] ` or a quotation's `> ` before the line.
fn without_prefix(text: &str) -> &str {
    let start = text.trim_start();
    if let Some(rest) = start.strip_prefix("> ") {
        return rest;
    }
    let Some(inner) = start.strip_prefix('[') else { return text };
    let length = inner
        .bytes()
        .take(40)
        .take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'-' | b'_' | b'/')
        })
        .count();
    let named = inner[..length].bytes().any(|byte| byte.is_ascii_lowercase());
    inner[length..].strip_prefix("] ").filter(|_| named).unwrap_or(text)
}
