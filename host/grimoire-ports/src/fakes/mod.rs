//! Adapters for tests: deterministic, in memory, without a thread or a file of their own.

mod clock;
mod github;
mod plugins;
mod search;
mod store;

pub use clock::ManualClock;
pub use github::{OpenGate, ScriptedGitHub};
pub use plugins::{FixedInventory, ScriptedAnalyzers, ScriptedMatchers};
pub use search::MemorySearch;
pub use store::MemoryStore;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic in one test thread must not hide behind a poisoned lock in the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
