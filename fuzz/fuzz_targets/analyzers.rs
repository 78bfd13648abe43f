//! Any bytes as a log and as a diff: every analyzer ends without a panic, keeps the contract's limits, and gives
//! the same result however the bytes are split. The first byte selects the analyzer, the second the split.
#![no_main]

use analyzer_diff::DiffScan;
use analyzer_generic::GenericScan;
use analyzer_javascript::Scan as JavaScriptScan;
use analyzer_python::Scan as PythonScan;
use analyzer_rust::RustScan;
use grimoire_plugin_sdk::{Analyzer, Artifact, Diagnostic, Role, Severity, media_type};
use libfuzzer_sys::fuzz_target;

fn run<A: Analyzer>(media_type: &str, bytes: &[u8], chunk: usize) -> Vec<Diagnostic> {
    run_with::<A>(media_type, None, bytes, chunk)
}

fn run_with<A: Analyzer>(
    media_type: &str,
    settings: Option<&str>,
    bytes: &[u8],
    chunk: usize,
) -> Vec<Diagnostic> {
    let artifact = Artifact { media_type: media_type.to_owned(), name: String::new(), size: None };
    let mut found = Vec::new();
    let Ok(mut analyzer) = A::start(&artifact, settings) else { return found };
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

fn check<A: Analyzer>(media_type: &str, bytes: &[u8], chunk: usize) {
    assert_eq!(run::<A>(media_type, bytes, chunk), run::<A>(media_type, bytes, usize::MAX));
}

/// The first line is an operator's expression, which is refused or compiled, the rest a log.
fn patterns(bytes: &[u8], chunk: usize) {
    type Patterns = analyzer_patterns::Scan;
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (expression, log) = bytes.split_at(end);
    let quoted = String::from_utf8_lossy(expression).replace('\\', "\\\\").replace('"', "\\\"");
    let settings = format!(r#"{{"tool":[{{"name":"kettle","pattern":"{quoted}(?<message>.*)"}}]}}"#);
    if Patterns::check(&settings).is_ok() {
        let run = |chunk| run_with::<Patterns>(media_type::LOG, Some(&settings), log, chunk);
        assert_eq!(run(chunk), run(usize::MAX));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [which, cut, bytes @ ..] = bytes else { return };
    let chunk = usize::from(*cut) + 1;
    match which % 19 {
        0 => check::<RustScan>(media_type::LOG, bytes, chunk),
        1 => check::<PythonScan>(media_type::LOG, bytes, chunk),
        2 => check::<JavaScriptScan>(media_type::LOG, bytes, chunk),
        3 => check::<GenericScan>(media_type::LOG, bytes, chunk),
        4 => check::<analyzer_dotnet::Scan>(media_type::LOG, bytes, chunk),
        5 => check::<analyzer_functional::Scan>(media_type::LOG, bytes, chunk),
        6 => check::<analyzer_go::Scan>(media_type::LOG, bytes, chunk),
        7 => check::<analyzer_guess::Scan>(media_type::LOG, bytes, chunk),
        8 => check::<analyzer_jvm::Scan>(media_type::LOG, bytes, chunk),
        9 => check::<analyzer_mobile::Scan>(media_type::LOG, bytes, chunk),
        10 => check::<analyzer_native::Scan>(media_type::LOG, bytes, chunk),
        11 => check::<analyzer_ops::Scan>(media_type::LOG, bytes, chunk),
        12 => check::<analyzer_php::Scan>(media_type::LOG, bytes, chunk),
        13 => check::<analyzer_report::Scan>(media_type::LOG, bytes, chunk),
        14 => check::<analyzer_ruby::Scan>(media_type::LOG, bytes, chunk),
        15 => check::<analyzer_runner::Scan>(media_type::LOG, bytes, chunk),
        16 => check::<analyzer_checkers::Scan>(media_type::LOG, bytes, chunk),
        17 => patterns(bytes, chunk),
        _ => check::<DiffScan>(media_type::DIFF, bytes, chunk),
    }
});
