//! Errors of the YAML library that most tools are built on:
//!
//! ```text
//! while parsing a block mapping
//!   in "till.yml", line 3, column 5
//! expected <block end>, but found '<scalar>'
//!   in "till.yml", line 7, column 9
//! ```
//!
//! The problem comes second, and its location is the last one.

use crate::{
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    text::{Beginnings, Context, leading_number},
};

/// An error being read.
#[derive(Debug)]
pub(crate) struct Error {
    problem: String,
    location: Option<Location>,
    context: Context,
    span: Span,
}

static PROBLEMS: Beginnings = Beginnings::new(&[
    "found ",
    "expected ",
    "did not find ",
    "could not find ",
    "could not determine ",
    "mapping values are not allowed",
    "block sequence entries are not allowed",
    "mapping keys are not allowed",
    "sequence entries are not allowed",
    "unacceptable character",
]);

impl Block for Error {
    fn start(line: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings =
            Beginnings::new(&["while parsing ", "while scanning ", "while constructing "]);
        // The name of the exception may precede it.
        let text = match line.head {
            Some((name, rest)) if name.starts_with("yaml.") => rest,
            _ => line.text,
        };
        let is_problem = PROBLEMS.begin(text) && text.len() < line.text.len();
        if !STARTS.begin(text) && !is_problem {
            return None;
        }
        let mut context = Context::default();
        context.push(line.line);
        let problem = if is_problem { text.to_owned() } else { String::new() };
        Some(Self { problem, location: None, context, span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        if self.context.lines() > 8 {
            return false;
        }
        if let Some(place) = place(text) {
            self.location = Some(place);
        } else if PROBLEMS.begin(text) && self.problem.is_empty() {
            text.clone_into(&mut self.problem);
        } else {
            return false;
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if self.problem.is_empty() || self.location.is_none() {
            return;
        }
        sink.block(Diagnostic {
            location: self.location,
            ..found("yaml", "syntax", Kind::Configuration, &self.problem, &self.context.take(), self.span)
        });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

/// `in "till.yml", line 3, column 5`.
pub(crate) fn place(text: &str) -> Option<Location> {
    let (path, rest) = text.strip_prefix("in \"")?.split_once("\", line ")?;
    let (line, rest) = leading_number(rest)?;
    let column = rest.strip_prefix(", column ").and_then(leading_number).map(|(column, _)| column);
    // Text read from a string has no file.
    (!path.starts_with('<')).then(|| Location::at(path, line, column))
}
