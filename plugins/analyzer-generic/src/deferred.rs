//! Diagnostics that may be noise: a line that begins with `error:`, which a test may have logged on purpose. They
//! count if the run failed, or if nothing says that it passed.

use grimoire_plugin_sdk::{Diagnostic, Marker, text::trim_start};
use std::collections::VecDeque;

/// Holds diagnostics until the outcome of the run is known.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    waiting: VecDeque<Diagnostic>,
    failed: bool,
    /// True if a tool said that everything passed.
    would_tell: bool,
}

impl Deferred {
    /// Maximum number of held diagnostics; the oldest is dropped.
    const HELD: usize = 256;

    /// Checks whether a line reports the outcome of the run.
    pub(crate) fn see(&mut self, marker: Option<Marker>, text: &str) {
        match marker {
            Some(Marker::Error) => self.failed = true,
            _ => {
                let start = trim_start(text);
                let start = ["[INFO] ", "[ERROR] "]
                    .iter()
                    .find_map(|level| start.strip_prefix(level))
                    .unwrap_or(start);
                self.would_tell |=
                    start.starts_with("BUILD SUCCESS") || start.starts_with("Build succeeded.");
                self.failed |= start.starts_with("BUILD FAIL") || start.starts_with("Build FAILED");
            }
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Reports at once in a failed run, else holds.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic, out: &mut Vec<Diagnostic>) {
        if self.failed {
            out.push(diagnostic);
            return;
        }
        if self.waiting.len() == Self::HELD {
            self.waiting.pop_front();
        }
        self.waiting.push_back(diagnostic);
    }

    /// Reports all held diagnostics.
    pub(crate) fn release(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.waiting.drain(..));
    }

    /// Ends the log.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if self.failed || !self.would_tell {
            self.release(out);
        }
    }
}
