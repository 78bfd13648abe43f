//! Nim: the compiler, exceptions that nobody caught, Nimble.
//!
//! ```text
//! pot.nim(12)              fill
//! Error: unhandled exception: no lid [LidError]
//! /home/anna/pot/src/pot.nim(14, 9) Error: undeclared identifier: 'cup'
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{Reach::Indented, Sentence, Sentences},
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame,
    Kind::{Compile, Configuration, Crash, Unknown},
    Location,
    text::{Needle, leading_number},
};

/// Maximum number of frames.
const FRAMES: usize = 100;

/// Maximum number of lines of an exception's message.
const LINES: usize = 8;

/// Nim's sentences.
pub(crate) fn nim() -> Sentences {
    Sentences::new("nim", NIM).only_after(&["Error: "])
}

const NIM: &[Sentence] = &[
    Sentence::new("execution of an external program failed: '*", Unknown, "command").summary(),
    Sentence::new(
        "execution of an external compiler program '*' failed with exit code: *",
        Unknown,
        "command",
    )
    .summary(),
];

/// Nimble's sentences.
pub(crate) fn nimble() -> Sentences {
    Sentences::new("nimble", NIMBLE).after(&["FAILURE: ", "Error: "])
}

const NIMBLE: &[Sentence] =
    &[Sentence::new("Could not read package info file in *", Configuration, "package").reaches(Indented)];

/// A place at the start of a line, as Nim prints it, and the text after it.
fn place<'a>(line: &Seen<'a>) -> Option<(Location, &'a str)> {
    static NIM: [Needle; 2] = [Needle::new(".nim("), Needle::new(".nims(")];
    let start = line.start;
    let (path, rest) = NIM.iter().find_map(|end| {
        let at = end.find_among(line.characters, start)?;
        let open = at + end.text().len() - 1;
        Some((&start[..open], &start[open + 1..]))
    })?;
    let (line, rest) = leading_number(rest)?;
    let (column, rest) = match rest.strip_prefix(", ").and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let rest = rest.strip_prefix(") ")?.trim_start();
    (!path.contains(['"', '\''])).then(|| (Location::at(path, line, column), rest))
}

/// What is being read.
#[derive(Debug)]
enum Open {
    /// A stack, which only counts if an exception ends it.
    Stack(Draft, Vec<Frame>),
    /// An exception whose message has several lines, the last of which ends with its type.
    Exception(Draft, Vec<Frame>),
    /// The compiler's message.
    Message(Draft),
}

/// Reads the compiler's messages and exceptions.
#[derive(Debug, Default)]
pub(crate) struct Nim {
    open: Option<Open>,
}

impl Reader for Nim {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(text) = start.strip_prefix("Error: unhandled exception: ") {
            let (mut draft, frames) = match self.open.take() {
                Some(Open::Stack(mut draft, frames)) => {
                    draft.take(line);
                    (draft, frames)
                }
                other => {
                    self.open = other;
                    self.finish(out);
                    (Draft::new("nim", Crash, line), Vec::new())
                }
            };
            "exception".clone_into(&mut draft.found.error_type);
            let ends = say(&mut draft, text);
            self.open = Some(Open::Exception(draft, frames));
            if ends {
                self.finish(out);
            }
            return;
        }
        if let Some(Open::Exception(draft, _)) = &mut self.open
            && !start.is_empty()
            && draft.found.message.lines().count() < LINES
        {
            draft.take(line);
            if say(draft, start) {
                self.finish(out);
            }
            return;
        }
        if let Some(Open::Message(draft)) = &mut self.open
            && start.starts_with("but expected ")
            && draft.lines() < 2
        {
            draft.take(line);
            draft.say(start);
            return;
        }
        if let Some((location, rest)) = place(line) {
            if let Some(message) = rest.strip_prefix("Error: ") {
                self.finish(out);
                let mut draft = Draft::new("nim", Compile, line);
                "compile".clone_into(&mut draft.found.error_type);
                draft.found.location = Some(location);
                draft.say(message);
                self.open = Some(Open::Message(draft));
                return;
            }
            let is_frame = !rest.is_empty() && !rest.contains(' ');
            if is_frame {
                self.frame(line, location, rest, out);
                return;
            }
        }
        self.finish(out);
        if start.starts_with("Traceback (most recent call last)") && !start.ends_with(':') {
            self.open = Some(Open::Stack(Draft::new("nim", Crash, line), Vec::new()));
        }
    }

    fn open(&self) -> Option<u64> {
        let (Open::Stack(draft, _) | Open::Exception(draft, _) | Open::Message(draft)) =
            self.open.as_ref()?;
        Some(draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        match self.open.take() {
            Some(Open::Message(draft)) => out.push(draft.done()),
            Some(Open::Exception(mut draft, frames)) => {
                draft.found.location = own(&frames);
                draft.found.stack_trace = frames;
                out.push(draft.done());
            }
            Some(Open::Stack(..)) | None => {}
        }
    }
}

impl Nim {
    fn frame(&mut self, line: &Seen<'_>, location: Location, function: &str, out: &mut Vec<Diagnostic>) {
        let frame = Frame {
            function: Some(function.to_owned()),
            location: Some(location),
            text: line.start.to_owned(),
        };
        if let Some(Open::Stack(draft, frames)) = &mut self.open {
            draft.take(line);
            if frames.len() < FRAMES {
                frames.push(frame);
            }
            return;
        }
        self.finish(out);
        self.open = Some(Open::Stack(Draft::new("nim", Crash, line), vec![frame]));
    }
}

/// Adds a line of an exception's message; returns true if it ends with the type.
fn say(draft: &mut Draft, text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let end =
        text.strip_suffix(']').and_then(|text| text.rsplit_once(" [")).filter(|(_, name)| is_name(name));
    if let Some((_, name)) = end {
        name.clone_into(&mut draft.found.error_type);
    }
    draft.say(end.map_or(text, |(message, _)| message));
    end.is_some()
}

/// The innermost place that is not the library's: it comes last.
fn own(frames: &[Frame]) -> Option<Location> {
    let foreign = |path: &str| {
        path.contains("/lib/") || path.contains("\\lib\\") || matches!(path, "fatal.nim" | "system.nim")
    };
    let places = || frames.iter().rev().filter_map(|frame| frame.location.as_ref());
    places().find(|place| !foreign(&place.path)).or_else(|| places().next()).cloned()
}
