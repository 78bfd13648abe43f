//! The generated bindings, and how the native values become theirs. Present on WebAssembly only.
#![allow(missing_docs)]

pub mod analyzer;
mod convert;
pub mod matcher;
