//! Make in its dialects, Ninja, SCons: missing rules are errors, a failed recipe follows from its output.
//!
//! ```text
//! make[1]: *** [Makefile:12: pot.o] Error 1
//! make: *** No rule to make target 'lid.o', needed by 'pot'.  Stop.
//! Makefile:7: *** missing separator.  Stop.
//! FAILED: pot.o
//! ninja: build stopped: subcommand failed.
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span, path,
    text::{Context, Needle, extension, leading_number, place_at_start, trailing_group},
};
use std::collections::VecDeque;

/// Maximum number of lines kept before a failed recipe, since they may give the reason.
const BEFORE: usize = 8;
/// Maximum number of output lines read from a failed edge of Ninja.
const OUTPUT: usize = 200;

static STARS: Needle = Needle::new("*** ");

/// Reads the output of such build tools.
#[derive(Debug, Default)]
pub(crate) struct Make {
    before: VecDeque<String>,
    /// The file that Make could not include, and which it reports again.
    included: Option<String>,
    /// Where a recipe failed, which old versions say in a line before: the target, and the place.
    recipe: Option<(String, Location)>,
    edge: Option<Edge>,
}

/// A failed edge of Ninja.
#[derive(Debug)]
struct Edge {
    outputs: String,
    /// Number of errors found before its output.
    roots: u64,
    span: Span,
    lines: usize,
    /// The output line that seems to give the reason.
    reason: Option<String>,
    sure: bool,
    /// A message of the program that the edge ran: its name, the message, and the span.
    said: Option<(String, String, Span)>,
    context: Context,
}

