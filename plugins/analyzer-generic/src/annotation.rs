//! `::error file=…::message`, `##[error]message`.

use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Line, Location, Marker, Position, Severity,
    text::{is_generic_closing_line, kind_of, place_at_start, place_in_parentheses, trailing_group},
};

/// An annotation with a location, or an error in words that only the CI system prints.
pub(crate) fn read(line: &Line<'_>) -> Option<Diagnostic> {
    let severity = match line.marker? {
        Marker::Error => Severity::Error,
        Marker::Warning => Severity::Warning,
        Marker::Notice => Severity::Info,
        _ => return None,
    };
    let text = line.trimmed();
    if text.is_empty() || is_generic_closing_line(text) {
        return None;
    }
    let location = line.properties.get("file").map(|file| {
        let start = line.properties.number("line").unwrap_or_default();
        let mut location = Location::at(file, start, line.properties.number("col"));
        location.end = line
            .properties
            .number("endLine")
            .map(|line_end| Position { line: line_end, column: line.properties.number("endColumn") });
        location
    });
    if location.is_none() {
        // With a location in its text, it is a tool's line that a problem matcher marked.
        if severity != Severity::Error
            || place_at_start(text).is_some()
            || place_in_parentheses(text).is_some()
        {
            return None;
        }
    }
    // `ruff (F401)`, `Lint/UselessAssignment`, `clippy::x`: tools print their code in the title.
    let title = line.properties.get("title");
    let (tool, code) = match title.and_then(|title| trailing_group(title, '(', ')')) {
        Some((tool, code)) if !tool.is_empty() && !code.contains(' ') => (tool, Some(code)),
        _ => ("", line.properties.get("code").or(title.filter(|title| !title.contains(' ')))),
    };
    let tool =
        if tool.is_empty() || tool.contains(' ') { "github-actions".to_owned() } else { tool.to_lowercase() };
    let mut parts = text.splitn(2, '\n');
    let message = without_repetition(parts.next().unwrap_or_default(), location.as_ref(), code);
    Some(Diagnostic {
        tool,
        error_type: code.unwrap_or("annotation").to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        severity,
        // Without a location it may be any tool's sentence.
        confidence: if location.is_some() { Confidence::Certain } else { Confidence::Likely },
        kind: kind_of(message),
        location,
        stack_trace: Vec::new(),
        context: [title.unwrap_or_default(), parts.next().unwrap_or_default()].join("\n").trim().to_owned(),
        span: line.span,
        ..Diagnostic::default()
    })
}

/// Tools repeat location and code in the message of their annotations.
fn without_repetition<'a>(message: &'a str, location: Option<&Location>, code: Option<&str>) -> &'a str {
    let mut text = message;
    if let Some(location) = location
        && let Some(place) = place_at_start(text)
        && location.path.ends_with(place.path)
        && location.line() == Some(place.line)
    {
        text = place.rest.trim_start();
    }
    if let Some(rest) = code.and_then(|code| text.strip_prefix(code)) {
        text = rest.trim_start_matches([':', ' ']);
    }
    if text.is_empty() { message } else { text }
}
