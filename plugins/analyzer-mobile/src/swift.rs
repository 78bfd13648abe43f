//! The Swift compiler, behind Xcode, SwiftPM, xcpretty and xcbeautify, and SwiftLint:
//!
//! ```text
//! /app/Sources/Pot.swift:12:5: error: cannot find 'lid' in scope
//!     lid.open()
//!     ^~~
//! ❌ /app/Sources/Pot.swift:12:5: cannot find 'lid' in scope
//! 12 |     lid.open()
//!    |     `- error: cannot find 'lid' in scope
//! Pot.swift:12:1: error: Line Length Violation: Line should be 120 characters or less (line_length)
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Severity,
    text::{Needle, extension, leading_number, place_at_start, trailing_group},
};

/// Maximum number of lines of an excerpt.
const LINES: usize = 24;

/// Reads diagnostics with a location.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    open: Option<Draft>,
    /// The indentation of its line.
    indent: usize,
}

/// Files that Xcode compiles.
pub(crate) fn is_apple(path: &str) -> bool {
    matches!(
        extension(path),
        "swift"
            | "m"
            | "mm"
            | "xib"
            | "storyboard"
            | "xcassets"
            | "plist"
            | "xcodeproj"
            | "xcdatamodel"
            | "metal"
            | "intentdefinition"
            | "swiftinterface"
            | "entitlements"
            | "strings"
            | "xcconfig"
            | "xcstrings"
    )
}

/// A sign that xcpretty and xcbeautify print before a line.
pub(crate) fn sign(start: &str) -> Option<(Severity, &str)> {
    for (sign, severity) in [
        ("❌", Severity::Error),
        ("[x]", Severity::Error),
        ("⚠️", Severity::Warning),
        ("[!]", Severity::Warning),
        ("✗", Severity::Error),
    ] {
        if let Some(rest) = start.strip_prefix(sign) {
            return Some((severity, rest.trim_start_matches(['\u{fe0f}', ' '])));
        }
    }
    None
}

/// The level after a location.
fn level(rest: &str) -> Option<(Severity, &str)> {
    let rest = rest.trim_start();
    ["fatal error: ", "error: "]
        .iter()
        .find_map(|word| rest.strip_prefix(word).map(|message| (Severity::Error, message)))
        .or_else(|| rest.strip_prefix("warning: ").map(|message| (Severity::Warning, message)))
}

/// Splits the rule of SwiftLint or swift-format off a message: tool, code, message.
fn rule(message: &str) -> (&'static str, Option<&str>, &str) {
    // `(line_length)` at the end, `[Rule]` or `(rule)` at the start.
    if let Some((text, code)) = trailing_group(message, '(', ')')
        && (message.contains(" Violation: ") || code.contains('_'))
        && !code.contains(' ')
    {
        let text = text.split_once(" Violation: ").map_or(text, |(_, text)| text);
        return ("swiftlint", Some(code), text);
    }
    if let Some((code, text)) =
        message.strip_prefix('[').and_then(|rest| rest.split_once("] ").or_else(|| rest.split_once("]: ")))
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return ("swift-format", Some(code), text);
    }
    if let Some((code, text)) = message.strip_prefix('(').and_then(|rest| rest.split_once(") "))
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return ("swiftformat", Some(code), text);
    }
    ("swift", None, message)
}

