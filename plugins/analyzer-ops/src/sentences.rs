//! Errors that are one sentence: tables of their beginnings.

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Role, Severity};

/// A sentence that only one tool prints, known by its beginning and, where that is not enough, by a text
/// that follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentence {
    start: &'static str,
    also: &'static str,
    tool: &'static str,
    error_type: &'static str,
    kind: Kind,
    role: Role,
    severity: Severity,
    needs_error: bool,
    place: Option<fn(&str) -> Option<Location>>,
}

impl Sentence {
    pub(crate) const fn new(
        tool: &'static str,
        error_type: &'static str,
        kind: Kind,
        start: &'static str,
    ) -> Self {
        Self {
            start,
            also: "",
            tool,
            error_type,
            kind,
            role: Role::Root,
            severity: Severity::Error,
            needs_error: false,
            place: None,
        }
    }

    /// Only with this text after the beginning.
    #[must_use]
    pub(crate) const fn with(self, also: &'static str) -> Self {
        Self { also, ..self }
    }

    /// What finds a place in it.
    #[must_use]
    pub(crate) const fn at(self, place: fn(&str) -> Option<Location>) -> Self {
        Self { place: Some(place), ..self }
    }

    /// Only in a line that says that it is an error.
    #[must_use]
    pub(crate) const fn said_to_be_an_error(self) -> Self {
        Self { needs_error: true, ..self }
    }

    #[must_use]
    pub(crate) const fn summary(self) -> Self {
        Self { role: Role::Summary, ..self }
    }

    #[must_use]
    pub(crate) const fn consequence(self) -> Self {
        Self { role: Role::Consequence, ..self }
    }

    #[must_use]
    pub(crate) const fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

/// The two first bytes of a sentence are looked up in this many places.
const PLACES: usize = 1024;

const fn place_of(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize * 5) % PLACES
}

/// All sentences in one table, so that a line that is none costs one look.
#[derive(Debug)]
pub(crate) struct Sentences<const N: usize> {
    rows: [Sentence; N],
    /// For each place one more than the first row that belongs there.
    first: [u16; PLACES],
    /// For each row one more than the next one of the same place.
    next: [u16; N],
}

impl<const N: usize> Sentences<N> {
    /// Joins tables; `N` is the number of all rows.
    #[allow(clippy::cast_possible_truncation, reason = "tables are short")]
    pub(crate) const fn new(tables: &[&[Sentence]]) -> Self {
        let mut rows = [tables[0][0]; N];
        let (mut table, mut at) = (0, 0);
        while table < tables.len() {
            let mut row = 0;
            while row < tables[table].len() {
                rows[at] = tables[table][row];
                (row, at) = (row + 1, at + 1);
            }
            table += 1;
        }
        assert!(at == N, "as many rows as counted");
        let (mut first, mut next) = ([0; PLACES], [0; N]);
        while at > 0 {
            at -= 1;
            let start = rows[at].start.as_bytes();
            let place = place_of(start[0], start[1]);
            next[at] = first[place];
            first[place] = at as u16 + 1;
        }
        Self { rows, first, next }
    }

    /// The first sentence that a line is, after words for its severity.
    pub(crate) fn read(&self, line: &Text<'_>) -> Option<Diagnostic> {
        let row = self.find(line.bare, line.is_error())?;
        // What a line itself calls a warning is none of the reasons.
        let severity = if line.is_mild() { row.severity.min(Severity::Warning) } else { row.severity };
        let kind = match row.kind {
            // Where a tool reports failures of all kinds, the words tell.
            Kind::Configuration | Kind::Dependency | Kind::Infrastructure | Kind::Unknown => {
                kinds::of(line.bare, row.kind)
            }
            kind => kind,
        };
        Some(Diagnostic {
            severity,
            role: row.role,
            location: row.place.and_then(|place| place(line.bare)),
            ..line.found(row.tool, row.error_type, kind, line.bare)
        })
    }

    fn find(&self, text: &str, is_error: bool) -> Option<&Sentence> {
        let [first, second, ..] = *text.as_bytes() else { return None };
        let mut at = self.first[place_of(first, second)];
        while at > 0 {
            let row = &self.rows[usize::from(at) - 1];
            let holds = (!row.needs_error || is_error)
                && text
                    .strip_prefix(row.start)
                    .is_some_and(|rest| row.also.is_empty() || rest.contains(row.also));
            if holds {
                return Some(row);
            }
            at = self.next[usize::from(at) - 1];
        }
        None
    }
}

/// How many rows the tables have together.
pub(crate) const fn count(tables: &[&[Sentence]]) -> usize {
    let (mut table, mut count) = (0, 0);
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}
