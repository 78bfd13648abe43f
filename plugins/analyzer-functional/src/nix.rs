//! Nix: evaluation errors with and without a trace, hash mismatches, failed builders.
//!
//! ```text
//! error:                                             error: undefined variable 'lid'
//!        … while evaluating the attribute 'pot'
//!          at /src/flake.nix:9:5:                           at /src/flake.nix:18:23:
//!             8|                                               17|   pot =
//!        error: undefined variable 'lid'
//!        at /src/pot.nix:3:7:
//!
//! error: hash mismatch in fixed-output derivation '/nix/store/…-pot.drv':
//!          specified: sha256-AAA=
//!             got:    sha256-BBB=
//! error: builder for '/nix/store/…-pot.drv' failed with exit code 2;
//!        last 2 log lines:
//!        > cc pot.c
//!        > pot.c:3: error: no lid
//!        For full logs, run 'nix log …'.
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{extension, leading_number, place_at_start},
};

/// Maximum number of lines of one error.
const LINES: usize = 240;

/// Reads errors.
#[derive(Debug, Default)]
pub(crate) struct Nix {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    indent: usize,
    /// True if words or locations show that it is Nix's.
    sure: bool,
    /// True in a trace, whose innermost message is still to come.
    trace: bool,
    /// Number of lines of the current message.
    said: usize,
    /// The message ended.
    told: bool,
    blanks: usize,
    own: Option<Location>,
    /// The location of the current message.
    place: Option<Location>,
    /// The last lines of the builder's output.
    log: Vec<String>,
    in_log: bool,
    /// The number of the output's lines still to come, if they are not indented.
    flat: Option<usize>,
    /// Without `error:` before it.
    bare: bool,
}

/// Returns true if a message is one of Nix's.
fn is_nix(message: &str) -> bool {
    const SIGNS: [&str; 27] = [
        ".drv'",
        "/nix/store",
        "undefined variable '",
        "infinite recursion encountered",
        "flake '",
        "flake.nix",
        "flake.lock",
        "experimental Nix feature",
        "Nix search path",
        " is marked as insecure",
        " is marked as broken",
        "has an unfree license",
        "while a set was expected",
        "but a set was expected",
        "called without required argument",
        "called with unexpected argument",
        "hash mismatch in fixed-output",
        "substituter",
        "access to absolute path '",
        "cannot find flake",
        "Package ‘",
        "derivation '",
        "builder for '",
        "attempt to call something which is not a function",
        "getting status of '",
        "does not provide attribute",
        "unable to download '",
    ];
    let attribute = message.contains("attribute '")
        && [" missing", " already defined", "in selection path", "not found"]
            .iter()
            .any(|sign| message.contains(sign));
    // Other tools print commands, or quote programs of the store like this; Nix itself does not.
    if message.starts_with("> ") || message.contains("`/nix/store") {
        return false;
    }
    attribute || SIGNS.iter().any(|sign| message.contains(sign))
}

/// `at /src/flake.nix:18:23:`, `at «string»:1:1:`.
fn place(start: &str) -> Option<Location> {
    let place = place_at_start(start.strip_prefix("at ")?)?;
    (place.column.is_some() && place.rest.is_empty()).then(|| place.location())
}

/// Returns true if a path is in the user's own code: neither in Nix nor in nixpkgs.
fn is_own(path: &str) -> bool {
    if path.starts_with('<') {
        return false;
    }
    // A flake is copied to the store before evaluation, and so are its inputs.
    match path.strip_prefix("/nix/store/").and_then(|rest| rest.split_once('/')) {
        Some((_, inner)) => {
            !["pkgs/", "lib/", "nixos/", "modules/"].iter().any(|folder| inner.starts_with(folder))
        }
        None => true,
    }
}

impl Nix {
    fn begin(&mut self, line: &Seen<'_>) {
        // Older versions name the builder without a word before it.
        let bare = line.start.starts_with("builder for '/nix/store/")
            || line.start.starts_with("cannot build derivation '");
        let message = line.start.strip_prefix("error:");
        let Some(message) = message.or(bare.then_some(line.start)) else { return };
        let message = message.trim();
        let mut draft = Draft::new("nix", Kind::Configuration, line);
        let mut block = Block {
            indent: line.indent,
            sure: is_nix(message),
            trace: message.is_empty(),
            said: 0,
            told: false,
            blanks: 0,
            own: None,
            place: None,
            log: Vec::new(),
            in_log: false,
            flat: None,
            bare,
            draft: Draft::default(),
        };
        if !message.is_empty() {
            // Older versions print the location after the message.
            let (text, place) = match message.rsplit_once(" at ").or_else(|| message.rsplit_once(", at ")) {
                Some((text, place)) => match place_at_start(place)
                    .filter(|place| place.rest.is_empty() && place.column.is_some())
                {
                    Some(place) => (text.trim_end_matches(','), Some(place.location())),
                    None => (message, None),
                },
                None => (message, None),
            };
            block.sure |= place.as_ref().is_some_and(|place| extension(&place.path) == "nix");
            block.place = place;
            // Older versions announce the output in the same line.
            let announced = text.rsplit_once("; ").filter(|(_, rest)| log_lines(rest).is_some());
            block.in_log = announced.is_some();
            draft.say(announced.map_or(text, |(text, _)| text));
            block.said = 1;
        }
        block.draft = draft;
        self.open = Some(block);
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().and_then(Block::finish));
    }
}

