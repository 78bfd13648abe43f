//! pre-commit and prek, lefthook, husky.
//!
//! ```text
//! trim trailing whitespace.................................................Failed
//! - hook id: trailing-whitespace
//! - exit code: 1
//! - files were modified by this hook
//!
//! Fixing docs/till.md
//!
//! An unexpected error has occurred: CalledProcessError: command: ('/usr/bin/git', 'fetch')
//! return code: 128
//! stderr:
//!     fatal: could not read Username
//! ```
//!
//! A hook that changed files, or whose output no other analyzer can read, is a reason of its own; a hook
//! that printed findings with locations only sums them up.

use crate::{
    output,
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{Beginnings, Context, looks_like_path, place_at_start, place_in_parentheses},
};

/// Maximum number of lines kept of a hook's output.
const OUTPUT: usize = 60;

/// Reads hook reports.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    open: Option<Open>,
}

#[derive(Debug)]
enum Open {
    Hook(Hook),
    Crash(Crash),
}

/// A failed hook.
#[derive(Debug)]
struct Hook {
    name: String,
    id: String,
    modified: bool,
    /// The output has lines that name a location: other analyzers read them.
    has_places: bool,
    output: Vec<String>,
    /// A blank line followed the start of the output.
    blank: bool,
    context: Context,
    span: Span,
}

/// pre-commit itself failed.
#[derive(Debug)]
struct Crash {
    message: String,
    stdout: Vec<String>,
    stderr: Vec<String>,
    stream: Option<Stream>,
    context: Context,
    span: Span,
}

/// What a failed command printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Output,
    Errors,
}

impl Recogniser for Hooks {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        let text = line.text;
        if let Some(open) = &mut self.open {
            let taken = match open {
                Open::Hook(hook) => hook.line(line),
                Open::Crash(crash) => crash.line(line),
            };
            if taken {
                return;
            }
            self.finish(sink);
        }
        if text.ends_with("..Failed") {
            let name = text.trim_end_matches("Failed").trim_end_matches('.');
            self.open = Some(Open::Hook(Hook::new(name, "", line)));
        } else if let Some(id) = text.strip_prefix("- hook id: ") {
            // Without a headline, as in a fragment.
            self.open = Some(Open::Hook(Hook::new("", id, line)));
        } else if let Some(message) = text
            .strip_prefix("An unexpected error has occurred: ")
            .or_else(|| text.strip_prefix("An error has occurred: "))
        {
            let mut context = Context::default();
            context.push(line.line);
            self.open = Some(Open::Crash(Crash {
                message: message.trim().to_owned(),
                stdout: Vec::new(),
                stderr: Vec::new(),
                stream: None,
                context,
                span: line.span,
            }));
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        match self.open.take() {
            Some(Open::Hook(hook)) => {
                if let Some(found) = hook.finish() {
                    sink.beside(found);
                }
            }
            Some(Open::Crash(crash)) => sink.block(crash.finish()),
            None => {}
        }
    }

    fn since(&self) -> Option<u64> {
        match &self.open {
            Some(Open::Crash(crash)) => Some(crash.span.start),
            _ => None,
        }
    }

    fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl Hook {
    fn new(name: &str, id: &str, line: &Text<'_>) -> Self {
        let mut context = Context::default();
        context.push(line.text);
        Self {
            name: name.trim().to_owned(),
            id: id.trim().to_owned(),
            modified: false,
            has_places: false,
            output: Vec::new(),
            blank: false,
            context,
            span: line.span,
        }
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        static STATES: [&str; 4] = ["..Passed", "..Failed", "Skipped", "..Dry"];
        let text = line.text;
        let next_hook = STATES.iter().any(|state| text.ends_with(state)) && text.contains("...")
            || text.starts_with("- hook id: ") && !self.id.is_empty();
        if next_hook || text.starts_with("pre-commit hook(s) made changes") || self.context.lines() > OUTPUT {
            return false;
        }
        if let Some(field) = text.strip_prefix("- ")
            && self.output.is_empty()
        {
            if let Some(id) = field.strip_prefix("hook id: ") {
                id.trim().clone_into(&mut self.id);
            }
            self.modified |= field == "files were modified by this hook";
            self.context.push(line.text);
            self.span = self.span.to(line.span);
            return true;
        }
        // A headline without fields is not pre-commit's.
        if self.id.is_empty() && self.modified {
            self.id.clone_from(&self.name);
        }
        if self.id.is_empty() {
            return text.is_empty() && self.output.is_empty();
        }
        if text.is_empty() {
            self.blank |= !self.output.is_empty();
            return true;
        }
        if text.starts_with("##[") || text.starts_with("Error: Process completed") {
            return false;
        }
        self.has_places |= place_at_start(text).is_some()
            || place_in_parentheses(text).is_some()
            || text.starts_with("--> ")
            || crate::yaml::place(text).is_some();
        self.output.push(grimoire_plugin_sdk::text::cut(text, 500).to_owned());
        self.context.push(line.line);
        true
    }

    fn finish(mut self) -> Option<Diagnostic> {
        if self.id.is_empty() && self.modified {
            self.id.clone_from(&self.name);
        }
        if self.id.is_empty() {
            return None;
        }
        let first = self.output.first().map(String::as_str);
        let (message, location, role) = if self.modified {
            let changed = self.output.iter().find_map(|line| changed_file(line));
            let message = match changed {
                Some(path) => format!("{}: files were modified by this hook: {path}", self.id),
                None => format!("{}: files were modified by this hook", self.id),
            };
            (message, changed.map(Location::file), Role::Root)
        } else {
            let telling = output::telling(self.output.iter().map(String::as_str)).or(first);
            let message = match telling {
                Some(line) => format!("{}: {line}", self.id),
                None => format!("{}: the hook failed", self.id),
            };
            (message, None, if self.has_places { Role::Summary } else { Role::Root })
        };
        if self.name.is_empty() {
            self.name.clone_from(&self.id);
        }
        Some(Diagnostic {
            location,
            role,
            ..found("pre-commit", &self.id, Kind::Lint, &message, &self.context.take(), self.span)
        })
    }
}

/// The file in `Fixing docs/till.md`, `reformatted src/till.py`.
fn changed_file(line: &str) -> Option<&str> {
    let (word, path) = line.split_once(' ')?;
    (matches!(word, "Fixing" | "reformatted" | "Rewriting" | "Sorting" | "Formatted")
        && looks_like_path(path))
    .then_some(path)
}

impl Crash {
    fn line(&mut self, line: &Text<'_>) -> bool {
        static FIELDS: Beginnings = Beginnings::new(&[
            "return code: ",
            "expected return code: ",
            "Return code: ",
            "Expected return code: ",
            "stdout:",
            "Output:",
            "stderr:",
            "Errors:",
            "==> ",
            "=====> ",
            "Check the log at ",
        ]);
        let text = line.text;
        if self.context.lines() > OUTPUT {
            return false;
        }
        match FIELDS.position(text) {
            Some(field @ 4..=7) => {
                self.stream = Some(if field < 6 { Stream::Output } else { Stream::Errors });
                let rest = text.split_once(':').map_or("", |(_, rest)| rest.trim());
                if !rest.is_empty() && rest != "(none)" {
                    self.said(rest);
                }
            }
            Some(8 | 9) => {
                let rest = text.trim_start_matches(['=', '>', ' ']);
                self.message.push_str(if self.message.is_empty() { "" } else { " " });
                self.message.push_str(rest);
            }
            Some(10) => return false,
            Some(_) => self.stream = None,
            None if line.indent >= 2 || text.is_empty() => {
                if !text.is_empty() {
                    self.said(text);
                }
            }
            None => return false,
        }
        if !text.is_empty() {
            self.context.push(line.line);
            self.span = self.span.to(line.span);
        }
        true
    }

    /// Keeps a line that the failed command printed.
    fn said(&mut self, text: &str) {
        match self.stream {
            Some(Stream::Output) => self.stdout.push(text.to_owned()),
            Some(Stream::Errors) => self.stderr.push(text.to_owned()),
            None => {}
        }
    }

    fn finish(mut self) -> Diagnostic {
        // Installers print their errors to either stream.
        let said = [&self.stderr, &self.stdout]
            .into_iter()
            .find_map(|lines| output::telling(lines.iter().map(String::as_str)));
        let message = said.unwrap_or(self.message.trim_end_matches(':')).to_owned();
        let name = self.message.split(':').next().unwrap_or_default();
        let error_type = if name.contains(' ') { "error" } else { name };
        let kind = crate::kinds::of(&message, Kind::Configuration);
        found("pre-commit", error_type, kind, &message, &self.context.take(), self.span)
    }
}
