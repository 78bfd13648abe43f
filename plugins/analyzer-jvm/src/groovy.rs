//! Findings of the Groovy compiler: of sources, of Gradle's scripts and of Jenkins' pipelines.
//!
//! ```text
//! startup failed:
//! build file '/src/build.gradle': 12: Unexpected input: '{' @ line 12, column 8.
//!    dependencies {
//!           ^
//! WorkflowScript: 3: Expected a stage @ line 3, column 5.
//! /src/Pot.groovy: 7: unable to resolve class Kettle
//!  @ line 7, column 1.
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, Needle, leading_number},
};

/// Maximum number of lines of a finding.
const LINES: usize = 8;

static AT: Needle = Needle::new("@ line ");

/// A finding being read, which is certain once its location is repeated.
#[derive(Debug)]
pub(crate) struct Block {
    path: String,
    line: u32,
    column: Option<u32>,
    complete: bool,
    message: String,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static DIVIDER: Needle = Needle::new(": ");
        if !text.characters.may_have_digits() {
            return None;
        }
        // The path may contain a colon: the location is where a number is between colons.
        let (path, line, message) = DIVIDER.find_all(text.words).take(4).find_map(|at| {
            let (line, rest) = leading_number(&text.words[at + 2..])?;
            Some((&text.words[..at], line, rest.strip_prefix(": ")?))
        })?;
        let quoted = path.strip_suffix('\'').and_then(|path| path.split_once('\''));
        let (path, is_script) = match quoted {
            Some((kind, path)) => (
                path,
                matches!(kind.trim(), "build file" | "settings file" | "script" | "initialization script"),
            ),
            None => (path, path == "WorkflowScript"),
        };
        let is_groovy = [".groovy", ".gradle", ".gdsl", "Jenkinsfile"].iter().any(|end| path.ends_with(end));
        if !(is_script || is_groovy && !path.contains(' ')) {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            path: path.to_owned(),
            line,
            column: None,
            complete: false,
            message: String::new(),
            lines: 0,
            context,
            span: text.span,
        };
        block.add(message);
        Some(block)
    }

    /// Adds words up to `@ line 7, column 1.`
    fn add(&mut self, line: &str) {
        let words = match AT.split(line) {
            Some((words, place)) => {
                self.complete = true;
                if let Some((line, rest)) = leading_number(place) {
                    self.line = line;
                    self.column =
                        rest.strip_prefix(", column ").and_then(leading_number).map(|(column, _)| column);
                }
                words
            }
            None => line,
        };
        let words = words.trim();
        if !words.is_empty() {
            if !self.message.is_empty() {
                self.message.push('\n');
            }
            self.message.push_str(words);
        }
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if self.lines >= LINES || text.is_blank() {
            return Step::Over;
        }
        let is_caret = text.words == "^";
        if self.complete && !is_caret && self.lines > 3 {
            return Step::Over;
        }
        if !self.complete && AT.find_among(text.characters, text.words).is_some() {
            self.add(text.words);
        } else if !is_caret {
            return Step::Foreign;
        }
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        if is_caret { Step::Last } else { Step::Taken }
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        if !self.complete {
            // Possibly the continuation of the message.
            self.add(text.words);
        }
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        true
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if !block.complete || block.message.is_empty() {
            return;
        }
        let is_gradle = block.path.ends_with(".gradle");
        let found = Diagnostic {
            tool: if is_gradle { "gradle" } else { "groovy" }.to_owned(),
            error_type: "error".to_owned(),
            message: block.message,
            severity: Severity::Error,
            kind: Kind::Compile,
            location: Some(Location::at(&block.path, block.line, block.column)),
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}
