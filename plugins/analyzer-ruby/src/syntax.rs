//! Errors of Ruby's parsers:
//!
//! ```text
//! pot.rb:5: syntax error, unexpected end-of-input, expecting `end' (SyntaxError)
//! pot.rb:9:in 'Kernel#require': /app/pot.rb:5: syntax errors found (SyntaxError)
//!   4 |   def lid(
//! > 5 | end
//!     | ^~~ unexpected 'end'; expected a `)` to close the parameters
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind,
    text::{Needle, Place, extension, leading_number, place_at_start},
};

/// Maximum number of lines of an excerpt.
const LINES: usize = 16;

/// Reads syntax errors.
#[derive(Debug, Default)]
pub(crate) struct Syntax {
    open: Option<Draft>,
    /// True if the message is in the excerpt below.
    announced: bool,
}

/// The location before `syntax error`: the last one on the line, after that of the loading file.
fn place<'a>(line: &Seen<'a>) -> Option<(Place<'a>, &'a str)> {
    static ERROR: Needle = Needle::new(": syntax error");
    let (before, after) = ERROR.split_among(line.characters, line.start)?;
    let text = before.rsplit(": ").next()?;
    let place = place_at_start(text).filter(|place| place.rest.is_empty() && is_ruby(place.path))?;
    let message = &line.start[line.start.len() - after.len() - "syntax error".len()..];
    Some((place, message.strip_suffix(" (SyntaxError)").unwrap_or(message)))
}

/// Returns true if a file may be Ruby, which often has no extension.
fn is_ruby(path: &str) -> bool {
    matches!(
        extension(path),
        "" | "rb" | "rake" | "ru" | "gemspec" | "erb" | "builder" | "jbuilder" | "thor" | "podspec"
    )
}

/// The newer parser's message below the source: `    | ^~~ unexpected 'end'`.
fn underlined(start: &str) -> Option<&str> {
    let rest = start.strip_prefix('|')?.trim_start().strip_prefix('^')?;
    let message = rest.trim_start_matches(['~', '^', ' ']);
    (!message.is_empty()).then_some(message)
}

impl Reader for Syntax {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            let text = line.start.trim_start_matches(['>', ' ']);
            let is_source = text.starts_with('|')
                || leading_number(text).is_some_and(|(_, rest)| rest.trim_start().starts_with('|'))
                || line.start.starts_with('~')
                || line.start.starts_with('^');
            if is_source && draft.lines() < LINES {
                draft.take(line);
                if let Some(message) = underlined(text)
                    && std::mem::take(&mut self.announced)
                {
                    message.clone_into(&mut draft.found.message);
                }
                return;
            }
            out.extend(self.open.take().map(Draft::done));
        }
        if let Some((place, message)) = place(line) {
            let mut draft = Draft::new("ruby", Kind::Compile, line);
            "SyntaxError".clone_into(&mut draft.found.error_type);
            draft.found.location = Some(place.location());
            draft.say(message);
            self.announced = message.ends_with(" found");
            self.open = Some(draft);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}
