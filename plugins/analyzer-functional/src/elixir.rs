//! Elixir's compiler and exceptions:
//!
//! ```text
//! ** (CompileError) lib/pot.ex:3: undefined function boil/0
//!
//!     error: undefined variable "lid"
//!     │
//!   3 │     lid
//!     │     ^^^
//!     │
//!     └─ lib/pot.ex:3:5: Pot.fill/0
//!
//! ** (RuntimeError) no lid
//!     (pot 0.1.0) lib/pot.ex:9: Pot.lid/0
//! ```
//!
//! Warnings are held: they become errors if Mix says that compilation failed due to them.

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Frame, Kind, Location, Role, Severity, Span, path,
    text::{Needle, Place, place_at_start},
};

/// Maximum number of lines of one diagnostic.
const LINES: usize = 60;
/// Warnings that wait.
const WARNINGS: usize = 128;

/// A frame: `(pot 0.1.0) lib/pot.ex:9: Pot.lid/0`, `test/pot_test.exs:6: (test)`.
pub(crate) fn frame(line: &Seen<'_>) -> Option<(Frame, bool)> {
    if line.indent < 2 || !line.characters.may_have(b':') || line.start.starts_with('└') {
        return None;
    }
    let (app, rest) = match line.start.strip_prefix('(') {
        Some(rest) => {
            let (app, rest) = rest.split_once(") ")?;
            (Some(app.split(' ').next().unwrap_or(app)), rest)
        }
        None => (None, line.start),
    };
    let place = place_at_start(rest).filter(|place| is_source(place.path));
    let Some(place) = place else {
        // `(stdlib 4.0) :lists.map/2`
        let internal = app.is_some() && rest.contains('/') && !rest.contains(". ");
        let text = line.start.to_owned();
        return internal.then_some((Frame { function: Some(rest.to_owned()), location: None, text }, false));
    };
    let function = place.rest.trim();
    let own = path::is_own(place.path) && app.is_none_or(|app| !is_library(app));
    let frame = Frame {
        function: Some(function.to_owned()).filter(|function| !function.is_empty()),
        location: Some(place.location()),
        text: line.start.to_owned(),
    };
    Some((frame, own))
}

/// Files of Elixir and Erlang.
pub(crate) fn is_source(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "ex" | "exs" | "erl" | "hrl" | "heex" | "eex" | "leex" | "yrl" | "xrl" | "lfe" | "md" | "livemd"
    )
}

/// Applications of the language and packages that most projects use.
fn is_library(app: &str) -> bool {
    const APPS: [&str; 46] = [
        "elixir",
        "stdlib",
        "kernel",
        "mix",
        "ex_unit",
        "logger",
        "iex",
        "eex",
        "compiler",
        "ssl",
        "crypto",
        "inets",
        "hex",
        "ecto",
        "ecto_sql",
        "ecto_sqlite3",
        "postgrex",
        "myxql",
        "db_connection",
        "phoenix",
        "phoenix_html",
        "phoenix_live_view",
        "phoenix_ecto",
        "plug",
        "plug_cowboy",
        "cowboy",
        "bandit",
        "ranch",
        "telemetry",
        "absinthe",
        "oban",
        "jason",
        "poison",
        "tesla",
        "finch",
        "mint",
        "hackney",
        "httpoison",
        "req",
        "nimble_options",
        "stream_data",
        "mox",
        "bypass",
        "swoosh",
        "gettext",
        "credo",
    ];
    APPS.contains(&app)
}

/// Reads the diagnostics of the compiler.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    open: Option<Draft>,
    /// The message ended.
    told: bool,
    warnings: Vec<Diagnostic>,
}

impl Compiler {
    /// The location that ends it, and the text after the location.
    fn place<'a>(line: &Seen<'a>) -> Option<Place<'a>> {
        let text = line.start.strip_prefix("└─ ").or_else(|| (line.indent > 0).then_some(line.start))?;
        let text = match text.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
            Some((_, rest)) => rest,
            None => text,
        };
        place_at_start(text).filter(|place| is_source(place.path))
    }

    fn complete(&mut self, draft: Draft, out: &mut Vec<Diagnostic>) {
        let found = draft.done();
        if found.severity >= Severity::Error {
            out.push(found);
        } else if self.warnings.len() < WARNINGS {
            self.warnings.push(found);
        }
    }

    fn release(&mut self, severity: Severity, out: &mut Vec<Diagnostic>) {
        out.extend(self.warnings.drain(..).map(|found| Diagnostic { severity, ..found }));
    }
}

