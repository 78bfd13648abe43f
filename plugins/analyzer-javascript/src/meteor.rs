//! Meteor: what stopped an application, below what Meteor was doing.
//!
//! ```text
//! => Errors prevented startup:                Unable to resolve some modules:
//!
//!    While building the application:            "lid" in /app/imports/pots.js (web.browser)
//!    client/pots.js:12:5: Unexpected token
//! ```

use grimoire_plugin_sdk::text::{place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::failure;
use crate::kinds;

/// Maximum number of lines of a block.
const LINES: u32 = 100;

/// The block being read.
#[derive(Default)]
enum Block {
    #[default]
    None,
    /// `=> Errors prevented startup:`, with the last `While …`.
    Errors { doing: String, left: u32 },
    /// Modules that are missing: one line for each.
    Modules(Box<Diagnostic>, u32),
}

/// Recognises Meteor's errors.
#[derive(Default)]
pub(crate) struct Meteor(Block);

impl Meteor {
    /// Reads a line; returns true if it belongs to such a block.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        let is_part = trimmed.is_empty() || text.starts_with([' ', '\t']);
        match &mut self.0 {
            Block::Errors { doing, left } if is_part && *left > 0 => {
                *left -= 1;
                if trimmed.starts_with("While ") && trimmed.ends_with(':') {
                    trimmed.trim_end_matches(':').clone_into(doing);
                } else if !trimmed.is_empty() && !trimmed.starts_with("at ") {
                    out.push(error(trimmed, doing, span));
                }
                return true;
            }
            Block::Modules(found, left) if is_part && *left > 0 => {
                *left -= 1;
                if !trimmed.is_empty() {
                    found.message = format!("{}\n{trimmed}", found.message);
                    found.span = found.span.to(span);
                }
                return true;
            }
            _ => self.finish(out),
        }
        self.0 = match trimmed {
            "=> Errors prevented startup:" => Block::Errors { doing: String::new(), left: LINES },
            "Unable to resolve some modules:" => {
                let found = failure("meteor", "modules", Kind::Dependency, trimmed, span);
                Block::Modules(Box::new(found), LINES)
            }
            _ => return false,
        };
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Block::Modules(found, _) = std::mem::take(&mut self.0) {
            out.push(*found);
        }
    }
}

/// `client/pots.js:12:5: Unexpected token`, `error: ENOENT, open 'lids.json'`.
fn error(text: &str, doing: &str, span: Span) -> Diagnostic {
    let place = place_at_start(text);
    let message = place.as_ref().map_or(text, |place| place.rest.trim_start_matches([':', ' ']));
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let kind = kinds::by_words(message).unwrap_or(Kind::Compile);
    let whole = if doing.is_empty() { message.to_owned() } else { format!("{message}\n{doing}") };
    let mut found = failure("meteor", "build", kind, &whole, span);
    found.location = place.map(|place| place.location());
    found
}
