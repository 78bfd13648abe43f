//! The generated bindings, and conversions to native values. Present on WebAssembly only.
#![allow(missing_docs)]

pub mod analyzer;
mod convert;
// Under WASI, the C library has its own heap in the same place.
#[cfg(all(feature = "allocator", target_os = "unknown"))]
#[allow(unsafe_code)]
mod heap;
pub mod matcher;
