//! What npm, pnpm and yarn could not do.

use grimoire_plugin_sdk::text::{Context, trim};
use grimoire_plugin_sdk::{Diagnostic, Span};

use crate::found::finding;

/// npm's lines of one error while they are read.
struct Open {
    code: String,
    message: String,
    context: Context,
    span: Span,
}

/// Recognises the package managers' errors.
#[derive(Default)]
pub(crate) struct Npm {
    open: Option<Open>,
}

/// What npm says after each failed script: not an error of its own.
const GENERIC: &[&str] = &[
    "ELIFECYCLE",
    "A complete log of this run",
    "Lifecycle script",
    "Test failed.",
    "command failed",
    "command sh -c",
    "Exit status",
    "This is probably not a problem with npm",
];
/// Lines that name a detail, not the error.
const DETAILS: &[&str] = &[
    "code ",
    "errno ",
    "syscall ",
    "path ",
    "dest ",
    "workspace ",
    "location ",
    "command ",
    "signal ",
    "cwd ",
    "file ",
];

impl Npm {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let line = text
            .strip_prefix("npm ERR! ")
            .or_else(|| text.strip_prefix("npm error "))
            .or_else(|| (text == "npm ERR!" || text == "npm error").then_some(""));
        let Some(line) = line else {
            self.finish(out);
            return others(text, span, out);
        };
        if line.starts_with("A complete log of this run") {
            self.finish(out);
            return true;
        }
        if line.starts_with("code ") {
            self.finish(out);
        }
        let open = self.open.get_or_insert_with(|| Open {
            code: String::new(),
            message: String::new(),
            context: Context::default(),
            span,
        });
        open.context.push(line);
        open.span = open.span.to(span);
        if let Some(code) = line.strip_prefix("code ") {
            code.trim().clone_into(&mut open.code);
        } else if open.message.is_empty()
            && !line.trim().is_empty()
            && !DETAILS.iter().any(|detail| line.starts_with(detail))
        {
            line.trim().clone_into(&mut open.message);
        }
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        // Most messages begin with the code again.
        let message = open.message.strip_prefix(open.code.as_str()).unwrap_or(&open.message).trim();
        if message.is_empty()
            || GENERIC.iter().any(|start| open.code.starts_with(start) || open.message.starts_with(start))
            || open.code.bytes().all(|byte| byte.is_ascii_digit()) && !open.code.is_empty()
        {
            return;
        }
        let mut found = finding("npm", &open.code, message, None, open.span);
        if open.code.is_empty() {
            let kind = if message.starts_with("Missing script") { "missing-script" } else { "npm-error" };
            kind.clone_into(&mut found.error_type);
        }
        found.context = open.context.take();
        out.push(found);
    }
}

/// pnpm's ` ERR_PNPM_X  message`, yarn's `➤ YN0028: │ message` and `error Couldn't find package …`.
fn others(text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    let trimmed = trim(text);
    let found = if trimmed.starts_with("ERR_PNPM_")
        && let Some((code, message)) = trimmed
            .split_once(' ')
            .filter(|(code, _)| !code.contains("RECURSIVE_RUN") && *code != "ERR_PNPM_NO_SCRIPT_EXIT")
    {
        (!code.contains("RUN_FIRST_FAIL"))
            .then(|| finding("pnpm", code.trim_end_matches(':'), message, None, span))
    } else if let Some(rest) = trimmed.strip_prefix("➤ YN") {
        yarn_berry(rest, span)
    } else if let Some(message) =
        text.strip_prefix("error ").filter(|rest| YARN.iter().any(|start| rest.starts_with(start)))
    {
        let mut found = finding("yarn", "yarn-error", message, None, span);
        found.code = None;
        Some(found)
    } else {
        None
    };
    let is_found = found.is_some();
    out.extend(found);
    is_found
}

/// Errors of yarn 1, which begins many other lines with `error`, too.
const YARN: &[&str] = &[
    "Couldn't find ",
    "Command \"",
    "Your lockfile needs to be updated",
    "An unexpected error occurred: ",
    "Incorrect integrity",
    "The engine \"",
    "Failed to replace env in config",
    "Couldn't publish",
];

/// `0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.`
fn yarn_berry(rest: &str, span: Span) -> Option<Diagnostic> {
    let (number, message) = rest.split_once(": ")?;
    let message = message.trim_start_matches(['│', '┌', '└', ' ']);
    // YN0000 is a plain line, 0002 to 0007 and 0013 are progress and warnings.
    let quiet = matches!(
        number,
        "0000"
            | "0002"
            | "0005"
            | "0006"
            | "0007"
            | "0008"
            | "0013"
            | "0019"
            | "0032"
            | "0060"
            | "0085"
            | "0086"
    );
    let is_code = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_code && !quiet && !message.is_empty())
        .then(|| finding("yarn", &format!("YN{number}"), message, None, span))
}
