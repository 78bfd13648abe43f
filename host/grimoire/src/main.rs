//! The command `grimoire`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// Gives memory back to the system some seconds after its last use, in a thread of its own. The
/// allocator of glibc keeps most of what a compilation of plugins or a crowd of connections took.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    grimoire::run(std::env::args_os())
}
