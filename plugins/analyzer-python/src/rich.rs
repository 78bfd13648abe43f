//! Tracebacks in a box, as command-line programs print them.
//!
//! ```text
//! ╭───────────── Traceback (most recent call last) ──────────────╮
//! │ /app/lid.py:12 in close                                      │
//! │ ❱ 12     raise ValueError("no jar")                          │
//! ╰──────────────────────────────────────────────────────────────╯
//! ValueError: no jar
//! ```

use grimoire_plugin_sdk::text::{Context, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Span};

use crate::found::{exception_kind, finding};
use crate::kinds;
use crate::own::is_own;

/// Maximum number of lines of one box.
const LINES: u32 = 2_000;
/// Frames kept.
const FRAMES: usize = 200;

struct Open {
    frames: Vec<Frame>,
    closed: bool,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises tracebacks in boxes.
#[derive(Default)]
pub(crate) struct Rich {
    open: Option<Open>,
}

impl Rich {
    /// Reads a line; returns true if it belongs to a traceback.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        let Some(open) = &mut self.open else {
            if trimmed.starts_with('╭') && trimmed.contains(" Traceback (most recent call last) ") {
                let mut context = Context::default();
                context.push(text);
                self.open = Some(Open { frames: Vec::new(), closed: false, left: LINES, context, span });
                return true;
            }
            return false;
        };
        open.left -= 1;
        if open.left == 0 {
            self.open = None;
            return false;
        }
        open.context.push(text);
        open.span = open.span.to(span);
        if open.closed {
            if trimmed.is_empty() {
                return true;
            }
            if let Some(open) = self.open.take()
                && let Some(kind) = exception_kind(trimmed)
            {
                out.push(open.report(kind, trimmed));
                return true;
            }
            return false;
        }
        if trimmed.starts_with('╰') {
            open.closed = true;
        } else if let Some(inner) = trimmed.strip_prefix('│') {
            let inner = inner.trim_end_matches('│').trim();
            if let Some(place) = place_at_start(inner)
                && let Some(name) = place.rest.trim_start().strip_prefix("in ")
                && open.frames.len() < FRAMES
            {
                open.frames.push(Frame {
                    function: Some(name.trim().to_owned()),
                    location: Some(place.location()),
                    text: inner.to_owned(),
                });
            }
        } else {
            self.open = None;
            return false;
        }
        true
    }
}

impl Open {
    fn report(mut self, kind: &str, message: &str) -> Diagnostic {
        self.frames.reverse();
        let mut found = finding("python", kind, kinds::of_exception(kind, message), message, self.span);
        found.location =
            self.frames.iter().filter_map(|frame| frame.location.clone()).find(|place| is_own(&place.path));
        found.stack_trace = self.frames;
        found.context = self.context.take();
        found
    }
}
