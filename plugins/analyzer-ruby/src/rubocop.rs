//! RuboCop in its formats with one offense per line, and Standard, which is based on it:
//!
//! ```text
//! app/pot.rb:3:5: C: [Correctable] Layout/SpaceBeforeBlockBraces: Space missing to the left of {.
//! == app/pot.rb ==
//! C:  3:  5: [Correctable] Layout/SpaceBeforeBlockBraces: Space missing to the left of {.
//! # app/pot.rb:3:5: C: Layout/SpaceBeforeBlockBraces: …
//! ```
//!
//! Every offense fails the run, whatever its letter; a corrected one does not.

use crate::panel::{Reader, Seen, single, typed};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    text::{leading_number, place_at_start},
};

/// Reads offenses.
#[derive(Debug, Default)]
pub(crate) struct Rubocop {
    /// The file of the simple format's heading.
    file: Option<String>,
}

/// `C: [Correctable] Cop/Name: message`.
fn offense<'a>(text: &'a str, line: &Seen<'_>, location: Location) -> Option<Diagnostic> {
    let (letter, rest) = text.split_at_checked(1)?;
    if !"CWEFRI".contains(letter) {
        return None;
    }
    let rest: &'a str = rest.strip_prefix(": ")?;
    let (corrected, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some(("Corrected" | "Todo", rest)) => (true, rest),
        Some(("Correctable", rest)) => (false, rest),
        _ => (false, rest),
    };
    let (cop, message) = match rest.split_once(": ").filter(|(cop, _)| is_cop(cop)) {
        Some((cop, message)) => (Some(cop), message),
        None => (None, rest),
    };
    let severity = if corrected || letter == "I" { Severity::Info } else { Severity::Error };
    let mut found = single("rubocop", Kind::Lint, message, line);
    found.code = cop.map(str::to_owned);
    found.severity = severity;
    found.location = Some(location);
    Some(typed(found))
}

/// `Layout/LineLength`, `RSpec/Rails/HttpStatus`.
fn is_cop(name: &str) -> bool {
    name.contains('/')
        && name.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_uppercase())
                && part.bytes().all(|c| c.is_ascii_alphanumeric())
        })
}

impl Reader for Rubocop {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(path) = start.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" ==")) {
            self.file = Some(path.to_owned());
            return;
        }
        if let Some(path) = &self.file {
            // `C:  3:  5: message`
            let cells = start.split_at_checked(2).filter(|(letter, _)| letter.ends_with(':'));
            if let Some((letter, rest)) = cells
                && let Some((number, rest)) = leading_number(rest.trim_start())
                && let Some((column, rest)) =
                    rest.strip_prefix(':').map(str::trim_start).and_then(leading_number)
                && let Some(message) = rest.strip_prefix(": ")
            {
                out.extend(offense(
                    &format!("{letter} {message}"),
                    line,
                    Location::at(path, number, Some(column)),
                ));
                return;
            }
            if start.is_empty() {
                self.file = None;
            }
            return;
        }
        let text = start.strip_prefix("# ").unwrap_or(start);
        if let Some(place) = place_at_start(text).filter(|place| place.column.is_some()) {
            let rest = place.rest.trim_start();
            out.extend(
                offense(rest, line, place.location()).or_else(|| standard(rest, line, place.location())),
            );
        } else {
            out.extend(summary(line).or_else(|| configuration(line)));
        }
    }
}

/// `  app/pot.rb:3:5: Layout/IndentationWidth: message`, which has no letter.
fn standard(rest: &str, line: &Seen<'_>, location: Location) -> Option<Diagnostic> {
    let (cop, message) = rest.split_once(": ").filter(|(cop, _)| is_cop(cop))?;
    let mut found = single("standard", Kind::Lint, message, line);
    found.code = Some(cop.to_owned());
    found.location = Some(location);
    Some(typed(found))
}

/// `33 files inspected, 2 offenses detected`.
fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let (_, rest) = leading_number(line.start)?;
    let rest = rest.strip_prefix(" files inspected, ").or_else(|| rest.strip_prefix(" file inspected, "))?;
    let corrected = rest.split_once(" offenses corrected").is_some();
    if rest.starts_with("no ") || corrected {
        return None;
    }
    let found = single("rubocop", Kind::Lint, line.start, line);
    Some(Diagnostic { role: Role::Summary, error_type: "offenses".to_owned(), ..found })
}

/// Errors of its own configuration.
fn configuration(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    let rest = start.strip_prefix("Error: ").unwrap_or(start);
    let known = rest.starts_with("unrecognized cop ")
        || rest.starts_with("RuboCop found ")
        || rest.starts_with("The `") && rest.contains("` cop ") && rest.contains("removed")
        || rest.starts_with("obsolete parameter ")
        || rest.starts_with("An error occurred while ") && rest.contains(" cop was inspecting ")
        || rest.starts_with("Configuration file not found: ") && rest.contains("rubocop");
    if !known {
        return None;
    }
    let mut found = single("rubocop", Kind::Configuration, rest, line);
    "configuration".clone_into(&mut found.error_type);
    Some(found)
}
