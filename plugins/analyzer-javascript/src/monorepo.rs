//! Task runners for many packages, and runners of hooks. The tools themselves report what failed in a task;
//! these lines are summaries, except for a few that give the reason.
//!
//! ```text
//!  ERROR  web#build: command (/app/web) npm run build exited (1)
//!  NX   Running target build for 2 projects failed
//! lerna ERR! npm run build exited 1 in '@shop/web'
//! ==[ FAILURE: 1 operation ]==
//! husky - pre-commit hook exited with code 1 (error)
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Needle, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::{failure, summary};

/// Recognises messages of these runners.
#[derive(Default)]
pub(crate) struct Monorepo {
    /// True after `Failed tasks:`; the names follow.
    list: bool,
    /// Nx says that tasks failed, and then lists them.
    failed: Option<Diagnostic>,
    /// `x Missing tasks in project`: the names follow.
    missing: bool,
}

static STARTS: Beginnings = Beginnings::new(&[
    "ERROR ",
    "NX ",
    "Failed",
    "lerna ERR! ",
    "==[ FAILURE",
    "--[ FAILURE",
    "husky - ",
    "✖ lint-staged",
    "x Missing tasks",
    "× Missing tasks",
    "- ",
    "`->",
    "╰─▶",
    "error: command finished with error",
    "ERROR: command finished with error",
    "❌ [",
]);

impl Monorepo {
    /// Reads a line; returns true if it is a runner's message about a failure.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static COMMAND: Needle = Needle::new("ERROR  command (");
        let trimmed = trim(text);
        if trimmed.is_empty() {
            return false;
        }
        // Older versions of Nx mark their lines.
        let trimmed =
            trimmed.strip_prefix('>').map(trim).filter(|rest| rest.starts_with("NX ")).unwrap_or(trimmed);
        if !STARTS.begin(trimmed) {
            self.finish(out);
            // `@shop/web#build:  ERROR  command … exited (1)`
            let exited =
                COMMAND.find_among(among, text).is_some() && text.contains('#') && text.contains(" exited (");
            if exited {
                out.push(summary("turbo", Kind::Unknown, trimmed, span));
            }
            (self.list, self.missing) = (false, false);
            return exited;
        }
        if std::mem::take(&mut self.list)
            && let Some(task) = trimmed.strip_prefix("- ")
        {
            self.list = true;
            if let Some(failed) = &mut self.failed {
                failed.message.push_str(if failed.message.ends_with(" failed") { ": " } else { ", " });
                failed.message.push_str(task);
                failed.span = failed.span.to(span);
            }
            return true;
        }
        if trimmed != "Failed tasks:" {
            self.finish(out);
        }
        let found = self.read(trimmed, span);
        let is_found = found.is_some();
        if found.as_ref().is_some_and(|found| found.tool == "nx" && found.message.ends_with(" failed")) {
            self.failed = found;
        } else {
            out.extend(found);
        }
        is_found || self.list
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.failed.take());
    }

    fn read(&mut self, text: &str, span: Span) -> Option<Diagnostic> {
        let sum = |tool: &str, message: &str| Some(summary(tool, Kind::Unknown, message, span));
        if let Some(message) = text.strip_prefix("NX ").map(str::trim_start) {
            self.list = true;
            if message.starts_with("Cannot find ")
                || message.starts_with("Could not find ")
                || message.starts_with("Failed to process project graph")
            {
                return Some(failure("nx", "configuration", Kind::Configuration, message, span));
            }
            return if message.ends_with(" failed") || message.contains("tasks failed") {
                sum("nx", message)
            } else {
                None
            };
        }
        if text == "Failed tasks:" {
            self.list = true;
            return None;
        }
        if let Some(message) = text.strip_prefix("lerna ERR! ") {
            if message.contains(" exited ")
                || message.contains("stdout:")
                || message.contains("stderr:")
                || message.starts_with("errno ")
            {
                return sum("lerna", message);
            }
            // `ECOMMAND`, `EUNCOMMIT Working tree has uncommitted changes`
            let (code, rest) = message.split_once(' ')?;
            let is_code =
                code.len() > 3 && code.starts_with('E') && code.bytes().all(|byte| byte.is_ascii_uppercase());
            return is_code.then(|| {
                let mut found = failure("lerna", code, Kind::Configuration, rest, span);
                found.code = Some(code.to_owned());
                found
            });
        }
        if text.contains("Missing tasks in project") {
            self.missing = true;
            return None;
        }
        if std::mem::take(&mut self.missing)
            && let Some(message) = text.strip_prefix("`->").or_else(|| text.strip_prefix("╰─▶"))
        {
            let message = message.trim().trim_start_matches(['x', '×']).trim_start();
            return Some(failure("turbo", "configuration", Kind::Configuration, message, span));
        }
        if let Some(rest) = text.strip_prefix("ERROR ").map(str::trim_start) {
            let closes = rest.starts_with("run failed: ")
                || rest.contains(" exited (")
                || rest.starts_with("command finished with error");
            return if closes { sum("turbo", rest) } else { None };
        }
        if text.contains("command finished with error") || text.starts_with("Failed:  ") && text.contains('#')
        {
            return sum("turbo", text);
        }
        if text.starts_with("==[ FAILURE") || text.starts_with("--[ FAILURE") {
            return sum("rush", text.trim_matches(['=', '-', ' ', '[', ']']));
        }
        if text.starts_with("husky - ")
            && (text.contains(" exited with code ") || text.contains(" failed (code "))
        {
            return sum("husky", text);
        }
        if text.starts_with("✖ lint-staged") {
            return sum("lint-staged", text.trim_start_matches("✖ "));
        }
        if text.starts_with("❌ [") && (text.contains("] Failed") || text.contains("exit status")) {
            return sum("wireit", text.trim_start_matches("❌ "));
        }
        None
    }
}
