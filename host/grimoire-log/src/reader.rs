//! Splits the raw bytes of a log, in chunks of any size, into cleaned lines with their byte spans.

use crate::{Marker, Properties, Span, clean, echo::Echo, marker, wrap::Wrap};
use std::borrow::Cow;

/// One cleaned line of a log.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The text without byte-order mark, line end, clocks, job and step columns, escape sequences, control
    /// characters (except tabs), trailing spaces, and any wrapping of the whole log; invalid UTF-8 is
    /// replaced. The marker, if any, is removed and its text decoded, which is the only way for `\n` to
    /// occur. Cut to the reader's limit.
    pub text: Cow<'a, str>,
    /// The byte range of the raw line in the artifact, without its line end.
    pub span: Span,
    /// The line number in the artifact, 1-based. Parts of a line separated by a bare carriage
    /// return (progress bars) are returned one by one with the same number.
    pub number: u64,
    /// The step named by a column before the line, as printed by `gh run view --log`.
    pub column: Option<&'a str>,
    /// The kind of the line according to the CI system.
    pub marker: Option<Marker>,
    /// The fields of the marker: `file`, `line`, `col`, `endLine`, `endColumn`, `title`, `code`.
    pub properties: Properties,
    /// True if the line is printed in red, so its tool calls it an error.
    pub red: bool,
    /// True if the line belongs to the echo of a step's script or environment: never an error.
    pub echoed: bool,
    /// True if the line is the header of a step, printed by the runner.
    pub begins_step: bool,
}

impl Line<'_> {
    /// The text without surrounding white space.
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// Number of leading spaces and tabs.
    pub fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '\t']).len()
    }

    /// Returns true if the text is empty or white space only.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Splits a log into cleaned lines. Its memory use does not grow with the log.
pub struct LineReader {
    /// Maximum length of a text in bytes; longer ones are cut.
    limit: usize,
    /// The start of a line from earlier chunks, up to the raw limit.
    partial: Vec<u8>,
    /// Offset of the first byte of the current line.
    line_start: u64,
    /// Number of bytes fed so far.
    offset: u64,
    number: u64,
    /// The offset of a carriage return that ended the text; the next byte decides whether it ended the line too.
    pending_return: Option<u64>,
    wrap: Wrap,
    echo: Echo,
    scratch: clean::Scratch,
}

impl LineReader {
    /// Creates a reader that cuts lines to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            partial: Vec::new(),
            line_start: 0,
            offset: 0,
            number: 1,
            pending_return: None,
            wrap: Wrap::default(),
            echo: Echo::default(),
            scratch: clean::Scratch::default(),
        }
    }

    /// Maximum number of raw bytes kept of a line: escape sequences may take several times the space of the text.
    fn raw_limit(&self) -> usize {
        4 * self.limit
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.raw_limit().saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Reads the next bytes and passes every line that ends in them to `each`.
    pub fn feed(&mut self, chunk: &[u8], each: &mut impl FnMut(&Line<'_>)) {
        let base = self.offset;
        let mut position = 0;
        while position < chunk.len() {
            if let Some(text_end) = self.pending_return {
                match chunk[position] {
                    b'\r' => position += 1,
                    b'\n' => {
                        self.complete(&[], text_end, each);
                        position += 1;
                        self.number += 1;
                        self.line_start = base + position as u64;
                        self.pending_return = None;
                    }
                    _ => {
                        // A bare carriage return: a terminal would overwrite the text before it.
                        if !self.partial.is_empty() {
                            self.complete(&[], text_end, each);
                        }
                        self.line_start = base + position as u64;
                        self.pending_return = None;
                    }
                }
                continue;
            }
            let rest = &chunk[position..];
            match memchr::memchr2(b'\n', b'\r', rest) {
                None => {
                    self.keep(rest);
                    break;
                }
                Some(length) if rest[length] == b'\n' => {
                    self.complete(&rest[..length], base + (position + length) as u64, each);
                    position += length + 1;
                    self.number += 1;
                    self.line_start = base + position as u64;
                }
                Some(length) => {
                    self.keep(&rest[..length]);
                    self.pending_return = Some(base + (position + length) as u64);
                    position += length + 1;
                }
            }
        }
        self.offset = base + chunk.len() as u64;
    }

    /// Ends the log, and passes a last line without line end to `each`.
    pub fn finish(&mut self, each: &mut impl FnMut(&Line<'_>)) {
        if !self.partial.is_empty() {
            let end = self.pending_return.unwrap_or(self.offset);
            self.complete(&[], end, each);
        }
    }

    /// Completes the current line, whose text ends at `end` with the bytes `tail`.
    fn complete(&mut self, tail: &[u8], end: u64, each: &mut impl FnMut(&Line<'_>)) {
        let span = Span { start: self.line_start, end };
        if self.partial.is_empty() {
            self.process(&tail[..tail.len().min(self.raw_limit())], span, each);
        } else {
            self.keep(tail);
            let mut raw = std::mem::take(&mut self.partial);
            self.process(&raw, span, each);
            raw.clear();
            self.partial = raw;
        }
    }

    fn process(&mut self, raw: &[u8], span: Span, each: &mut impl FnMut(&Line<'_>)) {
        let raw = self.wrap.unwrap(raw);
        let mut scratch = std::mem::take(&mut self.scratch);
        let (column, text) = clean::clean(raw, self.limit, &mut scratch);
        let (marker, properties, text) = marker::split(text);
        if !self.wrap.is_spacing(marker.is_none() && text.trim_ascii().is_empty()) {
            let (echoed, begins_step) = self.echo.line(raw, marker, &text);
            let red = clean::is_red(raw);
            let number = self.number;
            each(&Line { text, span, number, column, marker, properties, red, echoed, begins_step });
        }
        self.scratch = scratch;
    }
}
