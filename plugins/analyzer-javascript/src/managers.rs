//! yarn of both generations, pnpm and Bun's installer.
//!
//! ```text
//! error Couldn't find package "lid" on the "npm" registry.
//! info Visit https://yarnpkg.com/en/docs/cli/install for documentation about this command.
//! ➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.
//!  ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because …
//! error: lid@^9 failed to resolve
//! ```

use grimoire_plugin_sdk::text::{Context, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Role, Span};

use crate::cause::Cause;
use crate::found::{failure, summary};
use crate::kinds;

/// Maximum number of lines of an error.
const LINES: u32 = 60;
/// Maximum number of lines added to a message.
const MORE: usize = 6;

/// How an open error continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `error …` of yarn 1, if `info Visit https://yarnpkg.com` follows; may contain output of a failed command.
    Yarn { sure: bool },
    /// Lines with the same code.
    Berry,
    /// Sentences and lists below the code.
    Pnpm,
}

struct Open {
    found: Diagnostic,
    form: Form,
    added: usize,
    left: u32,
    blank: bool,
    cause: Cause,
    context: Context,
}

/// Recognises the errors of package managers other than npm.
#[derive(Default)]
pub(crate) struct Managers {
    open: Option<Open>,
}

/// Beginnings of yarn 1's errors, which prints `error` before many other lines too.
const YARN: &[&str] = &[
    "Couldn't find ",
    "Command \"",
    "Your lockfile needs to be updated",
    "An unexpected error occurred: ",
    "Incorrect integrity",
    "Failed to replace env in config",
    "Couldn't publish",
    "Integrity check failed",
    "Outdated lockfile",
    "Package \"",
    "Workspaces can only be enabled",
    "This project's package.json defines \"packageManager\"",
];

impl Managers {
    /// Reads a line; returns true if it belongs to one of them.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            if open.line(text, trimmed, span) {
                return true;
            }
            self.finish(out);
        }
        if let Some((found, form)) = begin(text, trimmed, span) {
            let mut context = Context::default();
            context.push(text);
            let sure = form != Form::Yarn { sure: false };
            self.open = Some(Open {
                found,
                form,
                added: 0,
                left: LINES,
                blank: false,
                cause: Cause::default(),
                context,
            });
            // Other recognisers may know more about an `error …` line.
            return sure;
        }
        if let Some(found) = closing(text, trimmed, span).or_else(|| bun(text, span)) {
            out.push(found);
            return true;
        }
        false
    }

    /// Returns true while the output of a failed command is read.
    pub(crate) fn reads_output(&self) -> bool {
        self.open.as_ref().is_some_and(|open| {
            open.form == (Form::Yarn { sure: true }) && open.found.message.ends_with("Command failed.")
        })
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        if open.form == (Form::Yarn { sure: false }) {
            return;
        }
        if let Some(cause) = open.cause.take()
            && open.found.message.contains("Command failed")
        {
            open.found.message = format!("{cause}\n{}", open.found.message);
            open.found.kind = kinds::by_words(&cause).unwrap_or(Kind::Dependency);
            open.found.role = Role::Root;
        }
        open.found.context = open.context.take();
        out.push(open.found);
    }
}

fn begin(text: &str, trimmed: &str, span: Span) -> Option<(Diagnostic, Form)> {
    if trimmed.starts_with("ERR_PNPM_") || trimmed.starts_with("ERROR  ERR_PNPM_") {
        let rest = trimmed.trim_start_matches("ERROR ").trim_start();
        // pnpm pads its codes with thin spaces.
        let (code, message) = rest.split_once(char::is_whitespace)?;
        let code = code.trim_end_matches(':');
        let mut found = failure("pnpm", code, pnpm_kind(code), message, span);
        found.kind = kinds::by_words(message).unwrap_or(found.kind);
        if code.contains("RECURSIVE") && code.contains("FAIL") {
            // `Command "lid" not found` is a reason, the failure of a script is not.
            let is_reason = message.trim_end().ends_with("not found");
            found.role = if is_reason { Role::Root } else { Role::Summary };
            found.kind = if is_reason { Kind::Configuration } else { Kind::Unknown };
            if message.trim().is_empty() {
                "A script failed".clone_into(&mut found.message);
            }
        }
        found.code = Some(code.to_owned());
        if let Some((_, path)) = message.split_once("up to date with <ROOT>/") {
            let path = path.trim().trim_end_matches('.');
            found.location = path.ends_with("package.json").then(|| Location::file(path));
        }
        return Some((found, Form::Pnpm));
    }
    if let Some(rest) = trimmed.strip_prefix("➤ YN") {
        return Some((berry(rest, span)?, Form::Berry));
    }
    let message = text.strip_prefix("error ")?;
    if message.starts_with("Command failed with exit code") || message.starts_with("TS") {
        return None;
    }
    let engine = message.contains(": The engine \"");
    let sure = engine
        || YARN.iter().any(|start| message.starts_with(start))
        || message.contains("node_modules/") && message.ends_with(": Command failed.");
    let kind = kinds::by_words(message).unwrap_or(if message.starts_with("Command \"") {
        Kind::Configuration
    } else {
        Kind::Dependency
    });
    let error_type = if message.starts_with("Command \"") { "command-not-found" } else { "yarn-error" };
    Some((failure("yarn", error_type, kind, message, span), Form::Yarn { sure }))
}

