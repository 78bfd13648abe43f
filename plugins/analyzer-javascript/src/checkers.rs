//! svelte-check: a location, then the message; or both in one machine-readable line.
//!
//! ```text
//! /app/src/Lid.svelte:2:5
//! Error: Type 'string' is not assignable to type 'number'. (ts)
//!
//! 1795930540547 ERROR "Lid.svelte" 2:5 "Type 'string' is not assignable to type 'number'."
//! ```

use grimoire_plugin_sdk::text::{Characters, leading_number, place_at_start, trailing_group, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::failure;

/// Recognises findings of svelte-check.
#[derive(Default)]
pub(crate) struct Checkers {
    place: Option<(Location, Span)>,
}

impl Checkers {
    /// Reads a line; returns true if it is a finding.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if let Some((location, start)) = self.place.take() {
            let severity = if trimmed.starts_with("Error: ") {
                Some(Severity::Error)
            } else if trimmed.starts_with("Warn: ") {
                Some(Severity::Warning)
            } else {
                None
            };
            if let Some(severity) = severity
                && let Some((_, message)) = trimmed.split_once(": ")
            {
                let group = trailing_group(message, '(', ')').filter(|(_, source)| {
                    matches!(*source, "ts" | "js" | "css" | "svelte" | "postcss" | "scss")
                });
                if group.is_some() || location.path.ends_with(".svelte") {
                    let message = group.map_or(message, |(message, _)| message);
                    out.push(found(message, severity, location, start.to(span)));
                    return true;
                }
            }
        }
        if !among.may_have_digits() {
            return false;
        }
        if let Some(found) = machine(trimmed, span) {
            out.push(found);
            return true;
        }
        let is_place = Some(trimmed)
            .filter(|text| among.may_have(b':') && text.ends_with(|c: char| c.is_ascii_digit()))
            .and_then(place_at_start)
            .filter(|place| place.column.is_some() && place.rest.is_empty() && place.path.contains('/'))
            .map(|place| place.location());
        self.place = is_place.filter(|_| !text.starts_with(' ')).map(|location| (location, span));
        false
    }
}

fn found(message: &str, severity: Severity, location: Location, span: Span) -> Diagnostic {
    let mut found = failure("svelte-check", "type-error", Kind::Compile, message, span);
    found.severity = severity;
    found.location = Some(location);
    found
}

/// `1795930540547 ERROR "Lid.svelte" 2:5 "message"`.
fn machine(text: &str, span: Span) -> Option<Diagnostic> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits < 12 {
        return None;
    }
    let rest = text[digits..].strip_prefix(' ')?;
    let (severity, rest) = match rest.split_once(' ')? {
        ("ERROR", rest) => (Severity::Error, rest),
        ("WARNING", rest) => (Severity::Warning, rest),
        _ => return None,
    };
    let (path, rest) = rest.strip_prefix('"')?.split_once("\" ")?;
    let (line, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let message = rest.trim_start().trim_matches('"').replace("\\n", "\n").replace("\\\"", "\"");
    Some(found(&message, severity, Location::at(path, line, Some(column)), span))
}
