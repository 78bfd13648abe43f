//! The command `grimoire`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    grimoire::run(std::env::args_os())
}
