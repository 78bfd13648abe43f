//! c2hs, which reads C for Haskell, and its relatives:
//!
//! ```text
//! src/Pot.chs:12: (column 5) [ERROR]
//!   >>> Unknown identifier!
//!   Cannot find a definition for `lid' in the header file.
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    text::{Needle, leading_number},
};

/// Maximum number of lines of a message.
const LINES: usize = 8;

/// Reads the messages, which are below their place.
#[derive(Debug, Default)]
pub(crate) struct C2hs {
    open: Option<Draft>,
}

/// The place and the level of a message, and the text after them.
fn head<'a>(line: &Seen<'a>) -> Option<(Option<Location>, Severity, &'a str)> {
    static COLUMN: Needle = Needle::new(": (column ");
    let (place, rest) = COLUMN.split_among(line.characters, line.start)?;
    let (column, rest) = leading_number(rest)?;
    let (level, rest) = rest.strip_prefix(") [")?.split_once(']')?;
    let severity = match level {
        "FATAL" | "ERROR" => Severity::Error,
        "WARNING" => Severity::Warning,
        _ => return None,
    };
    let (path, number) = place.rsplit_once(':')?;
    let (number, _) = leading_number(number)?;
    let is_file = !path.starts_with('<');
    let location = is_file.then(|| Location::at(path, number, Some(column).filter(|column| *column > 0)));
    Some((location, severity, rest))
}

impl Reader for C2hs {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((location, severity, rest)) = head(line) {
            self.finish(out);
            let mut draft = Draft::new("c2hs", Kind::Compile, line);
            "compile".clone_into(&mut draft.found.error_type);
            draft.found.severity = severity;
            draft.found.location = location;
            say(&mut draft, rest.trim());
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if line.indent == 0 || line.start.is_empty() || draft.lines() > LINES {
            return self.finish(out);
        }
        draft.take(line);
        say(draft, line.start);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}

/// Adds a line without the mark before the first one.
fn say(draft: &mut Draft, text: &str) {
    let text = text.trim_start_matches('>').trim_start();
    if !text.is_empty() {
        draft.say(text);
    }
}
