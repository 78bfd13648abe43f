//! The real program, as a process: its command line, its signals, its sudden death.
#![forbid(unsafe_code)]

mod backups;
mod commands;
mod configuration;
mod crash;
mod failure_policies;
#[allow(dead_code, reason = "the plugin host's own tests use all of it")]
#[path = "../../../grimoire-runtime/tests/support/guests.rs"]
mod guests;
mod hostile_input;
mod plugin_metrics;
mod process;
mod spellbooks;
