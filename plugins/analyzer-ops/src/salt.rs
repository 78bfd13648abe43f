//! A state that Salt could not bring about: its result, and the reason below.
//!
//! ```text
//!           ID: till
//!     Function: pkg.installed
//!       Result: False
//!      Comment: State 'pkg.installed' was not found in SLS 'till'
//!               Reason: 'pkg' __virtual__ returned False
//!      Changes:
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span, text::Context};

/// Maximum number of lines of a reason.
const LINES: usize = 20;

/// A failed state.
#[derive(Debug)]
pub(crate) struct State {
    said: Vec<String>,
    begun: bool,
    context: Context,
    span: Span,
}

impl Block for State {
    fn start(line: &Text<'_>) -> Option<Self> {
        let result = line.text.strip_prefix("Result:")?;
        if result.trim() != "False" {
            return None;
        }
        let mut context = Context::default();
        context.push(line.line);
        Some(Self { said: Vec::new(), begun: false, context, span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        let comment = text.strip_prefix("Comment:").filter(|_| !self.begun);
        if comment.is_none() && !self.begun
            || self.said.len() == LINES
            || text.is_empty()
            || ["Changes:", "Started:", "Duration:", "----------"].iter().any(|name| text.starts_with(name))
        {
            return false;
        }
        self.begun = true;
        self.said.push(comment.unwrap_or(text).trim().to_owned());
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        let message = self.said.join("\n");
        if message.trim().is_empty() {
            return;
        }
        // Other states failed, and this one was not tried.
        let follows = message.starts_with("One or more requisite failed");
        let role = if follows { Role::Consequence } else { Role::Root };
        let kind = kinds::of(&message, Kind::Configuration);
        let found = found("salt", "state", kind, &message, &self.context.take(), self.span);
        sink.block(Diagnostic { role, ..found });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
