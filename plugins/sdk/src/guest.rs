//! The generated bindings, and conversions to native values. Present on WebAssembly only.
#![allow(missing_docs)]

pub mod analyzer;
pub mod bindings;
mod convert;
pub mod embedder;
// Under WASI, the C library has its own heap in the same place.
#[cfg(all(feature = "allocator", target_os = "unknown"))]
#[allow(unsafe_code)]
mod heap;
pub mod matcher;

/// What a component says of itself, implemented by the macros with the crate's metadata.
pub trait About {
    const NAME: &'static str;
    const VERSION: &'static str;
    const DESCRIPTION: &'static str;
}

/// The operator's configuration, if there is one. An instance lives for one call.
static SETTINGS: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Prepares a new instance: the text and the place of a panic go to the log, because the trap that ends the call has
/// neither. Called by every export that may be an instance's first one.
fn begin() {
    static BEGUN: std::sync::Once = std::sync::Once::new();
    BEGUN.call_once(|| std::panic::set_hook(Box::new(|panic| crate::log::error(panic))));
}

fn settings() -> Option<&'static str> {
    SETTINGS.get().map(String::as_str)
}

fn keep_settings(settings: String) -> Result<(), String> {
    SETTINGS.set(settings).map_err(|_| "it was configured before".to_owned())
}
