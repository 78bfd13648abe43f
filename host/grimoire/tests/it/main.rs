//! The real program as a process: its command line, its signals, its sudden death.
#![forbid(unsafe_code)]

mod backups;
mod beside_a_service;
mod commands;
mod configuration;
mod crash;
mod drills;
mod embedders;
mod failure_policies;
mod first_hour;
#[allow(dead_code, reason = "the plugin host's own tests use all of it")]
#[path = "../../../grimoire-runtime/tests/support/guests.rs"]
mod guests;
mod hostile_input;
mod own_tools;
mod plugin_admin;
mod plugin_authors;
mod plugin_metrics;
mod plugin_record;
mod plugin_routes;
mod plugin_settings;
mod plugin_signatures;
mod process;
mod snapshots;
mod spellbooks;
