//! Failed tests in JSON: mocha, Jest, RSpec, pytest in one object; `go test -json` and Dart in a stream of events.

use crate::place;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    json::Value,
    text::{extension, place_at_start},
};
use std::collections::HashMap;

/// Reads a report of a whole run; returns whether it is one.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    if let Some(failures) = value.get("failures").filter(|_| value.get("stats").is_some()) {
        out.extend(failures.as_list().iter().filter_map(|test| mocha(test, span)));
        return true;
    }
    if let Some(files) = value.get("testResults").filter(|files| has_members(files, &["assertionResults"])) {
        for file in files.as_list() {
            let path = file.text("name").or_else(|| file.text("testFilePath"));
            out.extend(file.list("assertionResults").iter().filter_map(|test| jest(test, path, span)));
        }
        return true;
    }
    if let Some(examples) =
        value.get("examples").filter(|examples| has_members(examples, &["status", "description"]))
    {
        out.extend(examples.as_list().iter().filter_map(|example| rspec(example, span)));
        return true;
    }
    if let Some(tests) = value.get("tests").filter(|_| value.get("exitcode").is_some()) {
        out.extend(tests.as_list().iter().filter_map(|test| pytest(test, span)));
        return true;
    }
    if value.get("elements").is_some() && value.get("uri").or_else(|| value.get("location")).is_some() {
        out.extend(value.list("elements").iter().filter_map(|scenario| cucumber(value, scenario, span)));
        return true;
    }
    if let Some(suites) = value.get("suites").filter(|suites| has_members(suites, &["specs"])) {
        suites.as_list().iter().for_each(|suite| playwright(suite, "", span, out));
        return true;
    }
    // Allure: a file for each test.
    if let (Some(details), Some("failed" | "broken")) = (value.get("statusDetails"), value.text("status")) {
        let trace = details.text("trace").unwrap_or_default();
        let name = value.text("fullName").or_else(|| value.text("name"));
        out.extend(details.text("message").map(|message| failed("allure", name, message, trace, None, span)));
        return true;
    }
    if let Some(tests) = value.at(&["results", "tests"]).filter(|_| value.at(&["results", "tool"]).is_some())
    {
        let tool = value.at(&["results", "tool", "name"]).and_then(Value::as_text).unwrap_or("ctrf");
        out.extend(tests.as_list().iter().filter_map(|test| ctrf(tool, test, span)));
        return true;
    }
    if let Some(suites) = value.get("testsuites") {
        let tests = suites.as_list().iter().flat_map(|suite| suite.list("testsuite"));
        out.extend(tests.flat_map(|test| googletest(test, span)));
        return true;
    }
    false
}

/// Returns true if the first element of a list has these members.
fn has_members(list: &Value, names: &[&str]) -> bool {
    list.as_list().first().is_some_and(|first| names.iter().all(|name| first.get(name).is_some()))
}

/// The step of a scenario that failed.
fn cucumber(feature: &Value, scenario: &Value, span: Span) -> Option<Diagnostic> {
    let step = scenario.list("steps").iter().find(|step| {
        step.at(&["result", "status"]).and_then(Value::as_text).is_some_and(|status| status == "failed")
    })?;
    // behave uses a list of lines.
    let said = step.at(&["result", "error_message"])?;
    let lines: Vec<&str> = said.as_text().map_or_else(
        || said.as_list().iter().filter_map(Value::as_text).collect(),
        |text| text.lines().collect(),
    );
    let message = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty())?;
    let path = feature.text("uri").or_else(|| feature.text("location")?.split(':').next());
    let place = path.map(|path| Location::at(path, step.number("line").unwrap_or_default(), None));
    let test = scenario.text("name");
    let mut found = failed("cucumber", test, message, &lines.join("\n"), None, span);
    found.location = place;
    Some(found)
}

