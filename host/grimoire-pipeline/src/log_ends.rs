//! The parts of a log that are kept for the analyzers of last resort: the end of the log, and the ends of the first
//! steps that failed.

use bytes::Bytes;
use grimoire_log::{Outcome, Outline, Span};
use grimoire_ports::plugins::analyzer::Excerpt;

/// How many bytes of the end of a log are kept. A shorter log is kept whole.
const END: usize = 1 << 20;
/// How many bytes of the end of a step are kept: its last lines say why it failed.
const STEP_END: usize = 256 << 10;
/// How many steps are kept: few steps of a run fail, and the first causes the others.
const STEPS: usize = 4;

/// The ends of a log, collected in bounded memory while the log is read.
#[derive(Default)]
pub(crate) struct LogEnds {
    /// The latest bytes: between [`END`] and twice as many.
    recent: Vec<u8>,
    /// Their offset in the log.
    start: u64,
    steps: Vec<Excerpt>,
}

impl LogEnds {
    /// Takes the next piece of the log.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        if self.recent.len() >= 2 * END {
            let dropped = self.recent.len() - END;
            self.recent.drain(..dropped);
            self.start += dropped as u64;
        }
        self.recent.extend_from_slice(piece);
    }

    /// Keeps the end of a step whose last bytes have just been read.
    pub(crate) fn keep(&mut self, step: Span) {
        if self.steps.len() < STEPS {
            self.steps.extend(self.excerpt(step, STEP_END));
        }
    }

    /// The ends of the steps that failed, then the end of the log unless the steps contain all of it.
    pub(crate) fn finish(self, outline: &Outline) -> Vec<Excerpt> {
        let whole = Span { start: 0, end: self.start + self.recent.len() as u64 };
        let end = self.excerpt(whole, END);
        let from = end.as_ref().map_or(u64::MAX, |end| end.start);
        let failed = |step: &Excerpt| outline.outcome_at(step.start) == Outcome::Failed;
        let steps = self.steps.into_iter().filter(|step| failed(step) && step.start < from);
        steps.collect::<Vec<_>>().into_iter().chain(end).collect()
    }

    /// The last bytes of a range, at most `most`, starting at the beginning of a line.
    fn excerpt(&self, range: Span, most: usize) -> Option<Excerpt> {
        let start = range.start.max(range.end.saturating_sub(most as u64)).max(self.start);
        let place = |offset: u64| usize::try_from(offset.checked_sub(self.start)?).ok();
        let bytes = self.recent.get(place(start)?..place(range.end)?)?;
        let is_whole = start == range.start;
        let within =
            if is_whole { 0 } else { bytes.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1) };
        let bytes = Bytes::copy_from_slice(&bytes[within..]);
        (!bytes.is_empty()).then_some(Excerpt { start: start + within as u64, bytes })
    }
}
