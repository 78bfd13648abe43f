//! Rake, and tools with the same output (`bin/rails aborted!`, `cap aborted!`):
//!
//! ```text
//! rake aborted!
//! ActiveRecord::StatementInvalid: PG::UndefinedTable: ERROR:  relation "pots" does not exist
//! /app/db/migrate/20240101_add_lid.rb:3:in 'AddLid#change'
//!
//! Caused by:
//! PG::UndefinedTable: ERROR:  relation "pots" does not exist
//! Tasks: TOP => db:migrate
//! ```
//!
//! The message is that of the innermost cause. A task that failed because its command failed is a summary.

use crate::{
    panel::{Draft, Reader, Seen},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role,
    text::{Needle, cut},
};

/// Maximum number of lines of an aborted task.
const LINES: usize = 300;
/// Maximum number of message lines.
const MESSAGE_LINES: usize = 14;

/// Reads aborted tasks.
#[derive(Debug, Default)]
pub(crate) struct Rake {
    open: Option<Block>,
    /// Ruby's warning that a program is missing, after which old releases of Rails have no status to read.
    missing: Option<String>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    trace: Trace,
    /// Number of message lines of this exception or cause.
    said: usize,
    /// True after its frames.
    framed: bool,
}

impl Block {
    /// Returns whether the line is a part of it, and whether it is the last one.
    fn line(&mut self, line: &Seen<'_>) -> (bool, bool) {
        if line.start.is_empty() {
            return (self.draft.lines() < LINES, false);
        }
        if line.start.starts_with("Tasks: TOP") || line.start.starts_with("(See full trace") {
            self.draft.take(line);
            return (true, line.start.starts_with('('));
        }
        if line.start == "Caused by:" {
            self.draft.take(line);
            self.said = 0;
            self.framed = false;
            return (true, false);
        }
        if self.said > 0
            && let Some(frame) = trace::frame(line)
        {
            self.trace.push(frame);
            self.framed = true;
            self.draft.take(line);
            return (true, false);
        }
        if self.framed || self.said >= MESSAGE_LINES || self.draft.lines() >= LINES {
            return (false, false);
        }
        if self.said == 0 {
            self.name(line.start);
        } else if line.start.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            self.draft.say(line.start);
        }
        self.said += 1;
        self.draft.take(line);
        (true, false)
    }

    fn name(&mut self, text: &str) {
        let (error_type, message) = trace::type_and_message(text).unwrap_or(("", text));
        let found = &mut self.draft.found;
        found.kind = trace::kind(error_type, Kind::Crash);
        error_type.clone_into(&mut found.error_type);
        message.clone_into(&mut found.message);
        if text.starts_with("Command failed with status") || text.starts_with("Command failed (") {
            found.role = Role::Summary;
            found.kind = Kind::Unknown;
            "command".clone_into(&mut found.error_type);
        } else if text.starts_with("Don't know how to build task") {
            found.kind = Kind::Configuration;
            "unknown-task".clone_into(&mut found.error_type);
        }
    }
}

impl Rake {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, trace, said, .. }) = self.open.take() else { return };
        if said == 0 && draft.found.message.is_empty() {
            draft.found.role = Role::Summary;
            let program = draft.found.tool.clone();
            draft.say(&format!("{program} aborted!"));
        }
        draft.found.location = trace.own();
        draft.found.stack_trace = trace.into_frames();
        let found = &mut draft.found;
        if found.message.is_empty() {
            found.message.clone_from(&found.error_type);
        }
        if found.message.contains("`exitstatus' for nil")
            && let Some(missing) = self.missing.take()
        {
            found.message = missing;
            found.kind = Kind::Configuration;
            "Errno::ENOENT".clone_into(&mut found.error_type);
        }
        if found.error_type.is_empty() {
            "RuntimeError".clone_into(&mut found.error_type);
        }
        out.push(draft.done());
    }
}

impl Reader for Rake {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static ABORTED: Needle = Needle::new(" aborted!");
        static MISSING: Needle = Needle::new("rake: No such file or directory - ");
        if let Some(at) = MISSING.find_among(line.characters, line.start) {
            self.missing = Some(cut(&line.start[at + "rake: ".len()..], 1024).to_owned());
        }
        let begins = ABORTED
            .split_among(line.characters, line.start)
            .filter(|(program, rest)| rest.is_empty() && !program.contains(' ') && program.len() < 60);
        if let Some((program, _)) = begins {
            self.close(out);
            let tool = if program.ends_with("rails") { "rails" } else { program };
            let draft = Draft::new(tool, Kind::Crash, line);
            self.open = Some(Block { draft, trace: Trace::default(), said: 0, framed: false });
        } else if let Some(block) = &mut self.open {
            let (goes_on, ends) = block.line(line);
            if !goes_on || ends {
                self.close(out);
            }
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
