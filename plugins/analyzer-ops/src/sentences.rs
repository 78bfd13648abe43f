//! Errors that are one sentence: tables of their beginnings.

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Severity};

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
        }
    }

    /// Only with this text after the beginning.
    #[must_use]
    pub(crate) const fn with(self, also: &'static str) -> Self {
        Self { also, ..self }
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

/// A table of sentences, searched by the first byte of a line.
#[derive(Debug)]
pub(crate) struct Sentences<const N: usize> {
    rows: &'static [Sentence],
    /// For each byte one more than the first row that begins with it.
    first: [u16; 256],
    /// For each row one more than the next one that begins with the same byte.
    next: [u16; N],
}

impl<const N: usize> Sentences<N> {
    #[allow(clippy::cast_possible_truncation, reason = "tables are short")]
    /// Prepares a table; `N` is the number of its rows.
    pub(crate) const fn new(rows: &'static [Sentence]) -> Self {
        assert!(rows.len() == N);
        let (mut first, mut next) = ([0; 256], [0; N]);
        let mut at = N;
        while at > 0 {
            at -= 1;
            let byte = rows[at].start.as_bytes()[0] as usize;
            next[at] = first[byte];
            first[byte] = at as u16 + 1;
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
            ..line.found(row.tool, row.error_type, kind, line.bare)
        })
    }

    fn find(&self, text: &str, is_error: bool) -> Option<&Sentence> {
        let mut at = self.first[usize::from(*text.as_bytes().first()?)];
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
