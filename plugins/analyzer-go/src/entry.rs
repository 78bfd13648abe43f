//! One log entry of a test: location, message, and testify's table.

use crate::view::View;
use grimoire_plugin_sdk::{
    Location, Span, path,
    text::{Context, extension, place_at_start},
};

/// Maximum number of lines of one message.
const LINES: usize = 14;

/// A log entry of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    message: Vec<String>,
    location: Location,
    /// The user's location in testify's `Error Trace:`.
    trace: Option<Location>,
    /// The texts of testify's `Error:` and `Messages:`.
    error: Vec<String>,
    words: Vec<String>,
    part: Part,
    pub(crate) context: Context,
    pub(crate) indent: usize,
    pub(crate) span: Span,
}

/// The part of testify's table that is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// No table.
    #[default]
    Text,
    Trace,
    Error,
    Difference,
    Messages,
    Other,
}

impl Entry {
    /// `pot_test.go:9: message`.
    pub(crate) fn start(view: &View<'_>) -> Option<Self> {
        let place = place_at_start(view.text)?;
        if extension(place.path) != "go" || !(place.rest.is_empty() || place.rest.starts_with([' ', '\t'])) {
            return None;
        }
        let mut context = Context::default();
        context.push(view.text);
        let message = place.rest.trim();
        Some(Self {
            message: if message.is_empty() { Vec::new() } else { vec![message.to_owned()] },
            location: place.location(),
            context,
            indent: view.indent(),
            span: view.span,
            ..Self::default()
        })
    }

    /// Reads a line below it that is indented further, or blank.
    pub(crate) fn also(&mut self, view: &View<'_>) {
        let text = view.text;
        if text.is_empty() {
            return;
        }
        self.span = self.span.to(view.span);
        self.context.push(view.body);
        let part = [
            ("Error Trace:", Part::Trace),
            ("Error:", Part::Error),
            ("Messages:", Part::Messages),
            ("Test:", Part::Other),
            ("Diff:", Part::Difference),
        ]
        .iter()
        .find_map(|(label, part)| Some((text.strip_prefix(label)?.trim(), *part)));
        let (text, part) = match part {
            // A message of the test itself may begin with such a word: the table begins with its trace.
            Some((rest, part))
                if self.part != Part::Text || part == Part::Trace || self.message.is_empty() =>
            {
                self.part = part;
                (rest, part)
            }
            _ => (text, self.part),
        };
        match part {
            Part::Text => self.message.push(text.to_owned()),
            Part::Trace => self.trace(text),
            Part::Error => self.error.push(text.to_owned()),
            Part::Messages => self.words.push(text.to_owned()),
            Part::Difference | Part::Other => {}
        }
        self.message.truncate(LINES);
        self.error.truncate(LINES);
        self.words.truncate(LINES);
    }

    /// The first location in the file that the entry names gives the path of that file.
    fn trace(&mut self, text: &str) {
        let Some(place) = place_at_start(text) else { return };
        let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let foreign = !path::is_own(place.path) || place.path.contains("/src/testing/");
        if self.trace.is_none() && name(place.path) == name(&self.location.path) && !foreign {
            self.trace = Some(place.location());
        }
    }

    /// The user's location; none for messages of the testing package itself.
    pub(crate) fn location(&self) -> Option<Location> {
        let location = self.trace.as_ref().unwrap_or(&self.location);
        let of_go = matches!(location.path.as_str(), "testing.go" | "panic.go" | "asm_amd64.s");
        (!of_go).then(|| location.clone())
    }

    pub(crate) fn message(&self, test: &str) -> String {
        let mut message = if self.error.is_empty() {
            self.message.join("\n")
        } else {
            self.error.join(" ").trim().to_owned()
        };
        if !self.words.is_empty() {
            message = format!("{message} ({})", self.words.join(" ").trim());
        }
        if message.trim().is_empty() { format!("test {test} failed") } else { message }
    }

    /// Returns true if an assertion library printed it.
    pub(crate) fn is_assertion(&self) -> bool {
        !self.error.is_empty()
    }

    /// Returns true for a test file.
    pub(crate) fn is_of_test(&self) -> bool {
        self.location.path.ends_with("_test.go")
    }

    /// Returns true if it only repeats an earlier message.
    pub(crate) fn follows(&self) -> bool {
        self.message
            .first()
            .is_some_and(|message| message.starts_with("race detected during execution of test"))
    }

    /// Returns true if its words report a failure rather than progress.
    pub(crate) fn tells_failure(&self) -> bool {
        const WORDS: [&str; 36] = [
            "want",
            "expect",
            "got ",
            "got:",
            "got=",
            "fail",
            "error",
            "err:",
            "err =",
            "mismatch",
            "not equal",
            "!=",
            "timed out",
            "timeout",
            "panic",
            "race detected",
            "should",
            "must",
            "cannot",
            "can't",
            "couldn't",
            "missing",
            "invalid",
            "differ",
            "no such",
            "refused",
            "denied",
            "not found",
            "exceeded",
            "diff ",
            "does not",
            "did not",
            "didn't",
            "is not",
            "wrong",
            "incorrect",
        ];
        self.follows()
            || self.message.iter().any(|line| {
                let lower = line.to_ascii_lowercase();
                WORDS.iter().any(|word| lower.contains(word))
            })
    }
}
