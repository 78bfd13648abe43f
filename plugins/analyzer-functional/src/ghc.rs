//! GHC of all versions, its programs' exceptions, and HLint:
//!
//! ```text
//! src/Pot.hs:12:5: error: [GHC-83865]
//!     • Couldn't match expected type ‘Int’ with actual type ‘[Char]’
//!     • In the expression: "x"
//!    |
//! 12 |   x = "x"
//!    |       ^^^
//!
//! src/Pot.hs:(12,5)-(13,9): error: …        src/Pot.hs:12:5:
//!                                               Not in scope: ‘lid’
//! ```

use crate::panel::{Draft, Reader, Seen, single, typed};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Position, Severity, Span, limits,
    text::{Place, cut, extension, leading_number, place_at_start},
};

/// Maximum number of lines of one diagnostic.
const LINES: usize = 60;

/// Reads GHC's diagnostics.
#[derive(Debug, Default)]
pub(crate) struct Ghc {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    indent: usize,
    /// True after the message: details follow.
    told: bool,
    /// True if the message is on the next line, recognised only by its indentation.
    bare: bool,
    blank: bool,
}

/// Returns true for Haskell files.
fn is_haskell(path: &str) -> bool {
    matches!(extension(path), "hs" | "lhs" | "hsc" | "hs-boot" | "chs" | "cabal")
}

/// A location in GHC's formats: `path:12:5`, `path:12:5-9`, `path:(12,5)-(13,9)`, `<no location info>`.
fn place(start: &str) -> Option<(Option<Location>, &str)> {
    if let Some(rest) = start.strip_prefix("<no location info>:") {
        return Some((None, rest));
    }
    if let Some((path, rest)) = start.split_once(":(")
        && is_haskell(path)
        && let Some((line, rest)) = leading_number(rest)
        && let Some((column, rest)) = rest.strip_prefix(',').and_then(leading_number)
        && let Some((end, rest)) = rest.strip_prefix(")-(").and_then(leading_number)
        && let Some((end_column, rest)) = rest.strip_prefix(',').and_then(leading_number)
    {
        let mut location = Location::at(path, line, Some(column));
        location.end = Some(Position { line: end, column: Some(end_column) });
        return Some((Some(location), rest.strip_prefix(')')?.strip_prefix(':')?));
    }
    let place =
        place_at_start(start).filter(|place: &Place<'_>| is_haskell(place.path) && place.column.is_some())?;
    Some((Some(place.location()), place.rest))
}

/// `[GHC-83865]`, `[-Wunused-imports, -Werror=unused-imports]`: the first entry is the code.
fn code(mut rest: &str) -> (Option<String>, &str) {
    let mut code = None;
    while let Some((inner, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if !inner.starts_with("GHC-") && !inner.starts_with("-W") {
            break;
        }
        code = code.or_else(|| inner.split(',').next().map(|name| name.trim().to_owned()));
        rest = after.trim_start();
    }
    (code, rest)
}

impl Ghc {
    fn begin(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let Some((location, rest)) = place(line.start) else { return };
        let text = rest.trim_start();
        let (severity, text) = if let Some(text) = text.strip_prefix("error:") {
            (Severity::Error, text)
        } else if let Some(text) = text.strip_prefix("fatal:") {
            (Severity::Error, text)
        } else if let Some(text) = text.strip_prefix("warning:") {
            (Severity::Warning, text)
        } else if let Some(text) = text.strip_prefix("Warning:") {
            if !text.is_empty() {
                return out.extend(hint(line, location, rest.trim_start()));
            }
            (Severity::Warning, text)
        } else if text.is_empty() {
            (Severity::Error, text)
        } else {
            return out.extend(hint(line, location, text));
        };
        let bare = text.is_empty() && rest.trim().is_empty();
        let (code, text) = code(text.trim_start());
        let mut draft = Draft::new("ghc", Kind::Compile, line);
        draft.found.severity = severity;
        draft.found.code = code;
        draft.found.location = location;
        if !text.is_empty() {
            draft.say(text);
        }
        self.open = Some(Block { draft, indent: line.indent, told: false, bare, blank: false });
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { draft, .. }) = self.open.take() else { return };
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }
}

impl Block {
    /// Returns true if the line is a part of it.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        let margin = start.starts_with('|')
            || leading_number(start).is_some_and(|(_, rest)| rest.trim_start().starts_with('|'));
        if margin {
            self.told = true;
            self.draft.take(line);
            return self.draft.lines() < LINES;
        }
        if start.is_empty() {
            // A blank line ends the message, unless the message has not started.
            self.blank = true;
            return self.draft.found.message.is_empty() && self.draft.lines() < 2;
        }
        if line.indent <= self.indent
            || self.draft.lines() >= LINES
            || self.bare && line.indent < self.indent + 4
        {
            return false;
        }
        self.bare = false;
        let has_message = !self.draft.found.message.is_empty();
        let bullet = start.strip_prefix("• ").or_else(|| start.strip_prefix("* "));
        let circumstance = has_message
            && (bullet.is_some()
                || [
                    "In the ",
                    "In a",
                    "In an ",
                    "Relevant bindings",
                    "Probable fix",
                    "Possible fix",
                    "NB: ",
                    "Suggested fix",
                ]
                .iter()
                .any(|word| start.starts_with(word)));
        self.told |= circumstance;
        if !self.told && self.draft.lines() < 12 {
            self.draft.go_on(bullet.unwrap_or(start));
        } else if start.starts_with("Perhaps you ") || start.starts_with("Suggested fix: ") {
            self.draft.say(start);
        }
        self.draft.take(line);
        true
    }
}

