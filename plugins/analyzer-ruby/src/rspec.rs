//! RSpec: failed examples, errors outside of examples, and the summary.
//!
//! ```text
//!   1) Pot holds two cups
//!      Failure/Error: expect(pot.cups).to eq(2)
//!
//!        expected: 2
//!             got: 1
//!
//!        (compared using ==)
//!      # ./spec/pot_spec.rb:7:in 'block (2 levels) in <top (required)>'
//! ```
//!
//! Several failures of one example are numbered `1.1)`, `1.2)` and have separate locations. Pending examples
//! have the same format, below a heading or with their reason as a comment, and are not failures.

use crate::{
    panel::{Draft, Reader, Seen, single},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{Needle, leading_number, place_at_start},
};

/// Maximum number of lines of one failure.
const LINES: usize = 160;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 20;

/// Reads failures.
#[derive(Debug, Default)]
pub(crate) struct Rspec {
    /// Below `Pending:`.
    pending: bool,
    /// The example whose failures may follow.
    example: Option<Example>,
    open: Option<Block>,
}

#[derive(Debug)]
struct Example {
    name: String,
    head: Draft,
    /// Number of lines below its name.
    lines: usize,
    pending: bool,
}

/// A failure being read.
#[derive(Debug)]
struct Block {
    draft: Draft,
    expression: String,
    /// The message so far; blank lines separate paragraphs.
    paragraphs: Vec<Vec<String>>,
    /// True for errors outside of examples, which are not indented.
    flat: bool,
    trace: Trace,
    cause: Option<(String, String)>,
}

/// `1) `, `1.2.3) ` and what follows.
fn numbered(start: &str) -> Option<&str> {
    let mut rest = start;
    loop {
        let (_, after) = leading_number(rest)?;
        if let Some(text) = after.strip_prefix(") ") {
            return Some(text.trim_start());
        }
        rest = after.strip_prefix('.')?;
    }
}

/// `Failure/Error: expression`, with or without a number.
fn failure<'a>(line: &Seen<'a>) -> Option<(bool, &'a str)> {
    static FAILURE: Needle = Needle::new("Failure/Error:");
    let (before, expression) = FAILURE.split_among(line.characters, line.start)?;
    let numbered = before.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b')' | b' '));
    numbered.then_some((before.contains('.'), expression.trim()))
}

