//! The generated bindings, and how the native values become theirs. Present on WebAssembly only.
#![allow(missing_docs)]

pub mod analyzer;
mod convert;
#[cfg(feature = "allocator")]
#[allow(unsafe_code)]
mod heap;
pub mod matcher;
