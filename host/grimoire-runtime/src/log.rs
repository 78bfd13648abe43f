//! What plugins write to their log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::text;

/// Lines that are kept for operators.
const KEPT_LINES: usize = 128;
/// Bytes of one line; the rest is cut.
const LINE_BYTES: usize = 4 << 10;

/// How important a plugin says that a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// For whoever debugs the plugin.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is off.
    Warn,
    /// Something failed.
    Error,
}

/// A line that a plugin wrote, cleaned and cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How important the plugin says that it is.
    pub level: LogLevel,
    /// At most 4 KiB, without control and invisible characters.
    pub message: String,
}

/// The last lines of one plugin, over all of its calls.
#[derive(Debug, Default)]
pub(crate) struct Logbook(Mutex<VecDeque<LogLine>>);

impl Logbook {
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, line: LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Writes a line that is not a guest's own act: its failure text, its trap's backtrace.
    pub(crate) fn note(&self, plugin: &str, level: LogLevel, message: &str) {
        let message = shown(message);
        emit(plugin, level, &message);
        self.keep(LogLine { level, message });
    }
}

/// One call's way to the log, with its budget.
#[derive(Debug)]
pub(crate) struct CallLog {
    plugin: Arc<str>,
    book: Arc<Logbook>,
    left: usize,
    dropped: u64,
}

impl CallLog {
    pub(crate) fn new(plugin: Arc<str>, book: Arc<Logbook>, budget: usize) -> Self {
        Self { plugin, book, left: budget, dropped: 0 }
    }

    /// Writes a line, or counts it when the budget cannot pay for it. An empty line costs one byte,
    /// so that no number of lines is free.
    pub(crate) fn write(&mut self, level: LogLevel, message: &str) {
        let message = text::cut(message, LINE_BYTES);
        let cost = message.len() + 1;
        if cost > self.left {
            self.left = 0;
            self.dropped += 1;
            return;
        }
        self.left -= cost;
        self.book.note(&self.plugin, level, message);
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let message = format!("{} more lines were dropped: the call's log was full", self.dropped);
            self.book.note(&self.plugin, LogLevel::Warn, &message);
        }
    }
}

fn shown(message: &str) -> String {
    let message = text::displayable(text::cut(message, LINE_BYTES));
    message.trim_end().replace('\n', " ⏎ ")
}

fn emit(plugin: &str, level: LogLevel, message: &str) {
    match level {
        LogLevel::Trace => tracing::trace!(target: "grimoire::plugin", plugin, "{message}"),
        LogLevel::Debug => tracing::debug!(target: "grimoire::plugin", plugin, "{message}"),
        LogLevel::Info => tracing::info!(target: "grimoire::plugin", plugin, "{message}"),
        LogLevel::Warn => tracing::warn!(target: "grimoire::plugin", plugin, "{message}"),
        LogLevel::Error => tracing::error!(target: "grimoire::plugin", plugin, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_cannot_write_more_than_its_budget() {
        let book = Arc::new(Logbook::default());
        let mut log = CallLog::new("p".into(), Arc::clone(&book), 100);
        for _ in 0..1_000 {
            log.write(LogLevel::Info, "0123456789");
        }
        drop(log);
        let lines = book.lines();
        assert_eq!(lines.len(), 10, "nine lines of eleven bytes, and the count of the others");
        assert_eq!(lines[9].message, "991 more lines were dropped: the call's log was full");
    }

    #[test]
    fn lines_are_cleaned_and_the_oldest_go() {
        let book = Arc::new(Logbook::default());
        let mut log = CallLog::new("p".into(), Arc::clone(&book), 1 << 20);
        for number in 0..200 {
            log.write(LogLevel::Info, &format!("\u{1b}[31m{number}\u{202e}\nforged"));
        }
        let lines = book.lines();
        assert_eq!(lines.len(), KEPT_LINES);
        assert_eq!(lines[0].message, "[31m72 ⏎ forged");
    }
}
