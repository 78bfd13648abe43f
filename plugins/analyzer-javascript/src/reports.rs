//! Reports in JSON: ESLint, stylelint, tslint, mocha, Jest.

use grimoire_plugin_sdk::json::Value;
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Position, Severity, Span};

use crate::found::{exception, finding, frame, own_place};

/// Maximum number of findings read from one object.
const MOST: usize = 5_000;

/// Reports the findings of one JSON object of any of these tools.
pub(crate) fn read(value: &Value, span: Span, out: &mut Vec<Diagnostic>) {
    let mut all: Vec<Diagnostic> = Vec::new();
    if let Some(path) = value.text("filePath") {
        all.extend(value.list("messages").iter().take(MOST).filter_map(|item| eslint(path, item)));
    } else if let Some(path) = value.text("source") {
        all.extend(value.list("warnings").iter().take(MOST).filter_map(|item| stylelint(path, item)));
    } else if let Some(found) = tslint(value) {
        all.push(found);
    } else if value.get("testResults").is_some() {
        for file in value.list("testResults") {
            let path = file.text("name").unwrap_or_default();
            all.extend(file.list("assertionResults").iter().take(MOST).flat_map(|test| jest(path, test)));
        }
    } else if value.list("results").iter().any(|file| file.text("filePath").is_some()) {
        for file in value.list("results").iter().take(MOST) {
            read(file, span, out);
        }
    } else if value.get("stats").is_some() {
        let failures =
            if value.list("failures").is_empty() { value.list("tests") } else { value.list("failures") };
        all.extend(failures.iter().take(MOST).filter_map(mocha));
    }
    out.extend(all.into_iter().map(|found| Diagnostic { span, ..found }));
}

fn place(path: &str, item: &Value) -> Location {
    let mut location = Location::at(path, item.number("line").unwrap_or(0), item.number("column"));
    if let Some(line) = item.number("endLine").filter(|_| location.start.is_some()) {
        location.end = Some(Position { line, column: item.number("endColumn") });
    }
    location
}

fn eslint(path: &str, item: &Value) -> Option<Diagnostic> {
    let rule = item.text("ruleId").unwrap_or_default();
    let message = item.text("message")?;
    let kind = if rule.is_empty() && message.starts_with("Parsing error") { "parse-error" } else { rule };
    let mut found = finding("eslint", kind, message, Some(place(path, item)), Span::default());
    found.code = (!rule.is_empty()).then(|| rule.to_owned());
    found.severity = if item.number("severity") == Some(1) { Severity::Warning } else { Severity::Error };
    Some(found)
}

fn stylelint(path: &str, item: &Value) -> Option<Diagnostic> {
    let mut found = finding(
        "stylelint",
        item.text("rule")?,
        item.text("text")?,
        Some(place(path, item)),
        Span::default(),
    );
    found.severity =
        if item.text("severity") == Some("warning") { Severity::Warning } else { Severity::Error };
    Some(found)
}

/// Lines and characters are 0-based.
fn tslint(value: &Value) -> Option<Diagnostic> {
    let message = value.text("failure")?;
    let start = value.get("startPosition")?;
    let from_one = |name| start.number(name).map(|number: u32| number.saturating_add(1));
    let location = Location::at(value.text("name")?, from_one("line")?, from_one("character"));
    let mut found = finding(
        "tslint",
        value.text("ruleName").unwrap_or_default(),
        message,
        Some(location),
        Span::default(),
    );
    let is_warning =
        value.text("ruleSeverity").is_some_and(|severity| severity.eq_ignore_ascii_case("warning"));
    found.severity = if is_warning { Severity::Warning } else { Severity::Error };
    Some(found)
}

fn mocha(test: &Value) -> Option<Diagnostic> {
    let error = test.get("err")?;
    let message = error.text("message")?;
    let stack = error.text("stack").unwrap_or(message);
    let frames: Vec<Frame> = stack.lines().filter_map(frame).collect();
    let location = own_place(&frames).or_else(|| test.text("file").map(Location::file));
    Some(tested("mocha", message, stack, error.text("code"), test.text("fullTitle"), location, frames))
}

fn jest<'a>(path: &'a str, test: &'a Value) -> impl Iterator<Item = Diagnostic> + 'a {
    test.list("failureMessages").iter().filter_map(Value::as_text).map(move |stack| {
        let frames: Vec<Frame> = stack.lines().filter_map(frame).collect();
        let location = own_place(&frames).or_else(|| (!path.is_empty()).then(|| Location::file(path)));
        tested(
            "jest",
            stack.lines().next().unwrap_or_default(),
            stack,
            None,
            test.text("fullName"),
            location,
            frames,
        )
    })
}

fn tested(
    tool: &str,
    message: &str,
    stack: &str,
    code: Option<&str>,
    title: Option<&str>,
    location: Option<Location>,
    frames: Vec<Frame>,
) -> Diagnostic {
    let kind = exception(stack.lines().next().unwrap_or_default()).map_or("Error", |(kind, _)| kind);
    let mut found = finding(tool, kind, message, location, Span::default());
    found.code = code.map(str::to_owned);
    found.kind = Kind::Test;
    found.test = title.map(str::to_owned);
    found.stack_trace = frames;
    found.context = format!("{}\n{stack}", title.unwrap_or_default());
    found
}
