//! Rules for the output of analyzers.

use grimoire_domain::diagnostic::{Diagnostic, Frame, Location, Position, Role, Severity, Span};

use super::facts::check_facts;
use super::text::{check_name, check_not_empty, check_text};
use super::{Broken, bounds};

/// Maximum number of diagnostics of one scan.
const MAX_DIAGNOSTICS: usize = 10_000;

/// Checks the diagnostics of one call. `before` is the number that the scan returned earlier; `fed`
/// the number of bytes of the artifact so far.
pub(crate) fn check_diagnostics(diagnostics: &[Diagnostic], before: usize, fed: u64) -> Result<(), Broken> {
    let total = before + diagnostics.len();
    if total > MAX_DIAGNOSTICS {
        return Err(format!("diagnostics: {total} in one scan, at most {MAX_DIAGNOSTICS}"));
    }
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        check(diagnostic, fed).map_err(|broken| format!("diagnostics[{}].{broken}", before + index))?;
    }
    Ok(())
}

fn check(diagnostic: &Diagnostic, fed: u64) -> Result<(), Broken> {
    check_tool(&diagnostic.tool)?;
    check_name("error-type", &diagnostic.error_type, bounds::ERROR_TYPE)?;
    if let Some(code) = &diagnostic.code {
        check_name("code", code, bounds::CODE)?;
    }
    check_not_empty("message", &diagnostic.message)?;
    check_text("message", &diagnostic.message, bounds::MESSAGE)?;
    check_role(diagnostic)?;
    if let Some(test) = &diagnostic.test {
        check_not_empty("test", test)?;
        check_name("test", test, bounds::TEST)?;
    }
    if let Some(location) = &diagnostic.location {
        check_location(location).map_err(|broken| format!("location.{broken}"))?;
    }
    if diagnostic.stack_trace.len() > bounds::FRAMES {
        let count = diagnostic.stack_trace.len();
        return Err(format!("stack-trace: has {count} frames, may have at most {}", bounds::FRAMES));
    }
    for (index, frame) in diagnostic.stack_trace.iter().enumerate() {
        check_frame(frame).map_err(|broken| format!("stack-trace[{index}].{broken}"))?;
    }
    check_text("context", &diagnostic.context, bounds::CONTEXT)?;
    check_facts(&diagnostic.facts)?;
    check_span(diagnostic.span, fed)
}

fn check_tool(tool: &str) -> Result<(), Broken> {
    check_not_empty("tool", tool)?;
    check_name("tool", tool, bounds::TOOL)?;
    if tool.chars().any(char::is_uppercase) {
        return Err("tool: must be lower case".to_owned());
    }
    Ok(())
}

/// Merging and rendering rely on the role alone, so it must not contradict the severity.
fn check_role(diagnostic: &Diagnostic) -> Result<(), Broken> {
    match (diagnostic.role == Role::Warning, diagnostic.severity < Severity::Error) {
        (false, true) => Err("role: must be warning below the severity error".to_owned()),
        (true, false) => Err("role: must not be warning from the severity error on".to_owned()),
        _ => Ok(()),
    }
}

fn check_frame(frame: &Frame) -> Result<(), Broken> {
    if let Some(function) = &frame.function {
        check_name("function", function, bounds::FUNCTION)?;
    }
    if let Some(location) = &frame.location {
        check_location(location).map_err(|broken| format!("location.{broken}"))?;
    }
    check_text("text", &frame.text, bounds::FRAME_TEXT)
}

/// Paths stay as the tool printed them, even absolute ones: making them relative requires knowing
/// the checkout.
fn check_location(location: &Location) -> Result<(), Broken> {
    check_not_empty("path", &location.path)?;
    check_name("path", &location.path, bounds::PATH)?;
    for (field, position) in [("start", location.start), ("end", location.end)] {
        if let Some(Position { line, column }) = position
            && (line == 0 || column == Some(0))
        {
            return Err(format!("{field}: lines and columns start at 1"));
        }
    }
    match (location.start, location.end) {
        (None, Some(_)) => Err("end: there is no start".to_owned()),
        (Some(start), Some(end)) if is_before(end, start) => Err("end: lies before start".to_owned()),
        _ => Ok(()),
    }
}

/// A missing column implies no order within a line.
fn is_before(end: Position, start: Position) -> bool {
    end.line < start.line
        || (end.line == start.line
            && matches!((end.column, start.column), (Some(end), Some(start)) if end < start))
}

