//! Runs `cases/*.md`: readable test cases with a log and the expected diagnostics.
//!
//! A case is a fenced `log` block followed by a fenced `expected` block. In the log, `␛` stands for
//! the escape character. An expectation is one line; `-` stands for an absent value:
//!
//! ```text
//! error | rustc | E0382 | src/main.rs:4:5 | borrow of moved value: `x`
//! ```
//!
//! Indented lines below it add requirements: `type: E0382`, `kind: compile`, `role: root`,
//! `confidence: likely`, `test: name`, `context: text that it contains`, `frames: 2`, `lines: 1-4` (the lines
//! of the block that the span covers). In messages, `\n` stands for a line break.
//!
//! A fenced `settings` block, a JSON object, is the operator's configuration for the cases after it in its file.
//!
//! A log with an expected diagnostic must contain one of the analyzer's probes, because the host requires one.

use crate::{Analyzer, Diagnostic, Location, Severity, analyze_all, analyze_chunks, analyze_with};
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

/// Runs every case in the folder.
///
/// # Panics
///
/// With a list of all differences if a case fails, if there is no case, or if a file is malformed:
/// this is for tests.
pub fn run<A: Analyzer>(folder: &Path, media_type: &str) {
    let mut failures = String::new();
    let mut count = 0;
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder's entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let mut tools: BTreeSet<&str> = A::tools().iter().copied().collect();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for Case { line, settings, log, expected } in blocks(&text) {
            count += 1;
            for tool in expected.lines().filter_map(|line| line.split(" | ").nth(1)) {
                tools.remove(tool);
            }
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if let Some(difference) = difference::<A>(media_type, settings.as_deref(), &log, &expected) {
                let _ = writeln!(failures, "{name}:{line}\n{difference}");
            }
        }
    }
    assert!(count > 0, "no case in {}", folder.display());
    assert!(failures.is_empty(), "\n{failures}");
    assert!(
        tools.is_empty(),
        "the analyzer says that it is for these tools, and no case has them: {tools:?}"
    );
}

/// Checks properties that hold for any bytes: splitting them into chunks of that size changes nothing, every span
/// is within them, and diagnostics keep the limits of the contract. For property tests.
///
/// # Panics
///
/// If a property does not hold.
pub fn hold<A: Analyzer>(media_type: &str, bytes: &[u8], size: usize) {
    let whole = analyze_all::<A>(media_type, bytes).expect("the media type is accepted");
    let parts = analyze_chunks::<A>(media_type, bytes.chunks(size)).expect("the media type is accepted");
    assert_eq!(whole, parts, "chunks of {size} bytes give something else");
    for found in whole {
        assert!(found.span.start <= found.span.end && found.span.end <= bytes.len() as u64, "{found:?}");
        assert!(!found.message.trim().is_empty(), "{found:?}");
        let mut fitted = found.clone();
        assert!(fitted.fit(), "{found:?}");
        assert_eq!(fitted, found, "not as the contract wants it");
    }
}

/// A log, and what is expected.
struct Case {
    /// The line on which the log begins.
    line: usize,
    settings: Option<String>,
    log: String,
    expected: String,
}

/// The cases of a file.
fn blocks(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut settings = None;
    let mut log: Option<(usize, String)> = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let info = line.trim_start_matches('`');
        let fence = &line[..line.len() - info.len()];
        if fence.len() < 3 || info.contains('`') {
            continue;
        }
        let mut body = String::new();
        // A longer fence may have shorter ones inside.
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != fence) {
            body.push_str(line);
            body.push('\n');
        }
        match info {
            "settings" => settings = Some(body),
            "log" => log = Some((number + 2, body)),
            "expected" => {
                let (line, log) =
                    log.take().unwrap_or_else(|| panic!("line {}: no log before it", number + 1));
                cases.push(Case { line, settings: settings.clone(), log, expected: body });
            }
            _ => {}
        }
    }
    assert!(log.is_none(), "the last log has no expectation");
    cases
}

