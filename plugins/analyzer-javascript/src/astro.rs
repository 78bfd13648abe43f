//! Astro's errors: a name in brackets, the message, and then labels on separate lines.
//!
//! ```text
//! [CompilerError] Unexpected token
//!   Hint:
//!     …
//!   Location:
//!     /app/src/pages/index.astro:3:5
//!   Stack trace:
//!     at …
//! ```

use grimoire_plugin_sdk::text::{Context, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{failure, frame, is_own, own_place};
use crate::kinds;

/// Maximum number of message lines before the first label.
const MESSAGE: usize = 12;
/// Maximum number of lines below the labels.
const LINES: u32 = 200;
/// Frames kept.
const FRAMES: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    None,
    Location,
    Trace,
    /// Advice, which is ignored.
    Other,
}

struct Open {
    name: String,
    message: Vec<String>,
    label: Label,
    location: Option<Location>,
    frames: Vec<Frame>,
    left: u32,
    context: Context,
    span: Span,
}

/// Recognises these errors.
#[derive(Default)]
pub(crate) struct Astro {
    open: Option<Open>,
}

impl Astro {
    /// Reads a line; returns true if it belongs to an error with labels. The lines before the first label
    /// are passed on to the other recognisers too.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let headline = headline(text);
        if let Some(open) = &mut self.open {
            let again = headline.is_some() && open.label == Label::None;
            if !again && open.line(text, span) {
                return open.label != Label::None;
            }
            self.finish(out);
        }
        if let Some((name, message)) = headline {
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Open {
                name: name.to_owned(),
                message: vec![message.to_owned()],
                label: Label::None,
                location: None,
                frames: Vec::new(),
                left: LINES,
                context,
                span,
            });
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|open| open.label != Label::None).map(Open::report));
    }
}

/// `[CompilerError] Unexpected token`, possibly after the name of the page.
fn headline(text: &str) -> Option<(&str, &str)> {
    let start = if text.starts_with('[') {
        text
    } else if text.trim_start().starts_with('└') {
        let Some(bracket) = text.find('[') else {
            // The second generation prints the message directly behind the page.
            let (_, message) = text.split_once(".html")?;
            return (!message.is_empty() && !message.starts_with(' ')).then_some(("Error", message));
        };
        &text[bracket..]
    } else {
        return None;
    };
    let (name, message) = start[1..].split_once("] ")?;
    // Log levels are written in capital letters.
    let is_name = name.len() >= 5
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-@/".contains(&byte))
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && (name.contains(':') || name.starts_with(|c: char| c.is_ascii_uppercase()));
    (is_name && !message.is_empty()).then_some((name, message))
}

impl Open {
    fn line(&mut self, text: &str, span: Span) -> bool {
        self.left -= 1;
        let trimmed = trim(text);
        if self.left == 0 || trimmed.starts_with("##") {
            return false;
        }
        if text.starts_with("  ") && !text.starts_with("   ") {
            self.label = match trimmed {
                "Location:" => Label::Location,
                "Stack trace:" => Label::Trace,
                "Hint:" | "Error reference:" | "Cause:" => Label::Other,
                _ if self.label == Label::None => Label::None,
                _ => return false,
            };
            if self.label == Label::None {
                self.message.push(trimmed.to_owned());
            }
        } else if self.label == Label::None {
            if self.message.len() == MESSAGE {
                return false;
            }
            if !trimmed.is_empty() {
                self.message.push(trimmed.to_owned());
            }
        } else if trimmed.is_empty() {
            return true;
        } else if !text.starts_with("    ") {
            return false;
        } else if self.label == Label::Location && self.location.is_none() {
            let place = trimmed.strip_prefix("[plugin ").and_then(|rest| rest.split_once("] "));
            self.location = place_at_start(place.map_or(trimmed, |(_, place)| place))
                .map(|place| place.location())
                .filter(|place| is_own(&place.path));
        } else if self.label == Label::Trace && self.frames.len() < FRAMES {
            self.frames.extend(frame(trimmed));
        }
        self.context.push(text);
        self.span = self.span.to(span);
        true
    }

    fn report(mut self) -> Diagnostic {
        let message = self.message.join("\n");
        let kind = kinds::by_words(&message).unwrap_or(match self.name.as_str() {
            "ReferenceError" | "TypeError" | "RangeError" | "Error" => Kind::Crash,
            _ => Kind::Compile,
        });
        let mut found = failure("astro", &self.name, kind, &message, self.span);
        found.location = self.location.or_else(|| own_place(&self.frames));
        found.stack_trace = self.frames;
        found.context = self.context.take();
        found
    }
}
