//! The real program, as a process: its command line, its signals, its sudden death.
#![forbid(unsafe_code)]

mod commands;
mod configuration;
mod crash;
mod hostile_input;
mod process;
mod spellbooks;
