//! Iterates over the lines of a text.

use memchr::memchr;

/// The lines of a text without their line feeds.
pub(super) struct Lines<'t> {
    rest: &'t [u8],
    number: u64,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { rest: text, number: 0 }
    }

    /// The number of the last line taken, from 1; 0 before the first.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, without consuming it.
    pub(super) fn peek(&self) -> Option<&'t [u8]> {
        (!self.rest.is_empty()).then(|| &self.rest[..memchr(b'\n', self.rest).unwrap_or(self.rest.len())])
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let line = self.peek()?;
        self.rest = self.rest.get(line.len() + 1..).unwrap_or_default();
        self.number += 1;
        Some(line)
    }
}

/// Removes the carriage return of a diff with Windows line ends. Names that end with one are quoted,
/// so headers lose nothing.
pub(super) fn trim_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
