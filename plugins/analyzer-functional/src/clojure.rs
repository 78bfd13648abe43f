//! Clojure: the compiler, exceptions, `clojure.test`, Leiningen's dependencies.
//!
//! ```text
//! Syntax error compiling at (src/pot/core.clj:12:3).
//! Unable to resolve symbol: lid in this context
//!
//! FAIL in (holds-two) (pot_test.clj:8)
//! the pot
//! expected: (= 2 (cups))
//!   actual: (not (= 2 1))
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{Reach, Sentence, Sentences},
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Dependency},
    text::{leading_number, place_at_start},
};

/// Maximum number of lines of one error.
const LINES: usize = 40;

/// Reads errors and failed tests.
#[derive(Debug, Default)]
pub(crate) struct Clojure {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    test: bool,
    said: usize,
}

/// Returns true for Clojure files.
fn is_clojure(path: &str) -> bool {
    [".clj", ".cljs", ".cljc", ".edn", ".bb"].iter().any(|end| path.ends_with(end))
}

impl Clojure {
    /// `Syntax error (X) compiling at (src/pot.clj:12:3).`, `Execution error (X) at pot.core/fill (core.clj:12).`
    fn error(line: &Seen<'_>) -> Option<Block> {
        let start = line.start;
        let kind = match start {
            _ if start.starts_with("Syntax error ") => Kind::Compile,
            _ if start.starts_with("Execution error ") || start.starts_with("Unexpected error ") => {
                Kind::Crash
            }
            _ => return None,
        };
        let (before, place) = start.rsplit_once('(')?;
        let place = place.trim_end_matches([')', '.']);
        if !before.contains(" at ") {
            return None;
        }
        let mut draft = Draft::new("clojure", kind, line);
        let name = start.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(name, _)| name);
        let name = name.filter(|name| !name.contains([':', '/', ' ']));
        name.unwrap_or(if kind == Kind::Compile { "Syntax error" } else { "Execution error" })
            .clone_into(&mut draft.found.error_type);
        let function = before.rsplit(" at ").next().unwrap_or_default();
        let own = !function.starts_with("clojure.") && !function.starts_with("java.");
        let place = place_at_start(place)
            .filter(|place| own && is_clojure(place.path) && !place.path.starts_with("NO_SOURCE"));
        draft.found.location = place.map(|place| place.location());
        Some(Block { draft, test: false, said: 0 })
    }

    /// `FAIL in (holds-two) (pot_test.clj:8)`, `ERROR in pot-test/holds-two (pot_test.clj:8)`.
    fn test(line: &Seen<'_>) -> Option<Block> {
        let (error, rest) = match line.start.strip_prefix("FAIL in ") {
            Some(rest) => (false, rest),
            None => (true, line.start.strip_prefix("ERROR in ")?),
        };
        let (name, place) = rest.strip_suffix(')')?.rsplit_once(" (")?;
        let mut draft = Draft::new("clojure.test", Kind::Test, line);
        draft.found.test = Some(name.trim_matches(['(', ')']).to_owned());
        if error { "error" } else { "assertion" }.clone_into(&mut draft.found.error_type);
        let place = place_at_start(place).filter(|place| is_clojure(place.path));
        draft.found.location = place.map(|place| place.location());
        Some(Block { draft, test: true, said: 0 })
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { draft, said, .. }) = self.open.take() else { return };
        if said > 0 {
            out.push(draft.done());
        }
    }
}

impl Reader for Clojure {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let start = line.start;
            let frame = start.starts_with("at ") && start.ends_with(')');
            let next =
                start.starts_with("FAIL in ") || start.starts_with("ERROR in ") || start.starts_with("Ran ");
            if start.is_empty()
                || frame
                || next
                || block.draft.lines() >= LINES
                || start.starts_with("lein test ")
            {
                self.close(out);
            } else {
                block.draft.take(line);
                if block.said < 10 {
                    block.draft.say(start);
                    block.said += 1;
                }
                // The message of an error is one line; the path of the report follows.
                if !block.test && (start.starts_with("Full report at") || block.said >= 3) {
                    self.close(out);
                }
                return;
            }
        }
        if line.start.starts_with(['S', 'E', 'U', 'F']) {
            self.open = Self::error(line).or_else(|| Self::test(line));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Leiningen's sentences.
pub(crate) fn leiningen() -> Sentences {
    Sentences::new("leiningen", LEININGEN).after(&["Error: ", "Error building classpath. "])
}

const LEININGEN: &[Sentence] = &[
    Sentence::new("Could not find artifact *:*:jar:* in *", Dependency, "artifact-not-found"),
    Sentence::new("Could not transfer artifact *:*:*:* from/to *", Kind::Network, "transfer"),
    Sentence::new("'*' is not a task. See 'lein help'.", Kind::Configuration, "task-not-found")
        .reaches(Reach::Block),
];

/// `2 failures, 1 errors.`
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let (failures, rest) = leading_number(line.start)?;
    let rest = rest.strip_prefix(" failures, ")?;
    let (errors, rest) = leading_number(rest)?;
    if failures + errors == 0 || !matches!(rest, " errors." | " errors") {
        return None;
    }
    let found = crate::panel::single("clojure.test", Kind::Test, line.start, line);
    Some(Diagnostic {
        role: grimoire_plugin_sdk::Role::Summary,
        error_type: "failed-tests".to_owned(),
        ..found
    })
}
