//! Any bytes are a log and a diff: every analyzer ends without a panic, keeps the contract's limits,
//! and says the same however the bytes are cut. The first byte picks the analyzer, the second the cut.
#![no_main]

use analyzer_diff::DiffScan;
use analyzer_generic::GenericScan;
use analyzer_javascript::Scan as JavaScriptScan;
use analyzer_python::Scan as PythonScan;
use analyzer_rust::RustScan;
use grimoire_plugin_sdk::{Analyzer, Artifact, ArtifactKind, Diagnostic};
use libfuzzer_sys::fuzz_target;

fn run<A: Analyzer>(kind: ArtifactKind, bytes: &[u8], chunk: usize) -> Vec<Diagnostic> {
    let artifact = Artifact { kind, name: String::new(), size: None };
    let mut found = Vec::new();
    let Ok(mut analyzer) = A::start(&artifact) else { return found };
    for part in bytes.chunks(chunk) {
        if analyzer.feed(part, &mut found).is_err() {
            return found;
        }
    }
    let _ = analyzer.finish(&mut found);
    for diagnostic in &found {
        assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= bytes.len() as u64);
        assert!(!diagnostic.message.is_empty() && diagnostic.message.len() <= 8_192);
        assert!(!diagnostic.tool.is_empty() && diagnostic.context.len() <= 16_384);
    }
    found
}

fn check<A: Analyzer>(kind: ArtifactKind, bytes: &[u8], chunk: usize) {
    assert_eq!(run::<A>(kind, bytes, chunk), run::<A>(kind, bytes, usize::MAX));
}

fuzz_target!(|bytes: &[u8]| {
    let [which, cut, bytes @ ..] = bytes else { return };
    let chunk = usize::from(*cut) + 1;
    match which % 5 {
        0 => check::<RustScan>(ArtifactKind::Log, bytes, chunk),
        1 => check::<PythonScan>(ArtifactKind::Log, bytes, chunk),
        2 => check::<JavaScriptScan>(ArtifactKind::Log, bytes, chunk),
        3 => check::<GenericScan>(ArtifactKind::Log, bytes, chunk),
        _ => check::<DiffScan>(ArtifactKind::Diff, bytes, chunk),
    }
});
