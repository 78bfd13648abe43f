//! The generated bindings, and how the native values become theirs. Present on WebAssembly only.
#![allow(missing_docs)]

pub mod analyzer;
mod convert;
// Under WASI the C library has a heap of its own in the same place.
#[cfg(all(feature = "allocator", target_os = "unknown"))]
#[allow(unsafe_code)]
mod heap;
pub mod matcher;
