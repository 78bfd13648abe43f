//! Any bytes as a log and as a diff: every analyzer ends without a panic, keeps the contract's limits, and gives
//! the same result however the bytes are split. The first byte selects the analyzer, the second the split.
#![no_main]

use analyzer_diff::DiffScan;
use analyzer_generic::GenericScan;
use analyzer_javascript::Scan as JavaScriptScan;
use analyzer_python::Scan as PythonScan;
use analyzer_rust::RustScan;
use grimoire_plugin_sdk::{Analyzer, Artifact, ArtifactKind, Diagnostic, Role, Severity};
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
        assert_eq!(diagnostic.role == Role::Warning, diagnostic.severity < Severity::Error);
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
    match which % 18 {
        0 => check::<RustScan>(ArtifactKind::Log, bytes, chunk),
        1 => check::<PythonScan>(ArtifactKind::Log, bytes, chunk),
        2 => check::<JavaScriptScan>(ArtifactKind::Log, bytes, chunk),
        3 => check::<GenericScan>(ArtifactKind::Log, bytes, chunk),
        4 => check::<analyzer_dotnet::Scan>(ArtifactKind::Log, bytes, chunk),
        5 => check::<analyzer_functional::Scan>(ArtifactKind::Log, bytes, chunk),
        6 => check::<analyzer_go::Scan>(ArtifactKind::Log, bytes, chunk),
        7 => check::<analyzer_guess::Scan>(ArtifactKind::Log, bytes, chunk),
        8 => check::<analyzer_jvm::Scan>(ArtifactKind::Log, bytes, chunk),
        9 => check::<analyzer_mobile::Scan>(ArtifactKind::Log, bytes, chunk),
        10 => check::<analyzer_native::Scan>(ArtifactKind::Log, bytes, chunk),
        11 => check::<analyzer_ops::Scan>(ArtifactKind::Log, bytes, chunk),
        12 => check::<analyzer_php::Scan>(ArtifactKind::Log, bytes, chunk),
        13 => check::<analyzer_report::Scan>(ArtifactKind::Log, bytes, chunk),
        14 => check::<analyzer_ruby::Scan>(ArtifactKind::Log, bytes, chunk),
        15 => check::<analyzer_runner::Scan>(ArtifactKind::Log, bytes, chunk),
        16 => check::<analyzer_checkers::Scan>(ArtifactKind::Log, bytes, chunk),
        _ => check::<DiffScan>(ArtifactKind::Diff, bytes, chunk),
    }
});