impl Reader for Compiler {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static AS_ERRORS: Needle = Needle::new("due to warnings while using the --warnings-as-errors option");
        if AS_ERRORS.find_among(line.characters, line.start).is_some() {
            self.release(Severity::Error, out);
            let found = crate::panel::single("elixir", Kind::Compile, line.start, line);
            out.push(Diagnostic {
                role: Role::Summary,
                error_type: "warnings-as-errors".to_owned(),
                ..found
            });
            return;
        }
        let head = line
            .start
            .strip_prefix("error: ")
            .map(|message| (Severity::Error, message))
            .or_else(|| line.start.strip_prefix("warning: ").map(|message| (Severity::Warning, message)));
        if let Some((severity, message)) = head {
            let mut draft = Draft::new("elixir", Kind::Compile, line);
            draft.found.severity = severity;
            draft.say(message);
            self.told = false;
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if draft.lines() >= LINES {
            self.open = None;
        } else if let Some(place) = Self::place(line) {
            draft.take(line);
            draft.found.location = Some(place.location());
            if let Some(draft) = self.open.take() {
                self.complete(draft, out);
            }
        } else if line.start.is_empty() {
        } else if line.start.contains('│') {
            self.told = true;
            draft.take(line);
        } else if line.indent == 0 {
            self.open = None;
        } else {
            if !self.told && draft.lines() < 8 {
                draft.say(line.start);
            }
            draft.take(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.open = None;
        self.release(Severity::Warning, out);
    }
}

static LOGGED: Needle = Needle::new("[error] ");

/// Reads `** (Type) message` with its frames.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// `== Compilation error in file lib/pot.ex ==`
    heading: Option<(String, Span)>,
    /// Set if the previous line is a log line about a crashed process.
    logged: Option<Span>,
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    frames: Vec<Frame>,
    own: Option<Location>,
    blanks: usize,
    /// True if the parser's message and excerpt follow.
    below: bool,
}

/// Type and message. Mix's sentences are read elsewhere.
fn head(start: &str) -> Option<(&str, &str)> {
    let (error_type, message) = start.strip_prefix("** (")?.split_once(") ")?;
    let shaped = error_type.starts_with("EXIT from ")
        || error_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':'));
    (shaped && !matches!(error_type, "Mix" | "Mix.Error")).then_some((error_type, message.trim()))
}

impl Exceptions {
    fn begin(&mut self, line: &Seen<'_>) {
        if let Some(path) =
            line.start.strip_prefix("== Compilation error in file ").and_then(|rest| rest.strip_suffix(" =="))
        {
            self.heading = Some((path.to_owned(), line.span));
            return;
        }
        let heading = self.heading.take();
        let Some((error_type, message)) = head(line.start) else { return };
        let mut draft = Draft::new("elixir", Kind::Crash, line);
        let found = &mut draft.found;
        error_type.split(' ').next().unwrap_or(error_type).clone_into(&mut found.error_type);
        found.kind = kind(error_type, message);
        if let Some((path, span)) = heading {
            found.span = found.span.to(span);
            found.location = Some(Location::file(&path));
            found.kind = Kind::Compile;
        }
        // The message of `(SyntaxError) invalid syntax found on lib/pot.ex:3:5:` is below.
        let (text, below) =
            match message.split_once(" found on ").or_else(|| message.split_once(" missing on ")) {
                Some((_, place)) if message.ends_with(':') => (place, true),
                _ => (message, false),
            };
        match place_at_start(text).filter(|place| is_source(place.path)) {
            Some(place) => {
                found.location = Some(place.location());
                if !below {
                    draft.say(place.rest.trim());
                }
            }
            None => {
                let file = draft.found.location.as_ref().map(|place| format!("{}: ", place.path));
                draft.say(file.and_then(|file| message.strip_prefix(&file)).unwrap_or(message));
            }
        }
        // Passing tests log the processes that crash in them.
        if let Some(span) = self.logged {
            draft.found.confidence = Confidence::Likely;
            draft.found.span = draft.found.span.to(span);
        }
        if self.logged.is_some() || draft.found.message.ends_with("(errors have been logged)") {
            draft.found.role = Role::Consequence;
        }
        self.open = Some(Block { draft, frames: Vec::new(), own: None, blanks: 0, below });
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, frames, own, .. }) = self.open.take() else { return };
        let found = &mut draft.found;
        if found.kind != Kind::Compile || found.location.is_none() {
            found.location = own.or(found.location.take());
        }
        found.stack_trace = frames;
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        out.push(draft.done());
    }
}

fn kind(error_type: &str, message: &str) -> Kind {
    match error_type {
        "CompileError"
        | "SyntaxError"
        | "TokenMissingError"
        | "MismatchedDelimiterError"
        | "EEx.SyntaxError"
        | "Phoenix.LiveView.Tokenizer.ParseError" => Kind::Compile,
        "DBConnection.ConnectionError" => Kind::Network,
        "System.EnvError" => Kind::Configuration,
        _ if message.contains("econnrefused") || message.contains("nxdomain") => Kind::Network,
        _ => Kind::Crash,
    }
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(block) = &mut self.open {
            let start = line.start;
            let other = !block.below && (start.starts_with("error: ") || start.starts_with("warning: "));
            if head(start).is_some() && block.draft.found.message.ends_with("an exception was raised:") {
                // The exception below gives the reason.
                self.open = None;
            } else if block.draft.lines() >= LINES || head(start).is_some() || other {
                self.close(out);
            } else if start.is_empty() {
                block.blanks += 1;
                if block.blanks > 4 || !block.frames.is_empty() {
                    self.close(out);
                }
                return;
            } else if let Some((frame, own)) = frame(line) {
                if own && block.own.is_none() {
                    block.own.clone_from(&frame.location);
                }
                block.frames.push(frame);
                block.draft.take(line);
                return;
            } else if line.indent >= 2 && block.frames.is_empty() {
                // Further lines of the message; the parser's excerpt has bars.
                if let Some(message) = start.strip_prefix("error: ") {
                    block.draft.say(message);
                } else if start.starts_with(['│', '└']) || start.contains(" │ ") {
                } else if block.draft.lines() < 8 {
                    block.draft.say(start);
                }
                block.draft.take(line);
                return;
            } else {
                self.close(out);
            }
        }
        if line.start.starts_with(['*', '=']) {
            self.begin(line);
        } else if !line.start.is_empty() {
            self.heading = None;
        }
        if !line.start.is_empty() {
            self.logged = LOGGED.find_among(line.characters, line.start).map(|_| line.span);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.heading = None;
    }
}
