//! What is left of the limits of the present call, for an analyzer that can stop in time and return what it has found.
//!
//! Findings that depend on it differ from machine to machine: ask only before work that can be left out. A matcher must
//! not ask, and one that does is not loaded.

use std::time::Duration;

/// The computing time left, in steps of 10 ms. Without end in native tests.
pub fn time_left() -> Duration {
    #[cfg(target_arch = "wasm32")]
    return Duration::from_millis(crate::guest::bindings::types::budget::time_left());
    #[cfg(not(target_arch = "wasm32"))]
    Duration::MAX
}

/// The bytes that the memory may still grow by. Without end in native tests.
pub fn memory_left() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return crate::guest::bindings::types::budget::memory_left();
    #[cfg(not(target_arch = "wasm32"))]
    u64::MAX
}
