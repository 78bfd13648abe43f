//! Failed tests in JSON: mocha, Jest, RSpec, pytest in one object; `go test -json` and Dart in a stream of events.

use crate::place;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    json::Value,
    text::{extension, place_at_start},
};
use std::collections::HashMap;

/// Reads a report of a whole run; whether it is one.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    if let Some(failures) = value.get("failures").filter(|_| value.get("stats").is_some()) {
        out.extend(failures.as_list().iter().filter_map(|test| mocha(test, span)));
        return true;
    }
    if let Some(files) = value.get("testResults").filter(|_| value.get("numTotalTests").is_some()) {
        for file in files.as_list() {
            let path = file.text("name").or_else(|| file.text("testFilePath"));
            out.extend(file.list("assertionResults").iter().filter_map(|test| jest(test, path, span)));
        }
        return true;
    }
    if let Some(examples) = value.get("examples").filter(|_| value.get("summary_line").is_some()) {
        out.extend(examples.as_list().iter().filter_map(|example| rspec(example, span)));
        return true;
    }
    if let Some(tests) = value.get("tests").filter(|_| value.get("exitcode").is_some()) {
        out.extend(tests.as_list().iter().filter_map(|test| pytest(test, span)));
        return true;
    }
    false
}

fn mocha(test: &Value, span: Span) -> Option<Diagnostic> {
    let error = test.get("err")?;
    let message = error.text("message").or_else(|| error.text("stack"))?;
    let file = test.text("file").map(Location::file);
    Some(failed(
        "mocha",
        test.text("fullTitle"),
        message,
        error.text("stack").unwrap_or_default(),
        file,
        span,
    ))
}

fn jest(test: &Value, path: Option<&str>, span: Span) -> Option<Diagnostic> {
    if test.text("status") != Some("failed") {
        return None;
    }
    let text = test.list("failureMessages").iter().find_map(Value::as_text)?;
    let line = test.at(&["location", "line"]).and_then(Value::as_number).unwrap_or_default();
    let message = text.split("\n    at ").next().unwrap_or(text);
    Some(failed(
        "jest",
        test.text("fullName"),
        message,
        text,
        path.map(|path| Location::at(path, line, None)),
        span,
    ))
}

fn rspec(example: &Value, span: Span) -> Option<Diagnostic> {
    if example.text("status") != Some("failed") {
        return None;
    }
    let exception = example.get("exception")?;
    let trace: Vec<&str> = exception.list("backtrace").iter().filter_map(Value::as_text).collect();
    let line = example.number("line_number").unwrap_or_default();
    let place = example.text("file_path").map(|path| Location::at(path, line, None));
    let mut found = failed(
        "rspec",
        example.text("full_description"),
        exception.text("message")?,
        &trace.join("\n"),
        place,
        span,
    );
    if let Some(class) = exception.text("class") {
        class.clone_into(&mut found.error_type);
    }
    Some(found)
}

fn pytest(test: &Value, span: Span) -> Option<Diagnostic> {
    if !matches!(test.text("outcome"), Some("failed" | "error")) {
        return None;
    }
    let phase = ["call", "setup", "teardown"].iter().find_map(|phase| test.at(&[phase, "crash"]))?;
    let place = Location::at(phase.text("path")?, phase.number("lineno").unwrap_or_default(), None);
    Some(failed("pytest", test.text("nodeid"), phase.text("message")?, "", Some(place), span))
}

/// Tests whose events are remembered at once, and bytes of output of each.
const TESTS: usize = 4_096;
const OUTPUT: usize = 16 * 1024;

/// Streams of events, one object a line.
#[derive(Default)]
pub(crate) struct Streams {
    /// Dart: the tests by number: name, place, what was said.
    tests: HashMap<u32, (String, Option<Location>)>,
    /// Go: what a test printed, by package and name.
    outputs: HashMap<(String, String), (String, Span)>,
}

impl Streams {
    /// Takes an event; whether it is one.
    pub(crate) fn event(&mut self, value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let (Some(action), Some(package)) = (value.text("Action"), value.text("Package")) {
            self.go(action, package, value, span, out);
            return true;
        }
        match value.text("type") {
            Some("testStart") if value.get("test").is_some() => {
                self.dart_start(value);
                true
            }
            Some("error") if value.get("testID").is_some() => {
                self.dart_error(value, span, out);
                true
            }
            Some("start" | "suite" | "group" | "print" | "testDone" | "allSuites" | "done")
                if value.get("time").is_some() =>
            {
                true
            }
            _ => false,
        }
    }

