//! The binary: command line, configuration, wiring.
//!
//! A library only so that the program's tests and examples can start a server in their own process;
//! nothing else imports it.
#![forbid(unsafe_code)]

mod cli;
pub mod config;
pub mod exit;
mod offline;
mod plugin_files;
mod secret_file;
pub mod serve;
mod shipped;
pub mod spellbook;
mod telemetry;
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
            anstream::eprintln!("grimoire: the asynchronous runtime could not start: {error}");
            return Exit::Internal.into();
        }
    };
    let result = runtime.block_on(cli::run(command));
    // A thread that still waits for standard input must not hold the program.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = Exit::of(&error);
            anstream::eprintln!("grimoire: {error:#}");
            exit.into()
        }
    }
}
