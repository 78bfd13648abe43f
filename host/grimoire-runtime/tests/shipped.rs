//! The shipped components in the host.

mod support;

use grimoire_domain::diagnostic::Position;
use grimoire_ports::plugins::PluginInventory as _;
use grimoire_ports::plugins::analyzer::Analyzers as _;
use grimoire_runtime::{Options, PluginHost};
use support::{content, log, shipped};

const RUSTC: &str = "\
error[E0382]: borrow of moved value: `x`
 --> src/main.rs:4:20
  |
4 |     println!(\"{}\", x);
  |                    ^ value borrowed here after move

error: could not compile `demo` (bin \"demo\") due to 1 previous error
";

#[tokio::test]
async fn the_analyzer_for_rust_finds_an_error_with_its_place() {
    let host = PluginHost::start(Options::default(), vec![shipped("analyzer-rust")]).expect("a host");
    assert_eq!(host.rejected(), []);
    assert_eq!(host.plugins()[0].world, "grimoire:analyzer@0.1.0");
    let analysis = host.analyze(&log(), content(RUSTC.as_bytes(), 10)).await.expect("an analysis");
    assert_eq!(analysis.bytes, RUSTC.len() as u64);
    assert_eq!(analysis.generation, 1);
    let findings = &analysis.findings[0];
    assert_eq!(findings.problem, None);
    assert_eq!(findings.diagnostics.len(), 1, "{:#?}", findings.diagnostics);
    let diagnostic = &findings.diagnostics[0];
    assert_eq!(diagnostic.code.as_deref(), Some("E0382"));
    let location = diagnostic.location.as_ref().expect("a location");
    assert_eq!(location.path, "src/main.rs");
    assert_eq!(location.start, Some(Position { line: 4, column: Some(20) }));
}
