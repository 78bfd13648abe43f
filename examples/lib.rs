//! Programs that show Grimoire at work; `cargo run --example quickstart` is the first one.
#![forbid(unsafe_code)]
