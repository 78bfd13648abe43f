//! The plugins embedded in the program.

/// Name and component of every shipped plugin.
pub(crate) const PLUGINS: &[(&str, &[u8])] = &[
    ("analyzer-checkers", include_bytes!("../../../plugins/prebuilt/analyzer-checkers.wasm")),
    ("analyzer-diff", include_bytes!("../../../plugins/prebuilt/analyzer-diff.wasm")),
    ("analyzer-dotnet", include_bytes!("../../../plugins/prebuilt/analyzer-dotnet.wasm")),
    ("analyzer-functional", include_bytes!("../../../plugins/prebuilt/analyzer-functional.wasm")),
    ("analyzer-generic", include_bytes!("../../../plugins/prebuilt/analyzer-generic.wasm")),
    ("analyzer-go", include_bytes!("../../../plugins/prebuilt/analyzer-go.wasm")),
    ("analyzer-guess", include_bytes!("../../../plugins/prebuilt/analyzer-guess.wasm")),
    ("analyzer-javascript", include_bytes!("../../../plugins/prebuilt/analyzer-javascript.wasm")),
    ("analyzer-jvm", include_bytes!("../../../plugins/prebuilt/analyzer-jvm.wasm")),
    ("analyzer-mobile", include_bytes!("../../../plugins/prebuilt/analyzer-mobile.wasm")),
    ("analyzer-native", include_bytes!("../../../plugins/prebuilt/analyzer-native.wasm")),
    ("analyzer-ops", include_bytes!("../../../plugins/prebuilt/analyzer-ops.wasm")),
    ("analyzer-patterns", include_bytes!("../../../plugins/prebuilt/analyzer-patterns.wasm")),
    ("analyzer-php", include_bytes!("../../../plugins/prebuilt/analyzer-php.wasm")),
    ("analyzer-python", include_bytes!("../../../plugins/prebuilt/analyzer-python.wasm")),
    ("analyzer-report", include_bytes!("../../../plugins/prebuilt/analyzer-report.wasm")),
    ("analyzer-ruby", include_bytes!("../../../plugins/prebuilt/analyzer-ruby.wasm")),
    ("analyzer-runner", include_bytes!("../../../plugins/prebuilt/analyzer-runner.wasm")),
    ("analyzer-rust", include_bytes!("../../../plugins/prebuilt/analyzer-rust.wasm")),
    ("embedder-ngrams", include_bytes!("../../../plugins/prebuilt/embedder-ngrams.wasm")),
    ("matcher-hybrid", include_bytes!("../../../plugins/prebuilt/matcher-hybrid.wasm")),
    ("matcher-keyword", include_bytes!("../../../plugins/prebuilt/matcher-keyword.wasm")),
];

/// The plugins that are loaded only where a setting names them, because nothing else uses them.
pub(crate) const ON_REQUEST: &[&str] = &["embedder-ngrams"];

/// The analyzers that are called only where the others found no cause.
pub(crate) const LAST_RESORT: &[&str] = &["analyzer-guess"];
