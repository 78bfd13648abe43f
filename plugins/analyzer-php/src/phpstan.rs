//! PHPStan's table, and its raw format:
//!
//! ```text
//!  ------ ---------------------------------------------
//!   Line   src/Pot.php (in context of class App\Pot)
//!  ------ ---------------------------------------------
//!   12     Method App\Pot::fill() has no return type
//!          specified.
//!          🪪  missingType.return
//!  ------ ---------------------------------------------
//!
//! /app/src/Pot.php:12:Method App\Pot::fill() has no return type specified. [identifier=missingType.return]
//! ```

use crate::{
    panel::{Draft, Reader, Seen, single, typed},
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location,
    text::{leading_number, place_at_start},
};

/// Maximum number of lines of one error.
const LINES: usize = 30;

/// Reads tables.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The file of the heading; empty for errors without a file.
    file: Option<String>,
    /// True after the rule below the heading.
    ruled: bool,
    open: Option<Draft>,
}

/// `------ ------------`
fn is_rule(start: &str) -> bool {
    start.starts_with("--") && start.bytes().all(|byte| matches!(byte, b'-' | b' '))
}

impl Table {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(draft) = self.open.take() else { return };
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }

    fn row(&mut self, number: u32, message: &str, line: &Seen<'_>) {
        let Some(file) = &self.file else { return };
        let mut draft = Draft::new("phpstan", Kind::Lint, line);
        draft.found.location = (!file.is_empty()).then(|| Location::at(file, number, None));
        draft.say(message);
        self.open = Some(draft);
    }
}

impl Reader for Table {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if is_rule(start) {
            self.close(out);
            if self.ruled {
                self.file = None;
            }
            self.ruled = self.file.is_some();
            return;
        }
        let heading = start.strip_prefix("Line ").map(str::trim_start);
        if let Some(path) = heading {
            let path = path.split(" (in context of ").next().unwrap_or(path).trim();
            if trace::is_php(path) || path.contains('/') && !path.contains(' ') {
                self.close(out);
                self.file = Some(path.to_owned());
                self.ruled = false;
                return;
            }
        }
        if start == "Error" {
            self.file = Some(String::new());
            self.ruled = false;
            return;
        }
        let Some(file) = &self.file else { return };
        if !self.ruled {
            self.file = None;
            return;
        }
        let numbered =
            leading_number(start.trim_start_matches(':')).filter(|(_, rest)| rest.starts_with("  "));
        if let Some((number, message)) = numbered.filter(|_| !file.is_empty()) {
            self.close(out);
            self.row(number, message, line);
        } else if let Some(draft) = &mut self.open {
            if start.is_empty() || draft.lines() >= LINES {
                return;
            }
            if start.starts_with("Run PHPStan with --debug") {
                // How to report a bug in PHPStan.
                self.close(out);
                self.file = None;
                return;
            }
            draft.take(line);
            if let Some(code) = start.strip_prefix("🪪") {
                draft.found.code = code.split_whitespace().next().map(str::to_owned);
            } else if !start.starts_with(['💡', '✏', '💬', '🐛']) && draft.found.code.is_none() {
                draft.go_on(start);
            }
        } else if !start.is_empty() {
            let message = start.strip_prefix("?   ").unwrap_or(start);
            self.row(0, message, line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.file = None;
    }
}

/// `/app/src/Pot.php:12:message`: no space after the location.
pub(crate) fn raw(line: &Seen<'_>) -> Option<Diagnostic> {
    if !line.characters.may_have(b':') {
        return None;
    }
    let place = place_at_start(line.start)?;
    let rest = place.rest;
    if place.column.is_some()
        || rest.is_empty()
        || rest.starts_with([' ', ':', '\t'])
        || !trace::is_php(place.path)
    {
        return None;
    }
    let (message, code) = match rest.strip_suffix(']').and_then(|rest| rest.rsplit_once(" [identifier=")) {
        Some((message, code)) => (message, Some(code.to_owned())),
        None => (rest, None),
    };
    if !message
        .starts_with(|c: char| c.is_alphabetic() || matches!(c, '$' | '@' | '#' | '"' | '\'' | '`' | '\\'))
    {
        return None;
    }
    let mut found = single("phpstan", Kind::Lint, message, line);
    found.code = code;
    found.location = Some(place.location());
    Some(typed(found))
}
