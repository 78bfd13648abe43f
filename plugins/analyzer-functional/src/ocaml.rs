//! OCaml, dune, Coq (which is written in it), Alcotest:
//!
//! ```text
//! File "src/pot.ml", line 12, characters 5-9:
//! 12 |   fill lid
//!           ^^^^
//! Error: Unbound value lid
//! ```

use crate::panel::{Draft, Reader, Seen, single};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Position, Severity,
    text::{Needle, extension, leading_number},
};

/// Maximum number of lines of one diagnostic.
const LINES: usize = 60;

/// Reads the compiler's diagnostics.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    /// The message began.
    told: bool,
    /// It ended.
    ended: bool,
    /// True if a test's output differs from the expected one.
    difference: bool,
    /// The indentation of the heading.
    indent: usize,
}

/// `File "src/pot.ml", line 12, characters 5-9:`, `File "src/pot.ml", lines 3-5, characters 2-10:`.
pub(crate) fn head(start: &str) -> Option<Location> {
    let (path, rest) = start.strip_prefix("File \"")?.split_once("\", line")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).trim_start();
    let (number, rest) = leading_number(rest)?;
    let (end, rest) = match rest.strip_prefix('-').and_then(leading_number) {
        Some((end, rest)) => (end, rest),
        None => (number, rest),
    };
    // Python has frames of this form, but without characters.
    let (column, rest) = leading_number(rest.strip_prefix(", characters ")?)?;
    let (last, _) = leading_number(rest.strip_prefix('-')?)?;
    // Characters are 0-based, and the end is exclusive.
    let mut location = Location::at(path, number, Some(column + 1));
    location.end = Some(Position { line: end, column: Some(last) }).filter(|_| end > number || last > column);
    Some(location)
}

fn tool(path: &str) -> &'static str {
    match extension(path) {
        "v" => "coq",
        "ml" | "mli" | "mll" | "mly" | "mld" | "eliom" | "eliomi" => "ocaml",
        _ => "dune",
    }
}

/// The level at the start of a message's first line, and the message.
fn level(start: &str) -> Option<(Severity, Option<&str>, &str)> {
    if let Some(rest) = start.strip_prefix("Error") {
        if let Some(message) = rest.strip_prefix(':') {
            return Some((Severity::Error, None, message.trim()));
        }
        // `Error (warning 32 [unused-value-declaration]): message`
        let (inner, message) = rest.strip_prefix(" (")?.split_once("): ")?;
        let code = inner.split_once('[').and_then(|(_, name)| name.split(']').next()).unwrap_or(inner);
        return Some((Severity::Error, Some(code), message));
    }
    if let Some(rest) = start.strip_prefix("Warning") {
        let (head, message) = rest.split_once(':')?;
        let code = head.split_once('[').and_then(|(_, name)| name.split(']').next());
        let code = code.or_else(|| Some(head.trim()).filter(|head| !head.is_empty()));
        return Some((Severity::Warning, code, message.trim()));
    }
    let rest = start.strip_prefix("Alert ")?;
    let (name, message) = rest.split_once(": ")?;
    Some((Severity::Warning, Some(name), message))
}

impl Compiler {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, difference, .. }) = self.open.take() else { return };
        let found = &mut draft.found;
        if found.message.is_empty() {
            return;
        }
        if difference {
            found.kind = Kind::Test;
            "difference".clone_into(&mut found.error_type);
        }
        out.push(draft.done());
    }
}

impl Block {
    /// Returns true if the line is a part of it.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if self.draft.lines() >= LINES {
            return false;
        }
        let differs = start.starts_with("--- ")
            || start.starts_with("+++ ")
            || start.starts_with("------ ")
            || start.starts_with("++++++ ");
        if !self.told && differs {
            if !self.difference {
                self.draft.say("The output differs from what was expected:");
            }
            self.difference = true;
            self.draft.take(line);
            return true;
        }
        if self.difference {
            if start.is_empty() {
                return false;
            }
            let changed = start.starts_with(['-', '+']) || start.contains("|-") || start.contains("|+");
            if changed && self.draft.lines() < 16 {
                self.draft.say(start);
            }
            self.draft.take(line);
            return true;
        }
        if !self.told {
            if let Some((severity, code, message)) = level(start) {
                self.told = true;
                let found = &mut self.draft.found;
                found.severity = severity;
                found.code = code.map(str::to_owned);
                if !message.is_empty() {
                    self.draft.say(message);
                }
                self.draft.take(line);
                return true;
            }
            // The source, with or without a margin, and carets.
            let excerpt = self.draft.lines() < 14 && !start.starts_with("File \"");
            if excerpt && !start.is_empty() {
                self.draft.take(line);
            }
            return excerpt;
        }
        if start.is_empty() || start.starts_with("File \"") || level(start).is_some() {
            return false;
        }
        if let Some(hint) = start.strip_prefix("Hint: ") {
            self.draft.say(&format!("Hint: {hint}"));
            self.ended = true;
        } else if start.starts_with("-> required by") {
            self.ended = true;
        } else if line.indent > self.indent
            || self.draft.found.message.is_empty()
            || self.draft.found.tool == "coq"
        {
            if !self.ended && self.draft.lines() < 24 {
                self.draft.go_on(start);
            }
        } else {
            return false;
        }
        self.draft.take(line);
        true
    }
}

