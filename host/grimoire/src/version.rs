//! The version of the program and of its parts.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// The commit that a release was built from; empty in development builds, where it would be wrong after every commit.
const COMMIT: &str = env!("GRIMOIRE_COMMIT");
/// The version of the WebAssembly engine.
const ENGINE: &str = env!("GRIMOIRE_ENGINE");
/// The supported plugin contracts, such as `analyzer 0.1.0, matcher 0.1.0`.
const CONTRACTS: &str = env!("GRIMOIRE_CONTRACTS");

/// The version in one line.
pub(crate) fn short() -> &'static str {
    static SHORT: LazyLock<String> = LazyLock::new(|| match COMMIT {
        "" => format!("{} (development build)", env!("CARGO_PKG_VERSION")),
        commit => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
    });
    &SHORT
}

/// The version with those of the engine and the contracts, on several lines.
pub(crate) fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let mut text = short().to_owned();
        let _ = write!(text, "\nengine: wasmtime {ENGINE}\ncontracts: {CONTRACTS}");
        text
    });
    &LONG
}