impl Block {
    /// Returns true if the line is a part of it.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let start = line.start;
        if self.draft.lines() >= LINES {
            return false;
        }
        if let Some(left) = self.flat {
            let ends = start.starts_with("For full logs, run") || start.starts_with("error:");
            self.flat = left.checked_sub(1).filter(|_| !ends);
            if self.flat.is_some() {
                self.log_line(line);
            }
            return self.flat.is_some();
        }
        if start.is_empty() {
            self.blanks += 1;
            self.told |= self.said > 0;
            return self.blanks < 4;
        }
        // The innermost message of a trace comes last, indented like everything in it.
        if let Some(message) =
            start.strip_prefix("error: ").filter(|_| line.indent > self.indent && self.trace)
        {
            self.draft.found.message.clear();
            self.draft.say(message);
            self.draft.take(line);
            self.sure |= is_nix(message);
            (self.said, self.told, self.place, self.blanks) = (1, false, None, 0);
            return true;
        }
        if line.indent <= self.indent {
            // Pasted without indentation.
            self.flat = log_lines(start).filter(|_| self.sure && self.said > 0);
            if self.flat.is_some() {
                self.draft.take(line);
            }
            return self.flat.is_some();
        }
        if let Some(place) = place(start) {
            self.sure |= place.path.contains(".nix") || place.path.starts_with(['<', '/', '«']);
            if self.own.is_none() && is_own(&place.path) && !(self.trace && self.said == 0) {
                self.own = Some(place.clone());
            }
            self.place.get_or_insert(place);
            self.told |= self.said > 0;
            self.blanks = 0;
            self.draft.take(line);
            return true;
        }
        let excerpt =
            leading_number(start).is_some_and(|(_, rest)| rest.starts_with('|')) || start.starts_with('|');
        if excerpt
            || start.starts_with('…')
            || start.starts_with("(stack trace truncated")
            || start.starts_with("note: trace involved")
        {
            self.sure |= start.starts_with('…');
            self.trace |= start.starts_with('…');
            self.blanks = 0;
            self.draft.take(line);
            return true;
        }
        if log_lines(start).is_some() {
            self.in_log = true;
            self.draft.take(line);
            return true;
        }
        if self.in_log {
            if start.starts_with("For full logs, run") {
                self.draft.take(line);
                return true;
            }
            self.blanks = 0;
            self.log_line(line);
            return true;
        }
        if self.trace && self.said == 0 {
            // Other indented text may follow a separate `error:`.
            return self.sure && self.draft.lines() < LINES;
        }
        if self.blanks > 0
            && self.told
            && !(start.starts_with("Reason:") || start.starts_with("specified:") || start.starts_with("got:"))
        {
            return self.sure && self.blanks < 2;
        }
        if self.said < 8 && !start.starts_with("Output paths:") && !start.starts_with("/nix/store/") {
            self.draft.say(start);
            self.said += 1;
        }
        self.draft.take(line);
        true
    }

    /// Reads a line of the builder's output.
    fn log_line(&mut self, line: &Seen<'_>) {
        let text = line.start.strip_prefix('>').map_or(line.start, str::trim_start);
        if self.log.len() < 64 && !text.is_empty() {
            self.log.push(text.to_owned());
        }
        self.draft.take(line);
    }

    fn finish(mut self) -> Option<Diagnostic> {
        let found = &mut self.draft.found;
        if !self.sure || found.message.is_empty() {
            return None;
        }
        let message = &found.message;
        let has = |text: &str| message.contains(text);
        let (kind, error_type) = if has("hash mismatch") {
            (Kind::Dependency, "hash-mismatch")
        } else if has("builder for '") || has("builder failed") || has("Cannot build '") {
            (Kind::Compile, "builder")
        } else if has("unable to download") || has("Could not resolve host") || has("HTTP error") {
            (Kind::Network, "download")
        } else if has("No space left on device") {
            (Kind::Resource, "no-space")
        } else if has("syntax error") {
            (Kind::Compile, "syntax")
        } else {
            (Kind::Configuration, "evaluation")
        };
        found.kind = kind;
        error_type.clone_into(&mut found.error_type);
        let dependency = message.contains(" dependencies of derivation ")
            || message.contains(" dependency of derivation ")
            // A remote builder gives the reason after it.
            || message.starts_with("build of ") && !message.contains("' failed: ")
            || message.starts_with("cannot build derivation ")
            || message.contains("Reason: 1 dependency failed")
            || message.contains(" dependencies failed");
        if dependency {
            found.role = Role::Consequence;
        }
        // Older versions print the builder's output first, and only here that it failed.
        if error_type == "builder" && self.log.is_empty() && self.bare {
            found.role = Role::Summary;
        }
        let innermost = self.place.filter(|place| is_own(&place.path));
        found.location = if self.trace { innermost.or(self.own) } else { innermost };
        // The end of the builder's output: its error, or its last line.
        let error = self.log.iter().position(|line| is_error(line)).map(|at| &self.log[at]);
        if let Some(line) = error.or(self.log.last()) {
            let line = line.clone();
            self.draft.say(&line);
        }
        Some(self.draft.done())
    }
}

/// The number in `last 7 log lines:`.
fn log_lines(start: &str) -> Option<usize> {
    let (number, rest) = leading_number(start.strip_prefix("last ")?)?;
    (rest == " log lines:").then(|| usize::try_from(number).ok())?
}

/// Returns true if a line of the builder's output is an error; ShellCheck points at its findings from below.
fn is_error(line: &str) -> bool {
    let is_pointed = line.starts_with("^-") && line.contains(" SC");
    is_pointed
        || [
            "rror: ",
            "rror[",
            "ERROR",
            "FAILED",
            "not found",
            "No such file",
            "undefined reference",
            "annot ",
        ]
        .iter()
        .any(|sign| line.contains(sign))
}

impl Reader for Nix {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            if block.line(line) {
                return;
            }
            self.close(out);
        }
        if line.start.starts_with(['e', 'b', 'c']) {
            self.begin(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
