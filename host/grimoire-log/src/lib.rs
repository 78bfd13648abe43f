//! The lines and steps of CI logs.
//!
//! [`LineReader`] splits the bytes of a log, in chunks of any size, into lines, and removes what
//! terminals and CI systems add: escape sequences, clocks, markers. [`Steps`] finds the steps of a log
//! and their outcomes. The host and its plugins share this crate, so that both agree on what a line is;
//! it therefore builds for WebAssembly and depends on nothing else of Grimoire.
#![forbid(unsafe_code)]

mod clean;
mod clock;
mod echo;
mod marker;
pub mod path;
mod reader;
mod steps;
mod words;
mod wrap;

pub use marker::{Marker, Properties};
pub use reader::{Line, LineReader};
pub use steps::{Outcome, Outline, Step, Steps};

/// A byte range of the raw log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

impl Span {
    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Returns true if a character reorders text or is a byte-order mark.
pub fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// The longest prefix of `text` of at most `limit` bytes that ends at a character boundary.
pub fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Like [`str::trim_start`], but faster for the many texts that do not begin with white space.
fn trim_start(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', ..] => text,
        _ => text.trim_start(),
    }
}
