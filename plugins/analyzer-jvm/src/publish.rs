//! Publishing: signatures that could not be made, and the rules of a Nexus that an upload broke.
//!
//! ```text
//! [INFO] gpg: signing failed: Not a tty
//! [ERROR] Nexus Staging Rules Failure Report
//! [ERROR]   Rule "signature-staging" failures
//! [ERROR]     * Missing Signature: '/org/example/pot-1.0.jar.asc' does not exist for 'pot-1.0.jar'.
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Span,
    text::{Beginnings, Context},
};

/// Maximum number of lines of a report, and of broken rules that the message names.
const LINES: usize = 60;
const NAMED: usize = 12;

/// A report being read.
#[derive(Debug)]
pub(crate) struct Block {
    tool: &'static str,
    error_type: String,
    said: Vec<String>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings = Beginnings::new(&[
            "gpg: signing failed: ",
            "gpg: no default secret key: ",
            "Nexus Staging Rules Failure Report",
            "Rule failure while trying to close staging repository ",
        ]);
        let is_signature = STARTS.position(text.words)? < 2;
        // On a line of its own gpg speaks for itself.
        if is_signature && text.level.is_none() {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        Some(Self {
            tool: if is_signature { "gpg" } else { "nexus" },
            error_type: if is_signature { "signing" } else { "staging" }.to_owned(),
            said: if is_signature { vec![text.words.to_owned()] } else { Vec::new() },
            lines: 0,
            context,
            span: text.span,
        })
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        let line = text.words;
        let goes_on = self.tool == "nexus" && self.lines < LINES;
        if !goes_on {
            return Step::Over;
        }
        if text.is_blank() {
            return Step::Waits;
        }
        if let Some(rule) = line.strip_prefix("* ") {
            if self.said.len() < NAMED {
                self.said.push(rule.to_owned());
            }
        } else if let Some(name) = quoted(line, "Rule \"") {
            // The first rule gives the type.
            if self.said.is_empty() {
                name.clone_into(&mut self.error_type);
            }
        } else if quoted(line, "Repository \"").is_none()
            && !line.starts_with("Nexus Staging Rules Failure Report")
            && !line.bytes().all(|byte| byte == b'=')
        {
            return Step::Over;
        }
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.said.is_empty() {
            return;
        }
        let found = Diagnostic {
            tool: block.tool.to_owned(),
            error_type: block.error_type,
            message: block.said.join("\n"),
            kind: Kind::Configuration,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}

/// The name in `Rule "signature-staging" failures`.
fn quoted<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_suffix("\" failures")
}