impl Rspec {
    fn begin(&mut self, line: &Seen<'_>) {
        if let Some((_, expression)) = failure(line) {
            if self.pending || self.example.as_ref().is_some_and(|example| example.pending) {
                return;
            }
            let mut draft = match &self.example {
                Some(example) if example.lines < 8 => example.head.clone(),
                _ => Draft::new("rspec", Kind::Test, line),
            };
            draft.take(line);
            draft.found.test = self.example.as_ref().map(|example| example.name.clone());
            if let Some(example) = &mut self.example {
                // Further failures of the same example have no heading.
                example.lines = LINES;
            }
            self.open = Some(Block {
                draft,
                expression: expression.to_owned(),
                paragraphs: Vec::new(),
                flat: line.indent == 0,
                trace: Trace::default(),
                cause: None,
            });
            return;
        }
        // A pending example that works now is a failure without an expression.
        if line.start.starts_with("Expected pending '")
            && let Some(example) = self.example.as_mut().filter(|example| example.lines < 2)
        {
            let mut draft = example.head.clone();
            draft.take(line);
            draft.found.test = Some(example.name.trim_end_matches(" FIXED").to_owned());
            let paragraphs = vec![vec![line.start.to_owned()]];
            let (expression, trace) = (String::new(), Trace::default());
            self.open =
                Some(Block { draft, expression, paragraphs, flat: line.indent == 0, trace, cause: None });
            return;
        }
        if line.start.starts_with("Pending:") {
            self.pending = true;
        } else if line.start == "Failures:" || line.start.starts_with("An error occurred ") {
            self.pending = false;
            self.example = None;
            if line.start.ends_with("outside of examples.") || line.start.starts_with("An error") {
                let head = Draft::new("rspec", Kind::Test, line);
                self.example = Some(Example { name: String::new(), head, lines: 0, pending: false });
            }
        } else if let Some(name) = numbered(line.start) {
            if line.start.split(") ").next().is_some_and(|number| !number.contains('.')) {
                let head = Draft::new("rspec", Kind::Test, line);
                self.example = Some(Example { name: name.to_owned(), head, lines: 0, pending: false });
            }
        } else if let Some(example) = &mut self.example {
            example.lines += 1;
            // The reason why it is pending.
            if example.lines == 1 && line.start.starts_with("# ") && !example.name.is_empty() {
                example.pending = true;
            }
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Block {
    /// Returns true if the line is a part of the failure.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if let Some(comment) = start.strip_prefix('#') {
            let comment = comment.trim();
            if let Some(frame) = trace::frame(&Seen { start: comment, ..*line }) {
                if self.cause.is_none() || self.trace.own().is_none() {
                    self.trace.push(frame);
                }
            } else if comment == "--- Caused by: ---" {
                self.cause = Some((String::new(), String::new()));
            } else if let Some((error_type, message)) = &mut self.cause {
                match comment.strip_suffix(':').filter(|name| trace::is_type(name)) {
                    Some(name) if message.is_empty() => name.clone_into(error_type),
                    _ if message.is_empty() && !comment.starts_with("---") => comment.clone_into(message),
                    _ => {}
                }
            }
            self.draft.take(line);
            return true;
        }
        let ends = self.draft.lines() >= LINES
            || !start.is_empty()
                && (!self.trace.is_empty()
                    || start.starts_with("Finished in ")
                    || start.starts_with("Failed examples:")
                    || start.starts_with("Top ") && start.contains(" slowest ")
                    || !self.flat && line.indent == 0
                    || numbered(start).is_some() && failure(line).is_some());
        if ends {
            return false;
        }
        if start.is_empty() {
            if self.paragraphs.last().is_none_or(|paragraph| !paragraph.is_empty()) {
                self.paragraphs.push(Vec::new());
            }
            return true;
        }
        if self.paragraphs.is_empty() {
            self.paragraphs.push(Vec::new());
        }
        if let Some(paragraph) = self.paragraphs.last_mut()
            && paragraph.len() < MESSAGE_LINES
        {
            paragraph.push(start.to_owned());
        }
        self.draft.take(line);
        true
    }

    fn finish(mut self) -> Option<Diagnostic> {
        let mut paragraphs = self.paragraphs;
        // An expression of several lines is below its heading.
        if self.expression.is_empty() && paragraphs.iter().filter(|lines| !lines.is_empty()).count() > 1 {
            paragraphs.remove(0);
        }
        let mut lines: Vec<String> = paragraphs.into_iter().flatten().collect();
        if lines.is_empty() && self.trace.is_empty() {
            return None;
        }
        // `NoMethodError:` on a separate line names the exception.
        let exception =
            lines.first().and_then(|line| line.strip_suffix(':')).filter(|name| trace::is_type(name));
        let exception = exception.map(str::to_owned);
        let found = &mut self.draft.found;
        if let Some(name) = exception {
            found.error_type = name;
            lines.remove(0);
        } else {
            "expectation".clone_into(&mut found.error_type);
        }
        let told: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .take_while(|line| !line.starts_with("Diff:"))
            .filter(|line| !is_remark(line))
            .take(MESSAGE_LINES)
            .collect();
        found.message = if told.is_empty() { self.expression } else { told.join("\n") };
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        let outside = found.test.take_if(|name| name.is_empty()).is_some();
        if outside || found.test.is_none() {
            found.kind = trace::kind(&found.error_type, Kind::Test);
        }
        found.location = self.trace.own();
        if found.location.is_none()
            && let Some((location, message)) = named_in(&found.message)
        {
            found.location = Some(location);
            found.message = message;
        }
        found.stack_trace = self.trace.into_frames();
        if let Some((error_type, message)) = self.cause.filter(|(_, message)| !message.is_empty()) {
            found.message.push_str("\nCaused by: ");
            if !error_type.is_empty() {
                found.message.push_str(&error_type);
                found.message.push_str(": ");
            }
            found.message.push_str(&message);
        }
        Some(self.draft.done())
    }
}

/// The location at the start of a syntax error's message.
fn named_in(message: &str) -> Option<(Location, String)> {
    let place = place_at_start(message)?;
    trace::is_own(place.path).then(|| (place.location(), place.rest.trim().to_owned()))
}

/// Lines that RSpec and Capybara add to a message.
fn is_remark(line: &str) -> bool {
    line.starts_with("(compared using")
        || line.starts_with("[Screenshot")
        || line.starts_with("Shared Example Group: ")
}

impl Reader for Rspec {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            self.close(out);
        }
        self.begin(line);
    }

    fn open(&self) -> Option<u64> {
        let block = self.open.as_ref().map(|block| block.draft.since());
        let example = self.example.as_ref().filter(|example| example.lines < 8);
        block.or_else(|| example.map(|example| example.head.since()))
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.example = None;
        self.pending = false;
    }
}

/// Reads the summary: the counts, and the list of failed examples, which matters only if nothing else
/// was found.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    open: Option<Draft>,
}

/// `48 examples, 1 failure, 1 pending`, `0 examples, 0 failures, 1 error occurred outside of examples`.
fn counts(start: &str) -> bool {
    let Some((_, rest)) = leading_number(start) else { return false };
    let Some((_, rest)) = rest.strip_prefix(" example").and_then(|rest| rest.split_once(", ")) else {
        return false;
    };
    let failures = leading_number(rest).is_some_and(|(count, rest)| count > 0 && rest.starts_with(" fail"));
    failures || rest.contains(" occurred outside of examples")
}

impl Reader for Summary {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let listed = line
            .start
            .strip_prefix("rspec ")
            .filter(|rest| rest.starts_with(['.', '\'', '/']) || rest.starts_with("spec/"));
        if let Some(draft) = &mut self.open {
            if listed.is_some() || line.start == "Failed examples:" {
                draft.take(line);
                return;
            }
            if line.start.is_empty() && draft.lines() < 4 {
                return;
            }
            out.extend(self.open.take().map(Draft::done));
        }
        if counts(line.start) {
            let mut draft = Draft::new("rspec", Kind::Test, line);
            draft.say(line.start);
            self.open = Some(draft);
        } else if let Some(place) = listed {
            let mut draft = Draft::new("rspec", Kind::Test, line);
            let (place, name) = place.split_once(" # ").unwrap_or((place, place));
            draft.say(name);
            draft.found.location = place_at_start(place.trim_matches('\'')).map(|place| place.location());
            self.open = Some(draft);
        }
        if let Some(draft) = &mut self.open {
            draft.found.role = Role::Summary;
            "failed-examples".clone_into(&mut draft.found.error_type);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// SimpleCov's threshold.
pub(crate) fn coverage(line: &Seen<'_>) -> Option<Diagnostic> {
    static BELOW: Needle = Needle::new("is below the expected minimum coverage");
    BELOW.find_among(line.characters, line.start)?;
    let found = single("simplecov", Kind::Test, line.start, line);
    Some(Diagnostic { error_type: "minimum-coverage".to_owned(), ..found })
}
