//! Finds what rustc, Cargo, Clippy, rustfmt and Rust tests report in a log: human, short and JSON
//! form, panics with backtraces, Cargo's and the linker's own errors.
#![deny(unsafe_code)]

mod cargo;
mod compiler;
mod format;
mod json;
mod lint;
mod panic;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Span, export_analyzer};

/// The analyzer. Holds at most one open record.
#[derive(Debug, Default)]
pub struct RustAnalyzer {
    open: Option<Record>,
    /// The test whose captured output is being read, from `---- NAME stdout ----`.
    test: Option<String>,
    lints: lint::Known,
}

/// What is being read.
#[derive(Debug)]
enum Record {
    Compiler(compiler::Block),
    Panic(panic::Block),
    Cargo(cargo::Block),
    Format(format::Block),
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
pub type RustScan = LineScan<RustAnalyzer>;

export_analyzer!(RustScan);

impl LineAnalyzer for RustAnalyzer {
    /// One JSON diagnostic holds the explanation of its code and its rendered form.
    const LINE_LIMIT: usize = 256 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            self.close(out);
            return;
        }
        self.text(&line.text, line.span, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

impl RustAnalyzer {
    fn text(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) {
        if let Some(record) = &mut self.open {
            match record.line(text, span) {
                Step::Taken => return,
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
        if let Some(name) = panic::captured_output_of(start) {
            self.test = Some(name.to_owned());
            return;
        }
        if start.starts_with("test result: ") || start == "failures:" {
            self.test = None;
        }
        self.open = compiler::Block::start(text, span)
            .map(Record::Compiler)
            .or_else(|| panic::Block::start(start, span, self.test.as_deref()).map(Record::Panic))
            .or_else(|| format::Block::start(start, span).map(Record::Format));
        if self.open.is_none()
            && let Some(diagnostic) = compiler::short_form(start, span)
                .or_else(|| panic::returned_error(start, span, self.test.as_deref()))
                .or_else(|| panic::runtime_error(start, span))
        {
            out.push(diagnostic);
        }
    }

    /// The output of a test that libtest reports in JSON.
    fn captured(&mut self, name: &str, output: &str, span: Span, out: &mut Vec<Diagnostic>) {
        self.test = Some(name.to_owned());
        for line in output.lines() {
            self.text(line, span, out);
        }
        self.close(out);
        self.test = None;
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        match self.open.take() {
            Some(Record::Compiler(block)) => match block.finish(&mut self.lints) {
                compiler::Outcome::Found(diagnostic) => out.push(*diagnostic),
                compiler::Outcome::Nothing => {}
            },
            Some(Record::Panic(block)) => out.push(block.finish()),
            Some(Record::Cargo(block)) => out.push(block.finish()),
            Some(Record::Format(block)) => out.push(block.finish()),
            None => {}
        }
    }
}

impl Record {
    fn line(&mut self, text: &str, span: Span) -> Step {
        match self {
            Self::Compiler(block) => {
                let step = block.line(text, span);
                // A headline without a place is Cargo's, if it is anyone's here.
                if step != Step::Taken
                    && let Some(headline) = block.headline_alone()
                    && let Some(mut cargo) = cargo::Block::start(headline, block.span())
                {
                    let step = cargo.line(text, span);
                    *self = Self::Cargo(cargo);
                    return step;
                }
                step
            }
            Self::Panic(block) => block.line(text, span),
            Self::Cargo(block) => {
                let step = block.line(text, span);
                if step == Step::Foreign
                    && let Some(package) = block.build_script()
                    && let Some(mut panic) = panic::Block::start(text.trim_start(), span, None)
                {
                    panic.set_cause(package);
                    *self = Self::Panic(panic);
                    return Step::Taken;
                }
                step
            }
            Self::Format(block) => block.line(text, span),
        }
    }
}
