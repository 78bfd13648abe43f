//! Ant's report of a failed build.
//!
//! ```text
//! BUILD FAILED
//! /src/build.xml:12: The following error occurred while executing this line:
//! /src/common.xml:33: Compile failed; see the compiler error output for details.
//! ```

use crate::{
    Record, Step,
    reason::{kind_of, role_of},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Role, Severity, Span,
    text::{Context, Needle, extension, place_at_start},
};

/// Lines below `BUILD FAILED`.
const LINES: usize = 24;

/// The end of a line that only says where the next one was called.
const STEP: &str = "The following error occurred while executing this line:";

/// The lines below `BUILD FAILED`: Gradle and others print it too, without such lines.
#[derive(Debug)]
pub(crate) struct Block {
    location: Option<Location>,
    message: String,
    /// Lines that only say where the next one was called.
    steps: Vec<(Option<Location>, Span)>,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static MISSING: Needle = Needle::new("Buildfile: ");
        let line = text.words;
        let is_missing = line.starts_with(MISSING.text()) && line.ends_with("does not exist!");
        let is_head = line == "BUILD FAILED" || is_missing;
        // The start of text that people copy.
        let is_step = line.ends_with(STEP);
        let place =
            if is_step { place_at_start(line).filter(|place| extension(place.path) == "xml") } else { None };
        if !is_head && place.is_none() {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let location = place.map(|place| place.location());
        Some(Self {
            steps: if is_step { vec![(location.clone(), text.span)] } else { Vec::new() },
            location,
            message: if is_missing { line.to_owned() } else { String::new() },
            lines: 0,
            context,
            span: text.span,
        })
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        let line = text.words;
        if self.lines >= LINES || text.is_blank() && self.lines > 0 || line.starts_with("Total time:") {
            return Step::Over;
        }
        if text.is_blank() {
            return Step::Waits;
        }
        if let Some(place) = place_at_start(line)
            && extension(place.path) == "xml"
        {
            self.location = Some(place.location());
            place.rest.trim().clone_into(&mut self.message);
            if self.message == STEP {
                self.steps.push((self.location.clone(), text.span));
                // The cause comes last.
                self.message.clear();
            }
            return self.take(text);
        }
        if self.message.is_empty()
            && line.starts_with("Target \"")
            && line.contains("does not exist in the project")
        {
            line.clone_into(&mut self.message);
            return self.take(text);
        }
        Step::Foreign
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        // More of the reason.
        let is_stack = text.words.starts_with("at ") || text.level.is_some();
        let goes_on = self.location.is_some() && self.lines < 4 && !is_stack;
        if goes_on {
            self.message.push('\n');
            self.message.push_str(text.words);
            self.take(text);
        }
        goes_on
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let message = block.message.trim();
        if message.is_empty() {
            return;
        }
        let role = role_of(message);
        // Beside a mere status a step says nothing more.
        if role == Role::Summary {
            block.steps.clear();
        }
        for (location, span) in block.steps.drain(..) {
            let step = Diagnostic {
                tool: "ant".to_owned(),
                error_type: "build".to_owned(),
                message: STEP.to_owned(),
                role: Role::Summary,
                location,
                span,
                ..Diagnostic::default()
            };
            session.report_once(step, out);
        }
        let found = Diagnostic {
            tool: "ant".to_owned(),
            error_type: "build".to_owned(),
            message: message.to_owned(),
            severity: Severity::Error,
            kind: kind_of(message),
            role,
            location: block.location,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}