    fn dart_start(&mut self, value: &Value) {
        let Some(test) = value.get("test") else { return };
        let (Some(id), Some(name)) = (test.number("id"), test.text("name")) else { return };
        let url = test.text("root_url").or_else(|| test.text("url"));
        let line = test.number("root_line").or_else(|| test.number("line")).unwrap_or_default();
        if self.tests.len() < TESTS {
            self.tests.insert(id, (name.to_owned(), url.map(|url| Location::at(url, line, None))));
        }
    }

    fn dart_error(&mut self, value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
        let Some(message) = value.text("error") else { return };
        let test = value.number("testID").and_then(|id| self.tests.get(&id).cloned());
        let (name, place) = test.map_or((None, None), |(name, place)| (Some(name), place));
        let trace = value.text("stackTrace").unwrap_or_default();
        out.push(failed("dart", name.as_deref(), message, trace, place, span));
    }

    /// Go's events: the output of a test counts when it failed.
    fn go(&mut self, action: &str, package: &str, value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
        let key = (package.to_owned(), value.text("Test").unwrap_or_default().to_owned());
        match action {
            "output" => {
                if let Some(text) = value.text("Output")
                    && (self.outputs.len() < TESTS || self.outputs.contains_key(&key))
                {
                    let (output, whole) = self.outputs.entry(key).or_insert_with(|| (String::new(), span));
                    let room = OUTPUT.saturating_sub(output.len());
                    output.push_str(grimoire_plugin_sdk::text::cut(text, room));
                    *whole = whole.to(span);
                }
            }
            "fail" => {
                if let Some((output, whole)) = self.outputs.remove(&key) {
                    go_failures(&key.1, &output, whole.to(span), out);
                }
            }
            "pass" | "skip" => {
                self.outputs.remove(&key);
            }
            _ => {}
        }
    }

    /// The log has ended: what still runs was cut off, as a panic cuts it.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let mut left: Vec<_> = self.outputs.drain().collect();
        left.sort_by_key(|(_, (_, span))| span.start);
        for ((_, test), (output, span)) in left {
            if output.contains("panic: ") {
                go_failures(&test, &output, span, out);
            }
        }
    }
}

/// What a failed Go test printed: `    pot_test.go:14: message`, and more lines of it deeper.
fn go_failures(test: &str, output: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let mut found: Vec<(Location, String)> = Vec::new();
    for line in output.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let place = place_at_start(text).filter(|place| extension(place.path) == "go");
        match place {
            Some(place) if indent > 0 && !place.rest.trim_start().starts_with('+') => {
                found.push((place.location(), place.rest.trim().to_owned()));
            }
            _ if indent >= 8 => {
                if let Some((_, message)) = found.last_mut()
                    && !text.is_empty()
                {
                    message.push('\n');
                    message.push_str(text);
                }
            }
            _ => {}
        }
    }
    if let Some(message) = output.lines().find_map(|line| line.trim_start().strip_prefix("panic: ")) {
        let frames = place::frames(output);
        out.push(Diagnostic {
            error_type: "panic".to_owned(),
            location: place::own(&frames),
            stack_trace: frames,
            ..failed("go", Some(test), message.split(" [recovered").next().unwrap_or(message), "", None, span)
        });
        return;
    }
    let name = (!test.is_empty()).then_some(test);
    for (location, message) in found {
        if !message.is_empty() {
            out.push(failed("go", name, &message, "", Some(location), span));
        }
    }
}

fn failed(
    tool: &str,
    test: Option<&str>,
    message: &str,
    trace: &str,
    place: Option<Location>,
    span: Span,
) -> Diagnostic {
    let frames = place::frames(trace);
    Diagnostic {
        tool: tool.to_owned(),
        error_type: "failure".to_owned(),
        message: message.trim().to_owned(),
        kind: Kind::Test,
        test: test.map(str::to_owned),
        location: place::own(&frames).or(place),
        stack_trace: frames,
        context: trace.trim().to_owned(),
        span,
        ..Diagnostic::default()
    }
}