impl Open {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        self.left -= 1;
        if self.left == 0 {
            return false;
        }
        let taken = match &mut self.form {
            Form::Yarn { sure } => {
                if trimmed.starts_with("info Visit https://yarnpkg.com")
                    || trimmed.starts_with("info If you think this is a bug")
                {
                    *sure = true;
                    self.left = 1;
                    true
                } else if *sure && self.found.message.ends_with("Command failed.") {
                    self.cause.line(trimmed);
                    !trimmed.starts_with("##[")
                } else {
                    // `error Found incompatible module.` follows its reason.
                    *sure
                        && matches!(
                            trimmed,
                            "error Found incompatible module."
                                | "error Commands cannot run with an incompatible environment."
                        )
                        || trimmed.starts_with("info ") && self.left > LINES - 4
                }
            }
            Form::Berry => {
                let code = self.found.code.as_deref().unwrap_or_default();
                let Some(rest) = trimmed.strip_prefix("➤ ").and_then(|rest| rest.strip_prefix(code)) else {
                    return false;
                };
                let Some(rest) =
                    rest.strip_prefix(": ").map(|rest| rest.trim_start_matches(['│', '┌', '└', '·']))
                else {
                    return false;
                };
                // Indented lines belong to the same error.
                if !rest.starts_with("   ") && !rest.trim_start().starts_with(['-', '+', '@']) {
                    return false;
                }
                if self.added < MORE
                    && !rest.trim_start().starts_with(['-', '+', '@'])
                    && !rest.trim_start().starts_with("at ")
                {
                    self.added += 1;
                    self.found.message.push('\n');
                    self.found.message.push_str(rest.trim());
                }
                true
            }
            Form::Pnpm => {
                if trimmed.is_empty() {
                    self.blank = true;
                    true
                } else {
                    // `* 1 dependencies are mismatched:`
                    let is_item = trimmed.starts_with("- ")
                        && (self.found.message.ends_with(':')
                            || self.found.message.lines().last().is_some_and(|last| last.starts_with("- ")));
                    let says_more = is_item
                        || PNPM_MORE.iter().any(|start| trimmed.starts_with(start))
                        || trimmed.starts_with(['✕', '├', '└', '─', '*']);
                    let listed = text.starts_with("  ") && !trimmed.starts_with("at ");
                    if says_more && self.added < MORE {
                        self.added += 1;
                        self.found.message.push('\n');
                        self.found.message.push_str(trimmed);
                    }
                    says_more
                        || listed && self.left > LINES - 30
                        || trimmed.starts_with("This error happened while installing")
                        || trimmed.starts_with("Note that in CI")
                }
            }
        };
        if taken {
            self.context.push(text);
            if !trimmed.is_empty() {
                self.found.span = self.found.span.to(span);
            }
        }
        taken
    }
}

/// Lines below pnpm's code with the differing items.
const PNPM_MORE: &[&str] = &[
    "specifiers in the lockfile",
    "Failure reason",
    "Expected version: ",
    "Got: ",
    "Your Node version is incompatible",
    "Your pnpm version is incompatible",
    "The latest release of",
    "is not in the npm registry",
];