impl Make {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if text.is_empty() {
            return;
        }
        if let Some(edge) = &mut self.edge
            && !edge.line(view)
        {
            self.close(inbox);
        }
        let found = if let Some(outputs) = text.strip_prefix("FAILED: ").filter(|_| view.indent == 0) {
            self.close(inbox);
            self.edge = Edge::start(outputs, view, inbox.roots());
            None
        } else if text.starts_with("ninja: ") {
            ninja(text)
        } else if STARS.find_among(view.characters, text).is_some() {
            self.stars(text)
        } else {
            self.plain(view)
        };
        if let Some(mut found) = found {
            found.span = view.span;
            if found.role == Role::Consequence {
                inbox.fail(view.number);
                found.context = self.before.iter().fold(String::new(), |all, line| all + line + "\n") + text;
            } else {
                text.clone_into(&mut found.context);
            }
            inbox.push(found);
        }
        let mut kept = if self.before.len() == BEFORE {
            self.before.pop_front().unwrap_or_default()
        } else {
            String::new()
        };
        kept.clear();
        kept.push_str(&text[..text.floor_char_boundary(400)]);
        self.before.push_back(kept);
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.before.clear();
    }

    fn close(&mut self, inbox: &mut Inbox) {
        if let Some(edge) = self.edge.take() {
            let told = inbox.roots() > edge.roots;
            inbox.push(edge.finish(told));
        }
    }

    /// `make: *** …`, `Makefile:7: *** …`, SCons' `scons: *** …` and `*** [pot.o] Error 1`, BSD's `*** Error code 1`.
    fn stars(&mut self, text: &str) -> Option<Diagnostic> {
        let (before, rest) = STARS.split(text)?;
        let before = before.trim_end();
        let rest = rest.trim();
        let (tool, location) = match before.strip_suffix(':') {
            None if before.is_empty() => {
                let known = rest.starts_with('[') || rest.starts_with("Error code ");
                (known.then_some("make")?, None)
            }
            None => return None,
            Some(name) => match program(name) {
                Some(tool) => (tool, None),
                None => ("make", Some(makefile(name)?)),
            },
        };
        if rest.starts_with("Waiting for unfinished") || rest.is_empty() {
            return None;
        }
        if let Some((target, status)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let mut found = made(tool, rest, Role::Consequence);
            // `[Makefile:12: pot.o] Error 1`
            // R compiles packages with rules of its own installation.
            let is_of_r = |path: &str| path.rsplit(['/', '\\']).next() == Some("Makeconf");
            let location = place_at_start(target)
                .filter(|place| !path::is_generated(place.path) && !is_of_r(place.path))
                .map(|place| place.location());
            let recipe =
                self.recipe.take().filter(|(failed, _)| failed == target).map(|(_, location)| location);
            found.location = location.or(recipe);
            let status = status.trim();
            if status.starts_with("Killed") || status == "Error 137" {
                found.kind = Kind::Resource;
            }
            return Some(found);
        }
        if rest.starts_with("Error code ") {
            return Some(made(tool, rest, Role::Consequence));
        }
        let message = rest.trim_end_matches("Stop.").trim().trim_end_matches('.').trim();
        if let Some(included) = &self.included
            && message.contains(included.as_str())
        {
            return None;
        }
        let mut found = made(tool, if message.is_empty() { rest } else { message }, Role::Root);
        if message.contains("memory exhausted") {
            found.kind = Kind::Resource;
        }
        found.location = location;
        Some(found)
    }

    /// `make: gcc: No such file or directory`, `Makefile:3: lid.mk: No such file or directory`, BSD's
    /// `make: don't know how to make pot. Stop`.
    fn plain(&mut self, view: &View<'_>) -> Option<Diagnostic> {
        static ENDS: [&str; 6] = [
            "No such file or directory",
            "Command not found",
            "command not found",
            "Permission denied",
            "Argument list too long",
            "Stop",
        ];
        let text = view.text;
        // `Makefile:10: recipe for target 'pot' failed`
        if let Some((before, target)) =
            text.strip_suffix("' failed").and_then(|text| text.split_once(": recipe for target '"))
        {
            let location = makefile(before).filter(|place| !path::is_generated(&place.path));
            self.recipe = location.map(|location| (target.to_owned(), location));
            return None;
        }
        if let Some(end) = ENDS.iter().find(|end| text.ends_with(*end)) {
            let (name, rest) = text.split_once(": ")?;
            if let Some(tool) = program(name) {
                if *end == "Stop" && !rest.starts_with("don't know how to make ") {
                    return None;
                }
                let mut found =
                    made(tool, rest.trim_end_matches("Stop").trim_end_matches([' ', '.']), Role::Root);
                if end.ends_with("not found")
                    || *end == "No such file or directory" && !rest.contains("makefile")
                {
                    "command-not-found".clone_into(&mut found.error_type);
                }
                return Some(found);
            }
            // `Makefile:3: lid.mk: No such file or directory` is an error only if Make cannot create the file.
            let place = place_at_start(text)?;
            let missing = place.rest.trim().strip_suffix(": No such file or directory")?;
            let mut found = made("make", place.rest.trim(), Role::Root);
            found.location = makefile(text.split_once(": ")?.0);
            found.location.as_ref()?;
            self.included = Some(missing.to_owned());
            return Some(found);
        }
        // `make: invalid option -- 'x'`, `NMAKE : fatal error …` is another's.
        let rest = text.strip_prefix("make: ").or_else(|| text.strip_prefix("gmake: "))?;
        let known = ["invalid option", "unrecognized option", "illegal option", "the `-"]
            .iter()
            .any(|start| rest.starts_with(start));
        known.then(|| made("make", rest, Role::Root))
    }
}

impl Edge {
    /// `FAILED: pot.o lid.o`, `FAILED: [code=1] pot.o`.
    fn start(outputs: &str, view: &View<'_>, roots: u64) -> Option<Self> {
        let outputs = match outputs.strip_prefix('[') {
            Some(rest) => rest.split_once("] ")?.1,
            None => outputs,
        };
        let first = outputs.split(' ').next().unwrap_or_default();
        // Bazel and others print `FAILED:` in sentences.
        let is_file = first.contains(['.', '/', '\\'])
            || first.ends_with(|c: char| c.is_ascii_lowercase()) && !outputs.contains(' ');
        let mut context = Context::default();
        context.push(view.text);
        is_file.then(|| Self {
            outputs: outputs.to_owned(),
            roots,
            span: view.span,
            lines: 0,
            reason: None,
            sure: false,
            said: None,
            context,
        })
    }