fn difference<A: Analyzer>(
    media_type: &str,
    settings: Option<&str>,
    log: &str,
    expected: &str,
) -> Option<String> {
    if let Err(refusal) = settings.map_or(Ok(()), A::check) {
        return Some(format!("the settings are refused: {refusal}"));
    }
    let log = log.replace('␛', "\u{1b}");
    let in_pieces = |size| {
        analyze_with::<A>(media_type, settings, log.as_bytes().chunks(size))
            .expect("the analyzer accepts the media type")
    };
    let found = in_pieces(64 * 1024);
    if found != in_pieces(7) {
        return Some("the result depends on where the chunks are cut".to_owned());
    }
    let probes = A::describe(settings).probes;
    if !found.is_empty() && !probes.is_empty() && !probes.iter().any(|probe| log.contains(probe)) {
        return Some("no probe of the analyzer is in the log: the host would never wake it".to_owned());
    }
    let mut problems = Vec::new();
    let mut wanted = 0;
    let mut current: Option<&Diagnostic> = None;
    for line in expected.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(detail) = line.strip_prefix(' ') {
            if let Some(problem) = current.and_then(|found| detail_problem(&log, found, detail.trim())) {
                problems.push(problem);
            }
            continue;
        }
        current = found.get(wanted);
        wanted += 1;
        match current {
            Some(found) if headline(found) == line => {}
            Some(_) => problems.push(format!("expected: {line}")),
            None => problems.push(format!("missing:  {line}")),
        }
    }
    if wanted != found.len() {
        problems.push(format!("expected {wanted} diagnostics, found {}", found.len()));
    }
    (!problems.is_empty()).then(|| {
        let mut text = format!("  {}\n", problems.join("\n  "));
        for found in found {
            let _ = write!(text, "  found: {}\n{}", headline(&found), details(&found));
        }
        text
    })
}

fn headline(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Hint => "hint",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Fatal => "fatal",
    };
    let code = found.code.as_deref().unwrap_or("-");
    let place = found.location.as_ref().map_or_else(|| "-".to_owned(), place);
    format!("{severity} | {} | {code} | {place} | {}", found.tool, found.message.replace('\n', "\\n"))
}

/// The name of an enum case, in lower case.
fn word(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn place(location: &Location) -> String {
    let mut text = location.path.clone();
    if let Some(start) = location.start {
        let _ = write!(text, ":{}", start.line);
        if let Some(column) = start.column {
            let _ = write!(text, ":{column}");
        }
    }
    text
}

fn details(found: &Diagnostic) -> String {
    let context: String =
        found.context.lines().fold(String::new(), |text, line| text + "      " + line + "\n");
    format!(
        "    type: {}, kind: {}, role: {}, confidence: {}, test: {}, frames: {}\n{context}",
        found.error_type,
        word(found.kind),
        word(found.role),
        word(found.confidence),
        found.test.as_deref().unwrap_or("-"),
        found.stack_trace.len()
    )
}

fn detail_problem(log: &str, found: &Diagnostic, detail: &str) -> Option<String> {
    let (key, value) = detail.split_once(": ").unwrap_or((detail, ""));
    let holds = match key {
        "type" => found.error_type == value,
        "context" => found.context.contains(value),
        "kind" => word(found.kind) == value,
        "role" => word(found.role) == value,
        "confidence" => word(found.confidence) == value,
        "test" => found.test.as_deref().unwrap_or("-") == value,
        "frames" => found.stack_trace.len().to_string() == value,
        "lines" => {
            let line_of = |offset: u64| {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(log.len());
                memchr::memchr_iter(b'\n', &log.as_bytes()[..offset]).count() + 1
            };
            format!("{}-{}", line_of(found.span.start), line_of(found.span.end)) == value
        }
        other => panic!("unknown detail {other:?}"),
    };
    (!holds).then(|| format!("not so:   {detail}"))
}
