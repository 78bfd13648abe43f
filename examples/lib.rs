//! Programs that show Grimoire in action; `cargo run --example quickstart` is the first one.
#![forbid(unsafe_code)]
