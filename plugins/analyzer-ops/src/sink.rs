//! Who says what of a line: a block of several lines before a single line.

use crate::text::Text;
use grimoire_plugin_sdk::{Diagnostic, Span};
use std::collections::VecDeque;

/// Reads lines one by one. Every recogniser sees every line; what several say of one is settled in the
/// [`Sink`].
pub(crate) trait Recogniser {
    /// Takes the next line.
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink);

    /// The log has ended.
    fn finish(&mut self, _sink: &mut Sink) {}

    /// Where the block begins that is open now and may yet become a diagnostic.
    fn since(&self) -> Option<u64> {
        None
    }

    /// Whether the next line belongs to something that is open, whatever the line is.
    fn is_open(&self) -> bool {
        self.since().is_some()
    }
}

/// A record of several lines, of which a log has one after the other.
pub(crate) trait Block: Sized {
    /// Begins with this line, if it does.
    fn start(line: &Text<'_>) -> Option<Self>;

    /// Takes a further line; whether it belongs to the record.
    fn line(&mut self, line: &Text<'_>) -> bool;

    /// Reports what was read, or nothing.
    fn finish(self, sink: &mut Sink);

    /// Where it begins.
    fn begins(&self) -> u64;
}

/// Reads one block after the other.
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

/// Takes what the recognisers find. What a single line says waits until no open block can claim the line.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    ready: Vec<Diagnostic>,
    waiting: VecDeque<Diagnostic>,
    covered: VecDeque<Span>,
}

impl Sink {
    /// Blocks remembered, and single findings held at most.
    const HELD: usize = 256;

    /// Reports a block. What single lines of it say is not reported beside it.
    pub(crate) fn block(&mut self, diagnostic: Diagnostic) {
        self.cover(diagnostic.span);
        self.ready.push(diagnostic);
    }

    /// The lines are explained, by a diagnostic that comes later or by none.
    pub(crate) fn cover(&mut self, span: Span) {
        if self.covered.len() == Self::HELD {
            self.covered.pop_front();
        }
        self.covered.push_back(span);
    }

    /// Reports beside whatever else is said of the lines.
    pub(crate) fn beside(&mut self, diagnostic: Diagnostic) {
        self.ready.push(diagnostic);
    }

    /// Reports what a single line says, unless a block claims the line or another recogniser was first.
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

    /// Whether nothing has to be settled.
    pub(crate) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty()
    }

    /// Hands over what is decided when the earliest open block begins at `since`.
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
