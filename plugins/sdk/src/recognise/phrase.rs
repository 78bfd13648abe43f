//! Phrases that only one tool prints: tables of the beginnings of lines, for analyzers that know many tools.

use crate::{Diagnostic, Kind, Location, Role, Severity};

/// The beginning of a line that only one tool prints and, where that is not enough, a text that follows it.
#[derive(Clone, Copy, Debug)]
pub struct Phrase {
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

impl Phrase {
    /// The beginning of a line that is an error of a tool, at least two bytes long.
    pub const fn new(tool: &'static str, error_type: &'static str, kind: Kind, start: &'static str) -> Self {
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
    pub const fn with(self, also: &'static str) -> Self {
        Self { also, ..self }
    }

    /// Reads the location in such a line.
    #[must_use]
    pub const fn at(self, place: fn(&str) -> Option<Location>) -> Self {
        Self { place: Some(place), ..self }
    }

    /// Only in a line that says that it is an error.
    #[must_use]
    pub const fn said_to_be_an_error(self) -> Self {
        Self { needs_error: true, ..self }
    }

    /// Marks the phrase as a summary.
    #[must_use]
    pub const fn summary(self) -> Self {
        Self { role: Role::Summary, ..self }
    }

    /// Marks the phrase as a consequence of another error.
    #[must_use]
    pub const fn consequence(self) -> Self {
        Self { role: Role::Consequence, ..self }
    }

    /// Marks the phrase as no error.
    #[must_use]
    pub const fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

/// The number of slots in which the first two bytes of a phrase are looked up.
const PLACES: usize = 1024;

const fn place_of(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize * 5) % PLACES
}

/// All phrases in one table, so that a line that is not a phrase costs a single look-up.
#[derive(Debug)]
pub struct Phrases<const N: usize> {
    rows: [Phrase; N],
    /// For each place one more than the first row that belongs there.
    first: [u16; PLACES],
    /// For each row one more than the next one of the same place.
    next: [u16; N],
}

impl<const N: usize> Phrases<N> {
    /// Joins tables; `N` is the number of all rows.
    #[allow(clippy::cast_possible_truncation, reason = "tables are short")]
    pub const fn new(tables: &[&[Phrase]]) -> Self {
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

    /// The finding of the first phrase at the start of a text. `level` is the severity that the line names; the caller
    /// adds context and span.
    pub fn read(&self, text: &str, level: Option<Severity>) -> Option<Diagnostic> {
        let row = self.find(text, level.is_some_and(|level| level >= Severity::Error))?;
        // A line that calls itself a warning is not a reason for the failure.
        let is_mild = level.is_some_and(|level| level < Severity::Error);
        Some(Diagnostic {
            tool: row.tool.to_owned(),
            error_type: row.error_type.to_owned(),
            message: text.trim().to_owned(),
            kind: row.kind,
            severity: if is_mild { row.severity.min(Severity::Warning) } else { row.severity },
            role: row.role,
            location: row.place.and_then(|place| place(text)),
            ..Diagnostic::default()
        })
    }

    fn find(&self, text: &str, is_error: bool) -> Option<&Phrase> {
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

/// The total number of phrases in the tables.
pub const fn count(tables: &[&[Phrase]]) -> usize {
    let (mut table, mut count) = (0, 0);
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}
