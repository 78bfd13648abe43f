//! The logs of plugins.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::{secrets, text};

/// Number of lines kept for operators.
const KEPT_LINES: usize = 128;
/// Maximum length of a line in bytes; the rest is cut.
const LINE_BYTES: usize = 4 << 10;

/// The level of a line, chosen by the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// For debugging the plugin.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is suspicious.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line that a plugin logged, cleaned and cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The level, chosen by the plugin.
    pub level: LogLevel,
    /// At most 4 KiB, without control and invisible characters.
    pub message: String,
}

/// The last lines of one plugin, over all calls.
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

    /// Adds a line that the guest did not write itself: its failure text, its trap's backtrace.
    pub(crate) fn note(&self, plugin: &str, level: LogLevel, message: &str) {
        let message = shown(message);
        emit(plugin, level, &message);
        self.keep(LogLine { level, message });
    }
}

/// The log of one call, with its budget.
#[derive(Debug)]
pub(crate) struct CallLog {
    plugin: Arc<str>,
    book: Arc<Logbook>,
    left: usize,
    dropped: u64,
    panic: Option<String>,
}

/// How Rust's panic message begins, as a panic hook writes it.
const PANIC: &str = "panicked at ";

impl CallLog {
    pub(crate) fn new(plugin: Arc<str>, book: Arc<Logbook>, budget: usize) -> Self {
        Self { plugin, book, left: budget, dropped: 0, panic: None }
    }

    /// Writes a line, or counts it as dropped if it exceeds the budget. An empty line costs one
    /// byte, so that no number of lines is free.
    pub(crate) fn write(&mut self, level: LogLevel, message: &str) {
        // Also where the log is full: a flood must not hide why the call ended.
        self.panic = (level == LogLevel::Error && message.starts_with(PANIC)).then(|| shown(message));
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

impl CallLog {
    /// The last message, if it reports a panic; cleaned.
    pub(crate) fn panic(&self) -> Option<&str> {
        self.panic.as_deref()
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

/// A message as one displayable line of bounded length, without secrets.
pub(crate) fn shown(message: &str) -> String {
    // A panic message may quote the plugin's input.
    let message = secrets::mask(text::cut(message, LINE_BYTES));
    let message = text::displayable(&message);
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
    #[test]
    fn secrets_that_a_plugin_logs_are_masked() {
        let book = Arc::new(Logbook::default());
        let token = format!("ghp_{}", "a1B2c3D4".repeat(5));
        let mut log = CallLog::new("p".into(), Arc::clone(&book), 1 << 20);
        log.write(LogLevel::Error, &format!("panicked at {token}"));
        let message = book.lines()[0].message.clone();
        assert!(message.starts_with("panicked at") && !message.contains(&token), "{message}");
    }
}
