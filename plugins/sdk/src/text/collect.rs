//! Collections of bounded size.

use super::cut;
use crate::{Diagnostic, limits};
use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
};

/// Collects the lines of an excerpt up to the limit of [`Diagnostic::context`]; the rest is dropped.
#[derive(Clone, Debug, Default)]
pub struct Context {
    text: String,
    lines: usize,
}

impl Context {
    /// Maximum number of lines.
    pub const LINES: usize = 400;

    /// Adds a line.
    pub fn push(&mut self, line: &str) {
        if self.lines >= Self::LINES || self.text.len() >= limits::CONTEXT {
            return;
        }
        if self.lines > 0 {
            self.text.push('\n');
        }
        let room = limits::CONTEXT.saturating_sub(self.text.len());
        self.text.push_str(cut(line, room));
        self.lines += 1;
    }

    /// Number of lines kept.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Returns true if nothing was collected.
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// The text collected so far.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the collected text and starts again.
    pub fn take(&mut self) -> String {
        self.lines = 0;
        std::mem::take(&mut self.text)
    }
}

/// Remembers recent diagnostics by location, code and message.
#[derive(Clone, Debug, Default)]
pub struct Deduplicator {
    known: HashSet<u64, BuildHasherDefault<DefaultHasher>>,
    order: VecDeque<u64>,
}

impl Deduplicator {
    /// Maximum number of remembered diagnostics; the oldest is forgotten first, so that the memory of
    /// an analyzer does not grow with its log. The host merges what is reported twice.
    pub const REMEMBERED: usize = 1_024;

    /// Returns true if no remembered diagnostic has this tool, test, location, code and message; remembers it.
    pub fn is_first(&mut self, diagnostic: &Diagnostic) -> bool {
        let mut hasher = DefaultHasher::new();
        let Diagnostic { tool, code, message, test, location, .. } = diagnostic;
        (tool, code, message, test, location.as_ref().map(|location| (&location.path, location.start)))
            .hash(&mut hasher);
        self.is_first_key(hasher.finish())
    }

    /// The same for a key chosen by the caller.
    pub fn is_first_key(&mut self, key: u64) -> bool {
        if !self.known.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > Self::REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
