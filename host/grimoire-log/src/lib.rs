//! The lines and steps of CI logs.
//!
//! [`LineReader`] divides the bytes of a log into lines, in any chunks, and cleans each of what terminals
//! and CI systems add: escape sequences, clocks, markers. [`Steps`] tells which steps a log has and how
//! they ended. The host and its plugins share this crate, so that both mean the same by a line; it
//! therefore builds for WebAssembly and knows nothing else of Grimoire.
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

/// A range of bytes of a log as it was fed.
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

/// Whether a character reorders text or marks its byte order.
pub fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// The longest start of `text` of at most `limit` bytes that ends between characters.
pub fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The same as [`str::trim_start`], at once for the many texts that begin with no blank.
fn trim_start(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', ..] => text,
        _ => text.trim_start(),
    }
}
