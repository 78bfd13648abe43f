//! Cucumber: the failed step of a scenario, and the list of failed scenarios.
//!
//! ```text
//!   Scenario: Two cups              # features/pot.feature:6
//!     Then the pot holds 2 cups     # features/step_definitions/pot.rb:3
//!
//!       expected: 2
//!            got: 1 (RSpec::Expectations::ExpectationNotMetError)
//!       ./features/step_definitions/pot.rb:4:in '/^the pot holds (\d+) cups$/'
//!       features/pot.feature:9:in 'the pot holds 2 cups'
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{leading_number, place_at_start},
};

/// Maximum number of message lines.
const LINES: usize = 24;

/// Reads failed steps.
#[derive(Debug, Default)]
pub(crate) struct Cucumber {
    scenario: Option<String>,
    /// The lines below the last step, which may be a message.
    lines: Vec<(String, Span)>,
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    trace: Trace,
}

/// The frame of a step: `path:9:in 'any text'`, where the text may contain any character.
fn step_frame<'a>(line: &Seen<'a>) -> Option<(&'a str, u32)> {
    let (place, name) = line.start.split_once(":in ")?;
    if !name.starts_with(['`', '\'', '"']) {
        return None;
    }
    let place = place_at_start(place).filter(|place| place.rest.is_empty())?;
    Some((place.path, place.line))
}

/// `message (RSpec::Expectations::ExpectationNotMetError)`.
fn typed(start: &str) -> Option<(&str, &str)> {
    let (message, name) = start.strip_suffix(')')?.rsplit_once('(')?;
    (trace::is_type(name) && trace::is_exception(name)).then_some((message.trim(), name))
}

/// A printed step, which begins with a Gherkin keyword.
fn is_step(start: &str) -> bool {
    ["Given ", "When ", "Then ", "And ", "But ", "* "].iter().any(|word| start.starts_with(word))
}

impl Cucumber {
    fn begin(&mut self, line: &Seen<'_>) {
        let start = line.start;
        for word in ["Scenario: ", "Scenario Outline: ", "Example: "] {
            if let Some(name) = start.strip_prefix(word) {
                let name = name.split(" # ").next().unwrap_or(name).trim();
                self.scenario = Some(name.to_owned());
                self.lines.clear();
                return;
            }
        }
        if is_step(start) || start.is_empty() && self.lines.len() < 2 || self.lines.len() >= LINES {
            self.lines.clear();
            return;
        }
        let Some((message, name)) = typed(start) else {
            self.lines.push((start.to_owned(), line.span));
            return;
        };
        let mut draft = Draft::new("cucumber", Kind::Test, line);
        name.clone_into(&mut draft.found.error_type);
        for (text, span) in std::mem::take(&mut self.lines) {
            draft.found.span = draft.found.span.to(span);
            if !text.is_empty() && !text.starts_with("(compared using") {
                draft.say(&text);
            }
        }
        if !message.is_empty() {
            draft.say(message);
        }
        self.open = Some(Block { draft, trace: Trace::default() });
    }

    fn close(&mut self, complete: bool, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, trace }) = self.open.take() else { return };
        if !complete {
            return;
        }
        let found = &mut draft.found;
        found.location = trace.own();
        found.stack_trace = trace.into_frames();
        found.test = self.scenario.take();
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        out.push(draft.done());
    }
}

impl Reader for Cucumber {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let Some((path, number)) = step_frame(line).or_else(|| {
                let frame = trace::frame(line)?.location?;
                Some(("", frame.line()?))
            }) else {
                self.close(false, out);
                return self.begin(line);
            };
            block.draft.take(line);
            let location = grimoire_plugin_sdk::Location::at(path, number, None);
            let text = line.start.to_owned();
            block.trace.push(grimoire_plugin_sdk::Frame { function: None, location: Some(location), text });
            if path.ends_with(".feature") {
                self.close(true, out);
            }
            return;
        }
        self.begin(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(false, out);
        self.lines.clear();
    }
}

/// Reads the list of failed scenarios, which matters only if nothing else was found.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    open: Option<Draft>,
}

impl Reader for Summary {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let listed = line.start.strip_prefix("cucumber ").filter(|rest| rest.contains(".feature:"));
        let counted = leading_number(line.start).is_some_and(|(_, rest)| {
            rest.strip_prefix(" scenario")
                .is_some_and(|rest| rest.contains(" failed") || rest.contains("(failed"))
        });
        if let Some(draft) = &mut self.open {
            if listed.is_some() || line.start.is_empty() || counted {
                draft.take(line);
                return;
            }
            out.extend(self.open.take().map(Draft::done));
        }
        if listed.is_none() && !counted {
            return;
        }
        let mut draft = Draft::new("cucumber", Kind::Test, line);
        draft.found.role = Role::Summary;
        "failed-scenarios".clone_into(&mut draft.found.error_type);
        match listed {
            Some(listed) => {
                let (place, name) = listed.split_once(" # ").unwrap_or((listed, listed));
                let place = place.rsplit(' ').next().unwrap_or_default();
                draft.found.location = place_at_start(place).map(|place| place.location());
                draft.say(name);
            }
            None => draft.say(line.start),
        }
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}
