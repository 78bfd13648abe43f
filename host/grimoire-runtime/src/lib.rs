//! The plugin host: wasmtime with limits, validation and a compiled-code cache.
#![forbid(unsafe_code)]