impl Compiler {
    fn begin(&mut self, line: &Seen<'_>) {
        let signed = sign(line.start);
        let text = signed.map_or(line.start, |(_, rest)| rest);
        let Some(place) = place_at_start(text) else { return };
        let apple = is_apple(place.path) || place.path == "<unknown>";
        // C and related languages are compiled elsewhere too, and read by another analyzer.
        if matches!(extension(place.path), "m" | "mm") && signed.is_none() {
            return;
        }
        if !apple || extension(place.path) == "plist" && signed.is_none() && !place.rest.contains("error: ") {
            return;
        }
        let leveled = level(place.rest);
        // A line without a level counts only with a sign before it; tests are read elsewhere.
        let Some((severity, message)) = leveled.or(signed.map(|(severity, _)| (severity, place.rest.trim())))
        else {
            return;
        };
        if message.is_empty() || message.starts_with("-[") || message.contains(" : XCTAssert") {
            return;
        }
        let (tool, code, message) = rule(message);
        let kind = if tool == "swift" { Kind::Compile } else { Kind::Lint };
        let mut draft = Draft::new(tool, kind, line);
        let found = &mut draft.found;
        found.severity = severity;
        found.code = code.map(str::to_owned);
        found.location = Some(place.location()).filter(|place| place.path != "<unknown>");
        if matches!(extension(place.path), "m" | "mm") {
            "clang".clone_into(&mut found.tool);
            // `[-Wunused]` at the end.
            if let Some((text, flag)) =
                trailing_group(message, '[', ']').filter(|(_, flag)| flag.starts_with("-W"))
            {
                found.code = flag.split(',').next_back().map(|flag| {
                    flag.trim_start_matches("-Werror=")
                        .trim_start_matches("-W")
                        .trim_start_matches(',')
                        .to_owned()
                });
                draft.say(text);
                self.open = Some(draft);
                return;
            }
        }
        draft.say(message);
        self.open = Some(draft);
    }
}

impl Reader for Compiler {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            let start = line.start;
            let caret =
                start.contains('^') && start.bytes().all(|byte| matches!(byte, b'^' | b'~' | b' ' | b'-'));
            let margin = start.starts_with('|')
                || leading_number(start).is_some_and(|(_, rest)| rest.trim_start().starts_with('|'));
            let source = draft.lines() == 1
                && line.indent > self.indent
                && sign(start).is_none()
                && place_at_start(start).is_none();
            if (caret || margin || source) && draft.lines() < LINES && !start.is_empty() {
                draft.take(line);
                return;
            }
            out.extend(self.open.take().map(Draft::done));
        }
        if line.characters.may_have(b':') {
            self.indent = line.indent;
            self.begin(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// A program that stopped itself: `kettle/Pot.swift:12: Fatal error: no lid`, and older
/// `Fatal error: no lid: file kettle/Pot.swift, line 12`; uncaught exceptions of Objective-C.
pub(crate) fn crash(line: &Seen<'_>) -> Option<Diagnostic> {
    static TERMINATING: Needle = Needle::new("*** Terminating app due to uncaught exception '");
    static FATAL: Needle = Needle::new("Fatal error");
    let start = line.start;
    if let Some((_, rest)) = TERMINATING.split_among(line.characters, start) {
        let (name, rest) = rest.split_once('\'')?;
        let message = rest.strip_prefix(", reason: ").map_or(name, |reason| reason.trim_matches('\''));
        let found = crate::panel::single("xcode", Kind::Crash, message, line);
        return Some(Diagnostic { error_type: name.to_owned(), ..found });
    }
    let (before, message) = FATAL.split_among(line.characters, start)?;
    let before = before.trim_end();
    let mut found = crate::panel::single("swift", Kind::Crash, "", line);
    "Fatal error".clone_into(&mut found.error_type);
    let named = message.strip_prefix(": ").unwrap_or(message);
    if let Some((message, place)) = named.rsplit_once(": file ")
        && let Some((path, number)) = place.rsplit_once(", line ")
        && before.is_empty()
    {
        let (number, _) = leading_number(number)?;
        message.clone_into(&mut found.message);
        // A location in the standard library is not the user's.
        let own = !path.starts_with("Swift/") && !path.contains("/swift/stdlib/");
        found.location = own.then(|| grimoire_plugin_sdk::Location::at(path, number, None));
        return Some(found);
    }
    let place =
        before.strip_suffix(':').and_then(place_at_start).filter(|place| extension(place.path) == "swift")?;
    let own = !place.path.starts_with("Swift/") && place.rest.trim().is_empty();
    found.message = if named.trim().is_empty() { "Fatal error".to_owned() } else { named.trim().to_owned() };
    found.location = own.then(|| place.location());
    Some(found)
}
