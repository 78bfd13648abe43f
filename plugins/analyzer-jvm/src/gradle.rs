//! Gradle's report of a failed build.
//!
//! ```text
//! FAILURE: Build failed with an exception.
//!
//! * Where:
//! Build file '/src/pot/build.gradle' line: 17
//!
//! * What went wrong:
//! Execution failed for task ':compileJava'.
//! > Could not resolve all files for configuration ':compileClasspath'.
//!    > Could not find org.example:kettle:1.2.3.
//!      Searched in the following locations:
//!        - https://repo.example.org/…
//!
//! * Try:
//! > Run with --stacktrace option to get the stack trace.
//! ```
//!
//! Each innermost `>` is a reason. Reasons that only say that something failed which was reported before are
//! summaries. The block is also read without its head, as people copy it, and with the trace below it.

use crate::{
    claim::Claim,
    gradle_block::{Block, is_old_task, is_rule, summary},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Beginnings};

#[derive(Debug, Default)]
pub(crate) struct Gradle {
    open: Option<Block>,
    /// Indented blocks: those of builds within a test, unless there are no others.
    nested: Vec<Diagnostic>,
    /// True after a block without indentation was reported.
    reported: bool,
}

impl Gradle {
    /// Takes a line.
    pub(crate) fn line(
        &mut self,
        text: &Text<'_>,
        session: &mut Session,
        out: &mut Vec<Diagnostic>,
    ) -> Claim {
        let is_quoted = self.open.as_ref().is_some_and(|block| block.quoted) || is_quoted_head(text.words);
        let unquoted = if is_quoted { text.unquoted() } else { None };
        let quoted = unquoted.is_some();
        let text = &unquoted.unwrap_or(*text);
        if let Some(block) = &mut self.open {
            match block.line(text) {
                Some(claim) => {
                    if text.words.starts_with("BUILD FAILED") {
                        self.close(session, out);
                    }
                    return claim;
                }
                None => self.close(session, out),
            }
        }
        if let Some(mut block) = Block::start(text, session.told()) {
            block.quoted = quoted;
            self.open = Some(block);
            return Claim::Shared;
        }
        if let Some(found) = single(text) {
            session.report(found, out);
            return Claim::Whole;
        }
        Claim::None
    }

    /// Returns true if the next line ends the block, so that records inside it must be completed first.
    pub(crate) fn ends_before(&self, text: &Text<'_>) -> bool {
        self.open.is_some()
            && (text.words.starts_with("* ") || text.words.starts_with("BUILD FAILED") || is_rule(text.words))
    }

    /// Completes what is open.
    pub(crate) fn close(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let Some(block) = self.open.take() else { return };
        let nested = block.nested;
        for found in block.finish(session, out) {
            if found.role == Role::Summary && found.message.contains("failing test") && !nested {
                session.tests_failed(out);
            }
            if found.role == Role::Summary {
                session.linters_failed(&found.message, out);
            }
            if !nested {
                self.reported = true;
                session.report_once(found, out);
            } else if self.nested.len() < 32 {
                self.nested.push(found);
            }
        }
    }

    pub(crate) fn finish(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        self.close(session, out);
        if !self.reported && !session.has_passed() {
            for found in self.nested.drain(..) {
                session.report_once(found, out);
            }
        }
    }
}

/// The head of a block in a quotation: Gradle's own `>` precedes reasons only.
fn is_quoted_head(line: &str) -> bool {
    static HEADS: Beginnings = Beginnings::new(&[
        "> * What went wrong:",
        "> * Where:",
        "> FAILURE: Build ",
        "> Execution failed for task '",
    ]);
    HEADS.begin(line)
}

/// Single-line reports.
fn single(text: &Text<'_>) -> Option<Diagnostic> {
    static STARTS: Beginnings =
        Beginnings::new(&["> Task :", "BUILD FAILED", "Gradle build daemon disappeared unexpectedly"]);
    let line = text.words;
    // Old versions name only the task.
    if is_old_task(line) {
        return Some(summary(&format!("Task {line}"), text.span));
    }
    match STARTS.position(line)? {
        0 if line.ends_with(" FAILED") => Some(summary(line.trim_start_matches("> "), text.span)),
        1 if line.starts_with("BUILD FAILED in ") => Some(summary(line, text.span)),
        2 => Some(Diagnostic {
            role: Role::Root,
            kind: Kind::Resource,
            error_type: "daemon".to_owned(),
            ..summary(line, text.span)
        }),
        _ => None,
    }
}