fn pnpm_kind(code: &str) -> Kind {
    if code.contains("NO_SCRIPT")
        || code.contains("BAD_PM")
        || code.contains("JSON_PARSE")
        || code.contains("NO_PKG")
    {
        Kind::Configuration
    } else if code.contains("FETCH_401") || code.contains("FETCH_403") {
        Kind::Permission
    } else if code.contains("META_FETCH_FAIL") {
        Kind::Network
    } else {
        Kind::Dependency
    }
}

/// `0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.`
fn berry(rest: &str, span: Span) -> Option<Diagnostic> {
    /// Plain lines, progress, notes and warnings.
    const QUIET: &[&str] = &[
        "0000", "0002", "0004", "0005", "0006", "0007", "0008", "0013", "0019", "0032", "0043", "0057",
        "0058", "0060", "0061", "0062", "0065", "0068", "0069", "0070", "0072", "0074", "0076", "0085",
        "0086", "0087",
    ];
    let (number, message) = rest.split_once(": ")?;
    let message = message.trim_start_matches(['│', '┌', '└', '·', ' ']);
    let is_code = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_code
        || QUIET.contains(&number)
        || message.is_empty()
        || message.starts_with("at ")
        || message.starts_with(['-', '+'])
    {
        return None;
    }
    let code = format!("YN{number}");
    let kind = kinds::by_words(message).unwrap_or(match number {
        "0041" | "0033" => Kind::Permission,
        "0001" => Kind::Crash,
        "0050" | "0051" | "0054" => Kind::Configuration,
        _ => Kind::Dependency,
    });
    let mut found = failure("yarn", &code, kind, message, span);
    found.code = Some(code);
    Some(found)
}

/// Lines that only say that a script failed, and yarn's usage hints.
fn closing(text: &str, trimmed: &str, span: Span) -> Option<Diagnostic> {
    if text.starts_with("error Command failed with exit code") {
        return Some(summary("yarn", Kind::Unknown, trimmed.trim_start_matches("error "), span));
    }
    if trimmed.starts_with("ELIFECYCLE") && trimmed.contains("Command failed") {
        return Some(summary("pnpm", Kind::Unknown, trimmed.trim_start_matches("ELIFECYCLE").trim(), span));
    }
    // The `yarn` of cmdtest, which runs scenarios: the packages of Debian and Ubuntu have it under this name.
    if let Some(message) = text.strip_prefix("00h00m00s 0/0: : ") {
        return Some(failure("yarn", "other-program", Kind::Configuration, message, span));
    }
    if let Some(message) =
        text.strip_prefix("Usage Error: ").or_else(|| text.strip_prefix("Internal Error: "))
    {
        let kind = if message.contains("lockfile") { Kind::Dependency } else { Kind::Configuration };
        return Some(failure("yarn", "usage", kind, message, span));
    }
    if let Some(message) = trimmed
        .strip_prefix("ERROR")
        .map(str::trim)
        .filter(|message| message.starts_with("This project is configured to use "))
    {
        return Some(failure("pnpm", "configuration", Kind::Configuration, message, span));
    }
    None
}

/// Messages of Bun's installer and script runner.
fn bun(text: &str, span: Span) -> Option<Diagnostic> {
    // The first version prints requests without a mark.
    let is_request = text.starts_with("GET https://") && (text.contains(" - 4") || text.contains(" - 5"));
    let message = text.strip_prefix("error: ").or(is_request.then_some(text))?;
    if message.starts_with("script \"") && message.contains("\" exited with code ")
        || message.starts_with("script \"") && message.contains("was terminated by signal")
    {
        return Some(summary("bun", Kind::Unknown, message, span));
    }
    if message.starts_with("Script not found \"") {
        return Some(failure("bun", "missing-script", Kind::Configuration, message, span));
    }
    let dependency = message.ends_with(" failed to resolve")
        || message.starts_with("lockfile had changes, but lockfile is frozen")
        || message.starts_with("No version matching \"")
        || message.starts_with("GET https://")
        || message.starts_with("Integrity check failed")
        || message.starts_with("Failed to install ") && message.contains(" packages");
    let kind = if message.starts_with("GET ") && message.ends_with("- 404") {
        Kind::Dependency
    } else {
        kinds::by_words(message).unwrap_or(Kind::Dependency)
    };
    dependency.then(|| failure("bun", "install", kind, message, span))
}