    /// Reads an output line; returns false if the output has ended.
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        if self.lines > OUTPUT || text.starts_with("ninja: ") || is_step(text) {
            return false;
        }
        // The first line is usually the command.
        let is_command = text.starts_with(['/', ':', '"'])
            || text.starts_with("cd ")
            || text.contains(" -")
            || text.contains("&&");
        if self.lines == 1 && (is_command || !text.contains(' ')) || text.is_empty() {
            return true;
        }
        if self.context.lines() < 20 {
            self.context.push(view.raw);
        }
        if self.said.is_none() {
            self.said = by_path(text).map(|(name, message)| (name.to_owned(), message.to_owned(), view.span));
        }
        let lower = text.to_ascii_lowercase();
        let says = ["error", "failed", "not found", "no such", "cannot", "denied", "exception"]
            .iter()
            .any(|word| lower.contains(word));
        if !self.sure && (says || self.reason.is_none() || !view.raw.starts_with(' ')) {
            self.sure = says;
            self.reason = Some(text[..text.floor_char_boundary(400)].to_owned());
        }
        true
    }

    /// Errors that were reported from its output need not be repeated.
    fn finish(mut self, told: bool) -> Diagnostic {
        if let Some((name, message, span)) = self.said.take().filter(|_| !told) {
            return Diagnostic { span, context: self.context.take(), ..made(&name, &message, Role::Root) };
        }
        let mut outputs = self.outputs.trim().split(' ');
        let first = outputs.next().unwrap_or_default();
        let message = match self.reason.filter(|_| !told) {
            Some(reason) => format!("FAILED: {first}: {reason}"),
            None => format!("FAILED: {first}"),
        };
        Diagnostic {
            span: self.span,
            context: self.context.take(),
            ..made("ninja", &message, Role::Consequence)
        }
    }
}

/// `/usr/bin/ar: pot.o: file truncated`, `C:\mingw\bin\ar.exe: could not create …`: a program that was run by
/// its path, and its message.
fn by_path(text: &str) -> Option<(&str, &str)> {
    let path = text.split_once(": ").map(|(path, _)| path)?;
    let is_absolute = path.starts_with('/') || matches!(path.as_bytes(), [_, b':', b'\\' | b'/', ..]);
    let (name, message) = names::program_line(text).filter(|_| is_absolute)?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+'));
    let is_mild = ["warning", "note", "info", "Warning", "Note"].iter().any(|word| message.starts_with(word));
    (is_name && !is_mild && extension(path).len() <= 3 && message.contains(' ')).then_some((name, message))
}

/// `[12/345] Building …`
fn is_step(text: &str) -> bool {
    text.strip_prefix('[')
        .and_then(leading_number)
        .and_then(|(_, rest)| leading_number(rest.strip_prefix('/')?))
        .is_some_and(|(_, rest)| rest.starts_with(']'))
}

/// `ninja: error: …`, `ninja: build stopped: …`.
fn ninja(text: &str) -> Option<Diagnostic> {
    let rest = text.strip_prefix("ninja: ")?;
    if let Some(message) = rest.strip_prefix("error: ").or_else(|| rest.strip_prefix("fatal: ")) {
        return Some(made("ninja", message, Role::Root));
    }
    rest.starts_with("build stopped: ").then(|| made("ninja", rest, Role::Summary))
}

/// The tool, if the text is the name of a Make: `make`, `make[2]`, `gmake`, `mingw32-make.exe`.
fn program(name: &str) -> Option<&'static str> {
    let name = match trailing_group(name, '[', ']') {
        Some((name, level)) if level.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match name.strip_suffix(".exe").unwrap_or(name) {
        "make" | "gmake" | "bmake" | "remake" | "mingw32-make" | "colormake" | "GNUmake" => Some("make"),
        "scons" => Some("scons"),
        _ => None,
    }
}

/// `Makefile:7` or any other file that Make reads.
fn makefile(name: &str) -> Option<Location> {
    let place = place_at_start(name)?;
    let file = place.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let good = file.to_ascii_lowercase().contains("makefile")
        || matches!(extension(file), "mk" | "mak" | "make")
        || file.starts_with("Kbuild");
    let ends = place.rest.trim().trim_end_matches(':').is_empty() || place.rest.starts_with(' ');
    (good && ends && !names::is_probe(place.path)).then(|| place.location())
}

fn made(tool: &str, message: &str, role: Role) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: tool.to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: if role == Role::Root { Kind::Configuration } else { Kind::Unknown },
        role,
        ..Diagnostic::default()
    }
}
