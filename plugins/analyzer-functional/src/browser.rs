//! Languages for the browser and related ones: Elm, PureScript, Gleam, Idris.
//!
//! ```text
//! -- TYPE MISMATCH ---------------------------------------- src/Pot.elm
//!
//! The 1st argument to `fill` is not what I expect:
//!
//! 12|   fill "x"
//!            ^^^
//!
//! Error found:
//! in module Pot
//! at src/Pot.purs:12:3 - 12:8 (line 12, column 3 - line 12, column 8)
//!
//!   Unknown value lid
//!
//! See https://github.com/purescript/documentation/blob/master/errors/UnknownName.md for more information,
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    text::{extension, leading_number, place_at_start},
};

/// Maximum number of lines of one error.
const LINES: usize = 60;

/// Reads Elm's errors, and elm-review's.
#[derive(Debug, Default)]
pub(crate) struct Elm {
    open: Option<(Draft, u8, usize)>,
}

/// `-- TYPE MISMATCH ----- src/Pot.elm`, `-- ELM-REVIEW ERROR ----- src/Pot.elm:12:3`.
fn elm(start: &str) -> Option<(&str, &str)> {
    let rest = start.strip_prefix("-- ")?;
    let at = rest.find(" --")?;
    let title = &rest[..at];
    let path = rest[at..].trim_start_matches(['-', ' ']);
    let shaped = title.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'-' | b'\''));
    (shaped && !title.is_empty()).then_some((title, path))
}

impl Elm {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((draft, ..)) = self.open.take() else { return };
        if !draft.found.message.is_empty() {
            out.push(draft.done());
        }
    }
}

