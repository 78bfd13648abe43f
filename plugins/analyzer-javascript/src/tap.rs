//! TAP as printed by `node --test`, tape, tap, AVA, Mocha and Vitest: `not ok 1 - name` and a YAML block. The
//! classic reporter of tap prints no numbers, and a difference in place of the values:
//!
//! ```text
//!   not ok the lid should fit
//!     +++ found
//!     --- wanted
//!     -round
//!     +square
//!     at:
//!       line: 6
//! ```

use grimoire_plugin_sdk::text::{place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{Excerpt, exception, finding, frame, is_own, own_place};

/// Maximum number of lines of one YAML block.
const BLOCK: u32 = 200;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 3;
/// Maximum number of lines of AVA's values.
const VALUE_LINES: usize = 8;

struct Open {
    name: String,
    message: Vec<String>,
    /// True while lines of a block scalar belong to the message or to the stack.
    in_message: bool,
    code: Option<String>,
    kind: Option<String>,
    location: Option<Location>,
    frames: Vec<Frame>,
    /// `expected` and `actual`, under the names of the various producers.
    expected: Option<String>,
    actual: Option<String>,
    /// The keys below `at:`.
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    /// The indentation of the key of AVA's values, while these are read.
    values: Option<usize>,
    /// True for the classic reporter, whose block ends with its indentation.
    classic: bool,
    suite: bool,
    /// True if the duration has the form that only Node's runner prints.
    node: bool,
    lines: u32,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises TAP.
#[derive(Default)]
pub(crate) struct Tap {
    open: Option<Open>,
}

impl Tap {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some(rest) = trimmed.strip_prefix("not ok ") {
            self.finish(out);
            let name = match rest.split_once(' ') {
                Some((number, name)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    name.trim_start_matches("- ")
                }
                _ => rest.trim_start_matches("- "),
            };
            if name.contains("# TODO") || name.contains("# SKIP") {
                return true;
            }
            self.open = Some(Open {
                name: name.split(" # time=").next().unwrap_or(name).trim_end_matches(" {").to_owned(),
                message: Vec::new(),
                in_message: false,
                code: None,
                kind: None,
                location: None,
                frames: Vec::new(),
                expected: None,
                actual: None,
                file: None,
                line: None,
                column: None,
                values: None,
                classic: false,
                suite: false,
                node: false,
                lines: 0,
                excerpt: Excerpt::default(),
                span,
            });
            return true;
        }
        let Some(open) = &mut self.open else { return false };
        open.lines += 1;
        let first = open.lines == 1;
        open.classic |= first && trimmed == "+++ found";
        let outside = open.classic && !trimmed.is_empty() && !text.starts_with(' ');
        if trimmed == "..." || open.lines > BLOCK || first && trimmed != "---" && !open.classic || outside {
            open.span = open.span.to(span);
            self.finish(out);
            return trimmed == "...";
        }
        open.line(text, trimmed, span);
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        // A suite fails because of its tests; a bare `not ok` of another producer adds nothing.
        let has_values = open.expected.is_some() || open.actual.is_some();
        if open.suite || open.message.is_empty() && !has_values && open.kind.is_none() {
            return;
        }
        if open.message.is_empty() {
            open.message.push(open.name.clone());
        }
        if has_values && open.message.len() == 1 && !open.message[0].contains("expected") {
            let value = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
            open.message.push(format!("expected: {}", value(open.expected)));
            open.message.push(format!("actual: {}", value(open.actual)));
        }
        let named = open.file.filter(|path| is_own(path)).map(|path| match open.line {
            Some(line) => Location::at(&path, line, open.column),
            None => Location::file(&path),
        });
        let location = own_place(&open.frames).or(open.location).or(named);
        let kind = open.kind.unwrap_or_else(|| "Error".to_owned());
        let tool = if open.node { "node" } else { "tap" };
        let mut found = finding(tool, &kind, &open.message.join("\n"), location, open.span);
        found.code = open.code.filter(|code| code != "ERR_TEST_FAILURE");
        found.kind = Kind::Test;
        found.test = Some(open.name.clone());
        found.stack_trace = open.frames;
        found.context = format!("{}\n{}", open.name, open.excerpt.take());
        out.push(found);
    }
}

impl Open {
    /// AVA's values: the difference, or why a promise was rejected.
    ///
    /// ```text
    ///     values:
    ///       'Rejected promise returned by test. Reason:': |-
    ///         Error {
    ///           message: 'the lid is lost',
    ///         }
    /// ```
    fn values(&mut self, text: &str, trimmed: &str) -> bool {
        let Some(indent) = self.values else { return false };
        if !trimmed.is_empty() && text.len() - text.trim_start().len() <= indent {
            self.values = None;
            return false;
        }
        let value = trimmed.trim_end_matches(['|', '-', '>']).trim_end();
        let value = value
            .strip_prefix("message: ")
            .map_or(value, |said| said.trim_end_matches(',').trim_matches('\''));
        let label = value.strip_suffix(':').map(|label| label.trim_matches('\''));
        // An exception is shown as an object.
        let brace = value.strip_suffix(" {").and_then(|name| exception(name));
        if let Some((kind, _)) = brace {
            self.kind.get_or_insert_with(|| kind.to_owned());
        } else if !value.is_empty()
            && value != "}"
            && self.message.len() < VALUE_LINES
            && label.is_none_or(|label| !self.message.iter().any(|said| label.starts_with(said.as_str())))
        {
            self.message.push(label.unwrap_or(value).to_owned());
        }
        true
    }

    fn line(&mut self, text: &str, trimmed: &str, span: Span) {
        self.excerpt.push(text);
        self.span = self.span.to(span);
        if self.values(text, trimmed) {
            return;
        }
        if self.classic
            && let Some((sign @ ('+' | '-'), value)) =
                trimmed.chars().next().map(|sign| (sign, &trimmed[sign.len_utf8()..]))
        {
            let kept = if sign == '-' { &mut self.expected } else { &mut self.actual };
            if !value.starts_with([' ', '+', '-']) && !value.is_empty() {
                kept.get_or_insert_with(|| value.to_owned());
            }
            return;
        }
        let place = trimmed.strip_prefix("at: ").map_or(trimmed, |place| place.trim_matches(['\'', '"']));
        if let Some(found) =
            frame(&format!("at {}", place.trim_start_matches("at "))).filter(|found| found.location.is_some())
        {
            self.frames.push(found);
            return;
        }
        let Some((key, value)) = trimmed
            .split_once(':')
            .filter(|(key, _)| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        else {
            if self.in_message && !trimmed.is_empty() && self.message.len() < MESSAGE_LINES {
                self.message.push(trimmed.to_owned());
            }
            return;
        };
        let value = value.trim().trim_end_matches(',').trim_matches(['\'', '"']);
        self.in_message = matches!(key, "error" | "message") && value.starts_with('|');
        match key {
            "error" | "message" if !self.in_message && !value.is_empty() && self.message.is_empty() => {
                self.message.push(value.replace("\\\"", "\""));
            }
            "expected" | "wanted"
                if self.expected.is_none() && !value.is_empty() && !value.starts_with(['|', '>', '{']) =>
            {
                self.expected = Some(value.to_owned());
            }
            "actual" | "found"
                if self.actual.is_none() && !value.is_empty() && !value.starts_with(['|', '>', '{']) =>
            {
                self.actual = Some(value.to_owned());
            }
            "values" if value.is_empty() => self.values = Some(text.len() - text.trim_start().len()),
            "file" => self.file = Some(value.to_owned()),
            "line" => self.line = value.parse().ok(),
            "column" => self.column = value.parse().ok(),
            "duration_ms" => self.node = true,
            "code" => self.code = Some(value.to_owned()),
            "name" => self.kind = exception(value).map(|(kind, _)| kind.to_owned()),
            "location" => self.location = place_at_start(value).map(|place| place.location()),
            "failureType" => self.suite = value == "subtestsFailed",
            _ => {}
        }
    }
}
