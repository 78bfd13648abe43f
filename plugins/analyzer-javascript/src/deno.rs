//! Deno: its type checker, linter, module loader, formatter and test runner.
//!
//! ```text
//! TS2322 [ERROR]: Type 'string' is not assignable to type 'number'.
//! const n: number = "a";
//!       ^
//!     at file:///app/lid.ts:1:7
//!
//! error[no-unused-vars]: `n` is never used
//!  --> /app/lid.ts:1:7
//!
//! adds => ./lid_test.ts:2:6
//! error: Error: Values are not equal: 3 4
//! ```

use grimoire_plugin_sdk::text::{Characters, Needle, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{Excerpt, failure, finding, frame, is_own, is_script, summary};
use crate::kinds;
use crate::stack::Stacks;
use crate::tsc::is_ts_code;

/// Maximum number of lines between a message and its location.
const LINES: u32 = 12;

struct Open {
    found: Diagnostic,
    left: u32,
    excerpt: Excerpt,
    /// True if only a location shows that it is Deno's.
    needs_place: bool,
}

/// Recognises Deno's errors.
#[derive(Default)]
pub(crate) struct Deno {
    open: Option<Open>,
    /// A failed test, by the first line of its report.
    test: Option<(String, Span)>,
    /// Files that the formatter would change.
    unformatted: Option<(Location, Span)>,
}

impl Deno {
    /// Reads a line; returns true if it belongs to one of Deno's errors.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        stacks: &mut Stacks,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static TYPED: Needle = Needle::new(" [ERROR]: ");
        static ARROW: Needle = Needle::new(" => ");
        let trimmed = trim(text);
        if self.open.is_some() && self.place(text, trimmed, span, out) {
            return true;
        }
        if let Some((name, start)) = self.test.take()
            && let Some(message) = text.strip_prefix("error: ")
        {
            stacks.begin_test(&name, "deno", start, out);
            stacks.runs_in("deno");
            // The stack recogniser reads the exception.
            return stacks.line(message, false, span, out);
        }
        if let Some((location, start)) = self.unformatted.take()
            && trimmed.contains(" | ")
        {
            let mut found = failure("deno", "format", Kind::Lint, "not formatted", start);
            found.location = Some(location);
            out.push(found);
            return true;
        }
        if let Some((code, message)) = TYPED.split_among(among, trimmed).filter(|(code, _)| is_ts_code(code))
        {
            let mut found = finding("deno", code, message, None, span);
            found.kind = Kind::Compile;
            return self.begin(found, text, false);
        }
        if let Some(rest) = text.strip_prefix("error[")
            && let Some((rule, message)) = rest.split_once("]: ")
            && rule.contains('-')
        {
            let mut found = finding("deno", rule, message, None, span);
            found.kind = Kind::Lint;
            self.begin(found, text, true);
            return false;
        }
        if let Some(message) = text.strip_prefix("error: ") {
            if matches!(message, "Test failed" | "Type checking failed.")
                || message.starts_with("Found ") && message.contains(" not formatted file")
            {
                out.push(summary("deno", Kind::Unknown, message, span));
                return true;
            }
            if message.starts_with("Module not found \"")
                || message.starts_with("Relative import path \"")
                || message.starts_with("Could not find ") && message.contains("in a node_modules")
            {
                let mut found = failure("deno", "module-not-found", Kind::Dependency, message, span);
                found.kind = kinds::by_words(message).unwrap_or(found.kind);
                return self.begin(found, text, false);
            }
        }
        if text.starts_with("Task not found: ") {
            out.push(failure("deno", "missing-task", Kind::Configuration, text, span));
            return true;
        }
        if let Some((name, place)) = ARROW.split_among(among, text)
            && place_at_start(place)
                .is_some_and(|place| place.column.is_some() && place.rest.is_empty() && is_script(place.path))
        {
            self.test = Some((name.to_owned(), span));
            return true;
        }
        if let Some(path) = text.strip_prefix("from ").and_then(|path| path.strip_suffix(':'))
            && is_script(path)
        {
            self.unformatted = Some((Location::file(path), span));
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(mut open) = self.open.take()
            && !open.needs_place
        {
            open.found.context = open.excerpt.take();
            out.push(open.found);
        }
    }

    fn begin(&mut self, found: Diagnostic, text: &str, needs_place: bool) -> bool {
        let mut excerpt = Excerpt::default();
        excerpt.push(text);
        self.open = Some(Open { found, left: LINES, excerpt, needs_place });
        true
    }

    /// The line with the location ends an error.
    fn place(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(open) = &mut self.open else { return false };
        open.left -= 1;
        let arrow =
            trimmed.strip_prefix("--> ").and_then(place_at_start).filter(|place| is_script(place.path));
        let location = match arrow {
            Some(place) => Some(place.location()),
            None if open.needs_place => None,
            None => frame(trimmed).and_then(|frame| frame.location),
        };
        if let Some(location) = location {
            open.excerpt.push(text);
            open.found.span = open.found.span.to(span);
            open.found.location = Some(location).filter(|place| is_own(&place.path));
            open.needs_place = false;
            self.finish(out);
            return true;
        }
        if trimmed.is_empty() || open.left == 0 || open.needs_place {
            self.finish(out);
            return false;
        }
        open.excerpt.push(text);
        true
    }
}