impl Reader for Ghc {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            self.close(out);
        }
        if line.characters.may_have(b':') {
            self.begin(line, out);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// HLint: `src/Pot.hs:12:5-20: Suggestion: Use lid`; any hint fails the run.
fn hint(line: &Seen<'_>, location: Option<Location>, text: &str) -> Option<Diagnostic> {
    let (level, message) = text.split_once(": ")?;
    if !matches!(level, "Suggestion" | "Warning" | "Error") {
        return None;
    }
    let mut found = single("hlint", Kind::Lint, message, line);
    found.location = location;
    level.to_lowercase().clone_into(&mut found.error_type);
    Some(typed(found))
}

/// Messages of partial functions.
const PARTIAL: [&str; 4] = [
    "Non-exhaustive patterns",
    "Irrefutable pattern failed",
    "Missing field in record",
    "Non-exhaustive guards",
];

/// Exceptions of programs: a message and `CallStack (from HasCallStack):`, or a location in the message.
///
/// ```text
/// pot: no lid
/// CallStack (from HasCallStack):
///   error, called at src/Pot.hs:12:3 in pot-0.1:Pot
/// ```
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// The last line that may come from a program, and its span.
    before: String,
    span: Span,
    open: Option<(Draft, Vec<Frame>)>,
}

impl Exceptions {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, frames)) = self.open.take() else { return };
        let own = |place: &&Location| !place.path.contains("libraries/") && is_haskell(&place.path);
        draft.found.location = frames.iter().filter_map(|frame| frame.location.as_ref()).find(own).cloned();
        draft.found.stack_trace = frames;
        out.push(draft.done());
    }
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, frames)) = &mut self.open {
            if let Some((function, rest)) = start.split_once(", called at ")
                && let Some(place) = place_at_start(rest.split(" in ").next().unwrap_or(rest))
                && frames.len() < limits::FRAMES
            {
                let (function, location) = (Some(function.to_owned()), Some(place.location()));
                frames.push(Frame { function, location, text: start.to_owned() });
                draft.take(line);
                return;
            }
            self.close(out);
        }
        if start.starts_with("CallStack (from HasCallStack)") || start.starts_with("HasCallStack backtrace:")
        {
            let before = Seen::new(&self.before, self.span);
            if let Some((_, message)) = before.start.split_once(": ") {
                let mut draft = Draft::new("haskell", Kind::Crash, &before);
                "ErrorCall".clone_into(&mut draft.found.error_type);
                draft.say(place(message).map_or(message, |(_, text)| text));
                draft.take(line);
                self.open = Some((draft, Vec::new()));
            }
            self.before.clear();
            return;
        }
        self.before.clear();
        // `pot: message`: a program and its message.
        let Some((program, message)) = start.split_once(": ") else { return };
        let named = !program.contains([' ', ':']) && program.len() < 60;
        if !named {
            return;
        }
        if let Some((Some(location), text)) = place(message)
            && PARTIAL.iter().any(|sign| text.trim_start().starts_with(sign))
        {
            let mut found = single("haskell", Kind::Crash, text, line);
            found.location = Some(location);
            "PatternMatchFail".clone_into(&mut found.error_type);
            out.push(found);
        } else {
            self.before.push_str(cut(line.start, 1024));
            self.span = line.span;
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.before.clear();
    }
}
