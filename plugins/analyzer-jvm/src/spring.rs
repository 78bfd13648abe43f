//! Why an application of Spring Boot did not start.
//!
//! ```text
//! ***************************
//! APPLICATION FAILED TO START
//! ***************************
//!
//! Description:
//!
//! Web server failed to start. Port 8080 was already in use.
//!
//! Action:
//!
//! Identify and stop the process that's listening on port 8080.
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind, Severity, Span, text::Context};

/// Maximum number of lines of the block.
const LINES: usize = 48;
/// Maximum number of lines of the description.
const MESSAGE_LINES: usize = 16;

/// The block being read.
#[derive(Debug)]
pub(crate) struct Block {
    /// Between `Description:` and `Action:`.
    describes: bool,
    acts: bool,
    message: Vec<String>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        if text.words != "APPLICATION FAILED TO START" {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        Some(Self { describes: false, acts: false, message: Vec::new(), lines: 0, context, span: text.span })
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        if self.lines > LINES || text.level.is_some() {
            return Step::Over;
        }
        if text.is_blank() {
            return Step::Waits;
        }
        match text.words {
            "Description:" => self.describes = true,
            "Action:" => (self.describes, self.acts) = (false, true),
            words if self.describes && self.message.len() < MESSAGE_LINES => {
                self.message.push(words.to_owned());
            }
            words if words.starts_with("****") => {}
            // The advice is one paragraph.
            _ if self.acts => {
                self.context.push(text.raw);
                self.span = self.span.to(text.span);
                return Step::Last;
            }
            _ => return Step::Over,
        }
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        if block.message.is_empty() {
            return;
        }
        let found = Diagnostic {
            tool: "spring".to_owned(),
            error_type: "startup".to_owned(),
            message: block.message.join("\n"),
            severity: Severity::Error,
            kind: Kind::Configuration,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}
