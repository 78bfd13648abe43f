//! Files that a formatter would change or cannot read: black, ruff, isort, usort and similar tools. One
//! diagnostic per file; the count at the end only if no file was named.
//!
//! ```text
//! would reformat src/lid.py
//! Would reformat: src/lid.py
//! error: cannot format src/jar.py: Cannot parse: 5:1: …
//! error: cannot parse: src/jar.py:5:1
//! ERROR: /app/src/lid.py Imports are incorrectly sorted and/or formatted.
//! 1 file would be reformatted.
//! ```

use grimoire_plugin_sdk::text::{Beginnings, leading_number, looks_like_path, place_at_start};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::finding::finding;
use crate::found::summary;

/// Recognises formatters' complaints.
#[derive(Default)]
pub(crate) struct Format {
    /// `error: cannot parse: …` of black, whose reason comes some lines later.
    open: Option<(Diagnostic, u32)>,
}

/// Starts of lines, with the tool and whether the rest is a path.
static STARTS: Beginnings = Beginnings::new(&[
    "would reformat ",
    "Would reformat: ",
    "error: cannot format ",
    "error: cannot parse: ",
    "ERROR: ",
    "Would sort ",
    "Would format ",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
]);

impl Format {
    /// Reads a line; returns true if it is a formatter's.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((open, left)) = &mut self.open {
            *left -= 1;
            if let Some(reason) =
                text.strip_prefix("ParseError: ").or_else(|| text.strip_prefix("SyntaxError: "))
            {
                open.message = format!("{}: {reason}", open.message);
                open.span = open.span.to(span);
                self.finish(out);
                return true;
            }
            if *left > 0 && text.starts_with("  ") {
                open.span = open.span.to(span);
                return true;
            }
            self.finish(out);
        }
        if !STARTS.begin(text) {
            return false;
        }
        if let Some(place) = text.strip_prefix("error: cannot parse: ").and_then(place_at_start) {
            let found = finding("black", "", "cannot parse", Severity::Error, place.location(), span);
            self.open = Some((Diagnostic { kind: Kind::Compile, ..found }, 6));
            return true;
        }
        let found = cannot_format(text, span)
            .or_else(|| unformatted(text, span))
            .or_else(|| unsorted(text, span))
            .or_else(|| count(text, span));
        let is_found = found.is_some();
        out.extend(found);
        is_found
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(|(found, _)| found));
    }
}

/// `error: cannot format path: Cannot parse for target version Python 3.12: 5:1: text`.
fn cannot_format(text: &str, span: Span) -> Option<Diagnostic> {
    let rest = text.strip_prefix("error: cannot format ")?;
    let (path, reason) = rest.split_once(": ")?;
    let place = reason.split(": ").find_map(|part| {
        let (line, column) = part.split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    let (line, column) = place.unwrap_or((0, 0));
    let location = Location::at(path, line, Some(column));
    let found = finding("black", "", &format!("cannot format: {reason}"), Severity::Error, location, span);
    Some(Diagnostic { kind: Kind::Compile, ..found })
}

/// A file that a formatter would change.
fn unformatted(text: &str, span: Span) -> Option<Diagnostic> {
    let (tool, path) = [
        ("ruff", "Would reformat: "),
        ("black", "would reformat "),
        ("usort", "Would sort "),
        ("ufmt", "Would format "),
    ]
    .iter()
    .find_map(|(tool, start)| text.strip_prefix(start).map(|path| (*tool, path.trim())))?;
    if !looks_like_path(path) {
        return None;
    }
    let mut found = finding(tool, "", text.trim(), Severity::Error, Location::file(path), span);
    "format".clone_into(&mut found.error_type);
    Some(found)
}

/// `ERROR: path Imports are incorrectly sorted and/or formatted.`
fn unsorted(text: &str, span: Span) -> Option<Diagnostic> {
    let rest = text.strip_prefix("ERROR: ")?;
    let at = rest.find(" Imports are incorrectly sorted")?;
    let (path, message) = rest.split_at(at);
    let mut found = finding("isort", "", message, Severity::Error, Location::file(path), span);
    "format".clone_into(&mut found.error_type);
    Some(found)
}

/// `1 file would be reformatted, 3 files would be left unchanged.`
fn count(text: &str, span: Span) -> Option<Diagnostic> {
    let is_count = leading_number(text).is_some_and(|(count, rest)| {
        count > 0
            && (rest.starts_with(" file would be reformatted")
                || rest.starts_with(" files would be reformatted")
                || rest.starts_with(" file would fail to reformat")
                || rest.starts_with(" files would fail to reformat")
                || rest.starts_with(" file failed to reformat")
                || rest.starts_with(" files failed to reformat"))
    });
    // ruff's sentence has no full stop at the end.
    let tool = if text.ends_with('.') { "black" } else { "ruff" };
    is_count.then(|| Diagnostic { error_type: "format".to_owned(), ..summary(tool, Kind::Lint, text, span) })
}
