//! Precedence of findings for the same line: a block of several lines before a single line.

use crate::text::Text;
use grimoire_plugin_sdk::{Diagnostic, Span};
use std::collections::VecDeque;

/// Reads lines one by one. Every recogniser sees every line; the [`Sink`] decides between several
/// findings for one line.
pub(crate) trait Recogniser {
    /// Reads the next line.
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink);

    /// Ends the log.
    fn finish(&mut self, _sink: &mut Sink) {}

    /// Start of the open block that may still become a diagnostic.
    fn since(&self) -> Option<u64> {
        None
    }

    /// Returns true if the next line belongs to an open block, whatever it contains.
    fn is_open(&self) -> bool {
        self.since().is_some()
    }
}

/// A record of several lines; the records of a log follow one another.
pub(crate) trait Block: Sized {
    /// Starts a block with this line, if it can.
    fn start(line: &Text<'_>) -> Option<Self>;

    /// Reads another line; returns true if it belongs to the record.
    fn line(&mut self, line: &Text<'_>) -> bool;

    /// Reports the record, if there is anything to report.
    fn finish(self, sink: &mut Sink);

    /// Where it begins.
    fn begins(&self) -> u64;
}

/// Reads one block after another.
#[derive(Debug)]
pub(crate) struct Blocks<B>(Option<B>);

impl<B> Default for Blocks<B> {
    fn default() -> Self {
        Self(None)
    }
}

impl<B: Block> Recogniser for Blocks<B> {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(block) = &mut self.0 {
            if block.line(line) {
                return;
            }
            self.finish(sink);
        }
        self.0 = B::start(line);
    }

    fn finish(&mut self, sink: &mut Sink) {
        if let Some(block) = self.0.take() {
            block.finish(sink);
        }
    }

    fn since(&self) -> Option<u64> {
        self.0.as_ref().map(Block::begins)
    }
}

/// Collects the findings of the recognisers. Findings of single lines wait until no open block can claim the line.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    ready: Vec<Diagnostic>,
    waiting: VecDeque<Diagnostic>,
    covered: VecDeque<Span>,
}

impl Sink {
    /// Maximum number of remembered blocks, and of single findings that are held.
    const HELD: usize = 256;

    /// Reports a block. Findings of its single lines are not reported in addition.
    pub(crate) fn block(&mut self, diagnostic: Diagnostic) {
        self.cover(diagnostic.span);
        self.ready.push(diagnostic);
    }

    /// Marks the lines as explained, by a later diagnostic or by none.
    pub(crate) fn cover(&mut self, span: Span) {
        if self.covered.len() == Self::HELD {
            self.covered.pop_front();
        }
        self.covered.push_back(span);
    }

    /// Reports a finding regardless of other findings for its lines.
    pub(crate) fn beside(&mut self, diagnostic: Diagnostic) {
        self.ready.push(diagnostic);
    }

    /// Reports the finding of a single line, unless a block claims the line or another recogniser was first.
    pub(crate) fn single(&mut self, diagnostic: Diagnostic) {
        if self.waiting.back().is_some_and(|last| last.span == diagnostic.span) {
            return;
        }
        if self.waiting.len() == Self::HELD
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.release(oldest);
        }
        self.waiting.push_back(diagnostic);
    }

    /// Returns true if nothing is left to settle.
    pub(crate) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty()
    }

    /// Passes on the findings that are settled if the earliest open block starts at `since`.
    pub(crate) fn settle(&mut self, since: Option<u64>, out: &mut Vec<Diagnostic>) {
        while let Some(first) = self.waiting.front() {
            if since.is_some_and(|since| first.span.end > since) {
                break;
            }
            let Some(first) = self.waiting.pop_front() else { break };
            self.release(first);
        }
        self.ready.sort_by_key(|found| found.span.start);
        out.append(&mut self.ready);
    }

    fn release(&mut self, single: Diagnostic) {
        let span = single.span;
        let claimed = self.covered.iter().rev().any(|block| block.start < span.end && span.start < block.end);
        if !claimed {
            self.ready.push(single);
        }
    }
}