/// Nested suites, with the outcome of each attempt of a test.
fn playwright(suite: &Value, above: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let title = suite.text("title").unwrap_or_default();
    let name = if above.is_empty() { title.to_owned() } else { format!("{above} › {title}") };
    for spec in suite.list("specs").iter().filter(|spec| !spec.get("ok").is_some_and(Value::is_true)) {
        let result = spec
            .list("tests")
            .iter()
            .flat_map(|test| test.list("results"))
            .find(|result| matches!(result.text("status"), Some("failed" | "timedOut" | "interrupted")));
        let error = result.and_then(|result| result.get("error").or_else(|| result.list("errors").first()));
        let Some(message) = error.and_then(|error| error.text("message")) else { continue };
        let place = error.and_then(|error| error.get("location"));
        let location = place.and_then(|place| {
            Some(Location::at(place.text("file")?, place.number("line")?, place.number("column")))
        });
        let test = format!("{name} › {}", spec.text("title").unwrap_or_default());
        let trace = error.and_then(|error| error.text("stack")).unwrap_or_default();
        let mut found = failed("playwright", Some(&test), message, trace, location.clone(), span);
        found.location = location.or(found.location);
        out.push(found);
    }
    suite.list("suites").iter().for_each(|inner| playwright(inner, &name, span, out));
}

/// The failures of a test, each of which begins with its location.
fn googletest(test: &Value, span: Span) -> Vec<Diagnostic> {
    let name = test.text("name").unwrap_or_default();
    let name = test.text("classname").map_or_else(|| name.to_owned(), |class| format!("{class}.{name}"));
    let read = |failure: &Value| {
        let text = failure.text("failure")?;
        let (place, message) = text.split_once('\n').unwrap_or(("", text));
        let location = place_at_start(place).map(|place| place.location());
        Some(failed("googletest", Some(&name), message, "", location, span))
    };
    test.list("failures").iter().filter_map(read).collect()
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

/// A test in the Common Test Report Format.
fn ctrf(tool: &str, test: &Value, span: Span) -> Option<Diagnostic> {
    if test.text("status") != Some("failed") {
        return None;
    }
    let trace = test.text("trace").unwrap_or_default();
    let message = test.text("message").or_else(|| trace.lines().next()).unwrap_or("the test failed");
    let line = test.number("line").unwrap_or_default();
    let place = test.text("filePath").map(|path| Location::at(path, line, None));
    Some(failed(&tool.to_lowercase(), test.text("name"), message, trace, place, span))
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

/// Maximum number of tests whose events are remembered at once, and of output bytes for each.
const TESTS: usize = 4_096;
const OUTPUT: usize = 16 * 1024;

/// Streams of events, one object per line.
#[derive(Default)]
pub(crate) struct Streams {
    /// Dart: the tests by number: name, location, messages.
    tests: HashMap<u32, (String, Option<Location>)>,
    /// Go: the output of a test, by package and name.
    outputs: HashMap<(String, String), (String, Span)>,
}

impl Streams {
    /// Reads an event; returns whether it is one.
    pub(crate) fn event(&mut self, value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let (Some(action), Some(package)) = (value.text("Action"), value.text("Package")) {
            self.go(action, package, value, span, out);
            return true;
        }
        // libtest and nextest: the test's output contains the panic.
        if value.text("type") == Some("test") && value.get("event").is_some() {
            out.extend(libtest(value, span));
            return true;
        }
        // pytest-reportlog: one report per phase.
        if value.text("$report_type").is_some() {
            out.extend(reportlog(value, span));
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

    /// Go's events: the output of a test counts if it failed.
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

    /// Ends the log: a test that is still running was cut off, as by a panic.
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

/// The output of a failed Go test: `    pot_test.go:14: message`, and further lines indented more deeply.
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

/// `{"type": "test", "event": "failed", "name": …, "stdout": …}`.
fn libtest(value: &Value, span: Span) -> Option<Diagnostic> {
    if value.text("event") != Some("failed") {
        return None;
    }
    let output = value.text("stdout").unwrap_or_default();
    let mut lines = output.lines().skip_while(|line| !line.contains(" panicked at "));
    let head = lines.next().unwrap_or_default();
    let place = head.split_once(" panicked at ").and_then(|(_, rest)| place_at_start(rest));
    let message: Vec<&str> =
        lines.take_while(|line| !line.starts_with("note: ") && !line.is_empty()).collect();
    let message = if message.is_empty() { "the test failed".to_owned() } else { message.join("\n") };
    Some(failed("cargo-test", value.text("name"), &message, "", place.map(|place| place.location()), span))
}

fn reportlog(value: &Value, span: Span) -> Option<Diagnostic> {
    if value.text("outcome") != Some("failed") {
        return None;
    }
    let crash = value.at(&["longrepr", "reprcrash"])?;
    let place = Location::at(crash.text("path")?, crash.number("lineno").unwrap_or_default(), None);
    Some(failed("pytest", value.text("nodeid"), crash.text("message")?, "", Some(place), span))
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
