//! Linters and formatters for C and C++ that do not use a compiler's format: cppcheck's old format, cpplint,
//! clang-format's differences, include-what-you-use.
//!
//! ```text
//! [src/pot.c:12]: (error) Memory leak: cup
//! src/pot.cc:12:  Missing space before {  [whitespace/braces] [5]
//! --- src/pot.c (original)
//! +++ src/pot.c (reformatted)
//! src/pot.cc should add these lines:
//! #include <vector>
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Context, Needle, leading_number, place_at_start, place_in_parentheses, trailing_group},
};

/// Maximum number of lines kept of a difference.
const LINES: usize = 60;

static CPPCHECK: Needle = Needle::new("]: (");
static CATEGORY: Needle = Needle::new("  [");
static SHOULD: Needle = Needle::new(" should ");
static REFORMATTED: [Needle; 2] = [Needle::new("(original)"), Needle::new("(before formatting)")];

/// Reads their output.
#[derive(Debug, Default)]
pub(crate) struct Lint {
    open: Option<Open>,
}

/// The record being read.
#[derive(Debug)]
enum Open {
    /// A file that clang-format would change.
    Difference(Block),
    /// Includes that a file should add or remove.
    Includes(Block),
}

/// A diagnostic of several lines.
#[derive(Debug)]
struct Block {
    path: String,
    line: u32,
    message: Vec<String>,
    context: Context,
    span: Span,
}

impl Lint {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(open) = &mut self.open {
            if open.line(view) {
                return;
            }
            self.finish(inbox);
        }
        let text = view.text;
        if let Some(found) = cppcheck(view).or_else(|| cpplint(view)) {
            inbox.push(Diagnostic { span: view.span, context: text.to_owned(), ..found });
        } else if let Some(path) = difference(view) {
            self.open = Some(Open::Difference(Block::new(path, view)));
        } else if let Some((path, action)) = includes(view) {
            let mut block = Block::new(path, view);
            block.message.push(action.to_owned());
            self.open = Some(Open::Includes(block));
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        let found = match self.open.take() {
            Some(Open::Difference(block)) => block.difference(),
            Some(Open::Includes(block)) => block.includes(),
            None => None,
        };
        if let Some(found) = found {
            inbox.push(found);
        }
    }
}

impl Open {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        match self {
            Self::Difference(block) => {
                if let Some(rest) = text.strip_prefix("@@ -") {
                    if block.line == 0 {
                        block.line = leading_number(rest).map_or(0, |(line, _)| line);
                    }
                } else if !(text.starts_with("+++ ") && block.context.lines() == 1
                    || block.line > 0 && view.body().starts_with([' ', '+', '-']))
                    || text.starts_with("--- ")
                {
                    return false;
                }
                block.take(view);
                true
            }
            Self::Includes(block) => {
                if text.is_empty() {
                    return true;
                }
                if let Some((path, action)) = includes(view) {
                    // The lines to remove follow those to add.
                    if path != block.path {
                        return false;
                    }
                    block.message.push(action.to_owned());
                } else if text.starts_with("#include ")
                    || text.starts_with("- ")
                    || text.starts_with("class ")
                    || text.starts_with("struct ")
                    || text.starts_with("namespace ")
                {
                    let item = text.split("  //").next().unwrap_or(text).trim_start_matches("- ");
                    if block.message.len() < 40 {
                        block.message.push(item.to_owned());
                    }
                } else {
                    return false;
                }
                block.take(view);
                true
            }
        }
    }
}

impl Block {
    fn new(path: &str, view: &View<'_>) -> Self {
        let mut context = Context::default();
        context.push(view.text);
        Self { path: path.to_owned(), line: 0, message: Vec::new(), context, span: view.span }
    }

    fn take(&mut self, view: &View<'_>) {
        if self.context.lines() < LINES {
            self.context.push(view.body());
        }
        self.span = self.span.to(view.span);
    }

    fn difference(mut self) -> Option<Diagnostic> {
        (self.line > 0).then(|| Diagnostic {
            location: Some(Location::at(&self.path, self.line, None)),
            context: self.context.take(),
            span: self.span,
            ..found(
                "clang-format",
                None,
                "the code is not formatted as clang-format would format it",
                Severity::Error,
            )
        })
    }

    fn includes(mut self) -> Option<Diagnostic> {
        let has_lines = self.message.iter().any(|line| !line.ends_with("these lines:"));
        has_lines.then(|| Diagnostic {
            location: Some(Location::file(&self.path)),
            context: self.context.take(),
            span: self.span,
            ..found("include-what-you-use", None, &self.message.join(" "), Severity::Error)
        })
    }
}

/// `[src/pot.c:12]: (error) message`, `[a.c:3] -> [b.c:7]: (warning, inconclusive) message`.
fn cppcheck(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    let at = CPPCHECK.find_among(view.characters, text)?;
    let place = text[..at].rsplit('[').next().and_then(place_at_start)?;
    let (level, message) = text[at + CPPCHECK.text().len()..].split_once(") ")?;
    let severity = match level.split(',').next()? {
        "error" => Severity::Error,
        "warning" | "style" | "performance" | "portability" => Severity::Warning,
        "information" | "debug" => Severity::Info,
        _ => return None,
    };
    let (message, code) = match trailing_group(message, '[', ']') {
        Some((message, code)) if code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
            (message, Some(code))
        }
        _ => (message, None),
    };
    Some(Diagnostic { location: Some(place.location()), ..found("cppcheck", code, message, severity) })
}

/// `path:12:  message  [category/rule] [5]`.
fn cpplint(view: &View<'_>) -> Option<Diagnostic> {
    let text = view.text;
    CATEGORY.find_among(view.characters, text)?;
    let (rest, confidence) = trailing_group(text, '[', ']')?;
    if confidence.len() != 1 || !confidence.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (rest, rule) = trailing_group(rest, '[', ']')?;
    if !rule.contains('/') || rule.contains(' ') {
        return None;
    }
    let place = place_at_start(rest)
        .or_else(|| place_in_parentheses(rest))
        .filter(|place| names::is_native_source(place.path))?;
    let message = place.rest.trim_start_matches([':', ' ']);
    let message = message
        .strip_prefix("error cpplint: ")
        .or_else(|| message.strip_prefix("warning: "))
        .unwrap_or(message);
    (!message.is_empty()).then(|| Diagnostic {
        location: Some(place.location()),
        ..found("cpplint", Some(rule), message, Severity::Error)
    })
}

/// The file in `--- src/pot.c (original)`.
fn difference<'a>(view: &View<'a>) -> Option<&'a str> {
    let path = view.text.strip_prefix("--- ")?;
    let at = REFORMATTED.iter().find_map(|needle| needle.find_among(view.characters, path))?;
    let path = path[..at].trim();
    names::is_native_source(path).then_some(path)
}

/// `src/pot.cc should add these lines:`: the file and the action.
fn includes<'a>(view: &View<'a>) -> Option<(&'a str, &'a str)> {
    if !view.text.ends_with("these lines:") {
        return None;
    }
    let at = SHOULD.find_among(view.characters, view.text)?;
    let path = &view.text[..at];
    (!path.contains(' ') && names::is_native_source(path)).then(|| (path, &view.text[at + 1..]))
}

fn found(tool: &str, code: Option<&str>, message: &str, severity: Severity) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: code.unwrap_or("lint").to_owned(),
        code: code.map(str::to_owned),
        message: message.trim().to_owned(),
        severity,
        kind: Kind::Lint,
        ..Diagnostic::default()
    }
}
