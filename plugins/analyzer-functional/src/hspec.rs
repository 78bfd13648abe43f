//! Tests of Haskell: hspec, tasty, HUnit, doctest.
//!
//! ```text
//!   test/PotSpec.hs:12:14:                    holds two: FAIL
//!   1) Pot.cups holds two                       test/Spec.hs:12:
//!        expected: 2                            expected: 2
//!         but got: 1                             but got: 1
//!                                               Use -p '/holds two/' to rerun this test only.
//! ### Failure in: 0:Pot:0:holds two
//! test/Main.hs:12                           src/Pot.hs:12: failure in expression `cups pot'
//! expected: 2                               expected: 2
//!  but got: 1                                but got: 1
//! ```

use crate::panel::{Draft, Reader, Seen, single};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{Needle, extension, leading_number, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 60;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Hspec,
    Tasty,
    Hunit,
    Doctest,
}

/// Reads failed tests.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// A location on a separate line, which hspec prints before the name.
    place: Option<Location>,
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    form: Form,
    indent: usize,
    said: usize,
    /// True if the format is certain.
    sure: bool,
}

/// `test/PotSpec.hs:12:14:` and nothing else.
fn place(start: &str) -> Option<Location> {
    if !start.ends_with(|c: char| c.is_ascii_digit() || c == ':') {
        return None;
    }
    let place = place_at_start(start).filter(|place| place.rest.trim_matches([':', ' ']).is_empty())?;
    matches!(extension(place.path), "hs" | "lhs").then(|| place.location())
}

/// `holds two: FAIL`, `holds two: FAIL (0.02s)`.
fn tasty(start: &str) -> Option<&str> {
    if !start.ends_with("FAIL") && !start.ends_with("s)") {
        return None;
    }
    let text = match start.rsplit_once(" (") {
        Some((text, time)) if time.ends_with("s)") => text,
        _ => start,
    };
    let name = text.strip_suffix("FAIL")?.trim_end().strip_suffix(':')?;
    (!name.is_empty()).then_some(name)
}

impl Tests {
    fn begin(&mut self, line: &Seen<'_>) {
        static EXPRESSION: Needle = Needle::new("failure in expression ");
        let start = line.start;
        let before = self.place.take();
        let named = start.starts_with(|c: char| c.is_ascii_digit() || c == '#')
            || start.ends_with("FAIL")
            || start.ends_with("s)")
            || EXPRESSION.find_among(line.characters, start).is_some();
        if !named {
            self.place = place(start);
            return;
        }
        let mut draft = Draft::new("hspec", Kind::Test, line);
        let (form, test, sure) = if let Some(name) = tasty(start) {
            (Form::Tasty, name, false)
        } else if let Some(name) = start.strip_prefix("### Failure in: ").or_else(|| {
            start.strip_prefix("### Error in: ").or_else(|| start.strip_prefix("### Error in:   "))
        }) {
            (Form::Hunit, name.trim(), true)
        } else if start.starts_with(|c: char| c.is_ascii_digit())
            && let Some((_, rest)) = leading_number(start)
            && let Some(name) = rest.strip_prefix(") ")
        {
            let placed = before.is_some();
            draft.found.location = before;
            (Form::Hspec, name, placed)
        } else if let Some(place) =
            EXPRESSION.find_among(line.characters, start).and_then(|_| place_at_start(start))
            && let Some(expression) = place.rest.trim_start().strip_prefix("failure in expression ")
        {
            draft.found.location = Some(place.location());
            (Form::Doctest, expression.trim_matches(['`', '\'']), true)
        } else {
            self.place = place(start);
            return;
        };
        let tool = match form {
            Form::Hspec => "hspec",
            Form::Tasty => "tasty",
            Form::Hunit => "hunit",
            Form::Doctest => "doctest",
        };
        tool.clone_into(&mut draft.found.tool);
        draft.found.test = Some(test.to_owned());
        self.open = Some(Block { draft, form, indent: line.indent, said: 0, sure });
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, said, sure, .. }) = self.open.take() else { return };
        if said == 0 || !sure {
            return;
        }
        if draft.found.error_type.is_empty() {
            "assertion".clone_into(&mut draft.found.error_type);
        }
        out.push(draft.done());
    }
}

impl Block {
    /// Returns whether the line is a part of the failure, and whether it is the last one.
    fn line(&mut self, line: &Seen<'_>) -> (bool, bool) {
        let start = line.start;
        if start.is_empty() {
            return (self.form == Form::Hspec && self.draft.lines() < LINES || self.said == 0, false);
        }
        let last = start.starts_with("To rerun use:")
            || start.starts_with("Use -p ")
            || start.starts_with("(To rerun");
        let flat = matches!(self.form, Form::Hunit | Form::Doctest);
        if self.draft.lines() >= LINES || !flat && line.indent <= self.indent || start.starts_with("### ") {
            return (false, false);
        }
        if flat && (start.starts_with("Cases: ") || start.starts_with("Examples: ")) {
            return (false, false);
        }
        self.draft.take(line);
        if last {
            self.sure = true;
            return (true, true);
        }
        if let Some(place) = place(start).filter(|_| self.said == 0) {
            self.draft.found.location = Some(place);
            self.sure = true;
            return (true, false);
        }
        self.sure |= start.starts_with("expected: ")
            || start.starts_with("but got: ")
            || start.starts_with("uncaught exception: ")
            || start.starts_with("predicate failed on: ")
            || start.starts_with("Falsif")
            || start.starts_with("*** Failed!");
        if let Some(error_type) = start.strip_prefix("uncaught exception: ") {
            error_type.split(' ').next().unwrap_or(error_type).clone_into(&mut self.draft.found.error_type);
            return (true, false);
        }
        if start.starts_with("CallStack (from HasCallStack)") {
            self.said = MESSAGE_LINES;
        }
        if self.said < MESSAGE_LINES && !start.trim_matches(['^', '~', ' ']).is_empty() {
            self.draft.say(start);
        }
        self.said += 1;
        (true, false)
    }
}

impl Reader for Tests {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let next =
                block.form == Form::Hspec && line.indent <= block.indent && place(line.start).is_some();
            let (goes_on, ends) = if next { (false, false) } else { block.line(line) };
            if !goes_on || ends {
                self.close(out);
            }
            if goes_on {
                return;
            }
        }
        if !line.start.is_empty() {
            self.begin(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.place = None;
    }
}

/// `3 examples, 1 failure`, `1 out of 3 tests failed (0.01s)`, `Test suite pot-test: FAIL`,
/// `Cases: 3  Tried: 3  Errors: 0  Failures: 1`.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    if !start.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'T' | 'C')) {
        return None;
    }
    let positive = |text: &str| leading_number(text.trim_start()).is_some_and(|(count, _)| count > 0);
    let (tool, holds) =
        if let Some((_, rest)) = start.split_once(" examples, ").or_else(|| start.split_once(" example, ")) {
            ("hspec", positive(rest) && rest.contains("failure") && positive(start))
        } else if start.contains(" out of ")
            && (start.contains(" tests failed") || start.contains(" test failed"))
        {
            ("tasty", positive(start))
        } else if start.starts_with("Test suite ") && start.ends_with(": FAIL") {
            ("cabal", true)
        } else if start.starts_with("Cases: ") && start.contains("Tried: ") {
            let failed = start.split(": ").skip(3).any(positive);
            ("hunit", failed)
        } else {
            return None;
        };
    let found = single(tool, Kind::Test, start, line);
    holds.then(|| Diagnostic { role: Role::Summary, error_type: "failed-tests".to_owned(), ..found })
}
