//! Frames of .NET stacks, and the choice of the user's own frame.

use grimoire_plugin_sdk::{
    Frame, Location,
    text::{Beginnings, leading_number, place_at_end, place_in_parentheses},
};

/// `at Kettle.Pot.Pour(Int32 cups) in /src/Pot.cs:line 14`, `/src/Pot.cs(14,0): at Kettle.Pot.Pour()`.
pub(crate) fn frame(text: &str) -> Option<Frame> {
    // xUnit's runner prints the location first.
    if !text.starts_with("at ") {
        let place = place_in_parentheses(text)?;
        let function = place.rest.trim().strip_prefix("at ")?;
        return Some(Frame {
            function: Some(function.to_owned()),
            location: Some(Location::at(place.path, place.line, None)),
            text: text.to_owned(),
        });
    }
    let rest = &text[3..];
    if let Some((function, place)) = rest.rsplit_once(" in ") {
        let location = match place.rsplit_once(':') {
            // The word for `line` is in the system's language.
            Some((path, line)) if line.contains(' ') => {
                let line = line.rsplit(' ').next().unwrap_or_default().trim_end_matches('.');
                Some(Location::at(path, line.parse().ok()?, None))
            }
            _ => place_at_end(place).filter(|place| place.rest.is_empty()).map(|place| place.location()),
        };
        if location.is_some() {
            return Some(Frame { function: Some(function.to_owned()), location, text: text.to_owned() });
        }
    }
    // Without sources: a signature, and nothing that other languages print in parentheses.
    let (function, arguments) = rest.split_once('(')?;
    let is_signature = arguments.trim_end().ends_with(')')
        && !function.is_empty()
        && !function.ends_with(' ')
        && function.contains('.')
        && !arguments.contains([':', '/'])
        && arguments != "Native Method)"
        && arguments != "Unknown Source)"
        && function.starts_with(|c: char| c.is_ascii_uppercase() || c == '<' || c == '_');
    is_signature.then(|| Frame { function: Some(rest.to_owned()), location: None, text: text.to_owned() })
}

/// A frame of the test's own class, else the first one with a location outside of libraries.
pub(crate) fn own_place(frames: &[Frame], test: Option<&str>) -> Option<Location> {
    let class = test.map(class_of).unwrap_or_default();
    let located = || frames.iter().filter(|frame| frame.location.is_some());
    let in_class = |frame: &&Frame| {
        class.len() > 2
            && frame
                .function
                .as_deref()
                .is_some_and(|function| function.split(['.', '+', '(']).any(|part| part == class))
    };
    let is_own = |frame: &&Frame| {
        frame.function.as_deref().is_none_or(|function| !LIBRARIES.begin(function))
            && frame.location.as_ref().is_none_or(|place| !place.path.starts_with("/_/"))
    };
    // A name without a class is a method's name.
    let method = test.map(|test| test.split(['(', ' ']).next().unwrap_or_default()).unwrap_or_default();
    let in_method = |frame: &&Frame| {
        method.len() > 2
            && !method.contains('.')
            && frame
                .function
                .as_deref()
                .is_some_and(|function| function.split(['.', '(', '<', '>']).any(|part| part == method))
    };
    located()
        .find(in_class)
        .or_else(|| located().find(in_method))
        .or_else(|| located().find(is_own))
        .and_then(|frame| frame.location.clone())
}

/// The class in `Kettle.Tests.PotTests.Holds(cups: 2)`.
fn class_of(test: &str) -> &str {
    let name = test.find(['(', '<', ' ']).map_or(test, |end| &test[..end]);
    let class = name.rsplit_once('.').map_or("", |(class, _)| class);
    class.rsplit(['.', '+']).next().unwrap_or_default()
}

static LIBRARIES: Beginnings = Beginnings::new(&[
    "System.",
    "Microsoft.",
    "Xunit.",
    "NUnit.",
    "Moq.",
    "NSubstitute.",
    "FakeItEasy.",
    "FluentAssertions.",
    "Shouldly.",
    "Castle.",
    "Newtonsoft.",
    "Autofac.",
    "AutoMapper.",
    "MediatR.",
    "Polly.",
    "Npgsql.",
    "MySql.",
    "MongoDB.",
    "Testcontainers.",
    "DotNet.Testcontainers.",
    "OpenQA.",
    "Bunit.",
    "Verify",
    "lambda_method",
    "InvokeStub_",
    "TechTalk.",
    "Reqnroll.",
]);

/// Removes a final number with unit in brackets or parentheses: `[12 ms]`, `(7ms)`, `[< 1 ms]`.
pub(crate) fn without_duration(text: &str) -> Option<&str> {
    let (open, text_inner) = match text.as_bytes().last()? {
        b']' => ('[', text.strip_suffix(']')?),
        b')' => ('(', text.strip_suffix(')')?),
        _ => return None,
    };
    let (name, time) = text_inner.rsplit_once(open)?;
    let time = time.trim_start_matches(['<', ' ']);
    let (_, unit) = leading_number(time)?;
    let is_time = unit
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '))
        .bytes()
        .all(|byte| matches!(byte, b'm' | b's' | b'h' | b' ' | b'd') || byte.is_ascii_digit())
        && unit.contains(['s', 'm', 'h']);
    (is_time && name.ends_with(' ')).then(|| name.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_forms() {
        let read = |text: &str| {
            frame(text).map(|frame| frame.location.map(|place| (place.path.clone(), place.line())))
        };
        let at = |path: &str, line| Some(Some((path.to_owned(), Some(line))));
        assert_eq!(read("at A.Pot.Pour(Int32 cups) in /src/Pot.cs:line 14"), at("/src/Pot.cs", 14));
        assert_eq!(read("at A.Pot.Pour() in C:\\src\\Pot.cs:line 14"), at("C:/src/Pot.cs", 14));
        assert_eq!(read("at A.Pot.Pour() in C:\\src\\Pot.cs:Zeile 14."), at("C:/src/Pot.cs", 14));
        assert_eq!(read("at A.Pot.Pour() in /src/Pot.cs:14"), at("/src/Pot.cs", 14));
        assert_eq!(read("/src/Pot.cs(14,0): at A.Pot.Pour()"), at("/src/Pot.cs", 14));
        assert_eq!(
            read("at System.Threading.Tasks.Task.Wait(Int32 time, CancellationToken token)"),
            Some(None)
        );
        assert_eq!(read("at org.example.Pot.pour(Pot.java:14)"), None);
        assert_eq!(read("at Object.<anonymous> (/a/b.js:1:2)"), None);
    }

    #[test]
    fn durations() {
        for text in [
            "A.B.C [12 ms]",
            "A.B.C [< 1 ms]",
            "A.B.C [1 m 2 s]",
            "A.B.C (7ms)",
            "A.B.C [12ms]",
            "A.B.C (1s 20ms)",
            "A.B.C (0.1s)",
        ] {
            assert_eq!(without_duration(text), Some("A.B.C"), "{text}");
        }
        assert_eq!(without_duration("A.B.C(x: 1)"), None);
        assert_eq!(without_duration("A.B.C [FAIL]"), None);
    }
}