impl Reader for Compiler {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            self.close(out);
        }
        if let Some(location) = line.start.starts_with("File \"").then(|| head(line.start)).flatten() {
            let mut draft = Draft::new(tool(&location.path), Kind::Compile, line);
            draft.found.location = Some(location);
            self.open =
                Some(Block { draft, told: false, ended: false, difference: false, indent: line.indent });
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// `Fatal error: exception Failure("no lid")` and the calls below it.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    open: Option<(Draft, Vec<Frame>)>,
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, frames)) = &mut self.open {
            if let Some((function, place)) = start.split_once(" in file \"")
                && let Some((path, rest)) = place.split_once('"')
                && frames.len() < 100
            {
                let number = rest
                    .split_once("line")
                    .and_then(|(_, rest)| leading_number(rest.trim_start_matches(['s', ' '])));
                let location = Location::at(path, number.map_or(0, |(number, _)| number), None);
                let function = function.rsplit(' ').next().map(str::to_owned);
                frames.push(Frame { function, location: Some(location), text: start.to_owned() });
                draft.take(line);
                return;
            }
            self.finish(out);
        }
        if let Some(text) = start.strip_prefix("Fatal error: exception ") {
            let mut draft = Draft::new("ocaml", Kind::Crash, line);
            let end = text.find(['(', ':', ' ']).unwrap_or(text.len());
            text[..end].rsplit('.').next().unwrap_or(text).clone_into(&mut draft.found.error_type);
            draft.say(text);
            self.open = Some((draft, Vec::new()));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, frames)) = self.open.take() else { return };
        let foreign = [
            "stdlib.ml",
            "list.ml",
            "array.ml",
            "hashtbl.ml",
            "map.ml",
            "printexc.ml",
            "fun.ml",
            "string.ml",
            "option.ml",
            "camlinternal",
        ];
        let own = |place: &&Location| {
            !foreign.iter().any(|name| place.path.starts_with(name)) && place.start.is_some()
        };
        draft.found.location = frames.iter().filter_map(|frame| frame.location.as_ref()).find(own).cloned();
        draft.found.stack_trace = frames;
        out.push(draft.done());
    }
}

/// A call of the system that failed: `opam: "open" failed on /home/anna/pot: Permission denied`.
pub(crate) fn unix_error(line: &Seen<'_>) -> Option<Diagnostic> {
    static FAILED: Needle = Needle::new("\" failed");
    const NETWORK: [&str; 3] = ["Connection ", "Network is unreachable", "No route to host"];
    let (before, after) = FAILED.split_among(line.characters, line.start)?;
    let (program, call) = before.trim_start_matches('<').rsplit_once(": \"")?;
    let program = program.strip_prefix("Fatal error: ").unwrap_or(program);
    let is_call = !call.is_empty() && call.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let reason = match after.strip_prefix(" on ") {
        Some(rest) => rest.rsplit_once(": ")?.1,
        None => after.strip_prefix(": ")?,
    };
    // The system's messages begin with a capital.
    let is_reason = reason.starts_with(|first: char| first.is_ascii_uppercase());
    if !is_call || !is_reason || program.is_empty() || program.contains(' ') {
        return None;
    }
    let kind = match reason {
        "Permission denied" | "Operation not permitted" => Kind::Permission,
        "No space left on device" | "Cannot allocate memory" | "Too many open files" => Kind::Resource,
        reason if NETWORK.iter().any(|start| reason.starts_with(start)) => Kind::Network,
        _ => Kind::Configuration,
    };
    let tool = if program == "opam" { "opam" } else { "ocaml" };
    let mut found = single(tool, kind, &format!("{program}: \"{call}\" failed{after}"), line);
    "Unix_error".clone_into(&mut found.error_type);
    Some(found)
}

/// Alcotest: a box with the name, and the expected value below it.
///
/// ```text
/// │ [FAIL]        pot          0   holds two.            │
///  FAIL two cups
///
///    Expected: `2'
///    Received: `1'
/// ```
#[derive(Debug, Default)]
pub(crate) struct Alcotest {
    open: Option<(Draft, usize)>,
}

impl Reader for Alcotest {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(inner) = start.strip_prefix('│').map(|rest| rest.trim_matches(['│', ' ']))
            && let Some(rest) = inner.strip_prefix("[FAIL]")
        {
            self.finish(out);
            let mut draft = Draft::new("alcotest", Kind::Test, line);
            let test = rest.split_whitespace().collect::<Vec<_>>().join(" ");
            draft.found.test = Some(test.trim_end_matches('.').to_owned());
            self.open = Some((draft, 0));
            return;
        }
        let Some((draft, said)) = &mut self.open else { return };
        let ends = start.starts_with("────")
            || start.starts_with("Logs saved")
            || start.starts_with("Full test results")
            || draft.lines() > 60;
        if ends {
            return self.finish(out);
        }
        if start.is_empty()
            || start.starts_with("└")
            || start.starts_with("ASSERT ")
            || start.starts_with("...")
        {
            return;
        }
        if let Some(location) = start.starts_with("File \"").then(|| head(start)).flatten() {
            draft.found.location = Some(location);
        } else if *said < 8 {
            draft.say(start);
            *said += 1;
        }
        draft.take(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, said)) = self.open.take() else { return };
        if said > 0 {
            "assertion".clone_into(&mut draft.found.error_type);
            out.push(draft.done());
        }
    }
}
