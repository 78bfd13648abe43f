//! Failed tests in XML: JUnit and its dialects, NUnit, xUnit.net, TRX.

use crate::place;
use crate::xml::Element;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span, text::leading_number};

/// Reads the failed tests of a report; returns whether it is one.
pub(crate) fn read(root: &Element, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    match root.name.as_str() {
        "testsuites" | "testsuite" => suites(root, None, span, out),
        "TestRun" if root.child("FailedTests").is_some() => cppunit(root, span, out),
        "TestRun" => trx(root, span, out),
        "test-run" | "test-results" => nunit(root, span, out),
        "assemblies" | "assembly" => xunit(root, span, out),
        "Catch" | "Catch2TestRun" => catch2("catch2", root, None, span, out),
        "doctest" => catch2("doctest", root, None, span, out),
        "TestLog" => boost(root, None, span, out),
        "testng-results" => testng(root, span, out),
        "robot" => robot(root, None, span, out),
        _ => return false,
    }
    true
}

/// JUnit: nested suites, cases with failures and errors. A case that passed on a rerun has only
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
        // Go's converter puts a single word in place of the message.
        let said = if matches!(said, "Failed" | "failed") && !body.is_empty() { body } else { said };
        let named = place_of(failure).or_else(|| place_of_case(case, file));
        let test = test_name(case.get("classname").or_else(|| case.get("class")), case.get("name"));
        out.push(failed(&Failed { tool: "junit", kind: failure.get("type"), said, body, test, named }, span));
    }
}

/// The line in an attribute.
fn place_of(element: &Element) -> Option<Location> {
    let line = element.first(&["line", "lineno"])?.trim().parse().ok()?;
    Some(Location::at(element.first(&["file", "filepath"])?, line, None))
}

/// The location of the test itself, used if the failure has none.
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

/// TRX: results with an outcome and a message.
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

/// Catch2 and doctest: assertions with the written and the expanded expression.
fn catch2(tool: &str, element: &Element, test: Option<&str>, span: Span, out: &mut Vec<Diagnostic>) {
    let test = if element.name == "TestCase" { element.get("name") } else { test };
    let failed_here = match element.name.as_str() {
        "Expression" => element.get("success") == Some("false"),
        "Exception" | "Failure" | "FatalErrorCondition" => element.get("filename").is_some(),
        _ => false,
    };
    if failed_here {
        let line = element.get("line").and_then(|line| line.parse().ok()).unwrap_or_default();
        let named = element.get("filename").map(|path| Location::at(path, line, None));
        let said = match (element.child_text("Original"), element.child_text("Expanded")) {
            (Some(original), Some(expanded)) => format!("{original}\n{expanded}"),
            _ => element.text.trim().to_owned(),
        };
        let test = test.map(str::to_owned);
        let failure = Failed { tool, kind: None, said: &said, body: "", test, named };
        out.push(failed(&failure, span));
    }
    element.children.iter().for_each(|child| catch2(tool, child, test, span, out));
}

/// CppUnit: the failed tests, each with its location.
fn cppunit(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    each(root, &mut |element| {
        if element.name == "FailedTest"
            && let Some(said) = element.child_text("Message")
        {
            let place = element.child("Location");
            let line = place.and_then(|place| place.child_text("Line")?.parse().ok()).unwrap_or_default();
            let named = place.and_then(|place| Some(Location::at(place.child_text("File")?, line, None)));
            let test = element.child_text("Name").map(str::to_owned);
            out.push(failed(&Failed { tool: "cppunit", kind: None, said, body: "", test, named }, span));
        }
    });
}

/// Boost.Test: the log entries of a test case.
fn boost(element: &Element, test: Option<&str>, span: Span, out: &mut Vec<Diagnostic>) {
    let test = if element.name == "TestCase" { element.get("name") } else { test };
    if matches!(element.name.as_str(), "Error" | "FatalError" | "Exception") {
        let line = element.get("line").and_then(|line| line.parse().ok()).unwrap_or_default();
        let named = element.get("file").map(|path| Location::at(path, line, None));
        let test = test.map(str::to_owned);
        let said = element.text.trim();
        out.push(failed(&Failed { tool: "boost.test", kind: None, said, body: "", test, named }, span));
        return;
    }
    element.children.iter().for_each(|child| boost(child, test, span, out));
}

/// TestNG: methods with a status and an exception.
fn testng(root: &Element, span: Span, out: &mut Vec<Diagnostic>) {
    each(root, &mut |element| {
        if element.name == "test-method"
            && element.get("status") == Some("FAIL")
            && element.get("is-config").is_none()
            && let Some(exception) = element.child("exception")
        {
            let said = exception.child_text("message").unwrap_or("the test failed");
            let body = exception.child_text("full-stacktrace").unwrap_or_default();
            let test = element.get("name").map(str::to_owned);
            let kind = exception.get("class");
            out.push(failed(&Failed { tool: "testng", kind, said, body, test, named: None }, span));
        }
    });
}

/// Robot Framework: tests whose own status is a failure.
fn robot(element: &Element, file: Option<&str>, span: Span, out: &mut Vec<Diagnostic>) {
    let file = element.get("source").or(file);
    let status = element.child("status").filter(|status| status.get("status") == Some("FAIL"));
    if element.name == "test"
        && let Some(status) = status
    {
        let line = element.get("line").and_then(|line| line.parse().ok()).unwrap_or_default();
        let named = file.map(|path| Location::at(path, line, None));
        let test = element.get("name").map(str::to_owned);
        let said = status.text.trim();
        out.push(failed(&Failed { tool: "robot", kind: None, said, body: "", test, named }, span));
        return;
    }
    element.children.iter().for_each(|child| robot(child, file, span, out));
}

fn each(element: &Element, seen: &mut impl FnMut(&Element)) {
    seen(element);
    element.children.iter().for_each(|child| each(child, seen));
}

/// A report's details of a failed test.
struct Failed<'a> {
    tool: &'a str,
    kind: Option<&'a str>,
    said: &'a str,
    body: &'a str,
    test: Option<String>,
    /// The location from attributes.
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

/// `src/pot.js:14: expected 2`: some tools put the location into the message.
fn leading_place(said: &str) -> Option<Location> {
    let place = grimoire_plugin_sdk::text::place_at_start(said.lines().next()?)?;
    leading_number(&place.line.to_string()).map(|_| place.location())
}
