//! sbt's errors: failed tasks, and unresolved dependencies.
//!
//! ```text
//! [error] (Compile / compileIncremental) Compilation failed
//! [error] (update) sbt.librarymanagement.ResolveException: Error downloading org.example:kettle_2.13:1.0
//! [error]   Not found
//! [error] Not a valid command: boil
//! [ivy:resolve]    :: org.example#kettle;1.0: not found
//! ```

use crate::{
    Record, Step,
    reason::{kind_of, role_of},
    session::Session,
    text::{Level, Text},
    thrown::thrown,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Beginnings, Context},
};

/// Maximum number of lines below a task's reason.
const LINES: usize = 16;

/// The reason of a task being read.
#[derive(Debug)]
pub(crate) struct Block {
    error_type: String,
    message: String,
    kind: Kind,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static OTHERS: Beginnings = Beginnings::new(&[
            "Not a valid command: ",
            "Not a valid key: ",
            "Not a valid project ID: ",
            "Error downloading ",
            "sbt.librarymanagement.ResolveException: ",
            "sbt.ResolveException: ",
            "coursier.ResolutionException: ",
            "lmcoursier.",
            "found version conflict(s) in library dependencies",
            "Server access Error: ",
        ]);
        let line = text.words;
        // Ivy, used by sbt or Ant, lists the modules that it did not find.
        let missing = line.strip_prefix(":: ").filter(|rest| rest.ends_with(": not found"));
        if let Some(missing) = missing.filter(|missing| missing.contains('#') && missing.contains(';')) {
            return Some(Self::new(text, "unresolved", missing));
        }
        if !text.is_error() {
            return None;
        }
        let (reason, is_task) = match line.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
            Some((task, reason)) if is_task(task) => (reason, true),
            _ => (line, false),
        };
        if !is_task && !OTHERS.begin(line) {
            return None;
        }
        let (error_type, message) = match thrown(reason, false) {
            Some((name, message)) if !message.is_empty() => {
                (name.rsplit(['.', '$']).next().unwrap_or_default(), message)
            }
            _ => ("task", reason),
        };
        Some(Self::new(text, error_type, message))
    }

    fn new(text: &Text<'_>, error_type: &str, message: &str) -> Self {
        let mut context = Context::default();
        context.push(text.raw);
        let kind = if error_type == "unresolved" { Kind::Dependency } else { kind_of(text.words) };
        Self {
            error_type: error_type.to_owned(),
            message: message.to_owned(),
            kind,
            lines: 0,
            context,
            span: text.span,
        }
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        // Further text of the task is indented.
        if text.level != Some(Level::Error) || text.indent == 0 || self.lines >= LINES {
            return Step::Foreign;
        }
        self.lines += 1;
        if self.lines <= 6 && !text.words.starts_with("at ") {
            self.message.push('\n');
            self.message.push_str(text.words);
        }
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let role = role_of(&block.message);
        // `2 files must be formatted`, `2 errors`: the task counts its reports.
        let counts = block.message.ends_with(" failed") && !block.message.contains('\n');
        let found = Diagnostic {
            tool: if block.error_type == "unresolved" { "ivy" } else { "sbt" }.to_owned(),
            error_type: block.error_type,
            message: block.message,
            severity: Severity::Error,
            kind: block.kind,
            role: if counts { Role::Summary } else { role },
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}

/// `Compile / compileIncremental`, `compile:compileIncremental`, `pot / update`, `update`, `*:update`.
fn is_task(task: &str) -> bool {
    !task.is_empty()
        && task.len() < 120
        && task.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b':' | b' ' | b'-' | b'_' | b'*' | b'.')
        })
        && task
            .rsplit([':', '/', ' '])
            .next()
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}
