//! The plugin's log, which operators and authors read: `grimoire plugin show`, `grimoire plugin test`.
//!
//! A call may write 64 KiB; further lines are dropped and counted. Native tests print the lines to the standard error.

use std::fmt;

/// For following every step.
pub fn trace(message: impl fmt::Display) {
    write(Level::Trace, &message);
}

/// For debugging the plugin.
pub fn debug(message: impl fmt::Display) {
    write(Level::Debug, &message);
}

/// Worth knowing.
pub fn info(message: impl fmt::Display) {
    write(Level::Info, &message);
}

/// Something is suspicious.
pub fn warn(message: impl fmt::Display) {
    write(Level::Warn, &message);
}

/// Something failed.
pub fn error(message: impl fmt::Display) {
    write(Level::Error, &message);
}

#[cfg(target_arch = "wasm32")]
use crate::guest::bindings::types::log::Level;

#[cfg(target_arch = "wasm32")]
fn write(level: Level, message: &dyn fmt::Display) {
    crate::guest::bindings::types::log::write(level, &message.to_string());
}

#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Clone, Copy)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::print_stderr, reason = "the test harness shows it where a test fails")]
fn write(level: Level, message: &dyn fmt::Display) {
    eprintln!("{level:?}: {message}");
}