impl Reader for Elm {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((title, path)) = elm(start) {
            self.close(out);
            let review = title.starts_with("ELM-REVIEW");
            let mut draft = Draft::new(if review { "elm-review" } else { "elm" }, Kind::Compile, line);
            if review {
                draft.found.kind = Kind::Lint;
            }
            title.clone_into(&mut draft.found.error_type);
            draft.found.location = match place_at_start(path) {
                Some(place) => Some(place.location()),
                None => matches!(extension(path), "elm" | "json").then(|| Location::file(path)),
            };
            self.open = Some((draft, 0, line.indent));
            return;
        }
        let Some((draft, paragraphs, indent)) = &mut self.open else { return };
        if draft.lines() >= LINES || start.starts_with("Detected ") || start.starts_with("# ") {
            return self.close(out);
        }
        if start.is_empty() {
            *paragraphs += u8::from(!draft.found.message.is_empty() && *paragraphs < 200);
            return;
        }
        draft.take(line);
        // `12|   fill "x"`
        let source = leading_number(start)
            .filter(|(_, rest)| rest.trim_start_matches('>').starts_with('|') || rest.starts_with("|>"));
        if let Some((number, _)) = source {
            *paragraphs = (*paragraphs).max(1);
            let marked = start.contains("|>");
            let place = &mut draft.found.location;
            if let Some(location) = place.take() {
                let known = location.start.is_some() && !marked;
                *place = Some(if known { location } else { Location::at(&location.path, number, None) });
            }
        } else if *paragraphs == 0 {
            if let Some((rule, message)) = start
                .split_once(": ")
                .filter(|_| draft.found.tool == "elm-review" && draft.found.message.is_empty())
            {
                draft.found.code = Some(rule.trim_start_matches("(fix) ").to_owned());
                draft.say(message);
            } else {
                draft.go_on(start);
            }
        } else if *paragraphs < 6
            && line.indent >= *indent + 4
            && start.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && draft.found.message.len() < 600
        {
            // The types are printed in separate paragraphs.
            draft.say(start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Reads PureScript's errors: those of the compiler, and of psa and Spago, which print the code first.
#[derive(Debug, Default)]
pub(crate) struct PureScript {
    open: Option<(Draft, bool)>,
}

/// `[1/2 TypesDoNotUnify] src/Pot.purs:12:3`, `[ERROR 1/2 UnknownName] src/Pot.purs:12:3`.
fn numbered(start: &str) -> Option<(&str, &str, Severity)> {
    let (inner, place) = start.strip_prefix('[')?.split_once("] ")?;
    let severity = if inner.starts_with("WARNING") { Severity::Warning } else { Severity::Error };
    let inner = inner.trim_start_matches("ERROR ").trim_start_matches("WARNING ");
    let (count, code) = inner.split_once(' ')?;
    let (one, all) = count.split_once('/')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(one) && digits(all) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some((code, place, severity))
}

impl PureScript {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((draft, _)) = self.open.take() else { return };
        if !draft.found.message.is_empty() && draft.found.location.is_some() {
            out.push(draft.done());
        }
    }
}

impl Reader for PureScript {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((code, place, severity)) = numbered(start) {
            self.close(out);
            if let Some(place) = place_at_start(place).filter(|place| extension(place.path) == "purs") {
                let mut draft = Draft::new("purescript", Kind::Compile, line);
                draft.found.code = Some(code.to_owned());
                draft.found.severity = severity;
                draft.found.location = Some(place.location());
                self.open = Some((draft, false));
            }
            return;
        }
        let titled = (start == "Error found:"
            || start.starts_with("Error ") && start.ends_with(':') && start.contains(" of "))
        .then_some(Severity::Error)
        .or_else(|| {
            (start == "Warning found:"
                || start.starts_with("Warning ") && start.contains(" of ") && start.ends_with(':'))
            .then_some(Severity::Warning)
        });
        if let Some(severity) = titled {
            self.close(out);
            let mut draft = Draft::new("purescript", Kind::Compile, line);
            draft.found.severity = severity;
            self.open = Some((draft, false));
            return;
        }
        let Some((draft, told)) = &mut self.open else { return };
        if draft.lines() >= LINES {
            return self.close(out);
        }
        if start.is_empty() {
            return;
        }
        draft.take(line);
        if let Some(place) =
            start.strip_prefix("at ").and_then(place_at_start).filter(|place| extension(place.path) == "purs")
        {
            draft.found.location.get_or_insert_with(|| place.location());
        } else if let Some(url) = start.strip_prefix("See https://") {
            let name = url.rsplit_once("/errors/").map(|(_, rest)| rest.split('.').next().unwrap_or(rest));
            if draft.found.code.is_none() {
                draft.found.code = name.map(str::to_owned);
            }
            self.close(out);
        } else if start.starts_with("in module ") {
        } else if start.starts_with("while ")
            || start.starts_with("in value declaration")
            || start.starts_with("where ")
        {
            *told = true;
        } else if !*told && leading_number(start).is_none() && !start.starts_with('^') {
            draft.say(start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Gleam: `error: Unknown variable`, a corner with the location, the source beside bars, and an explanation. Idris
/// 2: `Error: While processing … . Undefined name lid.`, and the location on a separate line.
#[derive(Debug, Default)]
pub(crate) struct Others {
    open: Option<(Draft, bool)>,
}

/// Idris: `Pot:12:3--12:6`.
fn idris(start: &str) -> Option<Location> {
    let (module, rest) = start.split_once(':')?;
    let shaped = module.starts_with(|c: char| c.is_ascii_uppercase())
        && module.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    (shaped && rest.starts_with("--"))
        .then(|| Location::at(&format!("{}.idr", module.replace('.', "/")), number, Some(column)))
}

impl Others {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(
            self.open
                .take()
                .filter(|(draft, _)| draft.found.location.is_some())
                .map(|(draft, _)| draft.done()),
        );
    }
}

impl Reader for Others {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, gleam)) = &mut self.open {
            let source = start.starts_with('│')
                || leading_number(start).is_some_and(|(_, rest)| rest.trim_start().starts_with(['│', '|']));
            if let Some(place) = start
                .strip_prefix("┌─ ")
                .and_then(place_at_start)
                .filter(|place| extension(place.path) == "gleam")
            {
                "gleam".clone_into(&mut draft.found.tool);
                draft.found.location = Some(place.location());
                *gleam = true;
                draft.take(line);
                return;
            }
            if let Some(location) = idris(start).filter(|_| draft.found.location.is_none()) {
                "idris2".clone_into(&mut draft.found.tool);
                draft.found.location = Some(location);
                draft.take(line);
                return self.close(out);
            }
            if draft.lines() >= 30
                || start.starts_with("error: ")
                || start.starts_with("Error: ")
                || start.starts_with("warning: ")
            {
                self.close(out);
            } else if start.is_empty() {
                return;
            } else if source {
                draft.take(line);
                return;
            } else if draft.found.location.is_some() {
                // The explanation below the source.
                draft.take(line);
                draft.say(start);
                return self.close(out);
            } else if draft.lines() < 4 && line.indent == 0 {
                draft.take(line);
                draft.go_on(start);
                return;
            } else {
                self.open = None;
            }
        }
        // Idris 1: `src/Pot.idr:12:3-6:Can't unify`, sometimes continued on the next line.
        if let Some(place) =
            place_at_start(start).filter(|place| extension(place.path) == "idr" && place.column.is_some())
            && place.rest.len() > 3
        {
            let mut draft = Draft::new("idris", Kind::Compile, line);
            draft.found.location = Some(place.location());
            draft.say(place.rest);
            out.push(draft.done());
            return;
        }
        if let Some(message) = start.strip_prefix("error: ").or_else(|| start.strip_prefix("Error: While ")) {
            let mut draft = Draft::new("gleam", Kind::Compile, line);
            draft.say(message);
            self.open = Some((draft, false));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