fn check_span(span: Span, fed: u64) -> Result<(), Broken> {
    if span.start > span.end {
        return Err("span: start lies after end".to_owned());
    }
    if span.end > fed {
        return Err(format!("span: ends at {}, but {fed} bytes were fed", span.end));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use grimoire_domain::diagnostic::{Confidence, Kind};

    use super::*;

    fn valid() -> Diagnostic {
        Diagnostic {
            tool: "rustc".to_owned(),
            error_type: "E0382".to_owned(),
            code: Some("E0382".to_owned()),
            message: "borrow of moved value".to_owned(),
            severity: Severity::Error,
            kind: Kind::Test,
            role: Role::Consequence,
            confidence: Confidence::Likely,
            test: Some("moves::twice".to_owned()),
            location: Some(Location {
                path: "C:/work/src/main.rs".to_owned(),
                start: Some(Position { line: 4, column: Some(7) }),
                end: Some(Position { line: 4, column: None }),
            }),
            stack_trace: vec![Frame {
                function: Some("main".to_owned()),
                location: None,
                text: "at main".to_owned(),
            }],
            context: "  |\n4 | let x\t= y;".to_owned(),
            span: Span { start: 10, end: 20 },
            facts: vec![("test.suite".to_owned(), "lids".to_owned())],
        }
    }

    fn broken(change: impl FnOnce(&mut Diagnostic)) -> String {
        let mut diagnostic = valid();
        change(&mut diagnostic);
        check_diagnostics(&[valid(), diagnostic], 5, 20).expect_err("refused")
    }

    fn location(diagnostic: &mut Diagnostic) -> &mut Location {
        diagnostic.location.as_mut().expect("a location")
    }

    #[test]
    fn a_diagnostic_as_documented_passes() {
        assert_eq!(check_diagnostics(&[valid()], 0, 20), Ok(()));
    }

    #[test]
    fn every_bound_is_named_with_its_field() {
        for (message, expected) in [
            (broken(|d| d.tool.clear()), "diagnostics[6].tool: must not be empty"),
            (broken(|d| d.tool = "Rustc".to_owned()), "diagnostics[6].tool: must be lower case"),
            (broken(|d| d.tool = "r".repeat(65)), "diagnostics[6].tool: has 65 bytes, may have at most 64"),
            (broken(|d| d.error_type = "e".repeat(101)), "error-type: has 101 bytes"),
            (broken(|d| d.code = Some("c".repeat(129))), "code: has 129 bytes"),
            (broken(|d| d.message.clear()), "message: must not be empty"),
            (broken(|d| d.message = "m".repeat(8_193)), "message: has 8193 bytes"),
            (broken(|d| d.severity = Severity::Warning), "role: must be warning below the severity error"),
            (broken(|d| d.role = Role::Warning), "role: must not be warning from the severity error on"),
            (broken(|d| d.test = Some(String::new())), "test: must not be empty"),
            (broken(|d| d.test = Some("t".repeat(513))), "test: has 513 bytes, may have at most 512"),
            (broken(|d| d.test = Some("a\nb".to_owned())), "test: has the control character U+000A"),
            (broken(|d| d.context = "c".repeat(16_385)), "context: has 16385 bytes"),
            (broken(|d| location(d).path.clear()), "location.path: must not be empty"),
            (broken(|d| location(d).path = "p".repeat(1_025)), "location.path: has 1025 bytes"),
            (broken(|d| location(d).path = "a\u{202e}b".to_owned()), "location.path: has U+202E"),
            (broken(|d| location(d).path = "a\nb".to_owned()), "location.path: has the control character"),
            (broken(|d| location(d).start = Some(Position { line: 0, column: None })), "start at 1"),
            (
                broken(|d| location(d).end = Some(Position { line: 4, column: Some(6) })),
                "end: lies before start",
            ),
            (
                broken(|d| location(d).end = Some(Position { line: 3, column: None })),
                "end: lies before start",
            ),
            (broken(|d| location(d).start = None), "end: there is no start"),
            (broken(|d| d.stack_trace = vec![d.stack_trace[0].clone(); 257]), "has 257 frames"),
            (broken(|d| d.stack_trace[0].text = "t".repeat(2_049)), "stack-trace[0].text: has 2049 bytes"),
            (
                broken(|d| d.stack_trace[0].function = Some("f".repeat(513))),
                "stack-trace[0].function: has 513",
            ),
            (
                broken(|d| d.facts.push(("Suite".to_owned(), String::new()))),
                "diagnostics[6].facts[1]: its name must have",
            ),
            (broken(|d| d.span = Span { start: 21, end: 20 }), "span: start lies after end"),
            (broken(|d| d.span = Span { start: 0, end: 21 }), "span: ends at 21, but 20 bytes were fed"),
        ] {
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_scan_has_a_count_over_all_of_its_calls() {
        assert_eq!(check_diagnostics(&[valid()], MAX_DIAGNOSTICS - 1, 20), Ok(()));
        let message = check_diagnostics(&[valid()], MAX_DIAGNOSTICS, 20).expect_err("refused");
        assert_eq!(message, "diagnostics: 10001 in one scan, at most 10000");
    }
}
