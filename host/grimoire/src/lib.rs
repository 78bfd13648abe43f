//! The binary: command line, configuration, wiring.
//!
//! A library only so that the program's tests and examples can start a server in their own process;
//! nothing else uses it.
#![forbid(unsafe_code)]

mod cli;
pub mod config;
mod console;
mod data_folder;
mod derived_files;
pub mod exit;
mod housekeeping;
mod inert;
mod offline;
mod plugin_files;
mod plugin_watch;
mod secret_file;
pub mod serve;
mod shipped;
pub mod spellbook;
mod telemetry;
mod user_folders;
mod version;
mod wiring;

use std::ffi::OsString;
use std::process::ExitCode;

use exit::Exit;

/// Runs the command line; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match cli::parse(arguments) {
        Ok(command) => command,
        Err(exit) => return exit.into(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console::complain(format_args!("the asynchronous runtime could not start: {error}"));
            return Exit::Internal.into();
        }
    };
    let result = runtime.block_on(cli::run(command));
    // A thread that still waits for standard input must not keep the program running.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        // `grimoire match | head` needs no more.
        Err(error) if console::is_closed_output(&error) => Exit::Ok.into(),
        Err(error) => {
            console::complain(format_args!("{error:#}"));
            Exit::of(&error).into()
        }
    }
}
