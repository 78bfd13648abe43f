//! Failed tests in XML: JUnit and its dialects, NUnit, xUnit.net, TRX.

use crate::place;
use crate::xml::Element;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span, text::leading_number};

/// Reads the failed tests of a report; whether it is one.
pub(crate) fn read(root: &Element, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    match root.name.as_str() {
        "testsuites" | "testsuite" => suites(root, None, span, out),
        "TestRun" => trx(root, span, out),
        "test-run" | "test-results" => nunit(root, span, out),
        "assemblies" | "assembly" => xunit(root, span, out),
        _ => return false,
    }
    true
}

/// JUnit: suites in suites, cases with failures and errors. A case that was run again and passed has only
/// `flakyFailure` elements, and one that failed again has `rerunFailure` beside its `failure`.
fn suites(element: &Element, file: Option<&str>, span: Span, out: &mut Vec<Diagnostic>) {
    let file = element.first(&["file", "filepath"]).or(file);
    for child in &element.children {
        match child.name.as_str() {
            "testcase" => case(child, file, span, out),
            "testsuite" => suites(child, file, span, out),
            _ => {}
        }
    }
}

fn case(case: &Element, file: Option<&str>, span: Span, out: &mut Vec<Diagnostic>) {
    let failures = case.children.iter().filter(|child| matches!(child.name.as_str(), "failure" | "error"));
    for failure in failures {
        let body = failure.text.trim();
        let said = failure.get("message").or_else(|| failure.child_text("message")).unwrap_or(body);
        let named = place_of(failure).or_else(|| place_of_case(case, file));
        let test = test_name(case.get("classname").or_else(|| case.get("class")), case.get("name"));
        out.push(failed(&Failed { tool: "junit", kind: failure.get("type"), said, body, test, named }, span));
    }
}

/// The line that an attribute names.
fn place_of(element: &Element) -> Option<Location> {
    let line = element.first(&["line", "lineno"])?.trim().parse().ok()?;
    Some(Location::at(element.first(&["file", "filepath"])?, line, None))
}

/// The place of the test itself: of use when the failure names none.
fn place_of_case(case: &Element, file: Option<&str>) -> Option<Location> {
    let file = case.first(&["file", "filepath"]).or(file)?;
    let line = case.first(&["line", "lineno"]).and_then(|line| line.trim().parse().ok()).unwrap_or_default();
    Some(Location::at(file, line, None))
}

fn test_name(class: Option<&str>, name: Option<&str>) -> Option<String> {
    match (class, name) {
        (Some(class), Some(name)) if !name.starts_with(class) => Some(format!("{class}.{name}")),
        (_, Some(name)) => Some(name.to_owned()),
        (class, None) => class.map(str::to_owned),
    }
}

/// TRX: results with an outcome and what was said about it.
fn trx(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    each(root, &mut |element| {
        if element.name == "UnitTestResult"
            && matches!(element.get("outcome"), Some("Failed" | "Error" | "Timeout" | "Aborted"))
        {
            let info = element.child("Output").and_then(|output| output.child("ErrorInfo"));
            let said = info.and_then(|info| info.child_text("Message")).unwrap_or("the test failed");
            let body = info.and_then(|info| info.child_text("StackTrace")).unwrap_or_default();
            let test = element.get("testName").map(str::to_owned);
            out.push(failed(&Failed { tool: "vstest", kind: None, said, body, test, named: None }, span));
        }
    });
}

/// NUnit 2 and 3.
fn nunit(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    each(root, &mut |element| {
        let has_failed = matches!(element.get("result"), Some("Failed" | "Failure" | "Error"))
            || element.get("success").is_some_and(|success| success.eq_ignore_ascii_case("false"));
        if element.name == "test-case"
            && has_failed
            && let Some(failure) = element.child("failure")
        {
            let said = failure.child_text("message").unwrap_or("the test failed");
            let body = failure.child_text("stack-trace").unwrap_or_default();
            let test = element.first(&["fullname", "name"]).map(str::to_owned);
            out.push(failed(&Failed { tool: "nunit", kind: None, said, body, test, named: None }, span));
        }
    });
}

/// xUnit.net 2.
fn xunit(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    each(root, &mut |element| {
        if element.name == "test" && element.get("result") == Some("Fail") {
            let failure = element.child("failure");
            let said = failure.and_then(|failure| failure.child_text("message")).unwrap_or("the test failed");
            let body = failure.and_then(|failure| failure.child_text("stack-trace")).unwrap_or_default();
            let kind = failure.and_then(|failure| failure.get("exception-type"));
            let test = element.get("name").map(str::to_owned);
            out.push(failed(&Failed { tool: "xunit", kind, said, body, test, named: None }, span));
        }
    });
}

fn each(element: &Element, seen: &mut impl FnMut(&Element)) {
    seen(element);
    element.children.iter().for_each(|child| each(child, seen));
}

/// What a report says of a failed test.
struct Failed<'a> {
    tool: &'a str,
    kind: Option<&'a str>,
    said: &'a str,
    body: &'a str,
    test: Option<String>,
    /// Where attributes place it.
    named: Option<Location>,
}

fn failed(failed: &Failed<'_>, span: Span) -> Diagnostic {
    let frames = place::frames(failed.body);
    let said = failed.said.trim();
    let kind = failed
        .kind
        .map(|kind| kind.rsplit(['.', '\\']).next().unwrap_or(kind))
        .filter(|kind| !kind.is_empty());
    let location = place::own(&frames)
        .or_else(|| leading_place(said))
        .or_else(|| failed.named.clone())
        .filter(|location| !location.path.is_empty());
    Diagnostic {
        tool: failed.tool.to_owned(),
        error_type: kind.unwrap_or("failure").to_owned(),
        message: if said.is_empty() { "the test failed".to_owned() } else { said.to_owned() },
        kind: Kind::Test,
        test: failed.test.clone(),
        location,
        stack_trace: frames,
        context: failed.body.trim().to_owned(),
        span,
        ..Diagnostic::default()
    }
}

/// `src/pot.js:14: expected 2`, as some put the place into the message.
fn leading_place(said: &str) -> Option<Location> {
    let place = grimoire_plugin_sdk::text::place_at_start(said.lines().next()?)?;
    leading_number(&place.line.to_string()).map(|_| place.location())
}
