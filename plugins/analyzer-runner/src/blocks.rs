//! Errors of pipeline files that span several lines.
//!
//! ```text
//! # ERROR IN CONFIG FILE:
//! # [#/jobs/till] only 1 subschema matches out of 2
//! # 1. [#/jobs/till] 0 subschemas matched instead of one
//!
//! Found errors in your .gitlab-ci.yml:
//!   jobs:till config contains unknown keys: scripts
//! ```

use crate::text::Text;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span, text::Context};

/// Maximum number of lines of one error.
const LINES: usize = 30;

/// Reads an error of a pipeline file.
#[derive(Debug, Default)]
pub(crate) struct Config {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    tool: &'static str,
    path: &'static str,
    reason: String,
    context: Context,
    span: Span,
}

impl Config {
    /// Reads a line; returns whether it belongs to such an error.
    pub(crate) fn line(&mut self, line: &Text<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let text = line.whole.trim_start_matches(['#', ' ']);
        if let Some(block) = &mut self.open {
            let goes_on = !text.is_empty() && block.context.lines() < LINES;
            if goes_on && block.take(text, line) {
                return true;
            }
            self.finish(out);
        }
        let (tool, path) = if text.starts_with("ERROR IN CONFIG FILE:") {
            ("circleci", ".circleci/config.yml")
        } else if text.starts_with("Found errors in your .gitlab-ci.yml") {
            ("gitlab", ".gitlab-ci.yml")
        } else {
            return false;
        };
        let mut context = Context::default();
        context.push(line.whole);
        self.open = Some(Block { tool, path, reason: String::new(), context, span: line.span });
        true
    }

    /// Ends the log.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut block) = self.open.take() else { return };
        if block.reason.is_empty() {
            return;
        }
        out.push(Diagnostic {
            tool: block.tool.to_owned(),
            error_type: "config".to_owned(),
            message: block.reason,
            kind: Kind::Configuration,
            location: Some(Location::file(block.path)),
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        });
    }
}

impl Block {
    fn take(&mut self, text: &str, line: &Text<'_>) -> bool {
        // CircleCI comments its lines out; GitLab prints one sentence per line.
        if self.tool == "circleci" && !line.whole.starts_with('#') && !self.reason.is_empty() {
            return false;
        }
        let is_rule = text.bytes().all(|byte| matches!(byte, b'-' | b'='));
        let closes = text.starts_with("-------") || text.starts_with("Don't rerun") || is_rule;
        if !closes && self.reason.len() < 2000 {
            if !self.reason.is_empty() {
                self.reason.push_str("; ");
            }
            self.reason.push_str(text);
        }
        self.context.push(line.whole);
        self.span = self.span.to(line.span);
        !closes
    }
}
