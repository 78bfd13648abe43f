//! The line scanner: raw bytes of a log in any chunks → cleaned lines with their byte spans.

mod clean;
mod echo;
mod marker;
mod words;

pub use marker::{Marker, Properties};

use crate::{
    Analyzer, Artifact, ArtifactKind, Diagnostic, Failure, LineAnalyzer, Span, limits, text::Deduplicator,
};
use echo::Echo;
use std::borrow::Cow;

/// One cleaned line of a log.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The text without byte order mark, line end, CI timestamp, escape sequences, control characters
    /// (but tabs) and trailing blanks; invalid UTF-8 is replaced. The marker, if any, is removed and
    /// what it encodes is decoded, so that only here `\n` may occur. Cut to
    /// [`LineAnalyzer::LINE_LIMIT`].
    pub text: Cow<'a, str>,
    /// The bytes of the raw line in the artifact, without its line end.
    pub span: Span,
    /// The number of the line in the artifact, from 1. Parts of a line that a bare carriage return
    /// divides (progress bars) come one by one with the same number.
    pub number: u64,
    /// What the CI system says the line is.
    pub marker: Option<Marker>,
    /// What the marker says beside its text: `file`, `line`, `col`, `endLine`, `endColumn`, `title`,
    /// `code`.
    pub properties: Properties,
    /// The line belongs to the echo of a step's script or environment: never an error.
    pub echoed: bool,
}

impl Line<'_> {
    /// The text without the blanks around it.
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// The number of leading blanks; a tab counts as one.
    pub fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '\t']).len()
    }

    /// Whether nothing but blanks is left.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Makes an [`Analyzer`] of a [`LineAnalyzer`]: divides chunks into lines, cleans them, cuts what is
/// reported to the limits of the contract, and drops repeats. Its memory does not grow with the log.
pub struct LineScan<A> {
    analyzer: A,
    /// The start of a line that began in an earlier chunk, up to the raw limit.
    partial: Vec<u8>,
    /// Offset of the first byte of the current line.
    line_start: u64,
    /// Bytes fed so far.
    offset: u64,
    number: u64,
    /// A carriage return at this offset ended the text; what follows decides whether the line, too.
    pending_return: Option<u64>,
    echo: Echo,
    seen: Deduplicator,
    reported: usize,
    scratch: clean::Scratch,
}

impl<A: LineAnalyzer> LineScan<A> {
    /// Raw bytes kept of a line: escape sequences may take several times the room of the text.
    const RAW_LIMIT: usize = 4 * A::LINE_LIMIT;

    fn new() -> Self {
        Self {
            analyzer: A::default(),
            partial: Vec::new(),
            line_start: 0,
            offset: 0,
            number: 1,
            pending_return: None,
            echo: Echo::default(),
            seen: Deduplicator::default(),
            reported: 0,
            scratch: clean::Scratch::default(),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = Self::RAW_LIMIT.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The current line's text ends at `end`; its last bytes are `tail`.
    fn complete(&mut self, tail: &[u8], end: u64, out: &mut Vec<Diagnostic>) {
        let span = Span { start: self.line_start, end };
        if self.partial.is_empty() {
            self.process(&tail[..tail.len().min(Self::RAW_LIMIT)], span, out);
        } else {
            self.keep(tail);
            let mut raw = std::mem::take(&mut self.partial);
            self.process(&raw, span, out);
            raw.clear();
            self.partial = raw;
        }
    }

    fn process(&mut self, raw: &[u8], span: Span, out: &mut Vec<Diagnostic>) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let text = clean::clean(raw, A::LINE_LIMIT, &mut scratch);
        let (marker, properties, text) = marker::split(text);
        let echoed = self.echo.line(raw, marker, &text);
        let line = Line { text, span, number: self.number, marker, properties, echoed };
        let before = out.len();
        self.analyzer.line(&line, out);
        drop(line);
        self.scratch = scratch;
        if out.len() > before {
            self.accept(before, out);
        }
    }

    /// Fits what was added since `before` to the contract and drops repeats.
    fn accept(&mut self, before: usize, out: &mut Vec<Diagnostic>) {
        let mut kept = before;
        for index in before..out.len() {
            let good =
                self.reported < limits::DIAGNOSTICS && out[index].fit() && self.seen.is_first(&out[index]);
            if good {
                self.reported += 1;
                out.swap(kept, index);
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

impl<A: LineAnalyzer> Analyzer for LineScan<A> {
    fn supports() -> &'static [ArtifactKind] {
        &[ArtifactKind::Log, ArtifactKind::Text]
    }

    fn start(artifact: &Artifact) -> Result<Self, Failure> {
        match artifact.kind {
            ArtifactKind::Log | ArtifactKind::Text => Ok(Self::new()),
            ArtifactKind::Diff => Err(Failure::Unsupported("this analyzer reads logs, not diffs".to_owned())),
        }
    }

    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        let base = self.offset;
        let mut position = 0;
        while position < chunk.len() {
            if let Some(text_end) = self.pending_return {
                match chunk[position] {
                    b'\r' => position += 1,
                    b'\n' => {
                        self.complete(&[], text_end, out);
                        position += 1;
                        self.number += 1;
                        self.line_start = base + position as u64;
                        self.pending_return = None;
                    }
                    _ => {
                        // A bare carriage return: the terminal would overwrite the text before it.
                        if !self.partial.is_empty() {
                            self.complete(&[], text_end, out);
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
                    self.complete(&rest[..length], base + (position + length) as u64, out);
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
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        if !self.partial.is_empty() {
            let end = self.pending_return.unwrap_or(self.offset);
            self.complete(&[], end, out);
        }
        let before = out.len();
        self.analyzer.finish(out);
        self.accept(before, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
