//! The plugins that ship inside the program.

/// Name and component of every shipped plugin.
pub(crate) const PLUGINS: &[(&str, &[u8])] = &[
    ("analyzer-diff", include_bytes!("../../../plugins/prebuilt/analyzer-diff.wasm")),
    ("analyzer-generic", include_bytes!("../../../plugins/prebuilt/analyzer-generic.wasm")),
    ("analyzer-javascript", include_bytes!("../../../plugins/prebuilt/analyzer-javascript.wasm")),
    ("analyzer-python", include_bytes!("../../../plugins/prebuilt/analyzer-python.wasm")),
    ("analyzer-rust", include_bytes!("../../../plugins/prebuilt/analyzer-rust.wasm")),
    ("matcher-hybrid", include_bytes!("../../../plugins/prebuilt/matcher-hybrid.wasm")),
    ("matcher-keyword", include_bytes!("../../../plugins/prebuilt/matcher-keyword.wasm")),
];
